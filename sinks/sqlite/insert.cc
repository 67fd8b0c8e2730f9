#include "sinks/sqlite/insert.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/quote.h"
#include "base/scalar_text.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptMemory = 64 * 1024;
constexpr std::size_t kMostForms = 16;

// Null in the table.
bool is_null(const Value& value) noexcept {
  return value.is_null() || value.kind() == Kind::custom;
}

// After a change of the schema SQLite prepares a statement again.
int count_of_preparations(sqlite3_stmt* statement) noexcept {
  return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0);
}

}  // namespace

Status SqliteInsert::prepare(SqliteDatabase& database, const std::string& table,
                             std::vector<SqliteColumn> columns) {
  database_ = &database;
  table_ = table;
  columns_ = std::move(columns);
  defaults_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].has_default) defaults_.push_back(i);
  }
  cells_.reserve(columns_.size() * kCellRoom);
  forms_.clear();
  look_ = nullptr;
  const int result = add_form({std::vector<bool>(columns_.size(), true), {}});
  if (result != SQLITE_OK) {
    return database.failure(result, "cannot insert into the table");
  }
  return read_nature();
}

Status SqliteInsert::read_nature() {
  if (look_ != nullptr) database_->finalize(look_);
  look_ = nullptr;
  Status status = read_sqlite_nature(*database_, table_, &nature_);
  if (!status.ok() || !nature_.has_triggers || nature_.rowid.empty()) {
    return status;
  }
  // Fails for a table that is WITHOUT ROWID.
  const std::string sql = "SELECT 1 FROM " + sqlite_name(table_) + " WHERE " +
                          nature_.rowid + " = ?1";
  if (database_->prepare(sql, &look_) != SQLITE_OK) look_ = nullptr;
  return {};
}

int SqliteInsert::insert(const Value* row) {
  int result = SQLITE_OK;
  if (!fits(forms_[form_], row)) result = choose(row);
  cells_.clear();
  if (result != SQLITE_OK) return result;
  for (const std::size_t i : forms_[form_].columns) {
    result = bind(static_cast<int>(i) + 1, row[i]);
    if (result != SQLITE_OK) return result;
  }
  return step();
}

bool SqliteInsert::fits(const Form& form, const Value* row) const {
  return std::all_of(defaults_.begin(), defaults_.end(),
                     [&](std::size_t column) {
                       return form.given[column] != is_null(row[column]);
                     });
}

int SqliteInsert::choose(const Value* row) {
  const auto found =
      std::find_if(forms_.begin(), forms_.end(),
                   [&](const Form& form) { return fits(form, row); });
  if (found != forms_.end()) {
    form_ = static_cast<std::size_t>(found - forms_.begin());
    statement_ = found->statement;
    prepared_anew_ = count_of_preparations(statement_);
    return SQLITE_OK;
  }
  Form form = {std::vector<bool>(columns_.size(), true), {}};
  for (const std::size_t column : defaults_) {
    form.given[column] = !is_null(row[column]);
  }
  return add_form(std::move(form));
}

// The first one of all has been used least recently, or nearly so.
int SqliteInsert::add_form(Form form) {
  forms_.reserve(kMostForms);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (form.given[i]) form.columns.push_back(i);
  }
  const int result = database_->prepare(
      sqlite_insert(table_, columns_, form.given), &form.statement);
  if (result != SQLITE_OK) return result;
  if (forms_.size() == kMostForms) {
    database_->finalize(forms_.front().statement);
    forms_.erase(forms_.begin());
  }
  statement_ = form.statement;
  prepared_anew_ = count_of_preparations(statement_);
  forms_.push_back(std::move(form));
  form_ = forms_.size() - 1;
  return SQLITE_OK;
}

int SqliteInsert::step() {
  sqlite3* const connection = database_->connection();
  const int changes = sqlite3_total_changes(connection);
  const int result = sqlite3_step(statement_);
  sqlite3_reset(statement_);
  if (result != SQLITE_DONE) return result;
  // What is not known is not held against the row.
  return read_nature_again() ? is_stored(changes) : SQLITE_DONE;
}

// The table may have been given a trigger. False if that is not known.
bool SqliteInsert::read_nature_again() {
  const int count = count_of_preparations(statement_);
  return count == std::exchange(prepared_anew_, count) || read_nature().ok();
}

bool SqliteInsert::may_leave_parts() {
  return !read_nature_again() || nature_.may_fail_in_part;
}

int SqliteInsert::is_stored(int changes_before) {
  sqlite3* const connection = database_->connection();
  if (nature_.is_view) {
    // SQLite counts what the triggers do, and never the row of the view.
    return sqlite3_total_changes(connection) != changes_before ? SQLITE_DONE
                                                               : kNotStored;
  }
  // A trigger, or a constraint with ON CONFLICT IGNORE.
  if (sqlite3_changes(connection) == 0) return kNotStored;
  if (!nature_.has_triggers || look_ == nullptr) return SQLITE_DONE;
  sqlite3_bind_int64(look_, 1, sqlite3_last_insert_rowid(connection));
  const int result = sqlite3_step(look_);
  sqlite3_reset(look_);
  return result == SQLITE_DONE ? kNotStored : SQLITE_DONE;
}

Status SqliteInsert::failure(int result, std::string_view action) {
  if (result == kNotStored) {
    return Status(Code::rejected,
                  "the row was accepted and not stored: a trigger of " +
                      quoted(table_) +
                      ", or a constraint with ON CONFLICT IGNORE, drops it");
  }
  Status status = database_->failure(result, action);
  // A function failed, or a trigger goes too deep: that is about the row,
  // unless the table has changed.
  if (result == SQLITE_ERROR && is_valid()) {
    return Status(Code::rejected, status.message());
  }
  return status;
}

bool SqliteInsert::is_valid() noexcept {
  if (statement_ == nullptr) return false;
  sqlite3_stmt* again = nullptr;
  const int result = sqlite3_prepare_v2(
      database_->connection(), sqlite3_sql(statement_), -1, &again, nullptr);
  sqlite3_finalize(again);
  return result == SQLITE_OK;
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
    case Kind::real:
      // SQLite would make null of it.
      if (std::isnan(value.real())) return bind_text(parameter, "NaN");
      return sqlite3_bind_double(statement_, parameter, value.real());
    case Kind::unsigned_integer:
    case Kind::time:
      append_cell(cells_, value);
      return bind_cell(parameter, start);
    case Kind::text:
    case Kind::json:
      return is_clean_text(value.text())
                 ? bind_text(parameter, value.text())
                 : bind_repaired(parameter, value.text());
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
int SqliteInsert::bind_repaired(int parameter, std::string_view text) {
  repaired_.recycle(kKeptMemory);
  append_clean_text(repaired_, text);
  return sqlite3_bind_text64(statement_, parameter, repaired_.data(),
                             repaired_.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace stogger
