#include "render/plain.h"

#include <cstring>

#include "base/json.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Characters that move the cursor, end lines, or change what is seen: C0, DEL,
// C1, the separators and all directional marks.
bool is_harmful(std::uint32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E ||
         c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool is_plain_ascii(char c) noexcept { return c >= 0x20 && c < 0x7F; }

void append_hex(Buffer& out, char mark, std::uint32_t value, int digits) {
  out.push_back('\\');
  out.push_back(mark);
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out.push_back(kHex[value >> shift & 15]);
  }
}

void append_escape(Buffer& out, std::uint32_t c) {
  switch (c) {
    case '\n':
      return out.append("\\n");
    case '\r':
      return out.append("\\r");
    case '\t':
      return out.append("\\t");
    default:
      return c < 0x80 ? append_hex(out, 'x', c, 2) : append_hex(out, 'u', c, 4);
  }
}

// The length of what can be copied as it is.
std::size_t plain_prefix(std::string_view text, bool quoted) noexcept {
  std::size_t i = 0;
  while (i < text.size() && is_plain_ascii(text[i]) &&
         !(quoted && (text[i] == '"' || text[i] == '\\'))) {
    ++i;
  }
  return i;
}

std::uint32_t append_escaped(Buffer& out, std::string_view text, bool quoted) {
  std::uint32_t sanitized = 0;
  while (true) {
    const std::size_t plain = plain_prefix(text, quoted);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return sanitized;
    const Utf8Step step = utf8_step(text);
    if (!step.valid || step.codepoint == 0) {
      out.append(kReplacement);
      sanitized = 1;
    } else if (step.codepoint == '"' || step.codepoint == '\\') {
      out.push_back('\\');
      out.push_back(text[0]);
    } else if (is_harmful(step.codepoint)) {
      append_escape(out, step.codepoint);
    } else {
      out.append(text.substr(0, step.size));
    }
    text.remove_prefix(step.size);
  }
}

bool needs_quotes(std::string_view text) noexcept {
  if (text.empty()) return true;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (is_plain_ascii(c)) {
      if (c == ' ' || c == '"' || c == '=' || c == '\\') return true;
      ++i;
      continue;
    }
    const Utf8Step step = utf8_step(text.substr(i));
    if (!step.valid || is_harmful(step.codepoint)) return true;
    i += step.size;
  }
  return false;
}

}  // namespace

void append_plain(Buffer& out, const Value& value) {
  switch (value.kind()) {
    case Kind::text:
      return out.append(value.text());
    case Kind::time:
      return append_time(out, value.time());
    case Kind::real:
      return append_real(out, value.real());
    default:
      append_json_value(out, value);
  }
}

std::uint32_t append_visible(Buffer& out, std::string_view text) {
  return append_escaped(out, text, false);
}

std::uint32_t append_quoted(Buffer& out, std::string_view text) {
  out.push_back('"');
  const std::uint32_t sanitized = append_escaped(out, text, true);
  out.push_back('"');
  return sanitized;
}

std::uint32_t append_pair_value(Buffer& out, const Value& value) {
  if (value.kind() == Kind::text || value.kind() == Kind::json) {
    if (needs_quotes(value.text())) return append_quoted(out, value.text());
    out.append(value.text());
    return 0;
  }
  append_plain(out, value);
  return 0;
}

std::uint32_t append_pair_key(Buffer& out, std::string_view key) {
  return append_pair_value(out, Value(key));
}

}  // namespace stogger
