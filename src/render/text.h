// A part of the text line that other renderers use too.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "event/event.h"

namespace stogger {

// Appends the fields as key=value, a space before each; returns the number of
// values in which bad bytes were replaced.
std::uint32_t append_pairs(Buffer& out, const Event& event);

}  // namespace stogger
