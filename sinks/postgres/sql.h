// The SQL that the postgres sink sends, but for what it asks the catalogue (see
// catalogue.h, introspection.h, trust.h). Names are quoted, values are bound.
//
// Nothing depends on the search_path: a schema on it may belong to somebody
// who makes an operator, a function or a type there that fits better than the
// server's own, to have his code run by this role. So all of them are
// qualified, and what cannot be (LIKE, IN, BETWEEN, CASE x WHEN) is not used.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "row/schema.h"
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

// A name that the server sent, fit for a message and for SQL in it: at most 63
// bytes as all names, and U+FFFD for what would change the look of the line.
std::string shown_name(std::string_view name);

// A SELECT that sets the time-outs until the end of the transaction, and
// synchronous_commit unless it is empty.
std::string settings_sql(std::chrono::milliseconds statement,
                         std::chrono::milliseconds lock,
                         std::string_view synchronous_commit);
// The same for a transaction that has to be on the disk when it is committed:
// synchronous_commit is not off in it, whatever the session has.
std::string safe_settings_sql(std::chrono::milliseconds statement,
                              std::chrono::milliseconds lock,
                              std::string_view synchronous_commit);

// What comes before creating a table, for the same transaction: time-outs, and
// an advisory lock if `lock`.
std::vector<std::string> begin_creation_sql(const PostgresSettings& settings,
                                            bool lock);

// The statements that make the table, in order, for one transaction: the table
// and its indexes, each IF NOT EXISTS. The settings name the schema.
// The same table, but for the columns that the settings declare, and the same
// names of indexes as Python's stogger makes:
// idx_<table>_timestamp, _level, _event, _data. Of names that would be longer
// than 63 bytes, the table's part is cut and a hash of it added, so that they
// differ.
std::vector<std::string> create_table_sql(const PostgresSettings& settings);

// The same for a table for samples, all of whose columns may be null: double
// precision, bigint, boolean, timestamptz, jsonb and text.
std::vector<std::string> create_table_sql(
    const PostgresSettings& settings, const std::vector<SchemaColumn>& columns);

// One row with the parameters $1, $2, ... of the given types.
std::string insert_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns);
// Many rows, one array a column, as $1, $2, ...
std::string unnest_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns);
// COPY ... FROM STDIN in binary.
std::string copy_sql(const std::string& table,
                     const std::vector<PostgresColumn>& columns);

// The name of the ledger (see ledger_sql.h) of a table: <table>_ledger, cut as
// those of indexes.
std::string ledger_name(const std::string& table);

// stogger_ and 16 hexadecimal digits made from the SQL: through a pooler, one
// name for two statements would have one client execute the other's. The SQL
// has to tell the types of its parameters, which insert_sql()'s does.
std::string statement_name(std::string_view sql);

// What the server would do for that INSERT, which it does not do.
std::string explain_sql(std::string_view insert);

// What has to be granted to `role` so that it can write to the table, as SQL
// ready to be pasted. `create` if the table is to be created by it.
std::string grants_sql(const PostgresSettings& settings, std::string_view role,
                       bool create);

}  // namespace stogger
