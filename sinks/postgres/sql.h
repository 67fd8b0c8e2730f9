// The SQL that the postgres sink sends. Names are quoted, values are bound.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row/schema_lock.h"
#include "sinks/postgres/column.h"
#include "sinks/postgres/settings.h"
#include "stogger/status.h"

namespace stogger {

// An identifier in double quotes, which it doubles.
std::string quote_identifier(std::string_view name);
// "schema"."table", or "table" if the schema is empty.
std::string qualified_table(std::string_view schema, std::string_view table);

// Ok if it can be the name of a table or schema: 1 to 63 bytes of valid UTF-8
// without control characters. Else the message says what is wrong with it,
// without the name.
Status check_identifier(std::string_view name);

// The statements that make the table, in order, for one transaction: time-outs
// of its own, an advisory lock, the table and its indexes, each IF NOT EXISTS.
// The same table and the same names of indexes as Python's stogger makes:
// idx_<table>_timestamp, _level, _event, _data. Of names that would be longer
// than 63 bytes, the table's part is cut and a hash of it added, so that they
// differ.
std::vector<std::string> create_table_sql(const PostgresSettings& settings);

// The same for a table for samples, all of whose columns may be null: double
// precision, bigint, boolean, timestamptz, jsonb and text.
std::vector<std::string> create_table_sql(
    const PostgresSettings& settings, const std::vector<LockedColumn>& columns);

// One row with the parameters $1, $2, ... of the given types.
std::string insert_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns);
// Many rows, one array a column, as $1, $2, ...
std::string unnest_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns);
// COPY ... FROM STDIN in binary. Columns with a fallback get the nulls of rows
// as they are.
std::string copy_sql(const std::string& table,
                     const std::vector<PostgresColumn>& columns);

// stogger_ and 16 hexadecimal digits made from the SQL: through a pooler, one
// name for two statements would have one client execute the other's. The SQL
// has to tell the types of its parameters, which insert_sql()'s does.
std::string statement_name(std::string_view sql);

// What has to be granted to `role` so that it can write to the table, as SQL
// ready to be pasted. `create` if the table is to be created by it.
std::string grants_sql(const PostgresSettings& settings, std::string_view role,
                       bool create);

}  // namespace stogger
