// What lies behind a System: for the parts of the library that set one up.
#pragma once

#include "deliver/hub.h"
#include "stogger/system.h"

namespace stogger {

Hub& hub_of(System& system) noexcept;

}  // namespace stogger
