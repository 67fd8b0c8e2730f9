// Redaction: which fields are secrets, told by their keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {

inline constexpr std::string_view kRedacted = "[REDACTED]";

// Immutable once made.
class Redaction {
 public:
  Redaction() = default;
  // Keys are compared as whole words, ASCII letters ignoring their case.
  explicit Redaction(const std::vector<std::string>& keys);

  bool hides(std::string_view key) const noexcept {
    // Nearly every key is told apart by its length and first letter.
    return (lengths_ >> (key.size() & 63) & 1) != 0 &&
           (key.empty() || (initials_ >> (key[0] & 31) & 1) != 0) &&
           is_listed(key);
  }
  bool empty() const noexcept { return keys_.empty(); }

  // The same, as a JsonKeyTest; `context` is a Redaction.
  static bool hides_member(const void* context, std::string_view key);

  // The keys hidden unless configured otherwise.
  static const std::vector<std::string>& default_keys();

 private:
  bool is_listed(std::string_view key) const noexcept;

  std::vector<std::string> keys_;
  // Bit n: a key of that length modulo 64 is listed, or one whose first letter
  // has the number n in the alphabet.
  std::uint64_t lengths_ = 0;
  std::uint32_t initials_ = 0;
};

}  // namespace stogger
