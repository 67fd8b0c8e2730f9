// The SQL that the postgres sink sends. Names are quoted, values are bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/postgres/column.h"
#include "sinks/postgres/settings.h"
#include "stogger/status.h"

namespace stogger {

// An identifier in double quotes, which it doubles.
std::string quote_identifier(std::string_view name);
// "schema"."table", or "table" if the schema is empty.
std::string qualified_table(std::string_view schema, std::string_view table);

// Ok if it can be the name of a table or schema: 1 to 63 bytes of valid UTF-8
// without NUL or control characters.
Status check_identifier(std::string_view what, std::string_view name);

// The statements that make the table, in order, for one transaction: time-outs
// of its own, an advisory lock, the table and its indexes, each IF NOT EXISTS.
// The same table and the same names of indexes as Python's stogger makes:
// idx_<table>_timestamp, _level, _event, _data. Names that would be longer than
// 63 bytes are cut as PostgreSQL cuts them.
std::vector<std::string> create_table_sql(const PostgresSettings& settings);

// One row with the parameters $1, $2, ... of the given types.
std::string insert_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns);
// Many rows, one array a column, as $1, $2, ...
std::string unnest_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns);
// COPY ... FROM STDIN in binary.
std::string copy_sql(const std::string& table,
                     const std::vector<PostgresColumn>& columns);

// stogger_ and 16 hexadecimal digits made from the SQL: through a pooler, one
// name for two statements would have one client execute the other's.
std::string statement_name(std::string_view sql);

// A query with the parameter $1, a qualified table in quotes as text, whose rows
// read_column() takes. All columns that the current role may insert into, but
// for generated ones and identities that are always generated. Domains are
// resolved to their base types, however deep.
std::string_view introspection_sql();

// One row of that query: its values by position, null pointers for null. False
// if the column is left alone: its type is none of PostgresType, or it is `id`
// with a default.
// A column left alone that would be required is told in *problem.
bool read_column(const std::vector<const char*>& row, PostgresColumn* column,
                 std::string* problem);

// What has to be granted to `role` so that it can write to the table, as SQL
// ready to be pasted. `create` if the table is to be created by it.
std::string grants_sql(const PostgresSettings& settings, std::string_view role,
                       bool create);

}  // namespace stogger
