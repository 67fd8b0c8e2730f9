// Worker: a queue of records and the thread that hands them to a sink in
// batches of rows. What the sink does not take because its target fails is
// handed over again, in order, until it works, or until the worker is stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "deliver/delivery.h"
#include "deliver/outlet.h"
#include "deliver/record_queue.h"
#include "deliver/record_rows.h"
#include "deliver/spool.h"
#include "os/anonymous_memory.h"
#include "os/route_mutex.h"
#include "spool/segment.h"
#include "stogger/stats.h"
#include "stogger/status.h"

namespace stogger {

class Worker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // The outlet has to live as long. Without a spool, the queue is in memory.
  // May throw std::bad_alloc.
  Worker(Outlet& outlet, const DeliverySettings& settings,
         std::unique_ptr<RecordRows> rows, std::unique_ptr<Spool> spool);
  ~Worker() {
    if (spool_ != nullptr) static_cast<void>(spool_->stop());
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Not ok if there is no thread to be had: then events are not taken.
  Status start() noexcept;

  // Callable from any thread. False if the event is not taken: the worker is
  // stopped.
  template <class Pushable>
  bool push(const Pushable& event) noexcept {
    const RecordQueue::Pushed pushed = queue_.push(event);
    return pushed == RecordQueue::Pushed::yes || end_push(pushed);
  }
  // Waits until all events so far are settled. False if the time is up before,
  // or, unless it is to be `patient`, if the sink is out of order.
  bool wait(TimePoint until, bool patient) noexcept;
  // Takes no more events, hands over those it has, and ends the thread. What is
  // left after the time that the settings allow, from `start` on, stays on disk
  // or is dropped, which is reported.
  void stop(TimePoint start) noexcept;
  // In a child after fork(): lets go of files. The object must be leaked.
  void abandon() noexcept {
    if (spool_ != nullptr) spool_->abandon();
  }

  // Whether events that other processes have left may still be to be read.
  bool is_behind() const noexcept {
    return spool_ != nullptr && spool_->is_behind();
  }

  // How many events were dropped because the queue was full, and how many were
  // given up at its end or are left on disk then.
  std::uint64_t dropped_for_room() const noexcept {
    return queue_.dropped() + dropped_oldest_;
  }
  std::uint64_t given_up() const noexcept { return given_up_; }
  std::uint64_t left() const noexcept { return left_; }

  // Adds what is in the queue to what the sink was `handed`, as its counters
  // say.
  void add_to(SinkStats* stats, std::uint64_t handed) const noexcept;

  // The time of the oldest event in the queue, as far as it was read; 0 if
  // there is none.
  std::int64_t oldest_ns() const noexcept {
    return oldest_ns_.load(std::memory_order_relaxed);
  }

 private:
  std::span<std::byte> make_memory();
  bool end_push(RecordQueue::Pushed pushed) noexcept;
  void run() noexcept;
  void work_until_empty(TimePoint until) noexcept;
  bool fill() noexcept;
  bool fill_from_memory() noexcept;
  bool fill_from_disk() noexcept;
  void note_new() noexcept;
  void count_lost() noexcept;
  bool is_settled() const noexcept;
  void acknowledge() noexcept;
  void refuse_first(std::string_view why) noexcept;
  bool gathers_more() noexcept;
  void rest() noexcept;
  bool hand_over() noexcept;
  std::size_t render(const RowLayout& layout) noexcept;
  RowBatch rows(std::size_t count);
  void settle(std::size_t count, std::uint64_t kept) noexcept;
  void release() noexcept;
  std::uint64_t drop() noexcept;
  void give_up() noexcept;
  void leave() noexcept;
  void make_room() noexcept;
  void report_full(bool at_end) noexcept;

  Outlet& outlet_;
  const DeliverySettings settings_;
  // What the ring lies in: one of the two.
  std::unique_ptr<Spool> spool_;
  std::optional<AnonymousMemory> memory_;
  RecordQueue queue_;
  std::thread thread_;
  TimePoint last_drain_until_{};  // set before the queue is closed

  // Of whoever reads the queue: the thread, and when it has ended, a call that
  // came too late.
  RouteMutex reader_;
  std::vector<QueueRecord> records_;  // read, and not settled
  std::uint64_t new_records_ = 0;     // of these, never handed over
  std::vector<bool> judged_;
  const std::unique_ptr<RecordRows> rows_;
  int rests_ = 0;           // in a row, without an event
  std::uint64_t read_ = 0;  // of this queue
  TimePoint next_batch_{};  // when a batch is due that is not full
  std::uint64_t reported_drops_ = 0;
  TimePoint next_drop_report_{};
  Status spool_started_;
  bool holds_rows_ = false;       // the sink did, when it had the last batch
  std::size_t acknowledged_ = 0;  // of the records that were read from disk
  RowOrigin origin_;              // of the records, if they are on disk
  std::vector<std::uint64_t> positions_;

  std::atomic<std::int64_t> oldest_ns_{0};
  // Events that another process had left, and that were read.
  std::atomic<std::uint64_t> inherited_{0};
  bool stays_ = false;  // the folder; guarded by reader_
  std::atomic<std::uint64_t> dropped_oldest_{0};
  std::atomic<std::uint64_t> given_up_{0};
  std::atomic<std::uint64_t> left_{0};
  // Whether events are left to others, and how many of them the sink's counters
  // have.
  std::atomic<bool> leaves_{false};
  std::atomic<std::uint64_t> left_counted_{0};
};

}  // namespace stogger
