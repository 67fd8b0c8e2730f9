#include "sinks/sqlite/write_ahead_log.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>

namespace stogger {
namespace {

constexpr int kCheckpointPages = 1000;
// Above this the log is also cut, which is slow because it has to grow again.
constexpr int kTruncatePages = 4 * kCheckpointPages;

// What may wait in the log for each millisecond of busy_timeout_ms. Moving it
// takes about twice that time (2 to 5 ms a MiB on an idle machine), once; with
// less, anybody who reads for some seconds would cost events.
constexpr std::int64_t kWaitingPerMillisecond = 400 * 1024;

}  // namespace

void WriteAheadLog::watch(sqlite3* connection) noexcept {
  connection_ = connection;
  sqlite3_wal_hook(connection, &on_commit, this);
  pages_ = moved_pages_ = 0;
  longest_pages_ = INT_MAX;
  checkpoint_at_ = kCheckpointPages;
}

void WriteAheadLog::measure(std::int64_t size, std::int64_t page_size) {
  longest_pages_ = static_cast<int>(settings_.longest_log / page_size);
  waiting_.set_limit(std::min(most_waiting(), settings_.longest_log),
                     page_size);
  pages_ = static_cast<int>(std::min<std::int64_t>(size / page_size, INT_MAX));
}

void WriteAheadLog::empty() noexcept { checkpoint(SQLITE_CHECKPOINT_TRUNCATE); }

int WriteAheadLog::on_commit(void* self, sqlite3*, const char*,
                             int pages) noexcept {
  auto* const log = static_cast<WriteAheadLog*>(self);
  // The log has begun again.
  if (pages < log->pages_) log->moved_pages_ = 0;
  // It has since the last checkpoint.
  if (pages < log->checkpoint_at_ - kCheckpointPages) {
    log->checkpoint_at_ = kCheckpointPages;
  }
  log->pages_ = pages;
  return SQLITE_OK;
}

void WriteAheadLog::checkpoint_if_due() noexcept {
  if (pages_ < checkpoint_at_) return;
  checkpoint(pages_ < kTruncatePages ? SQLITE_CHECKPOINT_FULL
                                     : SQLITE_CHECKPOINT_TRUNCATE);
  checkpoint_at_ = pages_ + kCheckpointPages;
}

std::int64_t WriteAheadLog::most_waiting() const noexcept {
  return settings_.deadline_ms() * kWaitingPerMillisecond;
}

// The rows are safe in the log, whatever comes of this. Waits for nobody.
int WriteAheadLog::checkpoint(int mode) noexcept {
  int pages = -1;
  int moved = -1;
  limit_.set_waiting(false);
  const int result =
      sqlite3_wal_checkpoint_v2(connection_, "main", mode, &pages, &moved);
  limit_.set_waiting(true);
  // Not known if another one is at it.
  if (pages >= 0 && moved >= 0) {
    pages_ = pages;
    moved_pages_ = moved;
  }
  if (moved < pages) sync();
  return result;
}

// The next checkpoint would have to wait for the disk for all of it.
void WriteAheadLog::sync() noexcept {
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
Status WriteAheadLog::shorten() {
  if (checkpoint(SQLITE_CHECKPOINT_TRUNCATE) == SQLITE_OK) return {};
  if (!is_too_long()) return {};
  constexpr std::string_view kWhy =
      ", because another process has been reading the database for long: end "
      "its transaction";
  const bool fills_disk = pages_ >= longest_pages_;
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

}  // namespace stogger
