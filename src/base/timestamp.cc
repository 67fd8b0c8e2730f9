#include "base/timestamp.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <mutex>

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

// Writes kSecondsSize characters.
void write_date_and_time(char* out, std::int64_t seconds) noexcept {
  const std::int64_t days = floor_days(seconds);
  const auto second_of_day =
      static_cast<std::uint32_t>(seconds - days * kSecondsOfDay);
  out = write_civil(out, days);
  *out++ = 'T';
  out = write_padded<2>(out, second_of_day / 3600);
  *out++ = ':';
  out = write_padded<2>(out, second_of_day / 60 % 60);
  *out++ = ':';
  write_padded<2>(out, second_of_day % 60);
}

// The very first and the very last second are no whole ones.
bool is_whole_second(Time time) noexcept {
  return time.ns >= INT64_MIN + kSecond && time.ns <= INT64_MAX - kSecond;
}

[[gnu::noinline]] std::uint32_t write_new_second(char* out,
                                                 Time time) noexcept {
  const Split parts = split(time);
  write_date_and_time(out, parts.seconds);
  if (is_whole_second(time)) {
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

constexpr std::size_t kOffsetSize = 6;  // "+02:00"

// A second, its local text, and the offset.
struct LocalSecond {
  std::int64_t start_ns;
  bool is_known;
  char text[kSecondsSize];
  char offset[kOffsetSize];
};

constinit thread_local LocalSecond last_local_second = {};

// glibc's localtime_r() takes a lock that a fork() on another thread would
// leave taken in the child. So no fork comes while it is inside.
constinit std::mutex local_time_mutex;

int offset_minutes_at(std::int64_t seconds) noexcept {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm local{};
  const std::lock_guard lock(local_time_mutex);
  if (::localtime_r(&time, &local) == nullptr) return 0;
  // A file of a time zone may say anything.
  constexpr long kMost = 99 * 60 + 59;
  return static_cast<int>(std::clamp(local.tm_gmtoff / 60, -kMost, kMost));
}

[[gnu::noinline]] void find_local_second(Time time) noexcept {
  const Split parts = split(time);
  const int offset = offset_minutes_at(parts.seconds);
  LocalSecond& second = last_local_second;
  write_date_and_time(second.text, parts.seconds + offset * 60);
  const auto minutes =
      static_cast<std::uint32_t>(offset < 0 ? -offset : offset);
  char* out = second.offset;
  *out++ = offset < 0 ? '-' : '+';
  out = write_padded<2>(out, minutes / 60);
  *out++ = ':';
  write_padded<2>(out, minutes % 60);
  second.is_known = is_whole_second(time);
  if (second.is_known) second.start_ns = time.ns - parts.nanoseconds;
}

// `unit` is how many nanoseconds the last of the digits counts.
template <int digits, std::uint32_t unit>
[[gnu::always_inline]] inline char* write_with_fraction(char* out,
                                                        Time time) noexcept {
  const std::uint32_t nanoseconds = write_seconds(out, time);
  out += kSecondsSize;
  *out++ = '.';
  out = write_padded<digits>(out, nanoseconds / unit);
  *out++ = 'Z';
  return out;
}

}  // namespace

void hold_local_time() noexcept { local_time_mutex.lock(); }
void release_local_time() noexcept { local_time_mutex.unlock(); }

char* write_timestamp(char* out, Time time) noexcept {
  return write_with_fraction<6, 1000>(out, time);
}

char* write_timestamp_seconds(char* out, Time time) noexcept {
  write_seconds(out, time);
  out[kSecondsSize] = 'Z';
  return out + kSecondsSize + 1;
}

char* write_timestamp_millis(char* out, Time time) noexcept {
  return write_with_fraction<3, 1000000>(out, time);
}

char* write_local_timestamp(char* out, Time time) noexcept {
  const LocalSecond& second = last_local_second;
  const std::uint64_t beyond = static_cast<std::uint64_t>(time.ns) -
                               static_cast<std::uint64_t>(second.start_ns);
  if (!second.is_known || beyond >= std::uint64_t{kSecond}) {
    find_local_second(time);
  }
  std::memcpy(out, second.text, kSecondsSize);
  out += kSecondsSize;
  *out++ = '.';
  out = write_padded<3>(out, split(time).nanoseconds / 1000000);
  std::memcpy(out, second.offset, kOffsetSize);
  return out + kOffsetSize;
}

int local_offset_minutes(Time time) noexcept {
  return offset_minutes_at(split(time).seconds);
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
