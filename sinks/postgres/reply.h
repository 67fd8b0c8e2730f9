// Reading the rows that a server answered with. It may be a hostile one, or
// only one that is compatible in part: it may answer a query with no rows,
// other columns, or nulls.
#pragma once

#include <libpq-fe.h>

#include <string_view>

#include "stogger/status.h"

namespace stogger {

// What is said of an answer that breaks the protocol, or does not fit the
// query.
Status unknown_answer();

// One value of a row as text, which is the form of all that are read. Fails
// with unknown_answer() if the answer has no such row or column, if it is null,
// or if there is no answer. Valid as long as the result.
Status cell(const PGresult* result, int row, int column,
            std::string_view* text);

// The same, where null is allowed: it becomes a null pointer. Without a zero
// byte inside.
Status nullable_cell(const PGresult* result, int row, int column,
                     const char** text);

}  // namespace stogger
