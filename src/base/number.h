// Numbers as text, each in the shortest form that reads back as the same
// number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/buffer.h"

namespace stogger {

// The most characters any number takes.
inline constexpr std::size_t kNumberSize = 32;

// Each writes at most kNumberSize characters and returns the end.
char* write_integer(char* out, std::int64_t value) noexcept;
char* write_unsigned(char* out, std::uint64_t value) noexcept;

// A finite number always shows that it is no integer: 1.0, 1e+22. Others are
// NaN, Infinity and -Infinity.
char* write_real(char* out, double value) noexcept;

// "00" to "99".
inline constexpr auto kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// Exactly `digits` decimal digits, with leading zeros. The value must not have
// more.
template <int digits>
[[gnu::always_inline]] inline char* write_padded(char* out,
                                                 std::uint32_t value) noexcept {
  if constexpr (digits == 1) {
    out[0] = static_cast<char>('0' + value);
  } else if constexpr (digits == 2) {
    std::memcpy(out, &kDigitPairs[value * 2], 2);
  } else {
    std::memcpy(out + digits - 2, &kDigitPairs[value % 100 * 2], 2);
    write_padded<digits - 2>(out, value / 100);
  }
  return out + digits;
}

inline void append_integer(Buffer& out, std::int64_t value) {
  out.advance_to(write_integer(out.reserve(kNumberSize), value));
}
inline void append_unsigned(Buffer& out, std::uint64_t value) {
  out.advance_to(write_unsigned(out.reserve(kNumberSize), value));
}
inline void append_real(Buffer& out, double value) {
  out.advance_to(write_real(out.reserve(kNumberSize), value));
}

}  // namespace stogger
