// What a simulated process consists of besides the real code: events and their
// rows, a clock, a disk that takes its time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "deliver/record_rows.h"
#include "event/field_record.h"
#include "stogger/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/target.h"
#include "tests/sim/threads.h"

namespace stogger {

// What is pushed: its record has a start, as all have, and then the event.
struct SimPush {
  SimEvent event;
  std::size_t size = 0;
};
inline constexpr std::size_t kLeastPush =
    sizeof(RecordStart) + sizeof(SimEvent);

inline std::size_t record_size(const SimPush& push) noexcept {
  return push.size;
}
inline void write_record(const SimPush& push, std::size_t size,
                         std::byte* record) noexcept {
  const RecordStart start = {
      RecordKind::event, {}, static_cast<std::uint32_t>(size), 1};
  std::memcpy(record, &start, sizeof start);
  std::memcpy(record + sizeof start, &push.event, sizeof push.event);
  std::memset(record + kLeastPush, static_cast<int>(push.event.number),
              size - kLeastPush);
}

class SimRows final : public RecordRows {
 public:
  void clear() noexcept override { values_.clear(); }
  bool add(std::span<const std::byte> record, const RowLayout&) override {
    const RecordStart start = record_start(record);
    SimEvent event;
    if (start.size < kLeastPush || start.size > record.size()) {
      throw std::invalid_argument("damaged");
    }
    std::memcpy(&event, record.data() + sizeof start, sizeof event);
    for (std::size_t i = kLeastPush; i < start.size; ++i) {
      if (record[i] != static_cast<std::byte>(event.number)) {
        throw std::invalid_argument("damaged");
      }
    }
    values_.emplace_back(event.thread);
    values_.emplace_back(event.number);
    return true;
  }
  RowBatch rows() const noexcept override {
    static constexpr Column kColumns[] = {{"thread", Kind::integer},
                                          {"number", Kind::integer}};
    RowBatch rows;
    rows.columns = kColumns;
    rows.column_count = 2;
    rows.values = values_.data();
    rows.row_count = values_.size() / 2;
    return rows;
  }

 private:
  std::vector<Value> values_;
};

class SimClock final : public Clock {
 public:
  explicit SimClock(SimThreads& threads) : threads_(threads) {}
  Time now() noexcept override { return Time{threads_.wall_ns()}; }
  std::int64_t monotonic_ns() noexcept override { return threads_.now_ns(); }

 private:
  SimThreads& threads_;
};

// Others go on while the disk is at work.
class SlowDisk final : public SimDisk {
 public:
  SlowDisk(std::string folder, std::mt19937_64& random, SimThreads& threads)
      : SimDisk(std::move(folder), random), threads_(threads) {}

  void set_time(std::int64_t most_ns) { most_ns_ = most_ns; }
  std::int64_t last_failure_ns() const { return last_failure_ns_; }
  void note_failures() {
    if (failures() == seen_failures_) return;
    seen_failures_ = failures();
    last_failure_ns_ = threads_.now_ns();
  }
  [[noreturn]] void end_now() override { threads_.kill(); }

 private:
  void take_time() override {
    note_failures();
    threads_.sleep(static_cast<std::int64_t>(
        threads_.random_number() % static_cast<std::uint64_t>(most_ns_)));
  }

  SimThreads& threads_;
  std::int64_t most_ns_ = 20000;
  std::uint64_t seen_failures_ = 0;
  std::int64_t last_failure_ns_ = INT64_MIN / 2;
};

}  // namespace stogger
