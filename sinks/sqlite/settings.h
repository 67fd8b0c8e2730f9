// SqliteSettings: the options of the sqlite sink that concern the database.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "os/folder.h"
#include "sinks/sqlite/lock.h"
#include "stogger/clock.h"

namespace stogger {

struct SqliteSettings {
  std::string path;  // absolute
  FileModes modes;
  std::string journal_mode = "WAL";  // or DELETE, TRUNCATE
  std::string synchronous = "NORMAL";
  std::int64_t busy_timeout_ms = 250;
  // What the write-ahead log may grow to while others read and keep it from
  // being emptied. Rows stop earlier if more is in it that one call would have
  // to move into the database than busy_timeout_ms allows.
  std::int64_t longest_log = 512 << 20;
  Clock* clock = nullptr;  // dates the files that are set aside

  bool has_write_ahead_log() const noexcept { return journal_mode == "WAL"; }
  // What the write of one row may take.
  std::int64_t deadline_ms() const noexcept {
    return std::max(busy_timeout_ms, BoundedWait::kLeastWorkMs);
  }
};

}  // namespace stogger
