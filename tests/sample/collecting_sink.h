// A sink that shows a test what a pipe does to it, and does as it is told.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

class CollectingSink : public Sink {
 public:
  Status write(const RowBatch& rows, WriteReport& report) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    if (on_report) on_report(report);
    if (on_write) {
      Status status = on_write(batches_.size());
      if (!status.ok()) return status;
    }
    std::vector<std::int64_t> numbers;
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      for (std::size_t i = 0; i < rows.column_count; ++i) {
        if (rows.columns[i].name == "n") {
          numbers.push_back(rows.at(row, i).integer());
        }
      }
    }
    batches_.push_back(std::move(numbers));
    batch_sizes_.push_back(rows.row_count);
    written_ += rows.row_count;
    changed_.notify_all();
    return {};
  }
  Status flush() override {
    const std::lock_guard lock(mutex_);
    ++flushes_;
    return on_flush ? on_flush() : Status();
  }
  // Hands over what it holds back.
  Status tick(Time, WriteReport&) override {
    const std::lock_guard lock(mutex_);
    ++ticks_;
    counted_ += std::exchange(buffered_, 0);
    changed_.notify_all();
    return on_tick ? on_tick() : Status();
  }
  bool tally(Tally* tally) const noexcept override {
    tally->written = counted_;
    tally->buffered = buffered_;
    return counts;
  }
  void abandon() noexcept override { ++abandoned; }
  std::string_view target() const noexcept override { return "collector"; }

  // Keeps write() from going on until it is let go.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  // Waits for that many ticks. False if they do not come.
  bool wait_for_ticks(std::size_t ticks) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return ticks_ >= ticks; });
  }
  // Waits for that many samples. False if they do not come.
  bool wait_for(std::size_t samples) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return written_ >= samples; });
  }
  std::vector<std::vector<std::int64_t>> batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  // The numbers of all samples, in order.
  std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> all;
    for (const auto& batch : batches()) {
      all.insert(all.end(), batch.begin(), batch.end());
    }
    return all;
  }
  std::vector<std::size_t> batch_sizes() {
    const std::lock_guard lock(mutex_);
    return batch_sizes_;
  }
  std::size_t flushes() {
    const std::lock_guard lock(mutex_);
    return flushes_;
  }

  // Called with the number of batches before, or at a flush.
  std::function<Status(std::size_t)> on_write;
  // Before that.
  std::function<void(WriteReport&)> on_report;
  std::function<Status()> on_flush;
  std::function<Status()> on_tick;
  // What tally() says.
  bool counts = false;
  std::uint64_t counted_ = 0;
  std::uint64_t buffered_ = 0;
  int abandoned = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::vector<std::vector<std::int64_t>> batches_;
  std::vector<std::size_t> batch_sizes_;
  std::size_t written_ = 0;
  std::size_t flushes_ = 0;
  std::size_t ticks_ = 0;
};

}  // namespace stogger
