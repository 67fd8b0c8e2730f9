// Writing JSON: always valid UTF-8 and valid RFC 8259, whatever the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer.h"
#include "base/plain_copy.h"
#include "stogger/value.h"

namespace stogger {

// Objects and arrays nested deeper than this are written as a string.
inline constexpr std::size_t kJsonDepth = 64;

namespace json_detail {

using Specials = SpecialCharacters<' ', '"', '\\'>;

// The text and the closing quote, character by character.
char* write_special(char* out, std::string_view text,
                    std::uint32_t* sanitized) noexcept;

}  // namespace json_detail

// The most characters write_json_string() writes.
inline std::size_t json_string_room(std::string_view text) noexcept {
  constexpr std::size_t kLongestEscape = 6;  // \u001f
  return text.size() * kLongestEscape + 2;
}

// A quoted string. What harmful.h lists is escaped, so that a line of JSON can
// be looked at; the value that a parser reads is the same. Bad UTF-8 and NUL
// become U+FFFD; then 1 is added to *sanitized, which counts the values that
// had to be sanitized.
[[gnu::always_inline]] inline char* write_json_string(
    char* out, std::string_view text, std::uint32_t* sanitized) noexcept {
  *out++ = '"';
  if (!copy_plain<json_detail::Specials>(out, text)) {
    return json_detail::write_special(out, text, sanitized);
  }
  out[text.size()] = '"';
  return out + text.size() + 1;
}

// The most characters write_json_value() writes: for all but text and JSON, and
// for any value.
inline constexpr std::size_t kPlainValueRoom = 40;
inline std::size_t json_value_room(const Value& value) noexcept {
  if (value.kind() == Kind::text) return json_string_room(value.text());
  if (value.kind() == Kind::json) return value.text().size();
  return kPlainValueRoom;
}

// Any value but a custom one. NaN and the infinities are written as strings, a
// time as its RFC 3339 string. JSON text is copied as it is: it has to have
// passed through append_clean_json() before.
char* write_json_value(char* out, const Value& value,
                       std::uint32_t* sanitized) noexcept;

// The same, into a buffer. Each returns 1 if the value had to be sanitized.
inline std::uint32_t append_json_string(Buffer& out, std::string_view text) {
  std::uint32_t sanitized = 0;
  out.advance_to(
      write_json_string(out.reserve(json_string_room(text)), text, &sanitized));
  return sanitized;
}
inline std::uint32_t append_json_value(Buffer& out, const Value& value) {
  std::uint32_t sanitized = 0;
  out.advance_to(
      write_json_value(out.reserve(json_value_room(value)), value, &sanitized));
  return sanitized;
}

// The bytes append_json_value() adds, without writing them. If there are more
// than `most`, it is some number above that: the rest is not looked at.
std::size_t json_value_size(const Value& value,
                            std::size_t most = SIZE_MAX) noexcept;

// The longest prefix that, as a JSON string, quotes included, takes at most
// `most` bytes. It does not end inside a UTF-8 sequence. May be empty.
std::string_view json_string_prefix(std::string_view text,
                                    std::size_t most) noexcept;

// Decides, for a member of a JSON object, whether its value is a secret.
using JsonKeyTest = bool (*)(const void* context, std::string_view key);

// If parts of the text are secrets, adds the text without them to `out`.
using JsonTextHider = bool (*)(const void* context, std::string_view text,
                               Buffer& out);

// Checks JSON text and writes it again in compact form: strings valid, numbers
// as they were given, values of secret members replaced by "[REDACTED]". False,
// and nothing written, if the text is not valid JSON, is nested too deeply, or
// has a number beyond the range of a double. `sanitized` counts strings that
// had to be repaired. A null test finds no secrets. `hide_parts`, which may be
// null, is asked for each string that is a value, as it reads without escapes.
bool append_clean_json(Buffer& out, std::string_view json,
                       JsonKeyTest is_secret, const void* context,
                       std::uint32_t* sanitized,
                       JsonTextHider hide_parts = nullptr);

}  // namespace stogger
