#include "sinks/file/log_period.h"

#include "base/number.h"
#include "base/timestamp.h"

namespace stogger {
namespace {

constexpr std::int64_t kMinute = std::int64_t{60} * 1000000000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::int64_t floor_divide(std::int64_t number, std::int64_t by) noexcept {
  return number / by - (number % by < 0 ? 1 : 0);
}

}  // namespace

std::int64_t LogPeriods::of(Time time) noexcept {
  std::int64_t ns = time.ns;
  if (local_) {
    const std::int64_t quarter = floor_divide(ns, 15 * kMinute);
    if (quarter != quarter_) {
      quarter_ = quarter;
      offset_ = local_offset_minutes(time) * kMinute;
    }
    // What overflows is at the very ends of time, and stays in UTC.
    if (__builtin_add_overflow(ns, offset_, &ns)) ns = time.ns;
  }
  return unit_ == Unit::day ? floor_divide(ns, kDay) : floor_divide(ns, kHour);
}

std::string LogPeriods::name(std::int64_t period) const {
  const std::int64_t day =
      unit_ == Unit::day ? period : floor_divide(period, 24);
  char text[sizeof "2026-11-21_13"];
  char* end = write_date(text, Time{day * kDay});
  if (unit_ == Unit::hour) {
    *end++ = '_';
    end = write_padded<2>(end, static_cast<std::uint32_t>(period - day * 24));
  }
  return std::string(text, end);
}

}  // namespace stogger
