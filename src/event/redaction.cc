#include "event/redaction.h"

#include <algorithm>
#include <utility>

#include "base/buffer.h"
#include "base/names.h"
#include "base/unescape.h"

namespace stogger {
namespace {

// What words of a text stand between.
constexpr bool is_between(char c) noexcept {
  constexpr std::string_view kBetween = "\"'`\\{}[]()<>:;,=&?";
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7F ||
         kBetween.find(c) != std::string_view::npos;
}

}  // namespace

Redaction::Redaction(const std::vector<std::string>& keys) : keys_(keys) {
  for (const std::string& key : keys_) shapes_.add(key);
}

bool Redaction::is_listed(std::string_view key) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [&](const std::string& known) {
    return equal_ignoring_case(known, key);
  });
}

// JSON can hold JSON as a string, whose escapes are escaped once more.
bool Redaction::hides_word_of(std::string_view text) const {
  constexpr int kMostLevels = 4;
  if (empty()) return false;
  Buffer plain;
  for (int level = 0; !has_word(text); ++level) {
    if (level == kMostLevels) return false;
    Buffer next;
    if (!append_unescaped(next, text)) return false;
    plain = std::move(next);
    text = plain.view();
  }
  return true;
}

bool Redaction::has_word(std::string_view text) const noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!shapes_.may_begin(text[i])) continue;
    const bool begins = i == 0 || is_between(text[i - 1]);
    if (begins || is_between(text[i])) {
      if (begins_with_key(text.substr(i))) return true;
    }
  }
  return false;
}

bool Redaction::begins_with_key(std::string_view text) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [&](const std::string& key) {
    const std::size_t size = key.size();
    return size != 0 && size <= text.size() &&
           equal_ignoring_case(key, text.substr(0, size)) &&
           (size == text.size() || is_between(text[size]) ||
            is_between(key.back()));
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
