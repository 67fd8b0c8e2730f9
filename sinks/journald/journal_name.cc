#include "sinks/journald/journal_name.h"

#include <algorithm>
#include <cstring>

#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::string_view kNameless = "FIELD";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }

char name_character(char c) noexcept {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return is_upper(c) || is_digit(c) ? c : '_';
}

}  // namespace

bool is_journal_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kJournalNameSize &&
         is_upper(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
           return name_character(c) == c;
         });
}

char* write_journal_name(char* out, std::string_view key) noexcept {
  char* const end = out + kJournalNameSize;
  char* position = out;
  while (!key.empty() && position != end) {
    // One underscore for each code point or bad sequence, not for each byte.
    const char c = name_character(key[0]);
    key.remove_prefix(utf8_step(key).size);
    if (position == out) {
      if (c == '_') continue;
      if (is_digit(c)) {
        std::memcpy(position, kNameless.data(), kNameless.size());
        position += kNameless.size();
        *position++ = '_';
      }
    }
    *position++ = c;
  }
  if (position == out) {
    std::memcpy(position, kNameless.data(), kNameless.size());
    position += kNameless.size();
  }
  return position;
}

}  // namespace stogger
