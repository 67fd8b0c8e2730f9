// Secrets in URLs: https://user:PASSWORD@host/path?token=SECRET#id_token=SECRET
//
// A password stands between the first colon and the last @ of what RFC 3986
// calls the authority: all from :// to the next /, ?, # or the end of the URL.
// A parameter stands after a ?, # or &, also of what is only the end of a URL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer.h"
#include "base/load_word.h"

namespace stogger {

// Whether the name of a parameter is that of a secret.
using ParameterTest = bool (*)(const void* context, std::string_view name);

// False only if there is no such secret in the text. Few texts have an @ or a
// =, and memchr() takes 2 ns for a short one without.
inline bool may_have_url_secret(std::string_view text) noexcept {
  constexpr std::size_t kShortest = 4;  // ?k=v
  if (text.size() < kShortest) return false;
  return std::memchr(text.data(), '@', text.size()) != nullptr ||
         std::memchr(text.data(), '=', text.size()) != nullptr;
}

// False only if there is no URL with a password in the text. For names and
// keys, which are short and mostly literals: some instructions for each.
[[gnu::always_inline]] inline bool may_be_url(std::string_view text) noexcept {
  constexpr std::size_t kShortest = 6;  // ://:p@
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  const char* const begin = text.data();
  const std::size_t size = text.size();
  if (size < kShortest) return false;
  std::uint64_t found = 0;  // the highest bit of each byte that is a colon
  const auto look = [&](std::uint64_t word) {
    word ^= kOnes * ':';
    found |= (word - kOnes) & ~word;
  };
  if (size < 8) {
    look(load_word<std::uint32_t>(begin) |
         std::uint64_t{load_word<std::uint32_t>(begin + size - 4)} << 32);
  } else {
    look(load_word<std::uint64_t>(begin + size - 8));
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      look(load_word<std::uint64_t>(begin + at));
    }
  }
  return (found & kOnes << 7) != 0;
}

bool has_url_secret(std::string_view text, ParameterTest test,
                    const void* context) noexcept;

// Adds the text with `replacement` in the place of each such secret.
void append_without_url_secrets(Buffer& out, std::string_view text,
                                ParameterTest test, const void* context,
                                std::string_view replacement);

}  // namespace stogger
