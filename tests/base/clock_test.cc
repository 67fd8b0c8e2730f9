#include "stogger/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace stogger {
namespace {

TEST(ClockTest, TheRealOneTellsTheTimeOfDay) {
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const std::int64_t before = now();
  const Time time = Clock::real()->now();
  EXPECT_LE(before, time.ns);
  EXPECT_LE(time.ns, now());
}

TEST(ClockTest, MonotonicTimeNeverGoesBack) {
  std::int64_t last = Clock::real()->monotonic_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t next = Clock::real()->monotonic_ns();
    ASSERT_LE(last, next);
    last = next;
  }
}

}  // namespace
}  // namespace stogger
