#include "sinks/sqlite/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/quote.h"
#include "os/file.h"
#include "sinks/sqlite/distrust.h"
#include "sinks/sqlite/findings.h"
#include "sinks/sqlite/fork.h"
#include "sinks/sqlite/pragmas.h"
#include "sinks/sqlite/vfs.h"

namespace stogger {

SqliteDatabase::SqliteDatabase(SqliteSettings settings)
    : settings_(std::move(settings)),
      limit_(settings_.busy_timeout_ms),
      log_(settings_, limit_),
      failures_(settings_, files_, limit_) {}

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
  Status status = files_.open(settings_.path, settings_.modes,
                              settings_.has_write_ahead_log());
  if (!status.ok()) return status;
  if_inherited_ = std::make_unique<InheritedConnection>();
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  int result = SQLITE_OK;
  if (SqliteVfs::is_available()) {
    vfs_ = std::make_unique<SqliteVfs>(files_, settings_.has_write_ahead_log());
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
  watch_connection();
  log_.watch(connection_);
  // With a journal, it may be a database that has not been whole since a power
  // cut.
  if (files_.size_of("") != 0 && files_.size_of("-journal") == 0 &&
      !begins_like_sqlite(connection_)) {
    return failures_.not_a_database();
  }
  return files_.open_lock(&lock_);
}

void SqliteDatabase::watch_connection() {
  sqlite3_extended_result_codes(connection_, 1);
  // A file that is mapped and cut by another ends the process.
  sqlite3_exec(connection_, "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY",
               nullptr, nullptr, nullptr);
  distrust_schema(connection_);
  limit_.watch(connection_);
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
    status = set_up_new_file(*this);
  }
  if (status.ok()) status = choose_journal(*this, settings_, limit_.wait());
  if (status.ok()) status = set_up_connection(*this, settings_);
  std::int64_t page_size = 0;
  if (status.ok()) status = read_page_size(*this, &page_size);
  if (status.ok()) log_.measure(files_.size_of("-wal"), page_size);
  return status;
}

void SqliteDatabase::close() noexcept {
  const FileSizeSignal no_signal(size_limited_);
  if (files_.is_look()) {
    disconnect(false);
  } else if (is_open()) {
    // Whoever else holds the lock will see to the log, unless the file was
    // moved: then its log may have no name left, and what is in it is lost if
    // it is not brought into the file now.
    limit_.restart();
    const bool moved = has_moved();
    const bool locked = moved ? lock_.lock(limit_.wait()) : lock_.try_lock();
    if (locked || moved) log_.empty();
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
  log_.end();
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
  const Folder::Way way = files_.find_way();
  if (way != Folder::Way::to_file || files_.folder().has_other_root()) {
    return way == Folder::Way::elsewhere;
  }
  int moved = 0;
  return sqlite3_file_control(connection_, "main", SQLITE_FCNTL_HAS_MOVED,
                              &moved) == SQLITE_OK &&
         moved != 0;
}

Status SqliteDatabase::lock(std::int64_t more_ms, std::int64_t waited_ms) {
  limit_.restart(more_ms, waited_ms);
  if (!lock_.lock(limit_.wait())) return failures_.busy();
  if (!log_.is_too_long()) return {};
  Status status = log_.shorten();
  if (!status.ok()) unlock();
  return status;
}

Status SqliteDatabase::look(CheckFindings& findings) {
  bool exists = false;
  Status status = files_.look(settings_.path, settings_.modes,
                              settings_.has_write_ahead_log(), &exists);
  if (!status.ok()) return status;
  if (!exists || files_.size_of("") == 0) {
    find_creation(settings_, files_, exists, findings);
    return {};
  }
  if (const int error = files_.access_error(); error != 0) {
    return Status(Code::unavailable,
                  "cannot open for writing: " + error_advice(error));
  }
  // A log is read with the index that its writers have made, or not at all: a
  // new index would be a change.
  const bool has_log = files_.size_of("-wal") != 0;
  const bool reads_log = has_log && files_.size_of("-shm") != 0;
  status = connect_to_look(reads_log ? "mode=ro&readonly_shm=1"
                                     : "mode=ro&immutable=1");
  if (!status.ok()) return status;
  const bool has_journal = files_.size_of("-journal") != 0;
  if (!has_journal && !begins_like_sqlite(connection_)) {
    return failures_.not_a_database();
  }
  find_changes(settings_, files_, connection_,
               {has_journal, has_log && !reads_log}, findings);
  return {};
}

Status SqliteDatabase::look_for_content(bool* is_there) {
  Status status = files_.look(settings_.path, settings_.modes,
                              settings_.has_write_ahead_log(), is_there);
  *is_there = status.ok() && *is_there && files_.size_of("") != 0;
  files_.close();
  return status;
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
  watch_connection();
  limit_.restart(kOpeningMs);
  return {};
}

Status SqliteDatabase::run(const std::string& sql, std::string_view action) {
  limit_.begin_statement();
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
  limit_.set_ending(false);
  sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  limit_.set_ending(true);
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

Status SqliteDatabase::failure(int result, std::string_view action) {
  bool is_damage = false;
  Status status = failures_.judge(connection_, result, action, &is_damage);
  return is_damage ? set_aside(status.message()) : status;
}

Status SqliteDatabase::set_aside(std::string_view what) {
  // What was never a database of this sink's is not for it to move.
  const bool ours = begins_like_sqlite(connection_);
  if (files_.is_look()) {
    return !ours ? failures_.not_a_database()
                 : Status(Code::corrupt,
                          "the database is damaged (" + std::string(what) +
                              "): it would be renamed to \"" + files_.path() +
                              ".corrupt-...\", and a new file "
                              "begun");
  }
  const bool set_aside_already = has_moved();
  disconnect(false);
  if (!ours && !set_aside_already) return failures_.not_a_database();
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

}  // namespace stogger
