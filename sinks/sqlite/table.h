// The table of a SQLite database that rows go to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row/schema.h"
#include "sinks/sqlite/database.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

struct SqliteColumn {
  std::string name;
  // What values may go there. For Kind::null, all.
  Kind kind = Kind::null;
  // Whether the table says what stands in for null. SQLite fills it in, where
  // an INSERT leaves the column out.
  bool has_default = false;
  // Whether a row without a value is refused.
  bool is_required = false;
  // False in a STRICT table whose column is neither TEXT nor ANY. One of kind
  // null is a BLOB then, which no value is.
  bool takes_text = true;
};

// All columns of the table that can be written to; none if there is no table.
// With `standard`, the six come first, it is an error if one is missing or can
// never take its value, and columns that no value fits are left out. Call it
// with the lock held.
Status find_sqlite_columns(SqliteDatabase& database, const std::string& table,
                           bool standard, std::vector<SqliteColumn>* columns);

// Creates the table of the six and of those that are declared, with its
// indexes. Call it with the lock held.
Status create_standard_table(SqliteDatabase& database, const std::string& table,
                             const std::vector<SchemaColumn>& declared);
// Creates a table of these: REAL, INTEGER (booleans too) and TEXT, without a
// primary key and without indexes. Call it with the lock held.
Status create_table_of(SqliteDatabase& database, const std::string& table,
                       const std::vector<SchemaColumn>& columns);

// An INSERT into the columns that are `given`. The parameter of each is its
// number in `columns`, from 1.
std::string sqlite_insert(const std::string& table,
                          const std::vector<SqliteColumn>& columns,
                          const std::vector<bool>& given);

// What decides whether a row that SQLite took is there.
struct SqliteTableNature {
  bool is_view = false;  // its triggers put the rows where they like
  bool has_triggers = false;
  // A statement of theirs may fail and leave what was done before: RAISE(FAIL),
  // ON CONFLICT FAIL.
  bool may_fail_in_part = false;
  // A name for the number of a row; empty if there is none, as in a view or a
  // table that is WITHOUT ROWID.
  std::string rowid;
};
Status read_sqlite_nature(SqliteDatabase& database, const std::string& table,
                          SqliteTableNature* nature);

// The name in double quotes, for SQL.
std::string sqlite_name(std::string_view name);

// Columns that the tables above have for times and JSON are of text, and those
// for booleans of integers. Of columns that were read, gives those that are
// stored as the declared ones are their kinds.
void apply_declared_kinds(const std::vector<SchemaColumn>& declared,
                          std::vector<SqliteColumn>* columns);

// The kind of value that belongs in a column declared with that type. Follows
// SQLite's rules of affinity, so that SQLite never changes such a value. Types
// like UUID or JSON, which say nothing to SQLite, are for any kind: there
// SQLite makes numbers of texts that look like one.
Kind sqlite_kind(std::string_view declared_type);

}  // namespace stogger
