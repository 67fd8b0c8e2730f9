// UTF-8, as RFC 3629 has it: no surrogates, no overlong forms, at most
// U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/load_word.h"

namespace stogger {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Step {
  std::size_t size;         // bytes to go on by; at least 1
  bool valid;               // false: the bytes are to be replaced by U+FFFD
  std::uint32_t codepoint;  // if valid
};

// Reads what `text`, which must not be empty, begins with. A bad sequence is
// as long as the part of it that could begin a good one (the "maximal subpart"
// of the Unicode standard, 3.9).
Utf8Step utf8_step(std::string_view text) noexcept;

// The longest prefix of at most `most` bytes that does not end inside a
// sequence.
std::string_view utf8_prefix(std::string_view text, std::size_t most) noexcept;

// The longest suffix of at most `most` bytes that does not begin inside a
// sequence.
std::string_view utf8_suffix(std::string_view text, std::size_t most) noexcept;

// The number of code points, counting each bad sequence as one.
std::size_t utf8_length(std::string_view text) noexcept;

namespace utf8_detail {

// Whether all bytes of a word are ASCII and none is NUL.
inline bool is_plain(std::uint64_t word) noexcept {
  return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

// The bytes of a text of up to seven, and others of it, in one word.
inline std::uint64_t load_short(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  if (text.size() >= 4) {
    return load_word<std::uint32_t>(text.data()) |
           std::uint64_t{load_word<std::uint32_t>(end - 4)} << 32;
  }
  constexpr std::uint64_t kSpaces = 0x2020202020000000u;
  const auto byte = [&](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(text[i])};
  };
  return kSpaces | byte(0) | byte(text.size() / 2) << 8 |
         byte(text.size() - 1) << 16;
}

// How many bytes at the beginning are known to be ASCII without NUL: all, or
// those before the word that has something else.
inline std::size_t plain_prefix(std::string_view text) noexcept {
  const std::size_t size = text.size();
  if (size < 8) {
    return size == 0 || is_plain(load_short(text)) ? size : 0;
  }
  std::size_t i = 0;
  for (; i + 8 < size; i += 8) {
    if (!is_plain(load_word<std::uint64_t>(text.data() + i))) return i;
  }
  return is_plain(load_word<std::uint64_t>(text.data() + size - 8)) ? size : i;
}

bool is_clean_from(std::string_view text, std::size_t position) noexcept;

}  // namespace utf8_detail

// True if the text is valid and has no NUL. Inlined for what nearly all texts
// are: short, and ASCII.
inline bool is_clean_text(std::string_view text) noexcept {
  const std::size_t plain = utf8_detail::plain_prefix(text);
  return plain == text.size() || utf8_detail::is_clean_from(text, plain);
}

// Adds the text as such a text: bad sequences and NUL become U+FFFD.
void append_clean_text(Buffer& out, std::string_view text);

}  // namespace stogger
