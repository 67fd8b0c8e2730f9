// UTF-8, as RFC 3629 has it: no surrogates, no overlong forms, at most
// U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"

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

// True if the text is valid and has no NUL.
bool is_clean_text(std::string_view text) noexcept;

// Adds the text as such a text: bad sequences and NUL become U+FFFD.
void append_clean_text(Buffer& out, std::string_view text);

}  // namespace stogger
