#include "sinks/sqlite/ledger.h"

#include <sqlite3.h>

#include "base/quote.h"
#include "base/scalar_text.h"
#include "base/uuid.h"
#include "row/origin.h"
#include "sinks/sqlite/table.h"

namespace stogger {
namespace {

constexpr std::string_view kUsing = "cannot use the ledger";

// The text has to stay where it is until the statement is reset.
int bind_text(sqlite3_stmt* statement, int parameter, std::string_view text) {
  return sqlite3_bind_text64(statement, parameter, text.data(), text.size(),
                             SQLITE_STATIC, SQLITE_UTF8);
}

}  // namespace

void SqliteLedger::forget() noexcept {
  version_ = -1;
  usable_ = false;
  read_version_ = read_ = store_ = nullptr;
}

Status SqliteLedger::find(const RowBatch& rows, std::size_t* stored) {
  *stored = 0;
  Status status = look();
  if (!status.ok() || !usable_) return status;
  const std::string queue = uuid_text(rows.origin->queue);
  int result = bind_text(read_, 1, queue);
  if (result == SQLITE_OK) result = sqlite3_step(read_);
  if (result == SQLITE_ROW) {
    *stored = count_up_to(rows, sqlite3_column_int64(read_, 0));
    result = SQLITE_DONE;
  }
  sqlite3_reset(read_);
  return settle(result, kUsing);
}

Status SqliteLedger::store(const RowBatch& rows, std::size_t last) {
  if (!usable_) return {};
  const std::string queue = uuid_text(rows.origin->queue);
  char time[kCellRoom];
  const char* const end = write_cell(time, rows.now);
  int result = bind_text(store_, 1, queue);
  if (result == SQLITE_OK) {
    result = sqlite3_bind_int64(store_, 2, position_of(*rows.origin, last));
  }
  if (result == SQLITE_OK) {
    result = bind_text(store_, 3, {time, static_cast<std::size_t>(end - time)});
  }
  if (result == SQLITE_OK) result = sqlite3_step(store_);
  sqlite3_reset(store_);
  return settle(result, kUsing);
}

// Nobody changes the schema during a transaction.
Status SqliteLedger::look() {
  if (read_version_ == nullptr) {
    const int result =
        database_.prepare("PRAGMA schema_version", &read_version_);
    if (result != SQLITE_OK) return database_.failure(result, kUsing);
  }
  const auto read_version = [&](std::int64_t* version) {
    const int result = sqlite3_step(read_version_);
    *version = sqlite3_column_int64(read_version_, 0);
    sqlite3_reset(read_version_);
    return result == SQLITE_ROW ? Status() : database_.failure(result, kUsing);
  };
  std::int64_t version = 0;
  Status status = read_version(&version);
  if (!status.ok() || version == version_) return status;
  usable_ = true;
  bool exists = false;
  status = look_at_table(&exists);
  if (status.ok() && !exists) status = create();
  if (status.ok() && usable_) status = prepare();
  if (status.ok()) status = read_version(&version_);
  return status;
}

// A view or a virtual table has no root page. Names, types, and what is a key,
// generated or hidden are as in creation(). ON CONFLICT ROLLBACK would end the
// transaction of the rows.
Status SqliteLedger::look_at_table(bool* exists) {
  SqliteStatement row(database_);
  Status status = row.prepare(
      "SELECT rootpage > 0 AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE "
      "type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE) AND "
      "(SELECT group_concat(lower(name) || ' ' || lower(type) || ' ' || pk || "
      "hidden) FROM pragma_table_xinfo(?1)) = "
      "'queue text 10,position integer 00,updated_at text 00' "
      "AND sql NOT LIKE '%conflict%' "
      "FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 "
      "COLLATE NOCASE",
      kUsing);
  if (!status.ok()) return status;
  int result = bind_text(row.get(), 1, table_);
  if (result == SQLITE_OK) result = sqlite3_step(row.get());
  *exists = result == SQLITE_ROW;
  if (result != SQLITE_ROW && result != SQLITE_DONE) {
    return database_.failure(result, kUsing);
  }
  if (*exists && sqlite3_column_int(row.get(), 0) == 0) {
    do_without(
        "the database has something else of that name, or a trigger on it, or "
        "one with an ON CONFLICT clause: rename it, or drop the trigger");
  }
  return {};
}

Status SqliteLedger::create() {
  if (!create_) {
    do_without("it is missing, and create_table is false: run " + creation());
    return {};
  }
  sqlite3_stmt* statement = nullptr;
  int result = database_.prepare(creation(), &statement);
  if (result == SQLITE_OK) result = sqlite3_step(statement);
  Status status = settle(result, "cannot create the ledger");
  database_.finalize(statement);
  return status;
}

Status SqliteLedger::prepare() {
  const std::string name = sqlite_name(table_);
  for (sqlite3_stmt** statement : {&read_, &store_}) {
    database_.finalize(*statement);
    *statement = nullptr;
  }
  int result = database_.prepare("SELECT position FROM " + name +
                                     " WHERE queue = ?1 AND typeof(position) = "
                                     "'integer'",
                                 &read_);
  if (result == SQLITE_OK) {
    result = database_.prepare(
        "INSERT INTO " + name +
            " (queue, position, updated_at) VALUES (?1, ?2, ?3) ON CONFLICT "
            "(queue) DO UPDATE SET position = excluded.position, updated_at = "
            "excluded.updated_at",
        &store_);
  }
  return settle(result == SQLITE_OK ? SQLITE_DONE : result, kUsing);
}

// What only the table can be at fault for is no failure.
Status SqliteLedger::settle(int result, std::string_view action) {
  if (result == SQLITE_DONE) return {};
  const bool is_definition = (result & 0xFF) == SQLITE_ERROR;
  Status status = database_.failure(result, action);
  if (!is_definition && status.code() != Code::rejected) return status;
  do_without(status.message());
  return {};
}

void SqliteLedger::do_without(std::string_view why) {
  usable_ = false;
  if (std::exchange(has_reported_, true)) return;
  report_ =
      "rows that are handed over again may be stored twice, for the "
      "ledger " +
      quoted(table_) + " cannot be used: ";
  report_ += why;
}

std::string SqliteLedger::creation() const {
  return "CREATE TABLE " + sqlite_name(table_) +
         " (queue TEXT PRIMARY KEY NOT NULL, position INTEGER NOT NULL, "
         "updated_at TEXT)";
}

}  // namespace stogger
