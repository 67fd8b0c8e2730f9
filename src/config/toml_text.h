// Writing TOML.
#pragma once

#include <string>
#include <string_view>

#include "stogger/value.h"

namespace stogger {

// A quoted string on one line; bad UTF-8 becomes U+FFFD.
std::string toml_string(std::string_view text);

// A key, quoted if it has to be.
std::string toml_key(std::string_view key);

// `key = value` and the end of the line; the value is TOML already.
std::string toml_line(std::string_view key, std::string_view value);

// A value as an option may have it. A list is JSON, which TOML reads the same
// way as long as it has only texts and numbers in it.
std::string toml_value(const Value& value);

}  // namespace stogger
