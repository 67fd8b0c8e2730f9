#include "base/quote.h"

#include <cstddef>
#include <cstdint>

#include "base/copy_text.h"
#include "base/harmful.h"
#include "base/names.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::size_t kLongestQuote = 100;

// \u202e or, beyond the basic plane, \U000e0041: as TOML has them.
void append_code(std::string& out, std::uint32_t codepoint) {
  const bool is_long = codepoint > 0xFFFF;
  out += is_long ? "\\U" : "\\u";
  for (int shift = is_long ? 28 : 12; shift >= 0; shift -= 4) {
    out += kHexDigits[codepoint >> shift & 15];
  }
}

void append_escaped(std::string& out, const Utf8Step& step,
                    std::string_view bytes) {
  if (!step.valid) {
    out += kReplacement;
  } else if (bytes == "\n") {
    out += "\\n";
  } else if (bytes == "\t") {
    out += "\\t";
  } else if (is_harmful(step.codepoint)) {
    append_code(out, step.codepoint);
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
    out += step.valid && !is_harmful(step.codepoint) ? text.substr(0, step.size)
                                                     : kReplacement;
    text.remove_prefix(step.size);
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  constexpr std::string_view kMark = " [...] ";
  // The end says what follows from it and what to do.
  const std::size_t room = most - kMark.size();
  const std::string_view begin = utf8_prefix(text, room - room / 3);
  const std::string_view end = utf8_suffix(text, room / 3);
  return std::string(begin).append(kMark).append(end);
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
