#include "sinks/sqlite_insert.h"

#include <sqlite3.h>

#include <cmath>
#include <utility>

#include "base/number.h"
#include "base/quote.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "sinks/columns.h"

namespace stogger {
namespace {

// What a time or a number needs as text, and asks for while it is written.
constexpr std::size_t kLongestCell = 40;
constexpr std::size_t kKeptMemory = 64 * 1024;

}  // namespace

Status SqliteInsert::prepare(SqliteDatabase& database, const std::string& table,
                             std::vector<SqliteColumn> columns) {
  columns_ = std::move(columns);
  views_.clear();
  for (const SqliteColumn& column : columns_) {
    views_.push_back({column.name, column.kind});
  }
  cells_.reserve(columns_.size() * kLongestCell);
  return database.prepare(sqlite_insert(table, columns_),
                          "cannot insert into the table", &statement_);
}

RowBatch SqliteInsert::columns() const noexcept {
  RowBatch columns;
  columns.columns = views_.data();
  columns.column_count = views_.size();
  return columns;
}

Status SqliteInsert::match(const RowBatch& rows) {
  return match_columns(columns(), rows, &positions_);
}

int SqliteInsert::insert(const RowBatch& rows, std::size_t row) {
  cells_.clear();
  int result = SQLITE_OK;
  for (std::size_t i = 0; i < columns_.size() && result == SQLITE_OK; ++i) {
    static constexpr Value kNull;
    const Value& value =
        positions_[i] == kNoColumn ? kNull : rows.at(row, positions_[i]);
    result = bind(static_cast<int>(i) + 1, value);
  }
  return step(result);
}

int SqliteInsert::insert(const Value* values) {
  cells_.clear();
  int result = SQLITE_OK;
  for (std::size_t i = 0; i < columns_.size() && result == SQLITE_OK; ++i) {
    result = bind(static_cast<int>(i) + 1, values[i]);
  }
  return step(result);
}

// `bound` is the result of binding the last parameter.
int SqliteInsert::step(int bound) {
  if (bound != SQLITE_OK) return bound;
  const int result = sqlite3_step(statement_);
  sqlite3_reset(statement_);
  return result;
}

int SqliteInsert::bind(int parameter, const Value& value) {
  const std::size_t start = cells_.size();
  switch (value.kind()) {
    case Kind::null:
    case Kind::custom:
      return sqlite3_bind_null(statement_, parameter);
    case Kind::boolean:
      return sqlite3_bind_int(statement_, parameter, value.boolean() ? 1 : 0);
    case Kind::integer:
      return sqlite3_bind_int64(statement_, parameter, value.integer());
    case Kind::unsigned_integer:
      append_unsigned(cells_, value.unsigned_integer());
      return bind_cell(parameter, start);
    case Kind::real:
      // SQLite would make null of it.
      if (std::isnan(value.real())) return bind_text(parameter, "NaN");
      return sqlite3_bind_double(statement_, parameter, value.real());
    case Kind::time:
      if (columns_[static_cast<std::size_t>(parameter) - 1]
              .whole_microseconds) {
        cells_.advance_to(
            write_timestamp(cells_.reserve(kTimestampSize), value.time()));
      } else {
        append_time(cells_, value.time());
      }
      return bind_cell(parameter, start);
    case Kind::text:
    case Kind::json:
      return is_clean_text(value.text()) ? bind_text(parameter, value.text())
                                         : bind_mended(parameter, value.text());
  }
  return SQLITE_MISMATCH;
}

// The text has to stay where it is until the row is inserted.
int SqliteInsert::bind_text(int parameter, std::string_view text) {
  // To SQLite a null pointer is null, and no empty text.
  return sqlite3_bind_text64(statement_, parameter,
                             text.empty() ? "" : text.data(), text.size(),
                             SQLITE_STATIC, SQLITE_UTF8);
}

// `cells_` has room for one cell a column, so that none of them ever moves.
int SqliteInsert::bind_cell(int parameter, std::size_t start) {
  return bind_text(parameter, cells_.view().substr(start));
}

// With U+FFFD for NUL and for what is not UTF-8.
int SqliteInsert::bind_mended(int parameter, std::string_view text) {
  mended_.recycle(kKeptMemory);
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool good = step.valid && step.codepoint != 0;
    mended_.append(good ? text.substr(0, step.size) : kReplacement);
    text.remove_prefix(step.size);
  }
  return sqlite3_bind_text64(statement_, parameter, mended_.data(),
                             mended_.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace stogger
