#include "sinks/sqlite/waiting.h"

#include <sqlite3.h>

#include <algorithm>

namespace stogger {
namespace {

// The format of the log: https://sqlite.org/fileformat2.html
constexpr std::int64_t kLogHeader = 32;
constexpr std::int64_t kFrameHeader = 24;

// A frame begins with the number of its page. 0, which no page has, if it
// cannot be read.
std::uint32_t page_at(sqlite3_file* log, std::int64_t position) noexcept {
  unsigned char bytes[4];
  if (log->pMethods->xRead(log, bytes, sizeof bytes, position) != SQLITE_OK) {
    return 0;
  }
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

void WaitingPages::set_limit(std::int64_t bytes, std::int64_t page_size) {
  page_size_ = page_size;
  most_ = static_cast<std::size_t>(bytes / page_size);
  forget(0);
  pages_.reserve(most_);
}

void WaitingPages::forget(int begin) noexcept {
  pages_.clear();
  begin_ = end_ = begin;
  too_many_ = false;
}

bool WaitingPages::reach_limit(sqlite3* connection, int begin,
                               int end) noexcept {
  const bool may_be_enough =
      end > begin && static_cast<std::size_t>(end - begin) >= most_;
  if (!may_be_enough || begin != begin_ || end < end_) forget(begin);
  if (!may_be_enough) return false;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  // Not opened yet: a checkpoint will.
  if (log == nullptr || log->pMethods == nullptr) return true;
  for (; end_ < end && !too_many_; ++end_) {
    add(page_at(log, kLogHeader + end_ * (page_size_ + kFrameHeader)));
  }
  return too_many_;
}

// Sorts them only when there is no more room, and then at least a quarter of it
// gets free, or they are too many: else whoever changes the same few pages
// again and again would have all of them sorted each time.
void WaitingPages::add(std::uint32_t page) noexcept {
  if (too_many_) return;
  pages_.push_back(page);
  if (pages_.size() < most_) return;
  std::sort(pages_.begin(), pages_.end());
  pages_.erase(std::unique(pages_.begin(), pages_.end()), pages_.end());
  too_many_ = pages_.size() > most_ / 4 * 3;
}

}  // namespace stogger
