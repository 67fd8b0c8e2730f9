// Values as people read them, and text that cannot harm a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// Text as it is, without quotes; everything else as JSON writes it, times and
// the special doubles without quotes too.
void append_plain(Buffer& out, const Value& value);

// The most characters that a byte of text grows to below: \u009b is two.
inline constexpr std::size_t kVisibleGrowth = 4;

// Text on one line: control characters, line separators and characters that
// change the direction of writing are escaped (\n, \x1b, \u2028), bad UTF-8 and
// NUL become U+FFFD, and then 1 is added to *sanitized. Writes at most
// kVisibleGrowth times the size of the text; returns the end.
char* write_visible(char* out, std::string_view text,
                    std::uint32_t* sanitized) noexcept;

// The same, into a buffer; returns 1 if something was replaced, else 0.
inline std::uint32_t append_visible(Buffer& out, std::string_view text) {
  std::uint32_t sanitized = 0;
  out.advance_to(write_visible(out.reserve(text.size() * kVisibleGrowth), text,
                               &sanitized));
  return sanitized;
}

// A value of a key=value pair. Text is quoted, with quotes and backslashes
// escaped as well, only if it is empty or has spaces, quotes, equals signs,
// backslashes or anything write_visible() escapes. Writes at most
// pair_value_room() characters.
char* write_pair_value(char* out, const Value& value,
                       std::uint32_t* sanitized) noexcept;
inline std::size_t pair_value_room(const Value& value) noexcept {
  constexpr std::size_t kOther = 48;
  const bool has_text =
      value.kind() == Kind::text || value.kind() == Kind::json;
  return kOther + (has_text ? value.text().size() * kVisibleGrowth : 0);
}

}  // namespace stogger
