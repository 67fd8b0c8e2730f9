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
  begin_ = end_ = 0;
  pages_.clear();
  pages_.reserve(most_);
}

bool WaitingPages::reach_limit(sqlite3* connection, int begin,
                               int end) noexcept {
  const bool may_be_enough =
      end > begin && static_cast<std::size_t>(end - begin) >= most_;
  if (!may_be_enough || begin != begin_ || end < end_) {
    pages_.clear();
    begin_ = end_ = begin;
  }
  if (!may_be_enough) return false;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  // Not opened yet: a checkpoint will.
  if (log == nullptr || log->pMethods == nullptr) return true;
  for (; end_ < end && !is_full(); ++end_) {
    pages_.push_back(
        page_at(log, kLogHeader + end_ * (page_size_ + kFrameHeader)));
  }
  return is_full();
}

bool WaitingPages::is_full() noexcept {
  if (pages_.size() < most_) return false;
  std::sort(pages_.begin(), pages_.end());
  pages_.erase(std::unique(pages_.begin(), pages_.end()), pages_.end());
  return pages_.size() >= most_;
}

}  // namespace stogger
