// What lies behind a System: for the parts of the library that set one up.
#pragma once

#include "deliver/hub.h"
#include "stogger/system.h"

namespace stogger {

// May throw std::bad_alloc.
Hub& hub_of(const System& system);

}  // namespace stogger
