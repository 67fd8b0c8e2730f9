// Undoing the escapes of JSON in text that is no valid JSON.
#pragma once

#include <string_view>

#include "base/buffer.h"

namespace stogger {

// Adds the text with the escapes of JSON strings undone, wherever they stand:
// \n, \u0041, \ud83d\ude00. Before any other character, backslashes are left
// out. Several in a row count as one. False, and nothing added, if the text has
// no backslash.
bool append_unescaped(Buffer& out, std::string_view text);

}  // namespace stogger
