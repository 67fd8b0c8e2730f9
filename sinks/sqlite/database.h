// SqliteDatabase: a connection to a database file that several processes write
// to, with the care that keeps the file whole: one writer at a time,
// checkpoints only by that one, damaged files set aside.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/sqlite/failure.h"
#include "sinks/sqlite/files.h"
#include "sinks/sqlite/inherited.h"
#include "sinks/sqlite/lock.h"
#include "sinks/sqlite/settings.h"
#include "sinks/sqlite/time_limit.h"
#include "sinks/sqlite/write_ahead_log.h"
#include "stogger/row.h"
#include "stogger/sink.h"
#include "stogger/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace stogger {

class SqliteVfs;

class SqliteDatabase {
 public:
  explicit SqliteDatabase(SqliteSettings settings);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Creates the file and its folders where they are missing.
  Status open();
  // Opens it to read, and changes nothing, not even as a reader: what open()
  // would change is said to `findings`. Not open afterwards if there is nothing
  // to read. close() ends it.
  Status look(CheckFindings& findings);
  // Whether there is a file with something in it. Changes nothing.
  Status look_for_content(bool* is_there);
  bool is_open() const noexcept { return connection_ != nullptr; }
  // Finalizes all statements. Leaves everything in the one file if this is the
  // last connection to it. Waits for others only if the file was moved.
  void close() noexcept;
  // In a child after fork(): forgets the connection without touching what the
  // parent uses.
  void abandon() noexcept;

  sqlite3* connection() const noexcept { return connection_; }

  // Whether writing may raise a signal: see FileSizeSignal.
  bool is_size_limited() const noexcept { return size_limited_; }

  // True if the path does not name this file any more.
  bool has_moved() const noexcept;

  // True if what was committed is lost, for the file was deleted.
  bool is_deleted() const noexcept { return files_.is_deleted(); }

  // Around all that writes: it keeps other processes of this library away,
  // from checkpoints too. (In SQLite before 3.51.3, a commit of another process
  // during a checkpoint can destroy the file.) The waiting here and in SQLite,
  // until unlock(), takes at most busy_timeout_ms, and SQLite's work ends soon
  // after that time, or `more_ms` later, whatever triggers and defaults do.
  // Of all that, `waited_ms` are over when it is called. Fails while the log is
  // too long and cannot be emptied.
  Status lock(std::int64_t more_ms, std::int64_t waited_ms = 0);
  // For those who open it and may create a table, on a slow disk.
  static constexpr std::int64_t kOpeningMs = 2000;
  // Each row but the first may need pages of a slow disk.
  static std::int64_t time_for(const RowBatch& rows) noexcept {
    return static_cast<std::int64_t>(rows.row_count - 1) * 10;
  }
  void unlock() noexcept { lock_.unlock(); }
  std::int64_t deadline_ms() const noexcept { return settings_.deadline_ms(); }

  // See WriteAheadLog. Call it with the lock held.
  void checkpoint_if_due() noexcept { log_.checkpoint_if_due(); }

  // Runs SQL whose result does not matter. `action` begins the message if that
  // fails: "cannot ...".
  Status run(const std::string& sql, std::string_view action);
  // Ends a transaction that is still open.
  void rollback() noexcept;
  // A result of SQLite. The statement belongs to the database, which finalizes
  // it when it is closed. Nobody else's are: virtual tables have some inside.
  int prepare(const std::string& sql, sqlite3_stmt** statement);
  // Of a statement that was finalized already, it does nothing.
  void finalize(sqlite3_stmt* statement) noexcept;

  // What a result of SQLite other than success means. If it means damage, sets
  // the file aside and closes; the next open() begins a new one. Call it with
  // the lock held.
  Status failure(int result, std::string_view action);

 private:
  Status connect_locked();
  Status connect();
  Status connect_to_look(std::string_view parameters);
  void watch_connection();
  Status open_locked();
  void disconnect(bool checkpoint) noexcept;
  Status set_aside(std::string_view what);

  const SqliteSettings settings_;
  sqlite3* connection_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
  // Memory for abandon(), which must not ask for any.
  std::unique_ptr<InheritedConnection> if_inherited_;
  SqliteFiles files_;
  std::unique_ptr<SqliteVfs> vfs_;  // of the connection
  ProcessLock lock_;
  SqliteTimeLimit limit_;
  WriteAheadLog log_;
  SqliteFailures failures_;
  bool size_limited_ = false;
};

// A statement for one use.
class SqliteStatement {
 public:
  explicit SqliteStatement(SqliteDatabase& database) : database_(database) {}
  ~SqliteStatement() { database_.finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  Status prepare(const std::string& sql, std::string_view action);
  sqlite3_stmt* get() const noexcept { return statement_; }

 private:
  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace stogger
