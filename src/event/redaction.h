// Redaction: which fields are secrets, by the names that their keys end with,
// and which parts of texts are, by patterns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/key_endings.h"
#include "event/key_shapes.h"
#include "event/url_secret.h"
#include "event/value_patterns.h"

namespace stogger {

inline constexpr std::string_view kRedacted = "[REDACTED]";

// Immutable once made.
class Redaction {
 public:
  Redaction() = default;
  // A key is a secret if it ends with one of the names, ASCII letters compared
  // without regard to their case: `token` hides `token`, `access_token` and
  // `csrftoken`, and not `token_count`; `api_key` hides `x-api-key` and
  // `apiKey`, too. Names of fewer than five characters have to begin a word of
  // the key: `pin` hides `card_pin` and `cardPin`, and not `spin`. A name with
  // a * at its end hides all keys that begin so. `patterns` may be null.
  explicit Redaction(const std::vector<std::string>& names,
                     std::shared_ptr<ValuePatterns> patterns = {});

  // False only if the key, which is not empty, ends with no name.
  bool may_hide_ending(std::string_view key) const noexcept {
    return endings_.may_end(key);
  }
  bool hides(std::string_view key) const noexcept {
    return !key.empty() && ((may_hide_ending(key) && has_secret_ending(key)) ||
                            begins_secret(key));
  }
  // True if the text has a URL with a password, or with a parameter that is a
  // secret by its name. Nothing is hidden without names.
  bool hides_part_of(std::string_view text) const noexcept {
    return may_have_url_secret(text) && has_part(text);
  }
  // The same for URLs in a name or key, nearly all of which have none.
  bool hides_part_of_name(std::string_view name) const noexcept {
    return may_be_url(name) && hides_part_of(name);
  }
  // Adds the text without these.
  void append_clean(Buffer& out, std::string_view text) const {
    append_without_url_secrets(out, text, &hides_member, this, kRedacted);
  }
  // Null without any. Looks for them in texts that are no JSON, but not in
  // keys.
  ValuePatterns* patterns() const noexcept { return patterns_.get(); }
  // True if a pattern matches once the escapes of JSON are undone. May throw
  // std::bad_alloc.
  bool hides_escaped_part_of(std::string_view text) const;

  // True if a word of the text, between spaces and punctuation, is such a key,
  // as it stands or once the escapes of JSON are undone. May throw
  // std::bad_alloc.
  bool hides_word_of(std::string_view text) const;
  bool empty() const noexcept { return names_.empty(); }
  const std::vector<std::string>& names() const noexcept { return names_; }
  // Whether more is hidden than are_plain() of compose.cc looks for: what
  // begins_secret(), or what patterns match.
  bool is_thorough() const noexcept { return is_thorough_; }
  // Whether the key begins with a name that has a *.
  bool begins_secret(std::string_view key) const noexcept {
    return !key.empty() && (beginnings_ & letter(key[0])) != 0 &&
           has_secret_beginning(key);
  }

  // The same, as a JsonKeyTest; `context` is a Redaction.
  static bool hides_member(const void* context, std::string_view key);
  // What patterns match in it, as a JsonTextHider.
  static bool hide_parts(const void* context, std::string_view text,
                         Buffer& out);

  // The names unless configured otherwise.
  static const std::vector<std::string>& default_names();

 private:
  // A bit for each letter, whatever its case.
  static std::uint32_t letter(char c) noexcept {
    return std::uint32_t{1} << (c & 31);
  }
  bool has_secret_ending(std::string_view key) const noexcept;
  bool has_secret_beginning(std::string_view key) const noexcept;
  bool has_part(std::string_view text) const noexcept {
    return !empty() && has_url_secret(text, &hides_member, this);
  }
  bool has_word(std::string_view text) const noexcept;
  bool has_word_end(std::string_view text, std::size_t start) const noexcept;

  std::vector<std::string> names_;  // as they were given
  std::vector<std::string> forms_;  // the same, and how else they are written
  std::vector<std::string> prefixes_;  // of names with a *
  KeyEndings endings_;
  KeyShapes shapes_;  // of all of them
  std::shared_ptr<ValuePatterns> patterns_;
  std::uint32_t beginnings_ = 0;  // first letters of prefixes
  bool is_thorough_ = false;
};

}  // namespace stogger
