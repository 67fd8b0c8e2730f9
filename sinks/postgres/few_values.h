// JSON with so few values that a server has it in jsonb, and in a GIN index,
// in good time. What that costs goes by the number of values and keys, not by
// their size: a megabyte of small numbers takes longer than a log call may.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/buffer.h"

namespace stogger {

inline constexpr std::size_t kMostJsonValues = 16384;

// True if the JSON has more values and keys than that.
bool has_many_values(std::string_view json) noexcept;

// Appends the JSON. Of an object, the arrays and objects in it with which it
// would have too many values become texts, which hold their JSON. Anything
// else becomes such a text as a whole, and so does an object with too many
// members. What is no JSON stays none.
void append_few_values(Buffer& out, std::string_view json);

}  // namespace stogger
