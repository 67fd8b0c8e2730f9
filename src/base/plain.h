// Values as people read them, and text that cannot harm a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/number.h"
#include "base/plain_copy.h"
#include "base/visible.h"
#include "stogger/value.h"

namespace stogger {

// Text as it is, without quotes; everything else as JSON writes it, times and
// the special doubles without quotes too.
void append_plain(Buffer& out, const Value& value);

namespace plain_detail {

using PairSpecials = SpecialCharacters<'!', '"', '=', '\\'>;
using NameSpecials = SpecialCharacters<' ', '"', '=', '\\'>;

// Character by character.
char* write_special_pair_text(char* out, std::string_view text,
                              std::uint32_t* sanitized) noexcept;
char* write_special_name(char* out, std::string_view name,
                         std::uint32_t* sanitized) noexcept;
char* write_other_pair_value(char* out, const Value& value,
                             std::uint32_t* sanitized) noexcept;

}  // namespace plain_detail

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

// The name of an event at the beginning of a line for people: what
// write_visible() writes. A name that could pass for pairs, or for the quoted
// form, is quoted: one with equals signs, quotes or backslashes.
inline std::uint32_t append_event_name(Buffer& out, std::string_view name) {
  constexpr std::size_t kQuotes = 2;
  std::uint32_t sanitized = 0;
  char* const start = out.reserve(name.size() * kVisibleGrowth + kQuotes);
  const bool plain = copy_plain<plain_detail::NameSpecials>(start, name);
  out.advance_to(
      plain ? start + name.size()
            : plain_detail::write_special_name(start, name, &sanitized));
  return sanitized;
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
