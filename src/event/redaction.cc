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

bool is_letter(char c) noexcept { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
bool is_capital(char c) noexcept { return c >= 'A' && c <= 'Z'; }

// Whether the name may stand at that place of a key or text that goes on with
// it. Short names are parts of many words.
bool may_begin_at(std::string_view text, std::size_t start,
                  std::string_view name) noexcept {
  constexpr std::size_t kShort = 5;
  if (start == 0 || name.size() >= kShort) return true;
  const char before = text[start - 1];
  return !is_letter(before) || (is_capital(text[start]) && !is_capital(before));
}

}  // namespace

Redaction::Redaction(const std::vector<std::string>& names)
    : names_(names), forms_(names) {
  for (const std::string& name : names_) {
    if (name.find('_') == std::string::npos) continue;
    std::string dashed = name;
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    forms_.push_back(std::move(dashed));
    std::string joined = name;
    std::erase(joined, '_');
    forms_.push_back(std::move(joined));
  }
  for (const std::string& form : forms_) {
    endings_.add(form);
    shapes_.add(form);
  }
}

bool Redaction::is_secret(std::string_view key) const noexcept {
  return std::any_of(forms_.begin(), forms_.end(), [&](const auto& name) {
    return name.size() <= key.size() && !name.empty() &&
           equal_ignoring_case(name, key.substr(key.size() - name.size())) &&
           may_begin_at(key, key.size() - name.size(), name);
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
    if (shapes_.may_begin(text[i]) && has_word_end(text, i)) return true;
  }
  return false;
}

// Whether the end of a word begins there that makes it a secret.
bool Redaction::has_word_end(std::string_view text,
                             std::size_t start) const noexcept {
  const std::string_view rest = text.substr(start);
  return std::any_of(forms_.begin(), forms_.end(), [&](const auto& name) {
    const std::size_t size = name.size();
    return size != 0 && size <= rest.size() &&
           equal_ignoring_case(name, rest.substr(0, size)) &&
           (size == rest.size() || is_between(rest[size]) ||
            is_between(name.back())) &&
           (is_between(name.front()) || may_begin_at(text, start, name));
  });
}

bool Redaction::hides_member(const void* context, std::string_view key) {
  return static_cast<const Redaction*>(context)->hides(key);
}

const std::vector<std::string>& Redaction::default_names() {
  static const auto* const names = new std::vector<std::string>{
      "password", "passwd", "secret", "token", "api_key", "authorization"};
  return *names;
}

}  // namespace stogger
