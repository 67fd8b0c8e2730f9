#include "sinks/sqlite_table.h"

#include <sqlite3.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <memory>

#include "base/names.h"
#include "base/quote.h"

namespace stogger {
namespace {

constexpr struct {
  std::string_view name;
  Kind kind;
} kStandardColumns[] = {{"timestamp", Kind::time}, {"level", Kind::text},
                        {"event", Kind::text},     {"func", Kind::text},
                        {"scope", Kind::text},     {"data", Kind::json}};

// In double quotes, for SQL.
std::string sql_name(std::string_view name) {
  std::string quoted_name = "\"";
  for (const char c : name) {
    if (c == '"') quoted_name += '"';
    quoted_name += c;
  }
  return quoted_name + '"';
}

std::string column_text(sqlite3_stmt* row, int column) {
  const unsigned char* const text = sqlite3_column_text(row, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

// Takes the statement, which has others of its own inside: it must be gone,
// even if there is no memory left, before the database ends what is open.
// Returns a result of SQLite, SQLITE_DONE if it worked.
int read_columns(sqlite3_stmt* statement, const std::string& table,
                 Kind unknown, std::vector<SqliteColumn>* columns) {
  enum { kName, kType, kDefault };
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> row(
      statement, &sqlite3_finalize);
  int result = sqlite3_bind_text(statement, 1, table.data(),
                                 static_cast<int>(table.size()), SQLITE_STATIC);
  if (result == SQLITE_OK) result = sqlite3_step(statement);
  for (; result == SQLITE_ROW; result = sqlite3_step(statement)) {
    columns->push_back({column_text(statement, kName),
                        sqlite_kind(column_text(statement, kType), unknown),
                        column_text(statement, kDefault), false});
  }
  return result;
}

}  // namespace

Status read_sqlite_columns(SqliteDatabase& database, const std::string& table,
                           Kind unknown, std::vector<SqliteColumn>* columns) {
  sqlite3_stmt* statement = nullptr;
  constexpr std::string_view kAction = "cannot read the columns of the table";
  // Not those that are generated, and not the one that stands for the number of
  // the row, which SQLite gives: the only primary key that needs no index.
  Status status = database.prepare(
      "SELECT name, type, dflt_value FROM pragma_table_xinfo(?1) WHERE hidden ="
      " 0 AND (pk = 0 OR EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE "
      "origin = 'pk'))",
      kAction, &statement);
  if (!status.ok()) return status;
  columns->clear();
  const int result = read_columns(statement, table, unknown, columns);
  return result == SQLITE_DONE ? Status() : database.failure(result, kAction);
}

namespace {

Status create_table(SqliteDatabase& database, const std::string& table) {
  const std::string name = sql_name(table);
  std::string sql = "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS " + name +
                    " (id INTEGER PRIMARY KEY, timestamp TEXT NOT NULL,"
                    " level TEXT NOT NULL, event TEXT NOT NULL, func TEXT,"
                    " scope TEXT, data TEXT NOT NULL DEFAULT '{}');";
  for (const char* const column : {"timestamp", "level", "event"}) {
    sql += "CREATE INDEX IF NOT EXISTS " +
           sql_name("idx_" + table + "_" + column) + " ON " + name + " (" +
           column + ");";
  }
  return database.run(sql + "COMMIT", "cannot create the table");
}

// Puts the six in front, under the names that rows have them by.
Status put_standard_first(const std::string& table,
                          std::vector<SqliteColumn>* columns) {
  std::vector<std::string> missing;
  auto front = columns->begin();
  for (const auto& standard : kStandardColumns) {
    const auto found =
        std::find_if(front, columns->end(), [&](const SqliteColumn& column) {
          return equal_ignoring_case(column.name, standard.name);
        });
    if (found == columns->end()) {
      missing.emplace_back(standard.name);
      continue;
    }
    found->name = standard.name;
    found->kind = standard.kind;
    found->whole_microseconds = standard.kind == Kind::time;
    std::rotate(front, found, std::next(found));
    ++front;
  }
  if (missing.empty()) return {};
  return Status(Code::invalid, "the table " + quoted(table) +
                                   " has no column " + quoted_list(missing) +
                                   ": add what is missing, or choose another "
                                   "table");
}

}  // namespace

Kind sqlite_kind(std::string_view declared_type, Kind unknown) {
  std::string type(declared_type);
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto has = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      return type.find(word) != std::string::npos;
    });
  };
  if (has({"INT"})) return Kind::integer;
  if (has({"CHAR", "CLOB", "TEXT"})) return Kind::text;
  if (type.empty() || has({"BLOB"})) return Kind::null;
  if (has({"REAL", "FLOA", "DOUB"})) return Kind::real;
  // All other types are numeric to SQLite.
  if (has({"BOOL"})) return Kind::boolean;
  if (has({"DATE", "TIME"})) return Kind::time;
  return has({"NUM", "DEC"}) ? Kind::real : unknown;
}

Status open_sqlite_table(SqliteDatabase& database, const std::string& table,
                         bool create, std::vector<SqliteColumn>* columns) {
  // What is left out of a column is in `data`.
  constexpr Kind kUnknown = Kind::real;
  Status status = read_sqlite_columns(database, table, kUnknown, columns);
  if (status.ok() && columns->empty() && create) {
    status = create_table(database, table);
    if (status.ok()) {
      status = read_sqlite_columns(database, table, kUnknown, columns);
    }
  }
  if (!status.ok()) return status;
  if (columns->empty()) {
    return Status(Code::invalid, "there is no table " + quoted(table) +
                                     ": create it, or set create_table = true");
  }
  return put_standard_first(table, columns);
}

Status create_sample_table(SqliteDatabase& database, const std::string& table,
                           const std::vector<LockedColumn>& columns) {
  std::string sql;
  for (const LockedColumn& column : columns) {
    if (!sql.empty()) sql += ", ";
    sql += sql_name(column.name);
    if (column.kind == Kind::real) {
      sql += " REAL";
    } else if (column.kind == Kind::integer || column.kind == Kind::boolean) {
      sql += " INTEGER";
    } else {
      sql += " TEXT";
    }
  }
  return database.run(
      "CREATE TABLE IF NOT EXISTS " + sql_name(table) + " (" + sql + ")",
      "cannot create the table");
}

std::string sqlite_insert(const std::string& table,
                          const std::vector<SqliteColumn>& columns) {
  std::string names;
  std::string values;
  for (const SqliteColumn& column : columns) {
    if (!names.empty()) names += ',';
    if (!values.empty()) values += ',';
    names += sql_name(column.name);
    values +=
        column.fallback.empty() ? "?" : "coalesce(?,(" + column.fallback + "))";
  }
  return "INSERT INTO " + sql_name(table) + " (" + names + ") VALUES (" +
         values + ")";
}

}  // namespace stogger
