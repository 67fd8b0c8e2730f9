#include "render/plain.h"

#include <cstring>

#include "base/json.h"
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

char* copy(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* write_hex(char* out, char mark, std::uint32_t value,
                int digits) noexcept {
  *out++ = '\\';
  *out++ = mark;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    *out++ = kHex[value >> shift & 15];
  }
  return out;
}

char* write_escape(char* out, std::uint32_t c) noexcept {
  switch (c) {
    case '\n':
      return copy(out, "\\n");
    case '\r':
      return copy(out, "\\r");
    case '\t':
      return copy(out, "\\t");
    default:
      return c < 0x80 ? write_hex(out, 'x', c, 2) : write_hex(out, 'u', c, 4);
  }
}

char* escape(char* out, std::string_view text, bool quoted,
             std::uint32_t* sanitized) noexcept {
  bool replaced = false;
  for (Utf8Step step; !text.empty(); text.remove_prefix(step.size)) {
    step = utf8_step(text);
    if (!step.valid || step.codepoint == 0) {
      out = copy(out, kReplacement);
      replaced = true;
    } else if (quoted && (step.codepoint == '"' || step.codepoint == '\\')) {
      *out++ = '\\';
      *out++ = text[0];
    } else if (is_harmful(step.codepoint)) {
      out = write_escape(out, step.codepoint);
    } else {
      out = copy(out, text.substr(0, step.size));
    }
  }
  if (replaced) ++*sanitized;
  return out;
}

bool needs_quotes(std::string_view text) noexcept {
  if (text.empty()) return true;
  for (Utf8Step step; !text.empty(); text.remove_prefix(step.size)) {
    step = utf8_step(text);
    if (!step.valid || is_harmful(step.codepoint) ||
        (step.codepoint < 0x80 && plain_detail::PairSpecials::has(text[0]))) {
      return true;
    }
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

char* plain_detail::write_escaped(char* out, std::string_view text,
                                  std::uint32_t* sanitized) noexcept {
  return escape(out, text, false, sanitized);
}

char* plain_detail::write_special_pair_text(char* out, std::string_view text,
                                            std::uint32_t* sanitized) noexcept {
  if (!needs_quotes(text)) return copy(out, text);
  *out++ = '"';
  out = escape(out, text, true, sanitized);
  *out++ = '"';
  return out;
}

char* plain_detail::write_other_pair_value(char* out, const Value& value,
                                           std::uint32_t* sanitized) noexcept {
  if (value.kind() == Kind::json) {
    return write_pair_text(out, value.text(), sanitized);
  }
  if (value.kind() == Kind::time) return write_time(out, value.time());
  return write_json_value(out, value, sanitized);
}

}  // namespace stogger
