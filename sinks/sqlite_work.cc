// What an open SqliteDatabase does: statements within their time, and the log.
#include <sqlite3.h>

#include <algorithm>
#include <string>

#include "sinks/sqlite_database.h"

namespace stogger {
namespace {

// Above this the log is also cut, which is slow because it has to grow again.
constexpr int kTruncatePages = 4000;

}  // namespace

Status SqliteDatabase::lock(std::int64_t more_ms) {
  wait_.restart(more_ms);
  is_committed_ = false;
  if (!lock_.lock(wait_)) return busy();
  if (log_pages_ < longest_log_pages_) return {};
  Status status = empty_log();
  if (!status.ok()) unlock();
  return status;
}

int SqliteDatabase::on_busy(void* self, int) noexcept {
  auto* const database = static_cast<SqliteDatabase*>(self);
  return database->may_wait_ && database->wait_.wait() ? 1 : 0;
}

int SqliteDatabase::on_progress(void* self) noexcept {
  return static_cast<SqliteDatabase*>(self)->is_too_late() ? 1 : 0;
}

// Called often while a statement is prepared, which views of views can make
// take for ever.
int SqliteDatabase::on_authorize(void* self, int, const char*, const char*,
                                 const char*, const char*) noexcept {
  return static_cast<SqliteDatabase*>(self)->is_too_late() ? SQLITE_DENY
                                                           : SQLITE_OK;
}

// SQLite asks after a commit, too: too late to end the statement without the
// row.
int SqliteDatabase::before_commit(void* self) noexcept {
  static_cast<SqliteDatabase*>(self)->is_committed_ = true;
  return SQLITE_OK;
}

bool SqliteDatabase::is_too_late() noexcept {
  return must_end_ && !is_committed_ && wait_.is_over();
}

int SqliteDatabase::on_commit(void* self, sqlite3*, const char*,
                              int pages) noexcept {
  auto* const database = static_cast<SqliteDatabase*>(self);
  // The log has begun anew since the last checkpoint.
  if (pages < database->checkpoint_at_ - kCheckpointPages) {
    database->checkpoint_at_ = kCheckpointPages;
  }
  database->log_pages_ = pages;
  return SQLITE_OK;
}

void SqliteDatabase::checkpoint_if_due() noexcept {
  if (log_pages_ < checkpoint_at_) return;
  checkpoint(log_pages_ < kTruncatePages ? SQLITE_CHECKPOINT_FULL
                                         : SQLITE_CHECKPOINT_TRUNCATE);
  checkpoint_at_ = log_pages_ + kCheckpointPages;
}

// The rows are safe in the log, whatever comes of this. Waits for nobody.
void SqliteDatabase::checkpoint(int mode) noexcept {
  may_wait_ = false;
  sqlite3_wal_checkpoint_v2(connection_, "main", mode, nullptr, nullptr);
  may_wait_ = true;
}

// Others who read keep the log from being emptied, and it would grow until the
// disk is full.
Status SqliteDatabase::empty_log() {
  int pages = 0;
  int moved = 0;
  may_wait_ = false;
  const int result = sqlite3_wal_checkpoint_v2(
      connection_, "main", SQLITE_CHECKPOINT_TRUNCATE, &pages, &moved);
  may_wait_ = true;
  log_pages_ = result == SQLITE_OK ? 0 : std::max(pages, log_pages_);
  if (result == SQLITE_OK || log_pages_ < longest_log_pages_) return {};
  return Status(
      Code::unavailable,
      "the write-ahead log has grown to " +
          std::to_string(settings_.longest_log >> 20) +
          " MiB, its limit, because another process has been reading the "
          "database for long: end its transaction");
}

Status SqliteDatabase::run(const std::string& sql, std::string_view action) {
  is_committed_ = false;
  const int result =
      sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) return {};
  Status status = failure(result, action);
  rollback();
  return status;
}

// However late it is.
void SqliteDatabase::rollback() noexcept {
  if (!is_open() || sqlite3_get_autocommit(connection_) != 0) return;
  must_end_ = false;
  sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  must_end_ = true;
}

int SqliteDatabase::prepare(const std::string& sql, sqlite3_stmt** statement) {
  statements_.reserve(statements_.size() + 1);
  const int result = sqlite3_prepare_v3(
      connection_, sql.c_str(), static_cast<int>(sql.size()) + 1,
      SQLITE_PREPARE_PERSISTENT, statement, nullptr);
  if (result == SQLITE_OK) statements_.push_back(*statement);
  return result;
}

void SqliteDatabase::finalize(sqlite3_stmt* statement) noexcept {
  const auto found =
      std::find(statements_.begin(), statements_.end(), statement);
  if (found == statements_.end()) return;
  statements_.erase(found);
  sqlite3_finalize(statement);
}

Status SqliteStatement::prepare(const std::string& sql,
                                std::string_view action) {
  const int result = database_.prepare(sql, &statement_);
  return result == SQLITE_OK ? Status() : database_.failure(result, action);
}

}  // namespace stogger
