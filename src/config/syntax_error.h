// What is wrong with a text that is no TOML, in the words of those who write
// configurations, not of a parser.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace stogger {

// `where` is where the parser stopped and says so, and becomes the place that
// has to be fixed, such as the quote that is not closed. Empty for what is not
// known. What stands in the text is not shown, for it may be a password.
std::string explain_syntax_error(std::string_view toml,
                                 std::string_view parser_says, Position* where);

}  // namespace stogger
