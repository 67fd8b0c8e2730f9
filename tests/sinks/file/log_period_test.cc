#include "sinks/file/log_period.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/support/rows.h"
#include "tests/support/seconds.h"
#include "tests/support/time_zone.h"

namespace stogger {
namespace {

constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;

std::string name_of(LogPeriods& periods, Time time) {
  return periods.name(periods.of(time));
}

TEST(LogPeriods, DaysAndHoursOfUtcHaveTheirNames) {
  LogPeriods days(LogPeriods::Unit::day, false);
  LogPeriods hours(LogPeriods::Unit::hour, false);
  EXPECT_EQ(name_of(days, kTestTime), "2026-11-21");
  EXPECT_EQ(name_of(hours, kTestTime), "2026-11-21_01");
  EXPECT_EQ(name_of(days, Time{-1}), "1969-12-31");
  EXPECT_EQ(name_of(hours, Time{-1}), "1969-12-31_23");
  EXPECT_EQ(hours.of(Time{kHour}) - hours.of(Time{kHour - 1}), 1);
}

TEST(LogPeriods, LocalDaysBeginAtLocalMidnight) {
  const TimeZone nepal("NPT-5:45");
  LogPeriods days(LogPeriods::Unit::day, true);
  LogPeriods hours(LogPeriods::Unit::hour, true);
  // 18:15 in UTC.
  const Time midnight{kTestTime.ns / kHour * kHour + 17 * kHour + 15 * kMinute};
  EXPECT_EQ(name_of(days, Time{midnight.ns - 1}), "2026-11-21");
  EXPECT_EQ(name_of(days, midnight), "2026-11-22");
  EXPECT_EQ(name_of(hours, Time{midnight.ns - 1}), "2026-11-21_23");
  EXPECT_EQ(name_of(hours, midnight), "2026-11-22_00");
}

// Of 2026: 29 March, 01:00 and 25 October, 01:00 in UTC.
TEST(LogPeriods, ClocksThatAreSetMakeADayLongerAndAnHourTwiceAsLong) {
  const TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
  LogPeriods days(LogPeriods::Unit::day, true);
  LogPeriods hours(LogPeriods::Unit::hour, true);
  const std::int64_t day = 24 * kHour;
  const std::int64_t october = 20751 * day;  // 2026-10-25T00:00Z
  EXPECT_EQ(name_of(hours, Time{october}), "2026-10-25_02");
  EXPECT_EQ(hours.of(Time{october}), hours.of(Time{october + 2 * kHour - 1}));
  EXPECT_EQ(name_of(hours, Time{october + 2 * kHour}), "2026-10-25_03");
  EXPECT_EQ(name_of(days, Time{october - 2 * kHour - 1}), "2026-10-24");
  EXPECT_EQ(name_of(days, Time{october - 2 * kHour}), "2026-10-25");
  EXPECT_EQ(name_of(days, Time{october + 23 * kHour - 1}), "2026-10-25");
  EXPECT_EQ(name_of(days, Time{october + 23 * kHour}), "2026-10-26");
  const std::int64_t march = 20541 * day;  // 2026-03-29T00:00Z
  EXPECT_EQ(name_of(hours, Time{march + kHour - 1}), "2026-03-29_01");
  EXPECT_EQ(name_of(hours, Time{march + kHour}), "2026-03-29_03");
}

TEST(LogPeriods, TheEndsOfTimeHavePeriodsToo) {
  const TimeZone nepal("NPT-5:45");
  for (const auto unit : {LogPeriods::Unit::day, LogPeriods::Unit::hour}) {
    LogPeriods periods(unit, true);
    EXPECT_LT(periods.of(Time{INT64_MIN}), periods.of(Time{INT64_MAX}));
  }
}

}  // namespace
}  // namespace stogger
