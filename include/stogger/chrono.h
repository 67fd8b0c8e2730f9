// Makes std::chrono values loggable. A time_point of the system clock becomes
// a time; every duration becomes its number of seconds, a double.
#pragma once

#include <chrono>

#include "stogger/value.h"

namespace stogger {

// Points in time that a Time cannot hold become the first or the last one.
template <class Duration>
constexpr Time to_time(
    std::chrono::time_point<std::chrono::system_clock, Duration> t) noexcept {
  using Seconds = std::chrono::duration<double>;
  using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;
  constexpr double kTooFar = 9223372036.854775807;
  const auto since = t.time_since_epoch();
  const double seconds = std::chrono::duration_cast<Seconds>(since).count();
  if (seconds >= kTooFar) return Time{INT64_MAX};
  if (seconds <= -kTooFar) return Time{INT64_MIN};
  return Time{std::chrono::duration_cast<Nanoseconds>(since).count()};
}

template <class Duration>
void write_value(
    ValueWriter& out,
    const std::chrono::time_point<std::chrono::system_clock, Duration>& t) {
  out.set(to_time(t));
}

template <class Rep, class Period>
void write_value(ValueWriter& out,
                 const std::chrono::duration<Rep, Period>& duration) {
  out.set(std::chrono::duration<double>(duration).count());
}

}  // namespace stogger
