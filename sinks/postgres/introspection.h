// The columns of an existing table, as the server's catalogue has them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/postgres/column.h"

namespace stogger {

// A query with the parameter $1, the OID of a table, whose rows read_column()
// takes: all columns that the current role may insert into, but for generated
// ones, identities, and what a view computes. Domains are resolved to their
// base types, however deep. `data` comes last, for it depends on what the
// others take.
std::string_view introspection_sql();

// The number of its columns.
inline constexpr std::size_t kIntrospectionCells = 8;

// One row of that query: its values by position, null pointers for null. False
// if the column is left alone: its type is none of PostgresType, or it is `id`
// with a default, or of a view.
// A column left alone that would be required is named in *problem.
bool read_column(const std::vector<const char*>& row, PostgresColumn* column,
                 std::string* problem);

}  // namespace stogger
