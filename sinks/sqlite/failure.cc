#include "sinks/sqlite/failure.h"

#include <sqlite3.h>

#include <string>

#include "base/quote.h"
#include "os/file.h"
#include "sinks/sqlite/vfs.h"

namespace stogger {
namespace {

// SQLITE_CONSTRAINT_DATATYPE, which headers before 3.37 lack.
constexpr int kWrongType = SQLITE_CONSTRAINT | (12 << 8);

}  // namespace

Status SqliteFailures::busy() const {
  const pid_t holder =
      settings_.has_write_ahead_log() ? files_.find_index_lock() : 0;
  const std::string who =
      holder > 0 ? "process " + std::to_string(holder) : "another process";
  return Status(Code::unavailable,
                who + " has kept the database locked for " +
                    std::to_string(settings_.busy_timeout_ms) +
                    " ms: end its transaction, or raise busy_timeout_ms");
}

Status SqliteFailures::judge(sqlite3* connection, int result,
                             std::string_view action, bool* is_damage) {
  std::string what(action);
  const auto fail = [&](Code code, const std::string& reason) {
    return Status(code, what + ": " + reason);
  };
  // SQLite's text says more than the code, unless it is that of the code.
  const std::string text = quoted(sqlite3_errmsg(connection));
  const int error =
      connection == nullptr ? 0 : sqlite3_system_errno(connection);
  const int kind = result & 0xFF;
  if (kind == SQLITE_INTERRUPT || (kind == SQLITE_AUTH && limit_.is_over())) {
    return fail(Code::unavailable,
                "it took longer than " +
                    std::to_string(settings_.busy_timeout_ms) +
                    " ms (busy_timeout_ms): check the triggers, defaults and "
                    "views of the table, and the disk");
  }
  switch (kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return busy();
    case SQLITE_CORRUPT:
      // So SQLite calls a file that cannot be read, too.
      if (const int cause = sqlite_access_error(connection); cause != 0) {
        return fail(Code::unavailable, error_advice(cause));
      }
      // Not damage, but a definition that this SQLite or this program does not
      // understand: a function of another program, for example.
      if (text.find("malformed database schema") != std::string::npos) {
        return fail(Code::unavailable, text);
      }
      [[fallthrough]];
    case SQLITE_NOTADB:
      *is_damage = true;
      return Status(Code::corrupt, text);
    case SQLITE_FULL:
      return fail(Code::unavailable,
                  "the disk is full: make room on the database's file system");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fail(Code::unavailable,
                  "the database is read-only: check the rights of the file and "
                  "of its folder");
    case SQLITE_CANTOPEN:
      if (Status refusal = files_.take_refusal(); !refusal.ok()) return refusal;
      if (!settings_.has_write_ahead_log() && is_in_wal_mode(connection)) {
        return fail(Code::unavailable,
                    "another program has set journal_mode to WAL, which this "
                    "sink does not use: all have to use the same");
      }
      [[fallthrough]];
    case SQLITE_IOERR:
      return fail(Code::unavailable,
                  std::string(sqlite3_errstr(result)) + " (code " +
                      std::to_string(result) +
                      (error == 0 ? "" : ", " + error_advice(error)) + ")");
    case SQLITE_CONSTRAINT:
      if (result == kWrongType) {
        return fail(Code::rejected,
                    text +
                        ": the table is STRICT; declare the column TEXT or "
                        "ANY, or leave the value out");
      }
      return fail(Code::rejected, text);
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return fail(Code::rejected, text);
    default:
      return fail(Code::unavailable, text);
  }
}

Status SqliteFailures::not_a_database() const {
  return Status(Code::invalid,
                quoted(files_.path()) +
                    " is no SQLite database, or an encrypted one, and is left "
                    "as it is: choose another path");
}

}  // namespace stogger
