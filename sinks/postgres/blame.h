// Which row it was that the server refused, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/sqlstate.h"
#include "stogger/row.h"

namespace stogger {

inline constexpr std::size_t kNoRow = SIZE_MAX;

// Which of `count` rows of a COPY into the table the answer names; kNoRow if
// none. It may be wrong: a trigger's text may look like the server's.
std::size_t row_of(const Answer& answer, const std::string& table,
                   std::size_t count);

// True if the server may not know a name that it was given: there is a pooler
// in between.
bool is_of_pooler(const Answer& answer) noexcept;
Remedy remedy_of(const Answer& answer) noexcept;
// True if another transaction held a lock for too long.
bool is_lock_wait(const Answer& answer) noexcept;
// True for what is said of a server or a connection of no use, though the
// session works on, and for locks: it is said of one row, unless no row is
// taken.
bool blames_target(const Answer& answer) noexcept;
// True if the row may be at fault, rather than the server or the connection.
bool is_about_row(const Answer& answer) noexcept;

// To be called with each answer to rows, before anything else here. A server
// that has become read-only refuses every row, in a session that works on.
void look_into(Connection& connection, Deadline deadline, Answer* answer);

// True if the row may itself be what takes the server too long.
bool is_large(const RowBatch& rows, std::size_t row) noexcept;

// Its text, and the SQLSTATE.
std::string describe(const Answer& answer);

}  // namespace stogger
