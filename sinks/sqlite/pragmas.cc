#include "sinks/sqlite/pragmas.h"

#include <sqlite3.h>

#include <string>

#include "base/names.h"

namespace stogger {
namespace {

Status set_journal_mode(SqliteDatabase& database,
                        const SqliteSettings& settings, BoundedWait& wait) {
  const std::string& mode = settings.journal_mode;
  const std::string action = "cannot set journal_mode to " + mode;
  std::string actual;
  int result = SQLITE_OK;
  do {
    // Not every lock that stands in its way makes SQLite wait.
    SqliteStatement statement(database);
    Status status = statement.prepare("PRAGMA journal_mode=" + mode, action);
    if (!status.ok()) return status;
    result = sqlite3_step(statement.get());
    const auto* const text = sqlite3_column_text(statement.get(), 0);
    if (text != nullptr) actual = reinterpret_cast<const char*>(text);
  } while ((result & 0xFF) == SQLITE_BUSY && wait.wait());
  if (result != SQLITE_ROW) return database.failure(result, action);
  if (equal_ignoring_case(actual, mode)) return {};
  return Status(Code::unavailable,
                action + ", it stays " + actual +
                    ": the file is in use, or its file system cannot do it");
}

// Without shared memory, a log can only be read by one that has the file for
// itself, and leaving the log needs that anyway.
Status leave_write_ahead_log(SqliteDatabase& database,
                             const SqliteSettings& settings,
                             BoundedWait& wait) {
  constexpr std::string_view kAction = "cannot set locking_mode";
  Status status = database.run("PRAGMA locking_mode=EXCLUSIVE", kAction);
  if (status.ok()) status = set_journal_mode(database, settings, wait);
  // What was taken is given back with the end of the next reading.
  return status.ok()
             ? database.run("PRAGMA locking_mode=NORMAL; PRAGMA schema_version",
                            kAction)
             : status;
}

}  // namespace

Status set_up_new_file(SqliteDatabase& database) {
  return database.run("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL",
                      "cannot set the file up");
}

Status choose_journal(SqliteDatabase& database, const SqliteSettings& settings,
                      BoundedWait& wait) {
  return settings.has_write_ahead_log()
             ? set_journal_mode(database, settings, wait)
             : leave_write_ahead_log(database, settings, wait);
}

Status set_up_connection(SqliteDatabase& database,
                         const SqliteSettings& settings) {
  return database.run(
      "PRAGMA synchronous=" + settings.synchronous +
          "; PRAGMA secure_delete=OFF; PRAGMA foreign_keys=OFF;"
          "PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864;"
          "PRAGMA cell_size_check=ON",
      "cannot set the connection up");
}

Status read_page_size(SqliteDatabase& database, std::int64_t* size) {
  SqliteStatement row(database);
  constexpr std::string_view kAction = "cannot read the page size";
  Status status = row.prepare("PRAGMA page_size", kAction);
  if (!status.ok()) return status;
  const int result = sqlite3_step(row.get());
  if (result != SQLITE_ROW) return database.failure(result, kAction);
  *size = sqlite3_column_int64(row.get(), 0);
  return {};
}

}  // namespace stogger
