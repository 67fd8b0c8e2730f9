#include "base/timestamp.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seconds.h"

namespace stogger {
namespace {

std::string timestamp(Time time) {
  char text[40];
  return {text, write_timestamp(text, time)};
}
std::string seconds(Time time) {
  char text[40];
  return {text, write_timestamp_seconds(text, time)};
}
std::string millis(Time time) {
  char text[40];
  return {text, write_timestamp_millis(text, time)};
}
std::string local(Time time) {
  char text[40];
  return {text, write_local_timestamp(text, time)};
}
std::string whole(Time time) {
  char text[40];
  return {text, write_time(text, time)};
}
std::string date(Time time) {
  char text[40];
  return {text, write_date(text, time)};
}

TEST(TimestampTest, IsRfc3339InUtc) {
  EXPECT_EQ(timestamp(Time{0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(timestamp(Time{1795225168656642000}),
            "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(timestamp(Time{1795225168656642000}).size(), kTimestampSize);
  EXPECT_EQ(seconds(Time{1795225168656642000}), "2026-11-21T01:39:28Z");
  EXPECT_EQ(millis(Time{1795225168656642000}), "2026-11-21T01:39:28.656Z");
  EXPECT_EQ(date(Time{1795225168656642000}), "2026-11-21");
}

// The time zone of the process, while it lives.
class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    const char* const before = std::getenv("TZ");
    if (before != nullptr) before_ = before;
    set(zone);
  }
  ~TimeZone() { set(before_ ? before_->c_str() : nullptr); }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

  static void set(const char* zone) {
    zone != nullptr ? ::setenv("TZ", zone, 1) : ::unsetenv("TZ");
    ::tzset();
    // Another second than any that was asked for: none is remembered.
    local(Time{-123 * kSecond});
  }

 private:
  std::optional<std::string> before_;
};

TEST(LocalTimestampTest, HasTheOffsetFromUtc) {
  const Time time{1795225168656642000};
  const TimeZone restored("UTC0");
  EXPECT_EQ(local(time), "2026-11-21T01:39:28.656+00:00");
  TimeZone::set("EET-2");
  EXPECT_EQ(local(time), "2026-11-21T03:39:28.656+02:00");
  TimeZone::set("NST3:30");
  EXPECT_EQ(local(time), "2026-11-20T22:09:28.656-03:30");
  TimeZone::set("NPT-5:45");
  EXPECT_EQ(local(time), "2026-11-21T07:24:28.656+05:45");
  EXPECT_EQ(local(Time{-1}), "1970-01-01T05:44:59.999+05:45");
}

TEST(LocalTimestampTest, FollowsSummerTime) {
  const TimeZone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  // 2026-10-25, 01:00 UTC.
  const std::int64_t end = 1792890000 * kSecond;
  EXPECT_EQ(local(Time{end - 1}), "2026-10-25T02:59:59.999+02:00");
  EXPECT_EQ(local(Time{end}), "2026-10-25T02:00:00.000+01:00");
  EXPECT_EQ(local(Time{end + 999999999}), "2026-10-25T02:00:00.999+01:00");
  EXPECT_EQ(local(Time{end - 1}), "2026-10-25T02:59:59.999+02:00");
}

TEST(LocalTimestampTest, AnOffsetWithSecondsIsCutToMinutes) {
  const TimeZone zone("LMT-0:53:28");
  EXPECT_EQ(local(Time{0}), "1970-01-01T00:53:00.000+00:53");
  TimeZone::set("LMT0:53:28");
  EXPECT_EQ(local(Time{0}), "1969-12-31T23:07:00.000-00:53");
}

TEST(LocalTimestampTest, TheWholeRangeIsCovered) {
  const TimeZone zone("EET-2");
  EXPECT_EQ(local(Time{INT64_MIN}), "1677-09-21T02:12:43.145+02:00");
  EXPECT_EQ(local(Time{INT64_MAX}), "2262-04-12T01:47:16.854+02:00");
  EXPECT_EQ(local(Time{INT64_MIN}), "1677-09-21T02:12:43.145+02:00");
}

TEST(TimestampTest, MicrosecondsAreCutOffAndNotRounded) {
  EXPECT_EQ(timestamp(Time{999999999}), "1970-01-01T00:00:00.999999Z");
  EXPECT_EQ(seconds(Time{1999999999}), "1970-01-01T00:00:01Z");
  EXPECT_EQ(timestamp(Time{-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(TimestampTest, NanosecondsShowWhereThereAreSome) {
  EXPECT_EQ(whole(Time{1795225168656642000}), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(whole(Time{1795225168656642007}), "2026-11-21T01:39:28.656642007Z");
  EXPECT_EQ(whole(Time{-1}), "1969-12-31T23:59:59.999999999Z");
  Buffer out;
  append_time(out, Time{1});
  EXPECT_EQ(out.view(), "1970-01-01T00:00:00.000000001Z");
}

TEST(TimestampTest, TheWholeRangeIsCovered) {
  EXPECT_EQ(whole(Time{INT64_MIN}), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(whole(Time{INT64_MAX}), "2262-04-11T23:47:16.854775807Z");
}

// What was written last is looked at again for the next time.
TEST(TimestampTest, NoTimeIsTakenForTheOneBefore) {
  std::vector<std::int64_t> times;
  for (const std::int64_t at :
       {INT64_MIN, INT64_MIN + kSecond, -kSecond, std::int64_t{0}, kSecond,
        INT64_MAX - kSecond, INT64_MAX - 999999999, INT64_MAX - 1}) {
    for (const std::int64_t off : {0, 1, 999999998, 999999999}) {
      if (at <= INT64_MAX - off) times.push_back(at + off);
    }
  }
  std::vector<std::string> fresh;
  for (const std::int64_t time : times) {
    // Written anew, because this one is far away from all of them.
    static_cast<void>(timestamp(Time{INT64_MAX / 2}));
    fresh.push_back(whole(Time{time}));
  }
  for (std::size_t first = 0; first < times.size(); ++first) {
    for (std::size_t second = 0; second < times.size(); ++second) {
      static_cast<void>(timestamp(Time{INT64_MAX / 2}));
      static_cast<void>(timestamp(Time{times[first]}));
      ASSERT_EQ(whole(Time{times[second]}), fresh[second])
          << "after " << fresh[first];
    }
  }
  EXPECT_EQ(fresh.front(), "1677-09-21T00:12:43.145224192Z");
}

TEST(TimestampTest, LeapDaysAreWhereTheCalendarHasThem) {
  const std::int64_t day = 86400 * kSecond;
  const auto at = [](int year, unsigned month, unsigned of_month) {
    using namespace std::chrono;
    const sys_days days = std::chrono::year(year) / static_cast<int>(month) /
                          static_cast<int>(of_month);
    return Time{duration_cast<nanoseconds>(days.time_since_epoch()).count()};
  };
  EXPECT_EQ(date(Time{at(2024, 2, 28).ns + day}), "2024-02-29");
  EXPECT_EQ(date(Time{at(2026, 2, 28).ns + day}), "2026-03-01");
  EXPECT_EQ(date(Time{at(2000, 2, 28).ns + day}), "2000-02-29");
  EXPECT_EQ(date(Time{at(1900, 2, 28).ns + day}), "1900-03-01");
  EXPECT_EQ(date(Time{at(2100, 2, 28).ns + day}), "2100-03-01");
}

std::string by_chrono(Time time) {
  using namespace std::chrono;
  const sys_time<nanoseconds> moment{nanoseconds(time.ns)};
  const auto day = floor<days>(moment);
  const year_month_day ymd(day);
  const hh_mm_ss<nanoseconds> clock(moment - day);
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
      static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
      static_cast<unsigned>(ymd.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count() / 1000));
  return text;
}

TEST(TimestampTest, AgreesWithTheStandardLibrary) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    // The library's days do not reach quite as far as nanoseconds do.
    const Time time{static_cast<std::int64_t>(random()) / 100 * 99};
    ASSERT_EQ(timestamp(time), by_chrono(time)) << time.ns;
    // The next one often shares its second.
    const Time near{time.ns / 2 +
                    static_cast<std::int64_t>(random() % 2000000000)};
    ASSERT_EQ(timestamp(near), by_chrono(near)) << near.ns;
    ASSERT_EQ(date(near), by_chrono(near).substr(0, 10)) << near.ns;
  }
}

TEST(TimestampTest, TextsSortAsTheirTimesDo) {
  std::mt19937_64 random(2);
  std::vector<std::int64_t> times;
  for (int i = 0; i < 10000; ++i) {
    times.push_back(static_cast<std::int64_t>(random()) / 1000 * 1000);
  }
  std::sort(times.begin(), times.end());
  for (std::size_t i = 1; i < times.size(); ++i) {
    ASSERT_LE(timestamp(Time{times[i - 1]}), timestamp(Time{times[i]}));
  }
}

TEST(TimestampTest, DaysBeginAtMidnightBeforeAndAfterTheEpoch) {
  const std::int64_t day = 86400 * kSecond;
  EXPECT_EQ(day_of(Time{0}), 0);
  EXPECT_EQ(day_of(Time{day - 1}), 0);
  EXPECT_EQ(day_of(Time{day}), 1);
  EXPECT_EQ(day_of(Time{-1}), -1);
  EXPECT_EQ(day_of(Time{-day}), -1);
  EXPECT_EQ(day_of(Time{-day - 1}), -2);
}

// The text of a second is kept: these are all that could be mistaken for it.
TEST(TimestampTest, TimesInAnyOrderAreWrittenRight) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(whole(Time{INT64_MIN}), "1677-09-21T00:12:43.145224192Z");
    EXPECT_EQ(whole(Time{INT64_MAX}), "2262-04-11T23:47:16.854775807Z");
    EXPECT_EQ(whole(Time{INT64_MAX - 145224192}),
              "2262-04-11T23:47:16.709551615Z");
    EXPECT_EQ(whole(Time{INT64_MIN + 1}), "1677-09-21T00:12:43.145224193Z");
    EXPECT_EQ(whole(Time{INT64_MIN + kSecond}),
              "1677-09-21T00:12:44.145224192Z");
    EXPECT_EQ(whole(Time{0}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(whole(Time{kSecond - 1}), "1970-01-01T00:00:00.999999999Z");
    EXPECT_EQ(whole(Time{kSecond}), "1970-01-01T00:00:01.000000Z");
    EXPECT_EQ(whole(Time{-1}), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(whole(Time{-kSecond}), "1969-12-31T23:59:59.000000Z");
  }
}

}  // namespace
}  // namespace stogger
