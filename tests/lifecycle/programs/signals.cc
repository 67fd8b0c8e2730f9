// Signals, readers that go away, and set-ups that change.
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/lifecycle/programs/scenario.h"

namespace {

volatile sig_atomic_t alarms = 0;

void start_alarms() {
  struct sigaction action = {};
  action.sa_handler = [](int) { alarms = alarms + 1; };
  action.sa_flags = 0;  // system calls are interrupted, not restarted
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 1000}, {0, 1000}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
}

void stop_alarms() {
  const itimerval never = {};
  ::setitimer(ITIMER_REAL, &never, nullptr);
}

// Logs at least so many events, and until the alarm has rung so often. Prints
// how many.
int alarms_while_logging(const Arguments& arguments) {
  constexpr int kAlarms = 100;
  const int least = std::atoi(arguments.argument.c_str());
  start_alarms();
  int logged = 0;
  while (logged < least || alarms < kAlarms) {
    log_checked("event-" + std::to_string(logged++));
  }
  stop_alarms();
  std::printf("%d\n", logged);
  for (const stogger::SinkStats& stats : stogger::stats()) {
    if (stats.dropped != 0 || stats.failed != 0) return 4;
  }
  return stogger::shutdown().ok() ? 0 : 5;
}

// Logs while whoever reads goes away, which the parent arranges. The default
// action of SIGPIPE would end the process.
int reader_goes_away(const Arguments& arguments) {
  Progress* progress = Progress::open(arguments.argument);
  if (progress == nullptr) return 4;
  log_checked("event-0");
  progress->returned[0] = 1;
  while (progress->returned[1] == 0) ::usleep(1000);  // it has gone
  for (int i = 1; i < 100; ++i) log_checked("event-" + std::to_string(i));
  sigset_t pending;
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1) return 5;
  std::uint64_t dropped = 0;
  for (const stogger::SinkStats& stats : stogger::stats()) {
    dropped += stats.dropped;
  }
  if (dropped == 0) return 6;
  // What else the program writes to a broken pipe is its own affair: it still
  // gets the signal.
  struct sigaction action;
  ::sigaction(SIGPIPE, nullptr, &action);
  return action.sa_handler == SIG_DFL ? 0 : 7;
}

// Changes between two configurations while threads log. Prints how many
// events there were.
int init_again(const Arguments& arguments) {
  std::atomic<bool> stop{false};
  std::atomic<int> logged{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; !stop; ++i) {
        log_checked("thread" + std::to_string(thread) + "-" +
                    std::to_string(i));
        ++logged;
      }
    });
  }
  bool fine = true;
  for (int i = 0; i < 20 && fine; ++i) {
    fine =
        stogger::init(i % 2 == 0 ? arguments.argument : arguments.config).ok();
    ::usleep(2000);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  std::printf("%d\n", logged.load());
  return fine ? 0 : 4;
}

// Until it is killed.
int log_forever(const Arguments& arguments) {
  Progress* progress = Progress::open(arguments.argument);
  if (progress == nullptr) return 4;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([progress, thread] {
      for (int i = 0;; ++i) {
        log_checked("thread" + std::to_string(thread) + "-" +
                    std::to_string(i));
        ++progress->returned[thread];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

constexpr Scenario kScenarios[] = {
    {"alarms", &alarms_while_logging},
    {"reader-goes", &reader_goes_away},
    {"init-again", &init_again},
    {"forever", &log_forever},
};

}  // namespace

const Scenario* find_signal(std::string_view name) {
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}
