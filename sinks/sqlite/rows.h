// SqliteRows: the table as rows see it. Finds or makes it, and fits each row to
// its columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "row/schema.h"
#include "sinks/sqlite/database.h"
#include "sinks/sqlite/insert.h"
#include "sinks/sqlite/table.h"
#include "stogger/row.h"
#include "stogger/sink.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

// What differs between log events and samples.
struct SqlitePolicy {
  // The table has the standard columns, or gets them when the sink is opened.
  // Otherwise the first batch makes its columns.
  bool has_standard_columns;
  // Of a batch with a row that the table refuses, none is stored, unless it
  // comes from a queue on disk. Otherwise the others are.
  bool whole_batches;
  // SQLite has no NaN: it becomes null, and not the text "NaN".
  bool nan_is_null;
};
inline constexpr SqlitePolicy kSqliteEvents = {true, false, false};
inline constexpr SqlitePolicy kSqliteSamples = {false, true, true};

// How messages begin.
inline constexpr std::string_view kInserting = "the INSERT failed";

class SqliteRows {
 public:
  // The database outlives it.
  SqliteRows(SqliteDatabase& database, std::string table, bool create_table,
             const std::vector<SchemaColumn>& declared,
             const SqlitePolicy& policy)
      : database_(database),
        table_(std::move(table)),
        create_table_(create_table),
        declared_(declared),
        policy_(policy),
        schema_({.ignore_case = true, .times_as_text = true}, declared) {}

  // Finds the table, or makes that with the standard columns. To be called
  // after each opening of the database, with the lock held, like all that
  // follows.
  Status open();
  // Whether it makes the table where it is missing; and what is said if not.
  bool may_create() const noexcept { return create_table_; }
  Status no_table() const;
  // Says what open() would change, and whether the columns fit. The database
  // need not be open: then there is no table.
  Status check(CheckFindings& findings);
  // Finds the columns of the table in a batch. Makes the table of it, if there
  // is none.
  Status match(const RowBatch& rows);
  // Inserts a row of the batch matched last: see SqliteInsert.
  int insert(const RowBatch& rows, std::size_t row);
  Status failure(int result) { return insert_.failure(result, kInserting); }
  bool may_leave_parts() { return insert_.may_leave_parts(); }

  // For Sink::columns().
  RowBatch columns() const noexcept { return schema_.wanted(); }
  // False for a row that was made for another table with standard columns.
  bool has_all_of(const RowBatch& rows) const;
  // See Schema.
  bool has_report() const noexcept { return schema_.has_report(); }
  std::string take_report() { return schema_.take_report(); }

 private:
  Value value(const RowBatch& rows, std::size_t row, std::size_t column);
  Status make_table(const RowBatch& rows);
  Status use(std::vector<SqliteColumn> columns);
  Status prepare(std::vector<SqliteColumn> columns);
  Status find_columns(std::vector<SqliteColumn>* columns);
  void warn_of_undeclared(const std::vector<SqliteColumn>& columns,
                          CheckFindings& findings) const;
  void warn_of_required(const std::vector<SqliteColumn>& columns,
                        CheckFindings& findings) const;

  SqliteDatabase& database_;
  const std::string table_;
  const bool create_table_;
  const std::vector<SchemaColumn> declared_;
  const SqlitePolicy policy_;
  Schema schema_;
  SqliteInsert insert_;
  std::vector<Value> row_;
  std::vector<bool> takes_text_;  // by column
};

}  // namespace stogger
