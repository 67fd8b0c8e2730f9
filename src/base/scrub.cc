#include "base/scrub.h"

#include <algorithm>
#include <cstddef>

#include "base/names.h"

namespace stogger {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kPlaceholder = "%PASSWORD%";
constexpr std::string_view kSpaces = " \t\r\n";

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool contains_ignoring_case(std::string_view text,
                            std::string_view part) noexcept {
  for (std::size_t i = 0; i + part.size() <= text.size(); ++i) {
    if (equal_ignoring_case(text.substr(i, part.size()), part)) return true;
  }
  return false;
}

// Where a value that begins at `begin` ends: at the closing quote if it is
// quoted, else at a space or at the separator of the next setting.
std::size_t end_of_value(std::string_view text, std::size_t begin) noexcept {
  if (begin >= text.size()) return text.size();
  const char quote = text[begin];
  if (quote != '\'' && quote != '"') {
    return std::min(text.find_first_of(" \t\r\n&;", begin), text.size());
  }
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

void hide(std::string& text, std::size_t begin, std::size_t end) {
  if (begin >= end || text.compare(begin, end - begin, kPlaceholder) == 0) {
    return;
  }
  text.replace(begin, end - begin, kHidden);
}

// In scheme://user:password@host. A password that was not encoded may contain
// any of the characters that ought to end it, so the last @ counts.
void hide_in_urls(std::string& text) {
  constexpr std::string_view kMark = "://";
  for (std::size_t at = text.find(kMark); at != std::string::npos;
       at = text.find(kMark, at)) {
    at += kMark.size();
    const std::size_t end =
        std::min(text.find_first_of(kSpaces, at), text.size());
    const std::size_t host = text.rfind('@', end == 0 ? 0 : end - 1);
    const std::size_t colon = text.find(':', at);
    if (host == std::string::npos || host < at || colon >= host) continue;
    hide(text, colon + 1, host);
  }
}

// From the last to the first: what looks like the value of one setting may be
// the name of the next, and has to be there when that is looked at.
void hide_in_settings(std::string& text) {
  for (std::size_t end = text.size(); end != 0;) {
    const std::size_t equals = text.rfind('=', end - 1);
    if (equals == std::string::npos) return;
    end = equals;
    std::size_t name_end = equals;
    while (name_end > 0 &&
           kSpaces.find(text[name_end - 1]) != std::string_view::npos) {
      --name_end;
    }
    std::size_t name = name_end;
    while (name > 0 && is_name_character(text[name - 1])) --name;
    if (!names_secret(std::string_view(text).substr(name, name_end - name))) {
      continue;
    }
    const std::size_t value =
        std::min(text.find_first_not_of(kSpaces, equals + 1), text.size());
    hide(text, value, end_of_value(text, value));
  }
}

}  // namespace

bool names_secret(std::string_view name) noexcept {
  constexpr std::string_view kParts[] = {
      "password",   "passwd",        "passphrase", "secret",
      "token",      "api_key",       "apikey",     "private_key",
      "credential", "authorization", "pwd"};
  return std::any_of(std::begin(kParts), std::end(kParts),
                     [&](std::string_view part) {
                       return contains_ignoring_case(name, part);
                     });
}

std::string hide_secrets(std::string_view text) {
  std::string shown(text);
  hide_in_urls(shown);
  hide_in_settings(shown);
  return shown;
}

}  // namespace stogger
