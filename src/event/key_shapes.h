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
    if (!name.empty()) shapes_[first(name)] |= rest(name);
  }

  // False only if no name that was added equals the key, ASCII letters
  // compared without regard to their case.
  bool may_have(std::string_view key) const noexcept {
    return !key.empty() && (shapes_[first(key)] & rest(key)) != 0;
  }

 private:
  static std::size_t letter(char c) noexcept {
    return static_cast<std::size_t>(c & 31);
  }
  static std::size_t first(std::string_view name) noexcept {
    return letter(name[0]);
  }
  // One bit for the length and the last letter.
  static std::uint64_t rest(std::string_view name) noexcept {
    const std::size_t size = name.size();
    return std::uint64_t{1} << ((size * 7 + letter(name[size - 1])) & 63);
  }

  // By first letter: the bits of all names that begin with it.
  std::array<std::uint64_t, 32> shapes_{};
};

}  // namespace stogger
