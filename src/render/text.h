// Parts of the text line that other renderers use too.
#pragma once

#include "base/buffer.h"
#include "event/event.h"

namespace stogger {

// The fields as key=value, separated by spaces. Returns the number of values in
// which bad bytes were replaced.
std::uint32_t append_pairs(Buffer& out, const Event& event);

}  // namespace stogger
