#pragma once

#include <time.h>

#include <cstdint>

namespace stogger {

// Of the clock that nobody sets.
inline std::int64_t now_milliseconds() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace stogger
