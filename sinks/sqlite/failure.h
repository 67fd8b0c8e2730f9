// SqliteFailures: what a result of SQLite other than success means, and what is
// to be done.
#pragma once

#include <string_view>

#include "sinks/sqlite/files.h"
#include "sinks/sqlite/settings.h"
#include "sinks/sqlite/time_limit.h"
#include "stogger/status.h"

struct sqlite3;

namespace stogger {

class SqliteFailures {
 public:
  // All outlive it.
  SqliteFailures(const SqliteSettings& settings, SqliteFiles& files,
                 SqliteTimeLimit& limit) noexcept
      : settings_(settings), files_(files), limit_(limit) {}
  SqliteFailures(const SqliteFailures&) = delete;
  SqliteFailures& operator=(const SqliteFailures&) = delete;

  // `action` begins the message. If the result means that the database is
  // damaged, says so, and the message is that of SQLite alone.
  Status judge(sqlite3* connection, int result, std::string_view action,
               bool* is_damage);
  Status busy() const;
  Status not_a_database() const;

 private:
  const SqliteSettings& settings_;
  SqliteFiles& files_;
  SqliteTimeLimit& limit_;
};

}  // namespace stogger
