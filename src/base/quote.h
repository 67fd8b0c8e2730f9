// Text that came from elsewhere, made fit to stand in a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {

// The text in double quotes, on one line: quotes, backslashes and harmful
// characters are escaped, bad UTF-8 becomes U+FFFD, and what goes on for long
// is cut.
//
// An object and no function, so that a call with a std::string never means
// std::quoted.
struct Quoted {
  std::string operator()(std::string_view text) const;
};
inline constexpr Quoted quoted;

// `"a", "b" or "c"`.
std::string quoted_list(const std::vector<std::string>& names,
                        std::string_view conjunction = "or");

// The text on one line, whole: harmful characters and bad UTF-8 become U+FFFD.
std::string printable(std::string_view text);

// The text, or if it has more than `most` bytes, as much of its beginning and
// end as fits, with a mark between them. `most` is at least 20. Cuts on the
// boundaries of characters.
std::string shortened(std::string_view text, std::size_t most);

// ` (did you mean "level"?)`, or nothing if none of `known` is near.
std::string did_you_mean(std::string_view name,
                         const std::vector<std::string>& known);

}  // namespace stogger
