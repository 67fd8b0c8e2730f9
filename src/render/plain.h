// Values as people read them, and text that cannot harm a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// Text as it is, without quotes; everything else as JSON writes it, times and
// the special doubles without quotes too.
void append_plain(Buffer& out, const Value& value);

// Text on one line: control characters, line separators and characters that
// change the direction of writing are escaped (\n, \x1b, \u2028), bad UTF-8 and
// NUL become U+FFFD. Returns 1 if there was any of the latter, else 0.
std::uint32_t append_visible(Buffer& out, std::string_view text);

// The same in double quotes, with quotes and backslashes escaped as well.
std::uint32_t append_quoted(Buffer& out, std::string_view text);

// A value of a key=value pair: quoted only if it is empty or has spaces,
// quotes, equals signs, backslashes or anything append_visible() escapes.
std::uint32_t append_pair_value(Buffer& out, const Value& value);
std::uint32_t append_pair_key(Buffer& out, std::string_view key);

}  // namespace stogger
