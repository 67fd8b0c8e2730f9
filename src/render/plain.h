// Values as people read them, and text that cannot harm a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/number.h"
#include "base/plain_copy.h"
#include "stogger/value.h"

namespace stogger {

// Text as it is, without quotes; everything else as JSON writes it, times and
// the special doubles without quotes too.
void append_plain(Buffer& out, const Value& value);

// The most characters that a byte of text grows to below: \u009b is two.
inline constexpr std::size_t kVisibleGrowth = 4;

namespace plain_detail {

using LineSpecials = SpecialCharacters<' ', 0x7F>;
using PairSpecials = SpecialCharacters<'!', 0x7F, '"', '=', '\\'>;

// Character by character.
char* write_escaped(char* out, std::string_view text,
                    std::uint32_t* sanitized) noexcept;
char* write_special_pair_text(char* out, std::string_view text,
                              std::uint32_t* sanitized) noexcept;
char* write_other_pair_value(char* out, const Value& value,
                             std::uint32_t* sanitized) noexcept;

}  // namespace plain_detail

// Text on one line: control characters, line separators and characters that
// change the direction of writing are escaped (\n, \x1b, \u2028), bad UTF-8 and
// NUL become U+FFFD, and then 1 is added to *sanitized. Writes at most
// kVisibleGrowth times the size of the text; returns the end.
[[gnu::always_inline]] inline char* write_visible(
    char* out, std::string_view text, std::uint32_t* sanitized) noexcept {
  if (copy_plain<plain_detail::LineSpecials>(out, text)) {
    return out + text.size();
  }
  return plain_detail::write_escaped(out, text, sanitized);
}

// The same, into a buffer; returns 1 if something was replaced, else 0.
inline std::uint32_t append_visible(Buffer& out, std::string_view text) {
  std::uint32_t sanitized = 0;
  out.advance_to(write_visible(out.reserve(text.size() * kVisibleGrowth), text,
                               &sanitized));
  return sanitized;
}

// Text of a key=value pair. It is quoted, with quotes and backslashes escaped
// as well, only if it is empty or has spaces, quotes, equals signs, backslashes
// or anything write_visible() escapes.
[[gnu::always_inline]] inline char* write_pair_text(
    char* out, std::string_view text, std::uint32_t* sanitized) noexcept {
  if (!text.empty() && copy_plain<plain_detail::PairSpecials>(out, text)) {
    return out + text.size();
  }
  return plain_detail::write_special_pair_text(out, text, sanitized);
}

// A value of a key=value pair: at most pair_value_room() characters.
[[gnu::always_inline]] inline char* write_pair_value(
    char* out, const Value& value, std::uint32_t* sanitized) noexcept {
  switch (value.kind()) {
    case Kind::text:
      return write_pair_text(out, value.text(), sanitized);
    case Kind::integer:
      return write_integer(out, value.integer());
    case Kind::real:
      return write_real(out, value.real());
    default:
      return plain_detail::write_other_pair_value(out, value, sanitized);
  }
}
inline std::size_t pair_value_room(const Value& value) noexcept {
  constexpr std::size_t kOther = 48;
  const bool has_text =
      value.kind() == Kind::text || value.kind() == Kind::json;
  return kOther + (has_text ? value.text().size() * kVisibleGrowth : 0);
}

}  // namespace stogger
