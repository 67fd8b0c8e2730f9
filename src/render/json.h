// Parts of the JSON line that the table's `data` column uses too.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/json.h"
#include "base/number.h"
#include "event/event.h"
#include "event/static_fields.h"

namespace stogger {

// The most that all members of an event take: no byte grows to more than six.
inline std::size_t json_members_room(const Event& event) noexcept {
  constexpr std::size_t kLargestGrowth = 6;
  constexpr std::size_t kFixedParts = 256;
  return (event.raw_size + event.message.size()) * kLargestGrowth + kFixedParts;
}

// The static fields, each with a comma before it.
inline char* write_static_members(char* out, const Event& event) noexcept {
  if (event.static_fields == nullptr) return out;
  const std::string_view json = event.static_fields->json();
  std::memcpy(out, json.data(), json.size());
  return out + json.size();
}

template <std::size_t N>
char* write_literal(char* out, const char (&text)[N]) noexcept {
  std::memcpy(out, text, N - 1);
  return out + N - 1;
}

// The functions below write one member of a JSON object, with a comma before
// it, into memory that has room for it, and return the end. `sanitized` is that
// of write_json_string().

// For a key that is known to need no escapes.
template <std::size_t N>
[[gnu::always_inline]] inline char* write_json_member(
    char* out, const char (&key)[N], std::string_view text,
    std::uint32_t* sanitized) noexcept {
  out = write_literal(out, ",\"");
  out = write_literal(out, key);
  out = write_literal(out, "\":");
  return write_json_string(out, text, sanitized);
}

[[gnu::always_inline]] inline char* write_json_member(
    char* out, std::string_view key, const Value& value,
    std::uint32_t* sanitized) noexcept {
  out = write_literal(out, ",\"");
  if (copy_plain<json_detail::Specials>(out, key)) {
    out = write_literal(out + key.size(), "\":");
  } else {
    out = json_detail::write_special(out, key, sanitized);
    *out++ = ':';
  }
  switch (value.kind()) {
    case Kind::text:
      return write_json_string(out, value.text(), sanitized);
    case Kind::integer:
      return write_integer(out, value.integer());
    case Kind::real: {
      const double real = value.real();
      if (__builtin_isfinite(real)) return write_real(out, real);
      return write_json_value(out, value, sanitized);
    }
    default:
      return write_json_value(out, value, sanitized);
  }
}

}  // namespace stogger
