// Telling whether two paths mean the same file.
#pragma once

#include <string>
#include <string_view>

namespace stogger {

// The path, absolute and without links; the file need not exist. Empty for
// what any number of sinks may write to: devices and pipes.
std::string file_identity(std::string_view path);

}  // namespace stogger
