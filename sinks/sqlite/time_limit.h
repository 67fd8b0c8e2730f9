// SqliteTimeLimit: ends what takes SQLite too long, be it waiting for others or
// work, whatever triggers and defaults do.
#pragma once

#include <cstdint>

#include "sinks/sqlite/lock.h"

struct sqlite3;

namespace stogger {

class SqliteTimeLimit {
 public:
  explicit SqliteTimeLimit(std::int64_t busy_timeout_ms)
      : wait_(busy_timeout_ms) {}
  SqliteTimeLimit(const SqliteTimeLimit&) = delete;
  SqliteTimeLimit& operator=(const SqliteTimeLimit&) = delete;

  // Has SQLite ask, until the connection is closed.
  void watch(sqlite3* connection) noexcept;

  // The time begins: see BoundedWait.
  void restart(std::int64_t more_ms = 0, std::int64_t waited_ms = 0) noexcept {
    wait_.restart(more_ms, waited_ms);
    is_committed_ = false;
  }
  // A statement that is not committed can still be ended.
  void begin_statement() noexcept { is_committed_ = false; }
  // For waiting elsewhere, which takes from the same time.
  BoundedWait& wait() noexcept { return wait_; }
  bool is_over() noexcept {
    return must_end_ && !is_committed_ && wait_.is_over();
  }

  // Whether SQLite may wait for others at all.
  void set_waiting(bool may_wait) noexcept { may_wait_ = may_wait; }
  // Whether statements end. A rollback must not, however late it is.
  void set_ending(bool must_end) noexcept { must_end_ = must_end; }

 private:
  static int on_busy(void* self, int attempts) noexcept;
  static int on_progress(void* self) noexcept;
  static int before_commit(void* self) noexcept;
  static int on_authorize(void* self, int action, const char*, const char*,
                          const char*, const char*) noexcept;

  BoundedWait wait_;
  bool may_wait_ = true;
  bool must_end_ = true;
  bool is_committed_ = false;
};

}  // namespace stogger
