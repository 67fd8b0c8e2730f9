// A guard in front of the TOML parser.
#pragma once

#include <string_view>

#include "config/config.h"

namespace stogger {

// Finds what the parser must not be given, and tells it as a problem:
// - A key with more dots or a value with more brackets around it than any real
//   file: dotted keys make tables that are freed by recursion, and a long
//   enough one would exhaust the stack.
// - Control characters. TOML has none of them, but the parser takes some for
//   impossible.
bool is_safe_to_parse(std::string_view toml, Problem* problem);

}  // namespace stogger
