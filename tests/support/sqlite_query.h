// A look at a SQLite database, in tests, by a connection of its own.
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "row/owned_row.h"

namespace stogger {

inline constexpr const char* kCount = "SELECT count(*) FROM stogger_logs";

class SqliteQuery {
 public:
  explicit SqliteQuery(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) fail("open");
    sqlite3_busy_timeout(database_, 5000);
  }
  ~SqliteQuery() { sqlite3_close_v2(database_); }
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;

  void run(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      fail(sql);
    }
  }

  // Text, integers, reals and nulls come back as such.
  std::vector<OwnedRow> rows(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr) !=
        SQLITE_OK) {
      fail(sql);
    }
    std::vector<OwnedRow> rows;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      OwnedRow& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        row.emplace_back(sqlite3_column_name(statement, i),
                         value(statement, i));
      }
    }
    sqlite3_finalize(statement);
    if (result != SQLITE_DONE) fail(sql);
    return rows;
  }

  // The first value of the first row, as text; "null" if it is that.
  std::string one(const std::string& sql) {
    const std::vector<OwnedRow> found =
        rows("SELECT ifnull((" + sql + "), 'null') || ''");
    return std::string(found.at(0).at(0).value().text());
  }

 private:
  static Value value(sqlite3_stmt* row, int column) {
    switch (sqlite3_column_type(row, column)) {
      case SQLITE_INTEGER:
        return sqlite3_column_int64(row, column);
      case SQLITE_FLOAT:
        return sqlite3_column_double(row, column);
      case SQLITE_NULL:
        return nullptr;
      default:
        return std::string_view(
            reinterpret_cast<const char*>(sqlite3_column_text(row, column)),
            static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
    }
  }

  void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + sqlite3_errmsg(database_));
  }

  sqlite3* database_ = nullptr;
};

}  // namespace stogger
