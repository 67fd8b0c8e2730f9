// The shortest program that logs: to the console, and to a file of JSON lines.
#include <stogger/log.h>

#include <string>

int main() {
  stogger::init(
      "hello.toml");  // optional: without it, info and above go to stderr

  const std::string ip = "10.0.0.7";
  stogger::info("user-login", {{"user_id", 42}, {"ip", ip}});
  stogger::warning("disk-low", {{"free_mb", 120.5}, {"mount", "/var"}},
                   "Only {free_mb:.1f} MB left on {mount}");
}
