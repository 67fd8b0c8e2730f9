#include "base/quote.h"

#include <cstddef>

#include "base/names.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::size_t kLongestQuote = 100;

bool is_control(const Utf8Step& step) noexcept {
  return step.codepoint < 0x20 ||
         (step.codepoint >= 0x7F && step.codepoint < 0xA0);
}

void append_escaped(std::string& out, const Utf8Step& step,
                    std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  if (!step.valid) {
    out += kReplacement;
  } else if (bytes == "\n") {
    out += "\\n";
  } else if (bytes == "\t") {
    out += "\\t";
  } else if (is_control(step)) {
    out += "\\u00";
    out += kHex[step.codepoint >> 4];
    out += kHex[step.codepoint & 15];
  } else {
    if (bytes == "\"" || bytes == "\\") out += '\\';
    out += bytes;
  }
}

}  // namespace

std::string Quoted::operator()(std::string_view text) const {
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

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    out += step.valid && !is_control(step) ? text.substr(0, step.size)
                                           : kReplacement;
    text.remove_prefix(step.size);
  }
  return out;
}

std::string quoted_list(const std::vector<std::string>& names,
                        std::string_view conjunction) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) {
      out +=
          i + 1 == names.size() ? " " + std::string(conjunction) + " " : ", ";
    }
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
