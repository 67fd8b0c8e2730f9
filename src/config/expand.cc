#include "config/expand.h"

#include <cstddef>
#include <cstdlib>

#include "base/names.h"
#include "base/quote.h"
#include "base/scrub.h"

namespace stogger {
namespace {

constexpr std::string_view kMark = "${";

// A DSN carries a password, which may be written in more ways than are known.
bool is_secret_variable(std::string_view name) {
  return names_secret(name) || name.ends_with("DSN") || name.ends_with("_KEY");
}

void expand_one(std::string_view name, Expanded* out) {
  if (!is_identifier(name)) {
    out->error = quoted("${" + std::string(name) + "}") +
                 " names no environment variable; write $${ for ${ itself";
    return;
  }
  const std::string variable(name);
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) {
    out->error = "the environment variable " + variable + " is not set";
    return;
  }
  out->text += value;
  if (is_secret_variable(name)) {
    out->shown += "${" + variable + "}";
    out->secrets.emplace_back(value);
  } else {
    out->shown += protect_variables(value);
  }
}

}  // namespace

Expanded expand_variables(std::string_view text) {
  Expanded out;
  for (;;) {
    const std::size_t mark = text.find(kMark);
    if (mark == std::string_view::npos) break;
    const bool escaped = mark > 0 && text[mark - 1] == '$';
    const std::string_view before = text.substr(0, escaped ? mark - 1 : mark);
    out.text += before;
    out.shown += before;
    text.remove_prefix(mark + kMark.size());
    if (escaped) {
      out.text += kMark;
      out.shown += "$${";
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      out.error = "\"${\" is not closed; write $${ for ${ itself";
      return out;
    }
    expand_one(text.substr(0, end), &out);
    if (!out.error.empty()) return out;
    text.remove_prefix(end + 1);
  }
  out.text += text;
  out.shown += text;
  return out;
}

std::string protect_variables(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(kMark)) out += '$';
    out += text[i];
  }
  return out;
}

}  // namespace stogger
