// LogPeriods: the days or hours that each get a log file of their own, in UTC
// or in the time zone of the process.
//
// A period has a number, which goes up with time, and a name. Where clocks are
// set back, the hour that comes twice is one period.
#pragma once

#include <cstdint>
#include <string>

#include "stogger/value.h"

namespace stogger {

class LogPeriods {
 public:
  enum class Unit : unsigned char { day, hour };

  LogPeriods(Unit unit, bool local) noexcept : unit_(unit), local_(local) {}

  // The number of the period that the time falls in.
  std::int64_t of(Time time) noexcept;
  // "2026-11-21", "2026-11-21_13".
  std::string name(std::int64_t period) const;

 private:
  Unit unit_;
  bool local_;
  // What local time is ahead of UTC, in nanoseconds, in that quarter of an
  // hour: time zones change their offset at the beginning of one.
  std::int64_t offset_ = 0;
  std::int64_t quarter_ = INT64_MIN;
};

}  // namespace stogger
