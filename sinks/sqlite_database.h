// SqliteDatabase: a connection to a database file that several processes write
// to, with the care that keeps the file whole: one writer at a time, waiting
// that ends, checkpoints at the right moment, damaged files set aside.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sinks/sqlite_files.h"
#include "sinks/sqlite_inherited.h"
#include "stogger/clock.h"
#include "stogger/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace stogger {

struct SqliteSettings {
  std::string path;                  // absolute
  std::string journal_mode = "WAL";  // or DELETE, TRUNCATE
  std::string synchronous = "NORMAL";
  std::int64_t busy_timeout_ms = 250;
  Clock* clock = nullptr;  // dates the files that are set aside
};

class SqliteDatabase {
 public:
  explicit SqliteDatabase(SqliteSettings settings);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Creates the file and its folders where they are missing.
  Status open();
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

  // Around all that writes: it keeps other processes of this library away,
  // from checkpoints too. (In SQLite before 3.51.3, a commit of another process
  // during a checkpoint can destroy the file.) The waiting here and in SQLite,
  // until unlock(), takes at most busy_timeout_ms.
  Status lock();
  void unlock() noexcept { lock_.unlock(); }

  // Moves the pages of the write-ahead log into the database if enough of them
  // have come together. What is still being read stays until later. Call it
  // with the lock held.
  void checkpoint_if_due() noexcept;

  // Runs SQL whose result does not matter. `action` begins the message if that
  // fails: "cannot ...".
  Status run(const std::string& sql, std::string_view action);
  // The statement belongs to the connection and ends with it.
  Status prepare(const std::string& sql, std::string_view action,
                 sqlite3_stmt** statement);

  // What a result of SQLite other than success means. If it means damage, sets
  // the file aside and closes; the next open() begins a new one. Call it with
  // the lock held.
  Status failure(int result, std::string_view action);

 private:
  Status connect_locked();
  Status connect();
  Status open_locked();
  Status set_journal_mode();
  void checkpoint(int mode) noexcept;
  void disconnect(bool checkpoint) noexcept;
  Status corruption(std::string_view what);
  Status busy() const;
  static int on_busy(void* self, int attempts) noexcept;
  static int on_commit(void* self, sqlite3*, const char*, int pages) noexcept;

  const SqliteSettings settings_;
  sqlite3* connection_ = nullptr;
  // Memory for abandon(), which must not ask for any.
  std::unique_ptr<InheritedConnection> if_inherited_;
  std::string file_;  // the database file, with symbolic links resolved
  ProcessLock lock_;
  BoundedWait wait_;
  bool may_wait_ = true;
  bool size_limited_ = false;
  int log_pages_ = 0;
  int checkpoint_at_ = 0;
};

}  // namespace stogger
