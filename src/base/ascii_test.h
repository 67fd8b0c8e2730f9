// AsciiTest: tells of several texts together whether they have anything but
// ASCII characters other than NUL. It decides nothing for the single text, and
// so costs about a dozen instructions for a short one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stogger {

class AsciiTest {
 public:
  // Of a text that is not empty. Reads no byte beyond it: what is no multiple
  // of a word is covered by two words that overlap.
  [[gnu::always_inline]] void add(std::string_view text) noexcept {
    const char* const begin = text.data();
    const std::size_t size = text.size();
    if (size >= 8) {
      add_word(load<std::uint64_t>(begin));
      add_word(load<std::uint64_t>(begin + size - 8));
      for (std::size_t at = 8; at + 8 < size; at += 8) {
        add_word(load<std::uint64_t>(begin + at));
      }
    } else if (size >= 4) {
      add_word(load<std::uint32_t>(begin) |
               load<std::uint32_t>(begin + size - 4) << 32);
    } else {
      const auto byte = [begin](std::size_t at) {
        return load<unsigned char>(begin + at);
      };
      add_word(kSpaces | byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16);
    }
  }

  bool passed() const noexcept { return (found_ & 0x8080808080808080u) == 0; }

 private:
  static constexpr std::uint64_t kSpaces = 0x2020202020000000u;

  template <class Word>
  static std::uint64_t load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }

  // The highest bit of a byte is set in the one if it is not ASCII, and in the
  // other if it is NUL.
  void add_word(std::uint64_t word) noexcept {
    found_ |= word | (word - 0x0101010101010101u);
  }

  std::uint64_t found_ = 0;
};

}  // namespace stogger
