// KeyEndings: tells in a few instructions that a key ends with none of a set of
// names, as nearly all keys do.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stogger {

class KeyEndings {
 public:
  void add(std::string_view name) noexcept {
    if (name.empty()) return;
    seconds_[letter(name.back())] |=
        name.size() > 1 ? bit(name[name.size() - 2]) : ~std::uint32_t{0};
    const std::size_t size = std::min(name.size(), kMostSize);
    sizes_[letter(name.back())] |= std::uint64_t{1} << size;
    firsts(size, name) |= bit(name[name.size() - size]);
  }

  // False only if the key, which is not empty, ends with no name that was
  // added, ASCII letters compared without regard to their case.
  [[gnu::always_inline]] bool may_end(std::string_view key) const noexcept {
    const char second = key[key.size() - (key.size() > 1 ? 2 : 1)];
    return (seconds_[letter(key.back())] & bit(second)) != 0 &&
           has_size_and_first(key);
  }

 private:
  // Of longer names, the last characters count.
  static constexpr std::size_t kMostSize = 63;

  static std::size_t letter(char c) noexcept {
    return static_cast<std::size_t>(c & 31);
  }
  static std::uint32_t bit(char c) noexcept {
    return std::uint32_t{1} << letter(c);
  }

  [[gnu::noinline]] bool has_size_and_first(
      std::string_view key) const noexcept {
    for (std::uint64_t sizes = sizes_[letter(key.back())]; sizes != 0;
         sizes &= sizes - 1) {
      const auto size = static_cast<std::size_t>(std::countr_zero(sizes));
      if (size <= key.size() &&
          (firsts(size, key) & bit(key[key.size() - size])) != 0) {
        return true;
      }
    }
    return false;
  }

  // By size and last letter; some share a place.
  std::uint32_t& firsts(std::size_t size, std::string_view key) noexcept {
    return firsts_[(size + letter(key.back()) * 5) % firsts_.size()];
  }
  std::uint32_t firsts(std::size_t size, std::string_view key) const noexcept {
    return firsts_[(size + letter(key.back()) * 5) % firsts_.size()];
  }

  // By last letter, a bit for each last but one.
  std::array<std::uint32_t, 32> seconds_{};
  // By last letter, a bit for each size.
  std::array<std::uint64_t, 32> sizes_{};
  // A bit for each first letter.
  std::array<std::uint32_t, 64> firsts_{};
};

}  // namespace stogger
