// Where the library reports on itself.
#pragma once

#include <string_view>

#include "stogger/export.h"

namespace stogger {

// Sets where the library reports on itself: a sink that fails or works again, a
// configuration that has problems. Each report is one line of UTF-8 of at most
// 500 bytes, without a line end, without secrets and without characters that
// would drive a terminal or hide something. The default writes the line to
// stderr, after "stogger: ", the time in UTC and the name of the program. Null
// restores it. The function may be called from any thread, must not log and
// must not throw. Reports of one sink are limited to ten a minute; the next one
// says how many were left out.
using DiagnosticFunction = void (*)(std::string_view line, void* argument);
STOGGER_API void set_diagnostics(DiagnosticFunction function,
                                 void* argument = nullptr) noexcept;

}  // namespace stogger
