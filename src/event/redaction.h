// Redaction: which fields are secrets, by their keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/key_shapes.h"

namespace stogger {

inline constexpr std::string_view kRedacted = "[REDACTED]";

// Immutable once made.
class Redaction {
 public:
  Redaction() = default;
  // Keys are compared as whole words, ASCII letters ignoring their case.
  explicit Redaction(const std::vector<std::string>& keys);

  bool hides(std::string_view key) const noexcept {
    return shapes_.may_have(key) && is_listed(key);
  }
  // True if a word of the text, between spaces and punctuation, is such a key,
  // as it stands or once the escapes of JSON are undone. May throw
  // std::bad_alloc.
  bool hides_word_of(std::string_view text) const;
  bool empty() const noexcept { return keys_.empty(); }
  const std::vector<std::string>& keys() const noexcept { return keys_; }

  // The same, as a JsonKeyTest; `context` is a Redaction.
  static bool hides_member(const void* context, std::string_view key);

  // The keys hidden unless configured otherwise.
  static const std::vector<std::string>& default_keys();

 private:
  bool is_listed(std::string_view key) const noexcept;
  bool has_word(std::string_view text) const noexcept;
  bool begins_with_key(std::string_view text) const noexcept;

  std::vector<std::string> keys_;
  KeyShapes shapes_;
};

}  // namespace stogger
