#include "config/bare_word.h"

#include <algorithm>

#include "base/names.h"

namespace stogger {
namespace {

constexpr std::string_view kBlanks = " \t\r";

bool is_word_letter(char c) noexcept { return is_identifier({&c, 1}); }

bool is_of_bare_key(char c) noexcept {
  return is_word_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

// What paths and variables begin with are no letters.
bool begins_word(char c) noexcept {
  return is_word_letter(c) || c == '/' || c == '~' || c == '$' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view line_of(std::string_view text, int line) noexcept {
  for (; line > 1; --line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (text.empty()) return text;
  }
  return text.substr(0, text.find('\n'));
}

std::string_view without_blanks(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool is_known(std::string_view word) noexcept {
  return word == "true" || word == "false" || word == "inf" || word == "nan";
}

}  // namespace

std::string lack_of_quotes(std::string_view toml, int line) {
  if (toml.empty()) return {};
  const std::string_view text = line_of(toml, line);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view key = without_blanks(text.substr(0, equals));
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_of_bare_key)) {
    return {};
  }
  std::string_view value = without_blanks(text.substr(equals + 1));
  const bool is_list = value.starts_with('[');
  if (is_list) value = without_blanks(value.substr(1));
  if (value.empty() || !begins_word(value.front()) ||
      is_known(value.substr(0, value.find_first_of(" \t,]#")))) {
    return {};
  }
  return "text needs quotes, as in " + std::string(key) +
         (is_list ? " = [\"...\"]" : " = \"...\"") +
         "; true and false are written without";
}

}  // namespace stogger
