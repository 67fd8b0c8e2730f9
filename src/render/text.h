// Parts of the text line that other renderers use too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "event/event.h"

namespace stogger {

// The fields as key=value, separated by spaces; at most pairs_room()
// characters. Adds the number of values in which bad bytes were replaced to
// *sanitized.
char* write_pairs(char* out, const Event& event,
                  std::uint32_t* sanitized) noexcept;
std::size_t pairs_room(const Event& event) noexcept;

// The same into a buffer; returns the number of such values.
std::uint32_t append_pairs(Buffer& out, const Event& event);

}  // namespace stogger
