// Writing JSON: always valid UTF-8 and valid RFC 8259, whatever the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// Objects and arrays nested deeper than this are written as a string.
inline constexpr std::size_t kJsonDepth = 64;

namespace json_detail {

// Nonzero if one of the eight bytes cannot be copied as it is: it is no
// printable ASCII, a quote, or a backslash.
inline std::uint64_t find_special(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t backslash = word ^ (kOnes * '\\');
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  return (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
          control | word) &
         (kOnes * 0x80);
}

// The rest of write_json_string() from the first byte that is special.
char* write_special(char* out, std::string_view rest,
                    std::uint32_t* sanitized) noexcept;

}  // namespace json_detail

// The most characters write_json_string() writes.
inline std::size_t json_string_room(std::string_view text) noexcept {
  constexpr std::size_t kLongestEscape = 6;  // \u001f
  constexpr std::size_t kOverrun = 8;        // it copies in words
  return text.size() * kLongestEscape + 2 + kOverrun;
}

// A quoted string. Bad UTF-8 and NUL become U+FFFD; then 1 is added to
// *sanitized, which counts the values that had to be sanitized.
inline char* write_json_string(char* out, std::string_view text,
                               std::uint32_t* sanitized) noexcept {
  *out++ = '"';
  const char* in = text.data();
  const char* const end = in + text.size();
  std::uint64_t word = 0;
  for (; end - in >= 8; in += 8, out += 8) {
    std::memcpy(&word, in, 8);
    if (json_detail::find_special(word) != 0) {
      return json_detail::write_special(
          out, {in, static_cast<std::size_t>(end - in)}, sanitized);
    }
    std::memcpy(out, &word, 8);
  }
  for (; in != end; ++in, ++out) {
    const auto byte = static_cast<unsigned char>(*in);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') {
      return json_detail::write_special(
          out, {in, static_cast<std::size_t>(end - in)}, sanitized);
    }
    *out = *in;
  }
  *out++ = '"';
  return out;
}

// The most characters write_json_value() writes.
inline std::size_t json_value_room(const Value& value) noexcept {
  constexpr std::size_t kPlain = 40;
  if (value.kind() == Kind::text) return json_string_room(value.text());
  if (value.kind() == Kind::json) return value.text().size();
  return kPlain;
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

// The bytes append_json_value() adds, without writing them.
std::size_t json_value_size(const Value& value);

// Decides, for a member of a JSON object, whether its value is a secret.
using JsonKeyTest = bool (*)(const void* context, std::string_view key);

// Checks JSON text and writes it again in compact form: strings valid, numbers
// as they were given but for those that are no finite double (they become
// strings), values of secret members replaced by "[REDACTED]". False, and
// nothing written, if the text is not valid JSON or is nested too deeply.
// `sanitized` counts strings that had to be mended. A null test finds no
// secrets.
bool append_clean_json(Buffer& out, std::string_view json,
                       JsonKeyTest is_secret, const void* context,
                       std::uint32_t* sanitized);

}  // namespace stogger
