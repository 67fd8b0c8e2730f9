// Text for lines that people look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/plain_copy.h"

namespace stogger {

// The most characters that a byte of text grows to below: \x1b is one.
inline constexpr std::size_t kVisibleGrowth = 4;

namespace visible_detail {

using Specials = SpecialCharacters<' '>;

// Character by character. `quoted`: quotes and backslashes are escaped, too.
char* write_escaped(char* out, std::string_view text, bool quoted,
                    std::uint32_t* sanitized) noexcept;

}  // namespace visible_detail

// Text on one line: what harmful.h lists is escaped (\n, \x1b, \u2028,
// \U000e0041), bad UTF-8 and NUL become U+FFFD, and then 1 is added to
// *sanitized. Writes at most
// kVisibleGrowth times the size of the text; returns the end.
[[gnu::always_inline]] inline char* write_visible(
    char* out, std::string_view text, std::uint32_t* sanitized) noexcept {
  if (copy_plain<visible_detail::Specials>(out, text)) {
    return out + text.size();
  }
  return visible_detail::write_escaped(out, text, false, sanitized);
}

// The same, into a buffer; returns 1 if something was replaced, else 0.
inline std::uint32_t append_visible(Buffer& out, std::string_view text) {
  std::uint32_t sanitized = 0;
  out.advance_to(write_visible(out.reserve(text.size() * kVisibleGrowth), text,
                               &sanitized));
  return sanitized;
}

}  // namespace stogger
