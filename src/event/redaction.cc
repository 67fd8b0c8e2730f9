#include "event/redaction.h"

#include <algorithm>
#include <utility>

#include "base/buffer.h"
#include "base/names.h"
#include "base/unescape.h"
#include "base/utf8.h"

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

// Whether the test holds for the text without the escapes of JSON. JSON can
// hold JSON as a string, whose escapes are escaped once more.
template <class Test>
bool is_unescaped(std::string_view text, Test test) {
  constexpr int kMostLevels = 4;
  Buffer plain;
  for (int level = 0; level < kMostLevels; ++level) {
    Buffer next;
    if (!append_unescaped(next, text)) return false;
    plain = std::move(next);
    text = plain.view();
    if (test(text)) return true;
  }
  return false;
}

}  // namespace

Redaction::Redaction(const std::vector<std::string>& names,
                     std::shared_ptr<ValuePatterns> patterns)
    : names_(names), patterns_(std::move(patterns)) {
  for (const std::string& name : names_) {
    const bool is_prefix = name.ends_with('*');
    std::vector<std::string>& to = is_prefix ? prefixes_ : forms_;
    const std::string plain = name.substr(0, name.size() - is_prefix);
    to.push_back(plain);
    if (plain.find('_') == std::string::npos) continue;
    std::string dashed = plain;
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    to.push_back(std::move(dashed));
    // What begins with `card_*` joined is also `cardinal`.
    if (is_prefix && plain.ends_with('_')) continue;
    std::string joined = plain;
    std::erase(joined, '_');
    to.push_back(std::move(joined));
  }
  for (const std::string& form : forms_) {
    endings_.add(form);
    shapes_.add(form);
  }
  for (const std::string& prefix : prefixes_) {
    shapes_.add_prefix(prefix);
    beginnings_ |= prefix.empty() ? ~std::uint32_t{0} : letter(prefix[0]);
  }
  is_thorough_ = beginnings_ != 0 || patterns_ != nullptr;
}

bool Redaction::has_secret_ending(std::string_view key) const noexcept {
  return std::any_of(forms_.begin(), forms_.end(), [&](const auto& name) {
    return name.size() <= key.size() && !name.empty() &&
           equal_ignoring_case(name, key.substr(key.size() - name.size())) &&
           may_begin_at(key, key.size() - name.size(), name);
  });
}

bool Redaction::has_secret_beginning(std::string_view key) const noexcept {
  return std::any_of(prefixes_.begin(), prefixes_.end(), [&](const auto& name) {
    return equal_ignoring_case(name, key.substr(0, name.size()));
  });
}

bool Redaction::hides_word_of(std::string_view text) const {
  return !empty() &&
         (has_word(text) || is_unescaped(text, [&](std::string_view plain) {
            return has_word(plain);
          }));
}

bool Redaction::hides_escaped_part_of(std::string_view text) const {
  return patterns_ != nullptr &&
         is_unescaped(text, [&](std::string_view plain) {
           Buffer unused;
           return hide_parts(this, plain, unused);
         });
}

// Of bytes that are no text, targets get U+FFFD; patterns see the same.
bool Redaction::hide_parts(const void* context, std::string_view text,
                           Buffer& out) {
  const ValuePatterns& patterns =
      *static_cast<const Redaction*>(context)->patterns_;
  Buffer clean;
  if (!is_clean_text(text)) {
    append_clean_text(clean, text);
    text = clean.view();
  }
  if (!patterns.match(text)) return false;
  patterns.append_clean(out, text, kRedacted);
  return true;
}

bool Redaction::has_word(std::string_view text) const noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shapes_.may_begin(text[i]) && has_word_end(text, i)) return true;
  }
  return false;
}

// Whether the end of a word begins there that makes it a secret, or a word that
// is one by its beginning.
bool Redaction::has_word_end(std::string_view text,
                             std::size_t start) const noexcept {
  const std::string_view rest = text.substr(start);
  if ((start == 0 || is_between(text[start - 1])) && !is_between(text[start]) &&
      begins_secret(rest)) {
    return true;
  }
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
