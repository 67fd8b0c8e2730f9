#include "event/redaction.h"

#include <algorithm>

#include "base/names.h"

namespace stogger {

Redaction::Redaction(const std::vector<std::string>& keys) : keys_(keys) {
  for (const std::string& key : keys_) shapes_.add(key);
}

bool Redaction::is_listed(std::string_view key) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [&](const std::string& known) {
    return equal_ignoring_case(known, key);
  });
}

bool Redaction::hides_word_of(std::string_view text) const noexcept {
  constexpr std::string_view kBetween = " \t\r\n\"'`\\{}[]()<>:;,=&?";
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(kBetween));
    if (hides(word)) return true;
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return false;
}

bool Redaction::hides_member(const void* context, std::string_view key) {
  return static_cast<const Redaction*>(context)->hides(key);
}

const std::vector<std::string>& Redaction::default_keys() {
  static const auto* const keys = new std::vector<std::string>{
      "password", "passwd", "secret", "token", "api_key", "authorization"};
  return *keys;
}

}  // namespace stogger
