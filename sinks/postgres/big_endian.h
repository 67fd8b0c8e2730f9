// Integers in the order of bytes that PostgreSQL sends them in.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "base/buffer.h"

namespace stogger {

// The length of a value that is null.
inline constexpr std::uint32_t kNull = 0xFFFFFFFF;

// Writes the bytes of the number, the highest first, and returns the end.
template <std::unsigned_integral Number>
char* write_big_endian(char* out, Number value) noexcept {
  static_assert(std::endian::native == std::endian::little ||
                std::endian::native == std::endian::big);
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof value == 2) value = __builtin_bswap16(value);
    if constexpr (sizeof value == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof value == 8) value = __builtin_bswap64(value);
  }
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

template <std::unsigned_integral Number>
void append_big_endian(Buffer& out, Number value) {
  out.advance_to(write_big_endian(out.reserve(sizeof value), value));
}

}  // namespace stogger
