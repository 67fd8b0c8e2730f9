// What went wrong in a SqliteDatabase, in words, and what is done about it.
#include <sqlite3.h>

#include <cerrno>
#include <string>

#include "base/file.h"
#include "base/quote.h"
#include "sinks/sqlite_database.h"
#include "sinks/sqlite_vfs.h"

namespace stogger {

Status SqliteDatabase::busy() const {
  return Status(Code::unavailable,
                "another process has kept the database locked for " +
                    std::to_string(settings_.busy_timeout_ms) +
                    " ms: end its transaction, or raise busy_timeout_ms");
}

Status SqliteDatabase::failure(int result, std::string_view action) {
  std::string what(action);
  const auto told = [&](Code code, const std::string& reason) {
    return Status(code, what + ": " + reason);
  };
  // SQLite's text tells more than the code, unless it is that of the code.
  const std::string text = quoted(sqlite3_errmsg(connection_));
  const int error =
      connection_ == nullptr ? 0 : sqlite3_system_errno(connection_);
  const int kind = result & 0xFF;
  if (kind == SQLITE_INTERRUPT || (kind == SQLITE_AUTH && is_too_late())) {
    return told(Code::unavailable,
                "it took longer than " +
                    std::to_string(settings_.busy_timeout_ms) +
                    " ms (busy_timeout_ms): look at the triggers, defaults and "
                    "views of the table, and at the disk");
  }
  switch (kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return busy();
    case SQLITE_CORRUPT:
      // So SQLite calls a file that cannot be read, too.
      if (const int cause = sqlite_access_error(connection_); cause != 0) {
        return told(Code::unavailable, error_advice(cause));
      }
      // Not damage, but a definition that this SQLite or this program does not
      // understand: a function of another program, for example.
      if (text.find("malformed database schema") != std::string::npos) {
        return told(Code::unavailable, text);
      }
      return corruption(text);
    case SQLITE_NOTADB:
      return corruption(text);
    case SQLITE_FULL:
      return told(Code::unavailable,
                  "the disk is full: make room on the database's file system");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return told(Code::unavailable,
                  "the database is read-only: check the rights of the file and "
                  "of its folder");
    case SQLITE_CANTOPEN:
      if (Status refusal = files_.take_refusal(); !refusal.ok()) return refusal;
      [[fallthrough]];
    case SQLITE_IOERR:
      return told(Code::unavailable,
                  std::string(sqlite3_errstr(result)) + " (code " +
                      std::to_string(result) +
                      (error == 0 ? "" : ", " + error_advice(error)) + ")");
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return told(Code::rejected, text);
    default:
      return told(Code::unavailable, text);
  }
}

Status SqliteDatabase::corruption(std::string_view what) {
  // What was never a database of this sink's is not for it to move.
  const bool ours = begins_like_sqlite(connection_);
  if (files_.is_look()) {
    return !ours ? not_a_database()
                 : Status(Code::corrupt,
                          "the database is damaged (" + std::string(what) +
                              "): it would be renamed to \"" + files_.path() +
                              ".corrupt-...\", and a new file "
                              "begun");
  }
  const bool set_aside_already = has_moved();
  disconnect(false);
  if (!ours && !set_aside_already) return not_a_database();
  std::string message = "the database is damaged (" + std::string(what) + ")";
  if (set_aside_already) {
    return Status(Code::corrupt, message + " and was moved away");
  }
  const std::string name = files_.set_aside(settings_.clock->now());
  if (name.empty()) {
    return Status(Code::corrupt, message + " and cannot be renamed: " +
                                     error_text(errno) + "; move it away");
  }
  return Status(Code::corrupt, message + "; it was kept as \"" + name +
                                   "\", and a new file is begun");
}

Status SqliteDatabase::not_a_database() const {
  return Status(Code::invalid,
                quoted(files_.path()) +
                    " is no SQLite database, or an encrypted one, and is left "
                    "as it is: choose another path");
}

}  // namespace stogger
