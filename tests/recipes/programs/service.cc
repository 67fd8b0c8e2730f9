// A service that logs until SIGTERM, or as many events as it is told to:
//
//   service [--from NAME] [--count N [--stay]] [--jail FOLDER --user ID] FILE
//
// With --stay it then waits until it is killed.
// Each event `tick` has the name and a number; the last event, `stopped`, says
// how many there were. The exit code is 0 if no sink has dropped any.
#include <grp.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "stogger/log.h"

namespace {

volatile sig_atomic_t stopped = 0;

struct Arguments {
  std::string from = "a";
  long count = -1;  // until SIGTERM
  bool stays = false;
  std::string jail;
  uid_t user = 0;
  std::string configuration;
};

Arguments read(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--from") {
      arguments.from = words[++i];
    } else if (word == "--count") {
      arguments.count = std::atol(words[++i]);
    } else if (word == "--stay") {
      arguments.stays = true;
    } else if (word == "--jail") {
      arguments.jail = words[++i];
    } else if (word == "--user") {
      arguments.user = static_cast<uid_t>(std::atol(words[++i]));
    } else {
      arguments.configuration = word;
    }
  }
  return arguments;
}

bool start_in_jail(const char* jail, uid_t user, gid_t group) {
  // The groups need rights that setuid() gives up.
  if (::chroot(jail) != 0 || ::chdir("/") != 0 ||
      ::setgroups(0, nullptr) != 0 || ::setgid(group) != 0 ||
      ::setuid(user) != 0) {
    return false;
  }
  stogger::init("/etc/shop.toml");
  return true;
}

bool start(const Arguments& arguments) {
  if (!arguments.jail.empty()) {
    return start_in_jail(arguments.jail.c_str(), arguments.user,
                         arguments.user);
  }
  return stogger::init(arguments.configuration).ok();
}

bool nothing_is_lost() {
  for (const stogger::SinkStats& sink : stogger::stats()) {
    if (sink.accepted != sink.written) return false;
  }
  return true;
}

}  // namespace

int main(int count, char** words) {
  ::signal(SIGTERM, [](int) { stopped = 1; });
  const Arguments arguments = read(count, words);
  if (!start(arguments)) return 2;
  long number = 0;
  while (stopped == 0 && number != arguments.count) {
    stogger::info("tick", {{"from", arguments.from}, {"n", number++}});
  }
  while (arguments.stays) ::pause();
  stogger::info("stopped", {{"from", arguments.from}, {"n", number}});
  stogger::shutdown();
  return nothing_is_lost() ? 0 : 1;
}
