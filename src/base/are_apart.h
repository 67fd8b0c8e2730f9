// are_apart: how to compare times of a clock that may be set back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stogger/value.h"

namespace stogger {

// True if the times are at least that many nanoseconds apart, whichever is the
// later one: clocks may be set back, and threads come a little out of order.
inline bool are_apart(Time a, Time b, std::int64_t distance) noexcept {
  const auto forward =
      static_cast<std::uint64_t>(a.ns) - static_cast<std::uint64_t>(b.ns);
  return std::min(forward, 0 - forward) >= static_cast<std::uint64_t>(distance);
}

}  // namespace stogger
