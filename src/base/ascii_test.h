// AsciiTest: tells of several texts together whether they have anything but
// ASCII characters other than NUL. It decides nothing for the single text, and
// so costs about a dozen instructions for a short one.
// PlainKeyTest: the same for keys, and a colon, without which there is no URL,
// does not pass either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stogger {

template <bool finds_colons>
class CharacterTest {
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
  static constexpr std::uint64_t kOnes = 0x0101010101010101u;
  static constexpr std::uint64_t kColons = kOnes * ':';

  template <class Word>
  static std::uint64_t load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }

  // The highest bit of a byte is set in the first if it is not ASCII, in the
  // second if it is NUL, and in the third if it is a colon.
  void add_word(std::uint64_t word) noexcept {
    found_ |= word | (word - kOnes);
    if constexpr (finds_colons) found_ |= (word ^ kColons) - kOnes;
  }

  std::uint64_t found_ = 0;
};

using AsciiTest = CharacterTest<false>;
using PlainKeyTest = CharacterTest<true>;

}  // namespace stogger
