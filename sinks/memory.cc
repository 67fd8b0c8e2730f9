// Options: max_rows (10000; of samples all of them). After write() the rows are
// in memory; they end with the process.

#include "sinks/memory.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "sinks/builtin.h"

namespace stogger {

struct MemorySink::Kept {
  std::mutex mutex;
  std::deque<OwnedRow> rows;
  std::uint64_t dropped = 0;
};

MemorySink::MemorySink(std::size_t max_rows, bool for_samples)
    : max_rows_(std::max<std::size_t>(max_rows, 1)),
      reports_drop_(for_samples),
      kept_(new Kept),
      spare_(new Kept) {}

MemorySink::~MemorySink() { delete kept_; }

Status MemorySink::open() {
  if (!spare_) spare_ = std::make_unique<Kept>();
  open_ = true;
  return {};
}

Status MemorySink::write(const RowBatch& rows, WriteReport& report) {
  if (!open_) {
    return Status(Code::unavailable, "not open: open() was not called");
  }
  const std::size_t count = rows.row_count;
  const std::size_t left_out = count - std::min(count, max_rows_);
  std::vector<OwnedRow> copies;
  for (std::size_t i = left_out; i < count; ++i) {
    copies.push_back(copy_row(rows, i));
  }
  if (keep(std::move(copies), left_out) && reports_drop_) {
    reports_drop_ = false;
    report.notice(
        "there are more than max_rows = " + std::to_string(max_rows_) +
        " rows: the oldest are dropped, and counted "
        "(dropped_rows())");
  }
  return {};
}

// Whether rows were dropped.
bool MemorySink::keep(std::vector<OwnedRow> rows, std::size_t left_out) {
  const std::lock_guard lock(kept_->mutex);
  const std::uint64_t before = kept_->dropped;
  kept_->dropped += left_out;
  for (OwnedRow& row : rows) {
    if (kept_->rows.size() == max_rows_) {
      kept_->rows.pop_front();
      ++kept_->dropped;
    }
    kept_->rows.push_back(std::move(row));
  }
  return kept_->dropped != before;
}

Status MemorySink::close() {
  open_ = false;
  return {};
}

void MemorySink::abandon() noexcept {
  if (kept_->mutex.try_lock()) {
    kept_->rows.clear();
    kept_->dropped = 0;
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

std::uint64_t MemorySink::dropped() const noexcept {
  const std::lock_guard lock(kept_->mutex);
  return kept_->dropped;
}

void MemorySink::clear() {
  const std::lock_guard lock(kept_->mutex);
  kept_->rows.clear();
}

Status make_memory_sink(Options& options, SinkPtr* sink) {
  const bool samples = options.for_samples();
  const auto max_rows = static_cast<std::size_t>(options.integer(
      "max_rows", samples ? INT64_MAX : std::int64_t{MemorySink::kDefaultRows},
      1, INT64_MAX));
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new MemorySink(max_rows, samples));
  return {};
}

}  // namespace stogger
