#include "base/plain.h"

#include "base/copy_text.h"
#include "base/harmful.h"
#include "base/json.h"
#include "base/timestamp.h"
#include "base/utf8.h"

namespace stogger {
namespace {

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

char* write_quoted(char* out, std::string_view text,
                   std::uint32_t* sanitized) noexcept {
  *out++ = '"';
  out = visible_detail::write_escaped(out, text, true, sanitized);
  *out++ = '"';
  return out;
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

char* plain_detail::write_special_pair_text(char* out, std::string_view text,
                                            std::uint32_t* sanitized) noexcept {
  if (!needs_quotes(text)) return copy_text(out, text);
  return write_quoted(out, text, sanitized);
}

char* plain_detail::write_special_name(char* out, std::string_view name,
                                       std::uint32_t* sanitized) noexcept {
  if (name.find_first_of("=\"\\") == name.npos) {
    return visible_detail::write_escaped(out, name, false, sanitized);
  }
  return write_quoted(out, name, sanitized);
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
