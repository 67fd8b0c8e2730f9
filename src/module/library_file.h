// Whether a shared object is whole.
#pragma once

#include <string>

namespace stogger {

// What is wrong with an open file, if it is a shared object that was cut short
// or whose end is missing in another way, as after a full disk or a power
// failure: the dynamic linker would crash the program over it. Empty if nothing
// is, and for whatever the dynamic linker refuses by itself.
std::string damage_of_library(int descriptor);

}  // namespace stogger
