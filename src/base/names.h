// Names that people choose: whether they are safe, and which one they meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stogger {

// True for ^[A-Za-z_][A-Za-z0-9_]{0,62}$: safe, quoted, as a name in SQL.
bool is_identifier(std::string_view name) noexcept;
// The same in words, for messages.
inline constexpr std::string_view kIdentifierRule =
    "must be at most 63 letters, digits and _, not beginning with a digit";

// The one of `known` that is nearest to `name`; empty if none is near.
std::string nearest_name(std::string_view name,
                         const std::vector<std::string>& known);

// ASCII letters compare as if they were lower case.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// ASCII letters as small ones: equal_ignoring_case() is equality of these.
std::string folded(std::string_view text);

}  // namespace stogger
