// SqliteInsert: the prepared statement that puts rows into a table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "sinks/sqlite_database.h"
#include "sinks/sqlite_table.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class SqliteInsert {
 public:
  // To be called again after each opening of the database, whose connection
  // owns the statement.
  Status prepare(SqliteDatabase& database, const std::string& table,
                 std::vector<SqliteColumn> columns);

  // The columns of the table. Valid until the next prepare().
  RowBatch columns() const noexcept;

  // Finds out which of the batch's columns each of the table's is. Those that
  // the batch lacks will be null.
  Status match(const RowBatch& rows);

  // Inserts a row of the batch matched last. A result code of SQLite:
  // SQLITE_DONE if it worked.
  int insert(const RowBatch& rows, std::size_t row);
  // Inserts a value for each column of the table.
  int insert(const Value* values);

 private:
  int step(int bound);
  int bind(int parameter, const Value& value);
  int bind_text(int parameter, std::string_view text);
  int bind_cell(int parameter, std::size_t start);
  int bind_mended(int parameter, std::string_view text);

  sqlite3_stmt* statement_ = nullptr;
  std::vector<SqliteColumn> columns_;
  std::vector<Column> views_;           // of columns_
  std::vector<std::size_t> positions_;  // in the batch, by column
  Buffer cells_;                        // numbers and times of the row, as text
  Buffer mended_;
};

}  // namespace stogger
