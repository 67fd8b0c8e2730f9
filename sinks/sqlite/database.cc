#include "sinks/sqlite/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/names.h"
#include "base/quote.h"
#include "os/file.h"
#include "sinks/sqlite/distrust.h"
#include "sinks/sqlite/fork.h"
#include "sinks/sqlite/vfs.h"

namespace stogger {
namespace {

constexpr int kCheckpointPages = 1000;
// Above this the log is also cut, which is slow because it has to grow again.
constexpr int kTruncatePages = 4 * kCheckpointPages;

// What may wait in the log for each millisecond of busy_timeout_ms. Moving it
// takes about twice that time (2 to 5 ms a MiB on an idle machine), once; with
// less, anybody who reads for some seconds would cost events.
constexpr std::int64_t kWaitingPerMillisecond = 400 * 1024;

// Steps of SQLite between two looks at the clock. Functions are steps, too.
constexpr int kStepsBetweenLooks = 20;

}  // namespace

SqliteDatabase::SqliteDatabase(SqliteSettings settings)
    : settings_(std::move(settings)), wait_(settings_.busy_timeout_ms) {}

SqliteDatabase::~SqliteDatabase() { close(); }

Status SqliteDatabase::open() {
  if (is_open()) return {};
  Status status = begin_with_sqlite();
  if (!status.ok()) return status;
  size_limited_ = FileSizeSignal::is_limited();
  const FileSizeSignal no_signal(size_limited_);
  status = connect_locked();
  if (status.ok()) status = open_locked();
  if (status.ok()) {
    unlock();
  } else {
    disconnect(false);
    lock_.close();
    files_.close();
  }
  return status;
}

// Others may move the file away while this one waits for the lock.
Status SqliteDatabase::connect_locked() {
  constexpr int kAttempts = 4;
  for (int i = 0; i < kAttempts; ++i) {
    Status status = connect();
    if (status.ok()) status = lock(kOpeningMs);
    if (!status.ok() || !has_moved()) return status;
    disconnect(false);
  }
  return Status(Code::unavailable,
                "other programs keep moving the file while it is opened");
}

// SQLite does not look into the file yet.
Status SqliteDatabase::connect() {
  Status status =
      files_.open(settings_.path, settings_.modes, has_write_ahead_log());
  if (!status.ok()) return status;
  if_inherited_ = std::make_unique<InheritedConnection>();
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  int result = SQLITE_OK;
  if (SqliteVfs::is_available()) {
    vfs_ = std::make_unique<SqliteVfs>(files_, has_write_ahead_log());
    result = vfs_->open("", kFlags, &connection_);
  } else {
    result =
        sqlite3_open_v2(files_.path().c_str(), &connection_, kFlags, nullptr);
  }
  if (result != SQLITE_OK) {
    // SQLite tells the errno of its second attempt, which was only to read.
    const int error = files_.access_error();
    if (error == 0) return failure(result, "cannot open");
    return Status(Code::unavailable, "cannot open: " + error_advice(error));
  }
  set_up_connection();
  // Takes the place of SQLite's own checkpoints.
  sqlite3_wal_hook(connection_, &on_commit, this);
  log_pages_ = moved_pages_ = 0;
  longest_log_pages_ = INT_MAX;
  checkpoint_at_ = kCheckpointPages;
  // With a journal, it may be a database that has not been whole since a power
  // cut.
  if (files_.size_of("") != 0 && files_.size_of("-journal") == 0 &&
      !begins_like_sqlite(connection_)) {
    return not_a_database();
  }
  return files_.open_lock(&lock_);
}

void SqliteDatabase::set_up_connection() {
  sqlite3_extended_result_codes(connection_, 1);
  // A file that is mapped and cut by another ends the process.
  sqlite3_exec(connection_, "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY",
               nullptr, nullptr, nullptr);
  distrust_schema(connection_);
  sqlite3_busy_handler(connection_, &on_busy, this);
  sqlite3_progress_handler(connection_, kStepsBetweenLooks, &on_progress, this);
  sqlite3_commit_hook(connection_, &before_commit, this);
  sqlite3_set_authorizer(connection_, &on_authorize, this);
}

Status SqliteDatabase::open_locked() {
  if (sqlite3_db_readonly(connection_, "main") == 1) {
    const int error = files_.access_error();
    return Status(Code::unavailable,
                  "cannot open for writing: " +
                      error_advice(error == 0 ? EACCES : error));
  }
  Status status;
  if (files_.size_of("") == 0) {
    files_.remove_orphaned_log(settings_.clock->now());
    status = run("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL",
                 "cannot set the file up");
  }
  if (status.ok()) {
    status =
        has_write_ahead_log() ? set_journal_mode() : leave_write_ahead_log();
  }
  if (status.ok()) {
    status =
        run("PRAGMA synchronous=" + settings_.synchronous +
                "; PRAGMA secure_delete=OFF; PRAGMA foreign_keys=OFF;"
                "PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864;"
                "PRAGMA cell_size_check=ON",
            "cannot set the connection up");
  }
  if (status.ok()) status = measure_log();
  return status;
}

// It may have been left long, and its reader may still be there.
Status SqliteDatabase::measure_log() {
  SqliteStatement row(*this);
  constexpr std::string_view kAction = "cannot read the page size";
  Status status = row.prepare("PRAGMA page_size", kAction);
  if (!status.ok()) return status;
  const int result = sqlite3_step(row.get());
  if (result != SQLITE_ROW) return failure(result, kAction);
  const std::int64_t page_size = sqlite3_column_int64(row.get(), 0);
  longest_log_pages_ = static_cast<int>(settings_.longest_log / page_size);
  waiting_.set_limit(std::min(most_waiting(), settings_.longest_log),
                     page_size);
  log_pages_ = static_cast<int>(
      std::min<std::int64_t>(files_.size_of("-wal") / page_size, INT_MAX));
  return {};
}

// Without shared memory, a log can only be read by one that has the file for
// itself, and leaving the log needs that anyway.
Status SqliteDatabase::leave_write_ahead_log() {
  constexpr std::string_view kAction = "cannot set locking_mode";
  Status status = run("PRAGMA locking_mode=EXCLUSIVE", kAction);
  if (status.ok()) status = set_journal_mode();
  // What was taken is given back with the end of the next reading.
  return status.ok()
             ? run("PRAGMA locking_mode=NORMAL; PRAGMA schema_version", kAction)
             : status;
}

Status SqliteDatabase::set_journal_mode() {
  const std::string& mode = settings_.journal_mode;
  const std::string action = "cannot set journal_mode to " + mode;
  std::string actual;
  int result = SQLITE_OK;
  do {
    // Not every lock that stands in its way makes SQLite wait.
    SqliteStatement statement(*this);
    Status status = statement.prepare("PRAGMA journal_mode=" + mode, action);
    if (!status.ok()) return status;
    result = sqlite3_step(statement.get());
    const auto* const text = sqlite3_column_text(statement.get(), 0);
    if (text != nullptr) actual = reinterpret_cast<const char*>(text);
  } while ((result & 0xFF) == SQLITE_BUSY && wait_.wait());
  if (result != SQLITE_ROW) return failure(result, action);
  if (equal_ignoring_case(actual, mode)) return {};
  return Status(Code::unavailable,
                action + ", it stays " + actual +
                    ": the file is in use, or its file system cannot do it");
}

void SqliteDatabase::close() noexcept {
  const FileSizeSignal no_signal(size_limited_);
  if (files_.is_look()) {
    disconnect(false);
  } else if (is_open()) {
    // Whoever else holds the lock will see to the log, unless the file was
    // moved: then its log may have no name left, and what is in it is lost if
    // it is not brought into the file now.
    wait_.restart();
    const bool moved = has_moved();
    const bool locked = moved ? lock_.lock(wait_) : lock_.try_lock();
    if (locked || moved) checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
    disconnect(locked);
  }
  lock_.close();
  files_.close();
}

void SqliteDatabase::disconnect(bool checkpoint) noexcept {
  if (connection_ == nullptr) return;
  for (sqlite3_stmt* const statement : statements_) {
    sqlite3_finalize(statement);
  }
  statements_.clear();
  if (!checkpoint) {
    sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                      nullptr);
  }
  sqlite3_close_v2(connection_);
  connection_ = nullptr;
  vfs_.reset();
}

