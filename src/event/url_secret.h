// Secrets in URLs: https://user:PASSWORD@host/path?token=SECRET#id_token=SECRET
//
// A password stands between the first colon and the last @ of what RFC 3986
// calls the authority: all from :// to the next /, ?, # or the end of the URL.
// A parameter stands after a ?, # or &, also of what is only the end of a URL.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/buffer.h"

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
bool has_url_secret(std::string_view text, ParameterTest test,
                    const void* context) noexcept;

// Adds the text with `replacement` in the place of each such secret.
void append_without_url_secrets(Buffer& out, std::string_view text,
                                ParameterTest test, const void* context,
                                std::string_view replacement);

}  // namespace stogger
