// Redaction: which fields are secrets, by the names that their keys end with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/key_endings.h"
#include "event/key_shapes.h"
#include "event/url_secret.h"

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
  // the key: `pin` hides `card_pin` and `cardPin`, and not `spin`.
  explicit Redaction(const std::vector<std::string>& names);

  // False only if the key, which is not empty, is no secret.
  bool may_hide(std::string_view key) const noexcept {
    return endings_.may_end(key);
  }
  bool hides(std::string_view key) const noexcept {
    return !key.empty() && may_hide(key) && is_secret(key);
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
  // True if a word of the text, between spaces and punctuation, is such a key,
  // as it stands or once the escapes of JSON are undone. May throw
  // std::bad_alloc.
  bool hides_word_of(std::string_view text) const;
  bool empty() const noexcept { return names_.empty(); }
  const std::vector<std::string>& names() const noexcept { return names_; }

  // The same, as a JsonKeyTest; `context` is a Redaction.
  static bool hides_member(const void* context, std::string_view key);

  // The names unless configured otherwise.
  static const std::vector<std::string>& default_names();

 private:
  bool is_secret(std::string_view key) const noexcept;
  bool has_part(std::string_view text) const noexcept {
    return !empty() && has_url_secret(text, &hides_member, this);
  }
  bool has_word(std::string_view text) const noexcept;
  bool has_word_end(std::string_view text, std::size_t start) const noexcept;

  std::vector<std::string> names_;  // as they were given
  std::vector<std::string> forms_;  // the same, and how else they are written
  KeyEndings endings_;
  KeyShapes shapes_;
};

}  // namespace stogger