void SqliteDatabase::abandon() noexcept {
  if (connection_ != nullptr) {
    if_inherited_->connection = connection_;
    keep_inherited(std::move(if_inherited_));
    static_cast<void>(vfs_.release());  // the connection leads to it
  }
  connection_ = nullptr;
  statements_.clear();
  lock_.close();
  files_.close();
}

bool SqliteDatabase::has_moved() const noexcept {
  int moved = 0;
  return (sqlite3_file_control(connection_, "main", SQLITE_FCNTL_HAS_MOVED,
                               &moved) == SQLITE_OK &&
          moved != 0) ||
         files_.has_moved();
}

Status SqliteDatabase::lock(std::int64_t more_ms, std::int64_t waited_ms) {
  wait_.restart(more_ms, waited_ms);
  is_committed_ = false;
  if (!lock_.lock(wait_)) return busy();
  if (!is_log_too_long()) return {};
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
  // The log has begun again.
  if (pages < database->log_pages_) database->moved_pages_ = 0;
  // It has since the last checkpoint.
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

Status SqliteDatabase::look(CheckFindings& findings) {
  bool exists = false;
  Status status = files_.look(settings_.path, settings_.modes,
                              has_write_ahead_log(), &exists);
  if (!status.ok()) return status;
  const std::string name = "\"" + settings_.path + "\"";
  const bool has_log = files_.size_of("-wal") != 0;
  if (!exists || files_.size_of("") == 0) {
    findings.would_change(exists ? "would make a database of the empty file " +
                                       name
                                 : "would create the database " + name);
    if (exists && has_log) {
      findings.would_change("would rename " + quoted(files_.path() + "-wal") +
                            ", which is the log of another file");
    }
    return {};
  }
  if (const int error = files_.access_error(); error != 0) {
    return Status(Code::unavailable,
                  "cannot open for writing: " + error_advice(error));
  }
  // A log is read with the index that its writers have made, or not at all: a
  // new index would be a change.
  const bool has_index = files_.size_of("-shm") != 0;
  status = connect_to_look(has_log && has_index ? "mode=ro&readonly_shm=1"
                                                : "mode=ro&immutable=1");
  if (!status.ok()) return status;
  if (files_.size_of("-journal") != 0) {
    findings.would_change("would roll back what a crash has left in " + name);
  } else if (!begins_like_sqlite(connection_)) {
    return not_a_database();
  }
  if (has_log && !has_index) {
    findings.warn("the write-ahead log of " + name +
                  " could not be checked, for no process has it open; what "
                  "it holds is not known");
  }
  // Of file_mode it was said already.
  if (has_write_ahead_log() && files_.is_writable_for_group() &&
      (settings_.modes.file & S_IWGRP) == 0) {
    findings.warn(name +
                  " is writable for a group, and journal_mode is WAL: each "
                  "user of that group can end the programs that log here; set "
                  "journal_mode = \"DELETE\" if not all of them are trusted");
  }
  if (has_write_ahead_log() != is_in_wal_mode(connection_)) {
    findings.would_change("would set journal_mode to " +
                          settings_.journal_mode);
  }
  return {};
}

Status SqliteDatabase::connect_to_look(std::string_view parameters) {
  Status status = begin_with_sqlite();
  if (!status.ok()) return status;
  if (!SqliteVfs::is_available()) {
    return Status(Code::unavailable,
                  "cannot be checked without a change, because the program "
                  "has replaced SQLite's default VFS");
  }
  vfs_ = std::make_unique<SqliteVfs>(files_, true);
  const int result = vfs_->open(
      parameters,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
      &connection_);
  if (result != SQLITE_OK) return failure(result, "cannot open");
  set_up_connection();
  wait_.restart(kOpeningMs);
  return {};
}

std::int64_t SqliteDatabase::most_waiting() const noexcept {
  return deadline_ms() * kWaitingPerMillisecond;
}

bool SqliteDatabase::is_log_too_long() noexcept {
  if (longest_log_pages_ == INT_MAX) return false;  // not measured yet
  return log_pages_ >= longest_log_pages_ ||
         waiting_.reach_limit(connection_, moved_pages_, log_pages_);
}

// The rows are safe in the log, whatever comes of this. Waits for nobody.
int SqliteDatabase::checkpoint(int mode) noexcept {
  int pages = -1;
  int moved = -1;
  may_wait_ = false;
  const int result =
      sqlite3_wal_checkpoint_v2(connection_, "main", mode, &pages, &moved);
  may_wait_ = true;
  // Not known if another one is at it.
  if (pages >= 0 && moved >= 0) {
    log_pages_ = pages;
    moved_pages_ = moved;
  }
  if (moved < pages) sync_log();
  return result;
}

// The next checkpoint would have to wait for the disk for all of it.
void SqliteDatabase::sync_log() noexcept {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (settings_.synchronous == "OFF" || log == nullptr ||
      log->pMethods == nullptr) {
    return;
  }
  log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

// Others who read keep the log from being emptied, and it would grow until the
// disk is full, or until it takes too long to empty it.
Status SqliteDatabase::empty_log() {
  if (checkpoint(SQLITE_CHECKPOINT_TRUNCATE) == SQLITE_OK) return {};
  if (!is_log_too_long()) return {};
  constexpr std::string_view kWhy =
      ", because another process has been reading the database for long: end "
      "its transaction";
  const bool fills_disk = log_pages_ >= longest_log_pages_;
  const std::int64_t limit =
      fills_disk ? settings_.longest_log : most_waiting();
  const std::string size = std::to_string(limit >> 20) + " MiB";
  return Status(
      Code::unavailable,
      (fills_disk
           ? "the write-ahead log has grown to " + size + ", its limit"
           : "the write-ahead log holds " + size +
                 " that are not in the database yet, the most that one call "
                 "may have to move") +
          std::string(kWhy));
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

Status SqliteDatabase::busy() const {
  const pid_t holder = has_write_ahead_log() ? files_.find_index_lock() : 0;
  const std::string who =
      holder > 0 ? "process " + std::to_string(holder) : "another process";
  return Status(Code::unavailable,
                who + " has kept the database locked for " +
                    std::to_string(settings_.busy_timeout_ms) +
                    " ms: end its transaction, or raise busy_timeout_ms");
}

Status SqliteDatabase::failure(int result, std::string_view action) {
  std::string what(action);
  const auto fail = [&](Code code, const std::string& reason) {
    return Status(code, what + ": " + reason);
  };
  // SQLite's text says more than the code, unless it is that of the code.
  const std::string text = quoted(sqlite3_errmsg(connection_));
  const int error =
      connection_ == nullptr ? 0 : sqlite3_system_errno(connection_);
  const int kind = result & 0xFF;
  if (kind == SQLITE_INTERRUPT || (kind == SQLITE_AUTH && is_too_late())) {
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
      if (const int cause = sqlite_access_error(connection_); cause != 0) {
        return fail(Code::unavailable, error_advice(cause));
      }
      // Not damage, but a definition that this SQLite or this program does not
      // understand: a function of another program, for example.
      if (text.find("malformed database schema") != std::string::npos) {
        return fail(Code::unavailable, text);
      }
      return corruption(text);
    case SQLITE_NOTADB:
      return corruption(text);
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
      if (!has_write_ahead_log() && is_in_wal_mode(connection_)) {
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
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return fail(Code::rejected, text);
    default:
      return fail(Code::unavailable, text);
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
