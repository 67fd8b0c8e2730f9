// A guard in front of the TOML parser.
#pragma once

#include <string_view>

#include "config/config.h"

namespace stogger {

// False, and where, if a key of the text has more dots or a value more brackets
// around it than any real file: dotted keys make tables that are freed by
// recursion, and a long enough one would exhaust the stack.
bool is_nesting_sane(std::string_view toml, Position* where) noexcept;

}  // namespace stogger
