#include "base/visible.h"

#include "base/copy_text.h"
#include "base/harmful.h"
#include "base/utf8.h"

namespace stogger {
namespace {

char* write_hex(char* out, char mark, std::uint32_t value,
                int digits) noexcept {
  *out++ = '\\';
  *out++ = mark;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    *out++ = kHexDigits[value >> shift & 15];
  }
  return out;
}

char* write_visible_escape(char* out, std::uint32_t c) noexcept {
  switch (c) {
    case '\n':
      return copy_text(out, "\\n");
    case '\r':
      return copy_text(out, "\\r");
    case '\t':
      return copy_text(out, "\\t");
    default:
      if (c < 0x80) return write_hex(out, 'x', c, 2);
      return c < 0x10000 ? write_hex(out, 'u', c, 4)
                         : write_hex(out, 'U', c, 8);
  }
}

}  // namespace

char* visible_detail::write_escaped(char* out, std::string_view text,
                                    bool quoted,
                                    std::uint32_t* sanitized) noexcept {
  bool replaced = false;
  for (Utf8Step step; !text.empty(); text.remove_prefix(step.size)) {
    step = utf8_step(text);
    if (!step.valid || step.codepoint == 0) {
      out = copy_text(out, kReplacement);
      replaced = true;
    } else if (quoted && (step.codepoint == '"' || step.codepoint == '\\')) {
      *out++ = '\\';
      *out++ = text[0];
    } else if (is_harmful(step.codepoint)) {
      out = write_visible_escape(out, step.codepoint);
    } else {
      out = copy_text(out, text.substr(0, step.size));
    }
  }
  if (replaced) ++*sanitized;
  return out;
}

}  // namespace stogger
