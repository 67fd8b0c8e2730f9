#include "sinks/sqlite/table.h"

#include <sqlite3.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "base/names.h"
#include "base/quote.h"
#include "row/standard_columns.h"

namespace stogger {
namespace {

constexpr std::string_view kReading = "cannot read the columns of the table";

std::string column_text(sqlite3_stmt* row, int column) {
  const unsigned char* const text = sqlite3_column_text(row, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

Status bind_name(SqliteDatabase& database, sqlite3_stmt* statement,
                 const std::string& name) {
  const int result = sqlite3_bind_text(
      statement, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  return result == SQLITE_OK ? Status() : database.failure(result, kReading);
}

// A STRICT table refuses what is not of a column's type. The word comes last in
// its definition. (The pragma that tells would look into every view, too.)
Status read_strictness(SqliteDatabase& database, const std::string& table,
                       bool* strict) {
  SqliteStatement row(database);
  Status status = row.prepare(
      "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1 "
      "COLLATE NOCASE",
      kReading);
  if (status.ok()) status = bind_name(database, row.get(), table);
  if (!status.ok()) return status;
  const int result = sqlite3_step(row.get());
  if (result != SQLITE_ROW && result != SQLITE_DONE) {
    return database.failure(result, kReading);
  }
  const std::string sql = lower(column_text(row.get(), 0));
  const std::size_t end = sql.rfind(')');
  *strict =
      end != std::string::npos && sql.find("strict", end) != std::string::npos;
  return {};
}

Status read_columns(SqliteDatabase& database, const std::string& table,
                    std::vector<SqliteColumn>* columns) {
  enum { kName, kType, kHasDefault, kNotNull };
  columns->clear();
  bool strict = false;
  Status status = read_strictness(database, table, &strict);
  if (!status.ok()) return status;
  SqliteStatement row(database);
  // Not those that are generated, and not the one that stands for the number of
  // the row, which SQLite gives: the only primary key that needs no index.
  status = row.prepare(
      "SELECT name, type, dflt_value IS NOT NULL, \"notnull\" FROM "
      "pragma_table_xinfo(?1) "
      "WHERE hidden = 0 AND (pk = 0 OR EXISTS (SELECT 1 FROM "
      "pragma_index_list(?1) WHERE origin = 'pk'))",
      kReading);
  if (status.ok()) status = bind_name(database, row.get(), table);
  if (!status.ok()) return status;
  int result = SQLITE_ROW;
  while ((result = sqlite3_step(row.get())) == SQLITE_ROW) {
    const std::string type = lower(column_text(row.get(), kType));
    const bool takes_text = !strict || type == "text" || type == "any";
    const Kind kind = sqlite_kind(type);
    const bool has_default = sqlite3_column_int(row.get(), kHasDefault) != 0;
    const bool not_null = sqlite3_column_int(row.get(), kNotNull) != 0;
    columns->push_back({column_text(row.get(), kName), kind, has_default,
                        not_null && !has_default, takes_text});
  }
  return result == SQLITE_DONE ? Status() : database.failure(result, kReading);
}

// Puts the six in front, under the names that rows have them by. All six are
// stored as text.
Status put_standard_first(const std::string& table,
                          std::vector<SqliteColumn>* columns) {
  std::vector<std::string> missing;
  std::vector<std::string> unfit;
  auto front = columns->begin();
  for (const Column& standard : kStandardColumns) {
    const auto found =
        std::find_if(front, columns->end(), [&](const SqliteColumn& column) {
          return equal_ignoring_case(column.name, standard.name);
        });
    if (found == columns->end()) {
      missing.emplace_back(standard.name);
      continue;
    }
    if (!found->takes_text) unfit.emplace_back(standard.name);
    found->name = standard.name;
    found->kind = standard.kind;
    std::rotate(front, found, std::next(found));
    ++front;
  }
  if (missing.empty() && unfit.empty()) return {};
  if (missing.empty()) {
    return Status(Code::invalid,
                  "the table " + quoted(table) +
                      " is STRICT and takes no text for " + quoted_list(unfit) +
                      ": declare them TEXT or ANY, or choose another table");
  }
  return Status(Code::invalid, "the table " + quoted(table) +
                                   " has no column " + quoted_list(missing) +
                                   ": add what is missing, or choose another "
                                   "table");
}

// What a table made here has for it.
Kind stored_kind(Kind kind) noexcept {
  if (kind == Kind::real) return Kind::real;
  return kind == Kind::integer || kind == Kind::boolean ? Kind::integer
                                                        : Kind::text;
}

std::string sqlite_definition(const SchemaColumn& column) {
  const Kind kind = stored_kind(column.kind);
  return sqlite_name(column.name) + (kind == Kind::real      ? " REAL"
                                     : kind == Kind::integer ? " INTEGER"
                                                             : " TEXT");
}

}  // namespace

std::string sqlite_name(std::string_view name) {
  std::string quoted_name = "\"";
  for (const char c : name) {
    if (c == '"') quoted_name += '"';
    quoted_name += c;
  }
  return quoted_name + '"';
}

Kind sqlite_kind(std::string_view declared_type) {
  const std::string type = lower(std::string(declared_type));
  const auto has = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      return type.find(word) != std::string::npos;
    });
  };
  if (has({"int"})) return Kind::integer;
  if (has({"char", "clob", "text"})) return Kind::text;
  if (type.empty() || has({"blob"})) return Kind::null;
  if (has({"real", "floa", "doub"})) return Kind::real;
  // All other types are numeric to SQLite.
  if (has({"bool"})) return Kind::boolean;
  if (has({"date", "time"})) return Kind::time;
  return has({"num", "dec"}) ? Kind::real : Kind::null;
}

Status read_sqlite_nature(SqliteDatabase& database, const std::string& table,
                          SqliteTableNature* nature) {
  enum { kIsView, kHasTriggers, kRowid, kHasFail };
  *nature = {};
  SqliteStatement row(database);
  Status status = row.prepare(
      "SELECT (SELECT type = 'view' FROM sqlite_master WHERE type IN ('table', "
      "'view') AND name = ?1 COLLATE NOCASE), EXISTS (SELECT 1 FROM "
      "sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE),"
      "(SELECT column1 FROM (VALUES ('rowid'), ('_rowid_'), ('oid')) WHERE "
      "column1 NOT IN (SELECT lower(name) FROM pragma_table_xinfo(?1))),"
      "EXISTS (SELECT 1 FROM sqlite_master WHERE sql LIKE '%fail%')",
      kReading);
  if (status.ok()) status = bind_name(database, row.get(), table);
  if (!status.ok()) return status;
  const int result = sqlite3_step(row.get());
  if (result != SQLITE_ROW) return database.failure(result, kReading);
  nature->is_view = sqlite3_column_int(row.get(), kIsView) != 0;
  nature->has_triggers = sqlite3_column_int(row.get(), kHasTriggers) != 0;
  nature->may_fail_in_part =
      nature->has_triggers && sqlite3_column_int(row.get(), kHasFail) != 0;
  if (!nature->is_view) nature->rowid = column_text(row.get(), kRowid);
  return {};
}

Status find_sqlite_columns(SqliteDatabase& database, const std::string& table,
                           bool standard, std::vector<SqliteColumn>* columns) {
  Status status = read_columns(database, table, columns);
  if (!status.ok() || columns->empty() || !standard) return status;
  status = put_standard_first(table, columns);
  // What an event has for a column that takes nothing goes to `data`.
  columns->erase(std::remove_if(columns->begin(), columns->end(),
                                [](const SqliteColumn& column) {
                                  return column.kind == Kind::null &&
                                         !column.takes_text;
                                }),
                 columns->end());
  return status;
}

void apply_declared_kinds(const std::vector<SchemaColumn>& declared,
                          std::vector<SqliteColumn>* columns) {
  for (const SchemaColumn& wanted : declared) {
    for (SqliteColumn& column : *columns) {
      if (equal_ignoring_case(column.name, wanted.name) &&
          column.kind == stored_kind(wanted.kind)) {
        column.kind = wanted.kind;
      }
    }
  }
}

Status create_standard_table(SqliteDatabase& database, const std::string& table,
                             const std::vector<SchemaColumn>& declared) {
  const std::string name = sqlite_name(table);
  std::string sql = "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS " + name +
                    " (id INTEGER PRIMARY KEY, timestamp TEXT NOT NULL,"
                    " level TEXT NOT NULL, event TEXT NOT NULL, func TEXT,"
                    " scope TEXT, data TEXT NOT NULL DEFAULT '{}'";
  for (const SchemaColumn& column : declared) {
    sql += ", " + sqlite_definition(column);
  }
  sql += ");";
  for (const char* const column : {"timestamp", "level", "event"}) {
    sql += "CREATE INDEX IF NOT EXISTS " +
           sqlite_name("idx_" + table + "_" + column) + " ON " + name + " (" +
           column + ");";
  }
  return database.run(sql + "COMMIT", "cannot create the table");
}

Status create_table_of(SqliteDatabase& database, const std::string& table,
                       const std::vector<SchemaColumn>& columns) {
  std::string sql;
  for (const SchemaColumn& column : columns) {
    if (!sql.empty()) sql += ", ";
    sql += sqlite_definition(column);
  }
  return database.run(
      "CREATE TABLE IF NOT EXISTS " + sqlite_name(table) + " (" + sql + ")",
      "cannot create the table");
}

std::string sqlite_insert(const std::string& table,
                          const std::vector<SqliteColumn>& columns,
                          const std::vector<bool>& given) {
  std::string names;
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!given[i]) continue;
    (names += names.empty() ? "" : ",") += sqlite_name(columns[i].name);
    (values += values.empty() ? "?" : ",?") += std::to_string(i + 1);
  }
  const std::string sql = "INSERT INTO " + sqlite_name(table);
  if (names.empty()) return sql + " DEFAULT VALUES";
  return sql + " (" + names + ") VALUES (" + values + ")";
}

}  // namespace stogger
