// Printing what comes from elsewhere, and must not drive a terminal.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/quote.h"

namespace stogger {

inline void print(std::string_view text, std::FILE* out = stdout) {
  std::fwrite(text.data(), 1, text.size(), out);
}

// On one line, of which the middle is left out if it is long.
inline void print_line(std::string_view text, std::FILE* out = stdout) {
  constexpr std::size_t kLongest = 500;
  print(shortened(printable(text), kLongest) + "\n", out);
}

}  // namespace stogger
