// Small parts of what writes text into memory that has room for it.
#pragma once

#include <cstring>
#include <string_view>

namespace stogger {

inline constexpr char kHexDigits[] = "0123456789abcdef";

// Returns the end.
inline char* copy_text(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace stogger
