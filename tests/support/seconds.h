#pragma once

#include <cstdint>

namespace stogger {

inline constexpr std::int64_t kSecond = 1000000000;  // in nanoseconds
inline constexpr std::int64_t kMillisecond = kSecond / 1000;

}  // namespace stogger
