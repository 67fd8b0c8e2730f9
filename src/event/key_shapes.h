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
    if (!name.empty()) lengths_[initial(name)] |= length_bit(name);
  }

  // False only if no name that was added equals the key, ASCII letters
  // compared without regard to their case.
  bool may_have(std::string_view key) const noexcept {
    return !key.empty() && (lengths_[initial(key)] & length_bit(key)) != 0;
  }

 private:
  static std::size_t initial(std::string_view name) noexcept {
    return static_cast<std::size_t>(name[0] & 31);
  }
  static std::uint64_t length_bit(std::string_view name) noexcept {
    return std::uint64_t{1} << (name.size() & 63);
  }

  // By first letter: bit n is set if a name has that length modulo 64.
  std::array<std::uint64_t, 32> lengths_{};
};

}  // namespace stogger
