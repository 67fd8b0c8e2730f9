// Which row it was that the server refused, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/sqlstate.h"

namespace stogger {

inline constexpr std::size_t kNoRow = SIZE_MAX;

// Which of `count` rows of a COPY into the table the answer names; kNoRow if
// none. It may be wrong: a trigger's text may look like the server's.
std::size_t row_of(const Answer& answer, const std::string& table,
                   std::size_t count);

Remedy remedy_of(const Answer& answer) noexcept;
// True if the row may be at fault, rather than the server or the connection.
bool is_about_row(const Answer& answer) noexcept;

// Its text, and the SQLSTATE.
std::string describe(const Answer& answer);

}  // namespace stogger
