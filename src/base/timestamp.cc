#include "base/timestamp.h"

#include <cstdint>
#include <cstring>

#include "base/number.h"

namespace stogger {
namespace {

constexpr std::int64_t kSecond = 1000000000;
constexpr std::int64_t kSecondsOfDay = 86400;

struct Split {
  std::int64_t seconds;
  std::uint32_t nanoseconds;
};

Split split(Time time) noexcept {
  std::int64_t seconds = time.ns / kSecond;
  std::int64_t rest = time.ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  return {seconds, static_cast<std::uint32_t>(rest)};
}

std::int64_t floor_days(std::int64_t seconds) noexcept {
  return (seconds >= 0 ? seconds : seconds - (kSecondsOfDay - 1)) /
         kSecondsOfDay;
}

// The civil date of a day number, after Howard Hinnant's
// "chrono-Compatible Low-Level Date Algorithms".
char* write_civil(char* out, std::int64_t days) noexcept {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<std::uint32_t>(days - era * 146097);
  const std::uint32_t year_of_era = (day_of_era - day_of_era / 1460 +
                                     day_of_era / 36524 - day_of_era / 146096) /
                                    365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::uint32_t month =
      shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const auto year =
      static_cast<std::uint32_t>(static_cast<std::int64_t>(year_of_era) +
                                 era * 400 + (month <= 2 ? 1 : 0));
  out = write_padded<4>(out, year);
  *out++ = '-';
  out = write_padded<2>(out, month);
  *out++ = '-';
  return write_padded<2>(out, day);
}

constexpr std::size_t kSecondsSize = 19;  // "2026-11-21T01:39:28"

// A second and its text.
struct Second {
  std::int64_t start_ns;
  char text[kSecondsSize + 1];
};

// The last one of this thread: consecutive events mostly share it.
constinit thread_local Second last_second = {0, "1970-01-01T00:00:00"};

[[gnu::noinline]] std::uint32_t write_new_second(char* out,
                                                 Time time) noexcept {
  const Split parts = split(time);
  const std::int64_t days = floor_days(parts.seconds);
  const auto second_of_day =
      static_cast<std::uint32_t>(parts.seconds - days * kSecondsOfDay);
  char* position = write_civil(out, days);
  *position++ = 'T';
  position = write_padded<2>(position, second_of_day / 3600);
  *position++ = ':';
  position = write_padded<2>(position, second_of_day / 60 % 60);
  *position++ = ':';
  write_padded<2>(position, second_of_day % 60);
  // The very first and the very last second are no whole ones.
  if (time.ns >= INT64_MIN + kSecond && time.ns <= INT64_MAX - kSecond) {
    std::memcpy(last_second.text, out, kSecondsSize);
    last_second.start_ns = time.ns - parts.nanoseconds;
  }
  return parts.nanoseconds;
}

// Writes kSecondsSize characters; returns the nanoseconds beyond.
std::uint32_t write_seconds(char* out, Time time) noexcept {
  const std::uint64_t beyond = static_cast<std::uint64_t>(time.ns) -
                               static_cast<std::uint64_t>(last_second.start_ns);
  if (beyond >= std::uint64_t{kSecond}) return write_new_second(out, time);
  std::memcpy(out, last_second.text, kSecondsSize);
  return static_cast<std::uint32_t>(beyond);
}

}  // namespace

char* write_timestamp(char* out, Time time) noexcept {
  const std::uint32_t nanoseconds = write_seconds(out, time);
  out += kSecondsSize;
  *out++ = '.';
  out = write_padded<6>(out, nanoseconds / 1000);
  *out++ = 'Z';
  return out;
}

char* write_timestamp_seconds(char* out, Time time) noexcept {
  write_seconds(out, time);
  out[kSecondsSize] = 'Z';
  return out + kSecondsSize + 1;
}

char* write_time(char* out, Time time) noexcept {
  const std::uint32_t rest = split(time).nanoseconds % 1000;
  out = write_timestamp(out, time);
  if (rest == 0) return out;
  out = write_padded<3>(out - 1, rest);
  *out++ = 'Z';
  return out;
}

void append_time(Buffer& out, Time time) {
  out.advance_to(write_time(out.reserve(kTimestampSize + 3), time));
}

char* write_date(char* out, Time time) noexcept {
  return write_civil(out, day_of(time));
}

std::int64_t day_of(Time time) noexcept {
  return floor_days(split(time).seconds);
}

}  // namespace stogger
