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

  // False only if no name that was added equals the key, ASCII letters
  // compared without regard to their case.
  bool may_have(std::string_view key) const noexcept {
    return !key.empty() && (shapes_[first(key)] & mark(key)) != 0;
  }

  // One bit out of 64. Equal keys have the same; most others have not.
  static std::uint64_t mark(std::string_view key) noexcept {
    const std::size_t size = key.size();
    if (size == 0) return 1;
    return std::uint64_t{1} << ((size * 7 + letter(key[size - 1])) & 63);
  }

 private:
  static std::size_t letter(char c) noexcept {
    return static_cast<std::size_t>(c & 31);
  }
  static std::size_t first(std::string_view name) noexcept {
    return letter(name[0]);
  }

  // By first letter: the marks of all names that begin with it.
  std::array<std::uint64_t, 32> shapes_{};
};

}  // namespace stogger
