#pragma once

#include "stogger/value.h"

namespace stogger {

// The time of Clock::real(), without a virtual call.
Time real_time() noexcept;

}  // namespace stogger
