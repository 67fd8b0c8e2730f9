#include "event/url_password.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace stogger {
namespace {

constexpr std::string_view kBeforeAuthority = "://";

// Of a URL, or of a text that a URL stands in.
constexpr bool ends_authority(char c) noexcept {
  constexpr std::string_view kEnds = "/?#\"'`<>\\|^{}";
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7F ||
         kEnds.find(c) != std::string_view::npos;
}

// The first password, as a part of the text; empty if there is none.
std::string_view find_password(std::string_view text) noexcept {
  for (;;) {
    const std::size_t start = text.find(kBeforeAuthority);
    if (start == std::string_view::npos) return {};
    text.remove_prefix(start + kBeforeAuthority.size());
    const auto end = std::find_if(text.begin(), text.end(), ends_authority);
    const std::string_view authority(
        text.data(), static_cast<std::size_t>(end - text.begin()));
    const std::size_t colon = authority.find(':');
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos || colon >= at) continue;
    const std::string_view password =
        authority.substr(colon + 1, at - colon - 1);
    if (!password.empty()) return password;
  }
}

}  // namespace

// Few texts have an @, and memchr() takes 2 ns for a short one without.
bool has_url_password(std::string_view text) noexcept {
  return text.size() >= kShortestUrl &&
         std::memchr(text.data(), '@', text.size()) != nullptr &&
         !find_password(text).empty();
}

void append_without_url_passwords(Buffer& out, std::string_view text,
                                  std::string_view replacement) {
  for (;;) {
    const std::string_view password = find_password(text);
    if (password.empty()) break;
    const auto before = static_cast<std::size_t>(password.data() - text.data());
    out.append(text.substr(0, before));
    out.append(replacement);
    text.remove_prefix(before + password.size());
  }
  out.append(text);
}

}  // namespace stogger
