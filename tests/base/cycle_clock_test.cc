#include "base/cycle_clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/real_time.h"
#include "stogger/clock.h"

namespace stogger {
namespace {

constexpr std::int64_t kMillisecond = 1000000;

// A machine whose counter runs at 2.5 GHz at first.
struct Machine {
  std::int64_t steady = 1000;
  std::int64_t day = 1700000000000000000;
  double cycles = 5000;
  double speed = 2.5;             // cycles a nanosecond
  int asked = 0;                  // how often for the time of day
  std::int64_t interruption = 0;  // in the next reading of the day

  void pass(std::int64_t ns) {
    steady += ns;
    day += ns;
    cycles += static_cast<double>(ns) * speed;
  }
};

struct MachineSource {
  Machine* machine;
  std::uint64_t cycles() const noexcept {
    return static_cast<std::uint64_t>(machine->cycles);
  }
  std::int64_t day_ns() const noexcept {
    ++machine->asked;
    const std::int64_t day = machine->day;
    machine->pass(machine->interruption);
    machine->interruption = 0;
    return day;
  }
  std::int64_t steady_ns() const noexcept { return machine->steady; }
};

class CycleClockTest : public ::testing::Test {
 protected:
  std::int64_t error() { return clock_.now_ns(window_) - machine_.day; }
  int asked_by(int readings, std::int64_t apart) {
    const int before = machine_.asked;
    for (int i = 0; i < readings; ++i) {
      machine_.pass(apart);
      error();
    }
    return machine_.asked - before;
  }
  void measure() {
    clock_.start();
    asked_by(30, kMillisecond);
  }

  Machine machine_;
  CycleClock<MachineSource> clock_{MachineSource{&machine_}};
  CycleClock<MachineSource>::Window window_;
};

TEST_F(CycleClockTest, TheSystemIsAskedEachTimeUnlessItWasStarted) {
  EXPECT_EQ(asked_by(50, kMillisecond), 50);
}

TEST_F(CycleClockTest, TheSystemIsAskedEachTimeUntilTheCounterIsMeasured) {
  clock_.start();
  EXPECT_EQ(asked_by(19, kMillisecond), 19);
}

TEST_F(CycleClockTest, TheSystemIsAskedOnceAMillisecond) {
  measure();
  EXPECT_NEAR(asked_by(10000, 1000), 10, 1);
}

TEST_F(CycleClockTest, TheTimeIsRightInBetween) {
  measure();
  for (int i = 0; i < 10000; ++i) {
    machine_.pass(997);
    ASSERT_LE(std::abs(error()), 2);
  }
}

TEST_F(CycleClockTest, AClockThatIsSetIsFollowedWithinAMillisecond) {
  measure();
  for (const std::int64_t step : {3600000 * kMillisecond, -kMillisecond,
                                  -3600000 * kMillisecond, kMillisecond / 10}) {
    error();
    machine_.day += step;
    asked_by(1001, 1000);
    EXPECT_LE(std::abs(error()), 2) << step;
    // Perhaps it was the counter: it is measured again.
    EXPECT_EQ(asked_by(5, kMillisecond), 5);
    measure();
  }
}

TEST_F(CycleClockTest, ACounterOfAnotherSpeedIsMeasuredAgain) {
  measure();
  error();
  machine_.speed = 3.1;
  asked_by(1001, 1000);
  EXPECT_LE(std::abs(error()), 2);
  asked_by(30, kMillisecond);
  EXPECT_NEAR(asked_by(10000, 1000), 10, 1);
  EXPECT_LE(std::abs(error()), 2);
}

TEST_F(CycleClockTest, ACounterThatBeginsAgainIsNoticedAtOnce) {
  measure();
  error();
  machine_.cycles = 0;
  machine_.pass(1000);
  EXPECT_LE(std::abs(error()), 2);
}

TEST_F(CycleClockTest, AReadingThatWasInterruptedIsNotUsed) {
  measure();
  machine_.pass(2 * kMillisecond);
  machine_.interruption = 5 * kMillisecond;
  error();
  machine_.pass(1000);
  EXPECT_LE(std::abs(error()), 2);
}

// Slower than it was measured, the counter is ahead at the end of each window.
TEST_F(CycleClockTest, TheTimeDoesNotGoBack) {
  measure();
  machine_.speed = 2.5 * 1.001;
  std::int64_t last = 0;
  for (int i = 0; i < 10000; ++i) {
    machine_.pass(499);
    const std::int64_t now = clock_.now_ns(window_);
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_LE(std::abs(error()), 1100);
}

TEST_F(CycleClockTest, AThreadThatSleptIsRightAtOnce) {
  measure();
  for (const std::int64_t slept :
       {kMillisecond, 10 * kMillisecond, 86400000 * kMillisecond}) {
    machine_.pass(slept);
    EXPECT_LE(std::abs(error()), 2) << slept;
  }
}

// The machine's own clock, whatever it has.
TEST(RealTimeTest, IsTheTimeOfTheSystem) {
  const auto system_ns = [] {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
  };
  Clock* const clock = Clock::real();
  const std::int64_t end = system_ns() + 100 * kMillisecond;
  std::int64_t last = 0;
  std::int64_t worst = 0;
  while (last < end) {
    const std::int64_t before = system_ns();
    const std::int64_t now = clock->now().ns;
    const std::int64_t after = system_ns();
    worst = std::max({worst, before - now, now - after});
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_LE(worst, 1000);
  EXPECT_GE(real_time().ns, last);
}

}  // namespace
}  // namespace stogger
