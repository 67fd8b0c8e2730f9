// SqliteInsert: the prepared statements that put rows into a table, one for
// each set of columns that is left to their defaults.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "sinks/sqlite/database.h"
#include "sinks/sqlite/table.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

class SqliteInsert {
 public:
  // What insert() returns, besides results of SQLite, for a row that SQLite
  // took and that is not there: a trigger did away with it.
  static constexpr int kNotStored = -1;

  // To be called again after each opening of the database, whose connection
  // owns the statements.
  Status prepare(SqliteDatabase& database, const std::string& table,
                 std::vector<SqliteColumn> columns);

  // Inserts a row: a value for each column of the table. SQLITE_DONE if it is
  // there, else another result of SQLite or kNotStored. Null is what the table
  // says stands in for it.
  int insert(const Value* row);

  // What is to be said of a row for which insert() returned something else than
  // SQLITE_DONE. It is rejected if the next one may be stored.
  Status failure(int result, std::string_view action);
  // Whether a row that was refused may be there all the same, unless its
  // transaction is rolled back.
  bool may_leave_parts();

 private:
  struct Form {
    std::vector<bool> given;           // by column
    std::vector<std::size_t> columns;  // those that are given
    sqlite3_stmt* statement = nullptr;
  };

  bool fits(const Form& form, const Value* row) const;
  int choose(const Value* row);
  int add_form(Form form);
  Status read_nature();
  bool is_valid() noexcept;
  int step();
  bool read_nature_again();
  int is_stored(int changes_before);
  int bind(int parameter, const Value& value);
  int bind_text(int parameter, std::string_view text);
  int bind_cell(int parameter, std::size_t start);
  int bind_repaired(int parameter, std::string_view text);

  SqliteDatabase* database_ = nullptr;
  std::string table_;
  std::vector<SqliteColumn> columns_;
  std::vector<std::size_t> defaults_;  // the columns that have one
  std::vector<Form> forms_;
  sqlite3_stmt* statement_ = nullptr;  // that of the form used last
  std::size_t form_ = 0;
  SqliteTableNature nature_;
  sqlite3_stmt* look_ = nullptr;  // for the row of a number; may be null
  int prepared_anew_ = 0;  // how often SQLite has done so with statement_
  Buffer cells_;           // numbers and times of the row, as text
  Buffer repaired_;
};

}  // namespace stogger
