#include "sample/schedule.h"

#include <gtest/gtest.h>

#include <string>

namespace stogger {
namespace {

constexpr std::int64_t kMs = 1000000;

TEST(ScheduleTest, WithoutAPeriodNothingIsLate) {
  Schedule schedule(0);
  schedule.note("a", Time{0});
  schedule.note("a", Time{INT64_MAX});
  EXPECT_EQ(schedule.late(), 0u);
  EXPECT_EQ(schedule.max_drift_ms(), 0);
}

TEST(ScheduleTest, DriftIsTheFarthestFromTheTurn) {
  Schedule schedule(0.01);
  schedule.note("a", Time{5 * kMs});
  schedule.note("a", Time{16 * kMs});
  schedule.note("a", Time{23 * kMs});
  EXPECT_EQ(schedule.late(), 0u);
  EXPECT_EQ(schedule.max_drift_ms(), 2);
}

TEST(ScheduleTest, WhoMissesATurnIsLateOnce) {
  Schedule schedule(0.01);
  schedule.note("a", Time{0});
  schedule.note("a", Time{35 * kMs});  // due at 10: turns 20 and 30 are gone
  schedule.note("a", Time{40 * kMs});
  schedule.note("a", Time{50 * kMs});
  EXPECT_EQ(schedule.late(), 1u);
  EXPECT_EQ(schedule.max_drift_ms(), 25);
}

TEST(ScheduleTest, EachDeviceHasItsOwnTurns) {
  Schedule schedule(0.01);
  for (int i = 0; i < 5; ++i) {
    schedule.note("a", Time{i * 10 * kMs});
    schedule.note("b", Time{i * 10 * kMs + 3 * kMs});
    schedule.note("c", Time{i * 10 * kMs + 7 * kMs});
  }
  EXPECT_EQ(schedule.late(), 0u);
  EXPECT_EQ(schedule.max_drift_ms(), 0);
}

TEST(ScheduleTest, TimesAtTheEndsOfTimeDoNoHarm) {
  Schedule schedule(1e9);
  schedule.note("a", Time{INT64_MIN});
  schedule.note("a", Time{INT64_MAX});
  schedule.note("b", Time{INT64_MAX});
  schedule.note("b", Time{INT64_MAX});
  schedule.note("b", Time{INT64_MAX});
  EXPECT_EQ(schedule.late(), 0u);
}

TEST(ScheduleTest, BeyondTheMostDevicesNewOnesAreNotFollowed) {
  Schedule schedule(0.01);
  for (std::size_t i = 0; i < Schedule::kMostDevices; ++i) {
    schedule.note(std::to_string(i), Time{0});
  }
  schedule.note("one more", Time{0});
  schedule.note("one more", Time{900 * kMs});
  EXPECT_EQ(schedule.late(), 0u);
  schedule.note("7", Time{15 * kMs});
  EXPECT_EQ(schedule.max_drift_ms(), 5);
}

}  // namespace
}  // namespace stogger
