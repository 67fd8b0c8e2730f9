// Makes std::chrono values loggable. A time_point of the system clock becomes
// a time; every duration becomes its number of seconds, a double.
#pragma once

#include <chrono>

#include "stogger/value.h"

namespace stogger {

template <class Duration>
constexpr Time to_time(
    std::chrono::time_point<std::chrono::system_clock, Duration> t) noexcept {
  return Time{
      std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch())
          .count()};
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
