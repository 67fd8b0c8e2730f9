// The name of this program, as logs and targets show it.
#pragma once

#include <string_view>

namespace stogger {

// What it was called with, without its folder. In a program with more rights
// than who called it, that is the caller's choice, and so it is the name of its
// file instead. On one line; lives as long as the process. "unknown" if it
// is not known.
std::string_view program_name() noexcept;

}  // namespace stogger
