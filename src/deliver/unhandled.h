// What std::terminate() is handled with: see log_unhandled() in stogger/log.h.
#pragma once

#include <chrono>

namespace stogger {

// The same with another time after which the program is aborted.
void log_unhandled_within(std::chrono::milliseconds longest) noexcept;

}  // namespace stogger
