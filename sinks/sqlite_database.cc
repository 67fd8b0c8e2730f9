#include "sinks/sqlite_database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/names.h"
#include "base/quote.h"
#include "sinks/sqlite_vfs.h"

namespace stogger {
namespace {

constexpr int kCheckpointPages = 1000;
// Above this the log is also cut, which is slow because it has to grow again.
constexpr int kTruncatePages = 4 * kCheckpointPages;

bool is_empty_file(const std::string& path) noexcept {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && info.st_size == 0;
}

}  // namespace

SqliteDatabase::SqliteDatabase(SqliteSettings settings)
    : settings_(std::move(settings)), wait_(settings_.busy_timeout_ms) {}

SqliteDatabase::~SqliteDatabase() { close(); }

Status SqliteDatabase::open() {
  if (is_open()) return {};
  forget_inherited_locks();
  size_limited_ = FileSizeSignal::is_limited();
  const FileSizeSignal no_signal(size_limited_);
  Status status = create_parent_folder(settings_.path);
  if (status.ok()) {
    status =
        check_database_place(settings_.path, settings_.journal_mode == "WAL");
  }
  if (status.ok()) status = connect_locked();
  if (status.ok()) status = open_locked();
  if (status.ok()) {
    unlock();
  } else {
    disconnect(false);
    lock_.close();
  }
  return status;
}

// Others may move the file away while this one waits for the lock.
Status SqliteDatabase::connect_locked() {
  constexpr int kAttempts = 4;
  for (int i = 0; i < kAttempts; ++i) {
    Status status = connect();
    if (status.ok()) status = lock();
    if (!status.ok() || !has_moved()) return status;
    disconnect(false);
  }
  return Status(Code::unavailable,
                "other programs keep moving the file while it is opened");
}

// SQLite creates the file here, but does not look into it yet.
Status SqliteDatabase::connect() {
  if_inherited_ = std::make_unique<InheritedConnection>();
  const int result =
      sqlite3_open_v2(settings_.path.c_str(), &connection_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                          SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                      sqlite_vfs_name());
  if (result != SQLITE_OK) {
    // SQLite tells the errno of its second attempt, which was only to read.
    const int error = database_access_error(settings_.path);
    if (error == 0) return failure(result, "cannot open");
    return Status(Code::unavailable, "cannot open: " + error_advice(error));
  }
  sqlite3_extended_result_codes(connection_, 1);
  sqlite3_busy_handler(connection_, &on_busy, this);
  // Takes the place of SQLite's own checkpoints.
  sqlite3_wal_hook(connection_, &on_commit, this);
  log_pages_ = 0;
  checkpoint_at_ = kCheckpointPages;
  file_ = sqlite3_db_filename(connection_, "main");
  return lock_.open(file_ + ".lock");
}

Status SqliteDatabase::open_locked() {
  if (sqlite3_db_readonly(connection_, "main") == 1) {
    const int error = database_access_error(file_);
    return Status(Code::unavailable,
                  "cannot open for writing: " +
                      error_advice(error == 0 ? EACCES : error));
  }
  Status status;
  if (is_empty_file(file_)) {
    remove_orphaned_log(file_, settings_.clock->now());
    status = run("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL",
                 "cannot set the file up");
  }
  if (status.ok()) status = set_journal_mode();
  if (status.ok()) {
    status =
        run("PRAGMA synchronous=" + settings_.synchronous +
                "; PRAGMA secure_delete=OFF; PRAGMA mmap_size=0;"
                "PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864;"
                "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF",
            "cannot set the connection up");
  }
  return status;
}

Status SqliteDatabase::set_journal_mode() {
  const std::string& mode = settings_.journal_mode;
  const std::string action = "cannot set journal_mode to " + mode;
  std::string actual;
  int result = SQLITE_OK;
  do {
    // Not every lock that stands in its way makes SQLite wait.
    sqlite3_stmt* statement = nullptr;
    Status status = prepare("PRAGMA journal_mode=" + mode, action, &statement);
    if (!status.ok()) return status;
    result = sqlite3_step(statement);
    const auto* const text = sqlite3_column_text(statement, 0);
    if (text != nullptr) actual = reinterpret_cast<const char*>(text);
    sqlite3_finalize(statement);
  } while ((result & 0xFF) == SQLITE_BUSY && wait_.wait());
  if (result != SQLITE_ROW) return failure(result, action);
  if (equal_ignoring_case(actual, mode)) return {};
  return Status(Code::unavailable,
                action + ", it stays " + actual +
                    ": the file is in use, or its file system cannot do it");
}

void SqliteDatabase::close() noexcept {
  const FileSizeSignal no_signal(size_limited_);
  if (is_open()) {
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
}

void SqliteDatabase::disconnect(bool checkpoint) noexcept {
  if (connection_ == nullptr) return;
  while (sqlite3_stmt* const statement =
             sqlite3_next_stmt(connection_, nullptr)) {
    sqlite3_finalize(statement);
  }
  if (!checkpoint) {
    sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                      nullptr);
  }
  sqlite3_close(connection_);
  connection_ = nullptr;
}

void SqliteDatabase::abandon() noexcept {
  if (connection_ != nullptr) {
    if_inherited_->connection = connection_;
    keep_inherited(std::move(if_inherited_));
  }
  connection_ = nullptr;
  lock_.close();
}

bool SqliteDatabase::has_moved() const noexcept {
  int moved = 0;
  return sqlite3_file_control(connection_, "main", SQLITE_FCNTL_HAS_MOVED,
                              &moved) == SQLITE_OK &&
         moved != 0;
}

Status SqliteDatabase::lock() {
  wait_.restart();
  return lock_.lock(wait_) ? Status() : busy();
}

int SqliteDatabase::on_busy(void* self, int) noexcept {
  auto* const database = static_cast<SqliteDatabase*>(self);
  return database->may_wait_ && database->wait_.wait() ? 1 : 0;
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

Status SqliteDatabase::run(const std::string& sql, std::string_view action) {
  const int result =
      sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) return {};
  Status status = failure(result, action);
  if (is_open() && sqlite3_get_autocommit(connection_) == 0) {
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return status;
}

Status SqliteDatabase::prepare(const std::string& sql, std::string_view action,
                               sqlite3_stmt** statement) {
  const int result = sqlite3_prepare_v3(
      connection_, sql.c_str(), static_cast<int>(sql.size()) + 1,
      SQLITE_PREPARE_PERSISTENT, statement, nullptr);
  if (result == SQLITE_OK) return {};
  return failure(result, action);
}

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
  switch (result & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return busy();
    case SQLITE_CORRUPT:
      // So SQLite calls a file that cannot be read, too.
      if (const int cause = sqlite_access_error(connection_); cause != 0) {
        return told(Code::unavailable, error_advice(cause));
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
  const bool set_aside_already = has_moved();
  disconnect(false);
  std::string message = "the database is damaged (" + std::string(what) + ")";
  if (set_aside_already) {
    return Status(Code::corrupt, message + " and was moved away");
  }
  const std::string name = set_aside_database(file_, settings_.clock->now());
  if (name.empty()) {
    return Status(Code::corrupt, message + " and cannot be renamed: " +
                                     error_text(errno) + "; move it away");
  }
  return Status(Code::corrupt, message + "; it was kept as \"" + name +
                                   "\", and a new file is begun");
}

}  // namespace stogger
