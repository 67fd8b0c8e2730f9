// Testing code that logs.
#include <stogger/log.h>
#include <stogger/testing.h>

#include <cstdio>

namespace {

// The code under test.
void log_in(int user_id) {
  stogger::info("user-login", {{"user_id", user_id}, {"attempt", 1}});
}

}  // namespace

int main() {
  stogger::testing::Capture capture;
  log_in(42);
  const bool good =
      capture.has(stogger::Level::info, "user-login", {{"user_id", 42}}) &&
      capture.count("user-login") == 1;
  std::printf("%s\n", good ? "passed" : "failed");
  return good ? 0 : 1;
}
