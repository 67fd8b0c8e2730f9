#include "sinks/sqlite/time_limit.h"

#include <sqlite3.h>

namespace stogger {
namespace {

// Steps of SQLite between two looks at the clock. Functions are steps, too.
constexpr int kStepsBetweenLooks = 40;

}  // namespace

void SqliteTimeLimit::watch(sqlite3* connection) noexcept {
  sqlite3_busy_handler(connection, &on_busy, this);
  sqlite3_progress_handler(connection, kStepsBetweenLooks, &on_progress, this);
  sqlite3_commit_hook(connection, &before_commit, this);
  sqlite3_set_authorizer(connection, &on_authorize, this);
}

int SqliteTimeLimit::on_busy(void* self, int) noexcept {
  auto* const limit = static_cast<SqliteTimeLimit*>(self);
  return limit->may_wait_ && limit->wait_.wait() ? 1 : 0;
}

int SqliteTimeLimit::on_progress(void* self) noexcept {
  return static_cast<SqliteTimeLimit*>(self)->is_over() ? 1 : 0;
}

// Called often while a statement is prepared, which views of views can make
// take for ever.
int SqliteTimeLimit::on_authorize(void* self, int, const char*, const char*,
                                  const char*, const char*) noexcept {
  return static_cast<SqliteTimeLimit*>(self)->is_over() ? SQLITE_DENY
                                                        : SQLITE_OK;
}

// SQLite asks after a commit, too: too late to end the statement without the
// row.
int SqliteTimeLimit::before_commit(void* self) noexcept {
  static_cast<SqliteTimeLimit*>(self)->is_committed_ = true;
  return SQLITE_OK;
}

}  // namespace stogger
