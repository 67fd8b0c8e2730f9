// Which start of the machine this is: the text of a random UUID that the kernel
// makes each time (random(4)).
#pragma once

#include <array>

namespace stogger {

using BootId = std::array<char, 40>;  // filled up with zeros

// All zeros if it is not known.
BootId boot_id() noexcept;

}  // namespace stogger
