#include "base/quote.h"

#include <cstddef>

#include "base/names.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::size_t kLongestQuote = 100;

void append_escaped(std::string& out, const Utf8Step& step,
                    std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  const bool control = step.codepoint < 0x20 ||
                       (step.codepoint >= 0x7F && step.codepoint < 0xA0);
  if (!step.valid) {
    out += kReplacement;
  } else if (bytes == "\n") {
    out += "\\n";
  } else if (bytes == "\t") {
    out += "\\t";
  } else if (control) {
    out += "\\u00";
    out += kHex[step.codepoint >> 4];
    out += kHex[step.codepoint & 15];
  } else {
    if (bytes == "\"" || bytes == "\\") out += '\\';
    out += bytes;
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    if (out.size() > kLongestQuote) {
      out += "...";
      break;
    }
    const Utf8Step step = utf8_step(text);
    append_escaped(out, step, text.substr(0, step.size));
    text.remove_prefix(step.size);
  }
  return out + '"';
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) out += i + 1 == names.size() ? " or " : ", ";
    out += quoted(names[i]);
  }
  return out;
}

std::string did_you_mean(std::string_view name,
                         const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  if (nearest.empty()) return {};
  return " (did you mean " + quoted(nearest) + "?)";
}

}  // namespace stogger
