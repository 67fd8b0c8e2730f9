// Options: max_rows (10000). After write() the rows are in memory; they end
// with the process.

#include "sinks/memory.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "sinks/builtin.h"

namespace stogger {

struct MemorySink::Kept {
  std::mutex mutex;
  std::deque<OwnedRow> rows;
};

MemorySink::MemorySink(std::size_t max_rows)
    : max_rows_(std::max<std::size_t>(max_rows, 1)),
      kept_(new Kept),
      spare_(new Kept) {}

MemorySink::~MemorySink() { delete kept_; }

Status MemorySink::open() {
  if (!spare_) spare_ = std::make_unique<Kept>();
  open_ = true;
  return {};
}

Status MemorySink::write(const RowBatch& rows, WriteReport&) {
  if (!open_) {
    return Status(Code::unavailable, "not open: open() was not called");
  }
  const std::size_t count = rows.row_count;
  std::vector<OwnedRow> copies;
  for (std::size_t i = count > max_rows_ ? count - max_rows_ : 0; i < count;
       ++i) {
    copies.push_back(copy_row(rows, i));
  }
  const std::lock_guard lock(kept_->mutex);
  for (OwnedRow& row : copies) {
    if (kept_->rows.size() == max_rows_) kept_->rows.pop_front();
    kept_->rows.push_back(std::move(row));
  }
  return {};
}

Status MemorySink::close() {
  open_ = false;
  return {};
}

void MemorySink::abandon() noexcept {
  if (kept_->mutex.try_lock()) {
    kept_->rows.clear();
    kept_->mutex.unlock();
  } else if (spare_) {
    // Whoever holds the lock is not there in the child, so that it will never
    // be free again, and the rows may be half way through a change. The child
    // may have no memory for a new one.
    kept_ = spare_.release();
  }
  open_ = false;
}

std::vector<OwnedRow> MemorySink::rows() const {
  const std::lock_guard lock(kept_->mutex);
  return {kept_->rows.begin(), kept_->rows.end()};
}

void MemorySink::clear() {
  const std::lock_guard lock(kept_->mutex);
  kept_->rows.clear();
}

Status make_memory_sink(Options& options, SinkPtr* sink) {
  const auto max_rows = static_cast<std::size_t>(
      options.integer("max_rows", MemorySink::kDefaultRows, 1, INT64_MAX));
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new MemorySink(max_rows));
  return {};
}

}  // namespace stogger
