// What the library says about itself. It never goes through the library.
#pragma once

#include <string_view>

namespace stogger {

// One line to stderr or to the function set by set_diagnostics(). Waits at most
// 250 ms for a stderr that nobody reads; never throws; callable from any
// thread.
void report(std::string_view line) noexcept;

}  // namespace stogger
