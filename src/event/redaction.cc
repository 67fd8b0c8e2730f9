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

bool Redaction::hides_member(const void* context, std::string_view key) {
  return static_cast<const Redaction*>(context)->hides(key);
}

const std::vector<std::string>& Redaction::default_keys() {
  static const auto* const keys = new std::vector<std::string>{
      "password", "passwd", "secret", "token", "api_key", "authorization"};
  return *keys;
}

}  // namespace stogger
