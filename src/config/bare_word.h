// The mistake that is made most often in a configuration: text without quotes.
#pragma once

#include <string>
#include <string_view>

namespace stogger {

// What to say of a line (counted from 1) that is no TOML, if it is KEY = WORD
// or KEY = [WORD; else empty. The word is not shown, for it may be a password.
std::string lack_of_quotes(std::string_view toml, int line);

}  // namespace stogger
