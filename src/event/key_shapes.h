// KeyShapes: tells in a few instructions that a key is none of a set of names,
// which it nearly always is.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stogger {

class KeyShapes {
 public:
  void add(std::string_view name) noexcept {
    if (!name.empty()) shapes_[first(name)] |= mark(name);
  }

  // Adds all names that begin so.
  void add_prefix(std::string_view prefix) noexcept {
    if (prefix.empty()) return shapes_.fill(~std::uint64_t{0});
    shapes_[first(prefix)] = ~std::uint64_t{0};
  }

  // False only if no name that was added equals the key, ASCII letters
  // compared without regard to their case.
  bool may_have(std::string_view key) const noexcept {
    return !key.empty() && (marks_like(key) & mark(key)) != 0;
  }

  // False only if no name that was added begins with that character, or with
  // the same letter of the other case.
  bool may_begin(char c) const noexcept { return shapes_[letter(c)] != 0; }

  // One bit out of 64. Equal keys have the same; most others have not. This and
  // the next are for keys that are not empty.
  static std::uint64_t mark(std::string_view key) noexcept {
    const std::size_t size = key.size();
    return std::uint64_t{1} << ((size * 9 + letter(key[size - 1])) & 63);
  }
  // The marks of all names that begin with the same letter.
  std::uint64_t marks_like(std::string_view key) const noexcept {
    return shapes_[first(key)];
  }

 private:
  static std::size_t letter(char c) noexcept {
    return static_cast<std::size_t>(c & 31);
  }
  static std::size_t first(std::string_view name) noexcept {
    return letter(name[0]);
  }

  // By first letter.
  std::array<std::uint64_t, 32> shapes_{};
};

}  // namespace stogger
