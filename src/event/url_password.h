// Passwords in URLs: https://user:PASSWORD@host/path
//
// A password stands between the first colon and the last @ of what RFC 3986
// calls the authority: all from :// to the next /, ?, # or the end of the URL.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/buffer.h"

namespace stogger {

inline constexpr std::size_t kShortestUrl = 8;  // a://:b@c
bool has_url_password(std::string_view text) noexcept;

// Adds the text with `replacement` in the place of each such password.
void append_without_url_passwords(Buffer& out, std::string_view text,
                                  std::string_view replacement);

}  // namespace stogger
