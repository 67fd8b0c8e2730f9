// WriteAheadLog: the log of a connection. It goes into the database when enough
// has come together, and does not grow without an end.
#pragma once

#include <climits>
#include <cstdint>

#include "sinks/sqlite/settings.h"
#include "sinks/sqlite/time_limit.h"
#include "sinks/sqlite/waiting.h"
#include "stogger/status.h"

struct sqlite3;

namespace stogger {

class WriteAheadLog {
 public:
  // Both outlive it.
  WriteAheadLog(const SqliteSettings& settings, SqliteTimeLimit& limit) noexcept
      : settings_(settings), limit_(limit) {}
  WriteAheadLog(const WriteAheadLog&) = delete;
  WriteAheadLog& operator=(const WriteAheadLog&) = delete;

  // Takes the place of SQLite's own checkpoints.
  void watch(sqlite3* connection) noexcept;
  // It may have been left long, and its reader may still be there. In bytes.
  void measure(std::int64_t size, std::int64_t page_size);

  // The connection is closed: gives memory back, until it is measured again.
  void end() noexcept { waiting_.give_back(); }

  // All that follows is to be called with the lock held.
  //
  // False until it is measured.
  bool is_too_long() noexcept {
    return longest_pages_ != INT_MAX &&
           (pages_ >= longest_pages_ ||
            waiting_.reach_limit(connection_, moved_pages_, pages_));
  }
  // Fails while it is too long and cannot be emptied: the call after its reader
  // has ended has all of it to move, which SQLite cannot do in parts.
  Status shorten();
  // Moves its pages into the database if enough of them have come together.
  // What is still being read stays until later.
  void checkpoint_if_due() noexcept;
  // Moves all that it can, and cuts the file.
  void empty() noexcept;

 private:
  std::int64_t most_waiting() const noexcept;
  int checkpoint(int mode) noexcept;
  void sync() noexcept;
  static int on_commit(void* self, sqlite3*, const char*, int pages) noexcept;

  const SqliteSettings& settings_;
  SqliteTimeLimit& limit_;
  sqlite3* connection_ = nullptr;
  int pages_ = 0;
  int moved_pages_ = 0;    // of them, those that are in the database already
  int longest_pages_ = 0;  // INT_MAX: not measured yet
  WaitingPages waiting_;   // those that are not
  int checkpoint_at_ = 0;
};

}  // namespace stogger
