// Spool: makes the queue of a sink survive its process. Its ring lies in a
// file; a thread moves events from there to segments on the disk when the
// worker does not get on; and what dead processes have left comes first.
//
// The worker reads events through it, and acknowledges them when they are with
// their target.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/rate_limit.h"
#include "deliver/delivery.h"
#include "deliver/record_queue.h"
#include "deliver/sink_reports.h"
#include "spool/queue_id.h"
#include "spool/ring.h"
#include "spool/ring_file.h"
#include "spool/segments.h"
#include "spool/spool_folder.h"
#include "spool/spool_store.h"
#include "stogger/stats.h"
#include "stogger/status.h"

namespace stogger {

class Spool {
 public:
  // Makes a folder for a new queue, with the memory for its ring. The title has
  // to live as long.
  static Status make(const DeliverySettings& settings, const SinkTitle& title,
                     std::unique_ptr<Spool>* spool);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  std::span<std::byte> memory() const noexcept { return file_.memory(); }

  // Once the ring is made in that memory. The queue has to live as long. May
  // throw std::bad_alloc.
  void attach(RecordQueue& queue);
  // Begins to keep what is in the ring. Not ok without a thread.
  Status start() noexcept;

  // For the worker. Reads the next events, when all that was read before is
  // acknowledged. False if there are none, or none to be had now.
  bool read(std::size_t most_rows, std::size_t most_bytes) noexcept;
  const std::vector<QueueRecord>& records() const noexcept {
    return batch_.records;
  }
  // The queue that they are from, and whether another process has left it.
  const QueueId& queue_id() const noexcept { return batch_queue_; }
  bool is_inherited() const noexcept { return batch_is_inherited_; }
  // All records up to that position are settled: `count` of those that were
  // read.
  void acknowledge(std::uint64_t position, std::uint64_t count) noexcept;
  // Whether there may be more of what others have left. For any thread.
  bool is_behind() const noexcept {
    return is_behind_.load(std::memory_order_acquire);
  }
  // Whether the disk has more of it than three quarters of what it may, or
  // takes nothing, and the ring is as full.
  bool is_nearly_full() noexcept;
  // Whether records of this queue were lost that nobody has counted.
  bool has_lost() const noexcept {
    return has_lost_.load(std::memory_order_relaxed);
  }
  void note_counted() noexcept { has_lost_ = false; }

  // Ends the thread. What is not acknowledged stays on the disk for whoever
  // takes it over; without that, the folder is removed. True if something
  // stays.
  bool stop() noexcept;
  // In a child after fork(): lets go of the parent's files. The object must be
  // leaked.
  void abandon() noexcept;

  void add_to(SinkStats* stats) const noexcept;

 private:
  // A queue that another process has left.
  struct Inherited {
    explicit Inherited(std::string ring_dir)
        : folder({}, std::move(ring_dir)) {}
    SpoolFolder folder;
    RingFile file;
    Ring ring;
    std::unique_ptr<SpoolStore> store;
    // Since when it cannot be read; 0 if it can.
    std::chrono::steady_clock::time_point failing_since{};
  };
  using InheritedPtr = std::shared_ptr<Inherited>;

  Spool(const DeliverySettings& settings, const SinkTitle& title);

  void keep() noexcept;
  void keep_once(std::unique_lock<std::mutex>& lock);
  void keep_inherited(std::unique_lock<std::mutex>& lock,
                      std::chrono::steady_clock::time_point now);
  void sync(std::unique_lock<std::mutex>& lock, const SpoolFolder& folder,
            SpoolStore& store);
  void rewrite(std::unique_lock<std::mutex>& lock, const SpoolFolder& folder,
               SpoolStore& store);
  SpoolStore::Read read_any(std::size_t most_rows, std::size_t most_bytes);
  SpoolStore::Read read_inherited(std::size_t most_rows,
                                  std::size_t most_bytes);
  void look_for_left(std::chrono::steady_clock::time_point now);
  void inherit();
  InheritedPtr take_over(const std::string& path, bool is_replayed);
  std::uint64_t segment_bytes() const noexcept;
  void note_sizes() noexcept;
  void note_problem(std::string_view what) noexcept;
  void report_problems(std::unique_lock<std::mutex>& lock) noexcept;

  const SpoolSettings settings_;
  const std::size_t capacity_;
  // How often the thread looks after what has waited; at the ring; and at one
  // that is empty.
  const std::chrono::microseconds between_syncs_;
  const std::chrono::microseconds between_looks_;
  const std::chrono::microseconds between_idle_looks_;
  const SinkTitle& title_;
  const SpoolOwner owner_;
  SpoolFolder folder_;
  RingFile file_;
  RecordQueue* queue_ = nullptr;
  std::thread thread_;

  std::mutex mutex_;  // of all that follows
  std::condition_variable wake_;
  bool is_stopping_ = false;
  bool is_idle_ = false;  // the thread, which has nothing to keep
  bool is_stopped_ = false;
  bool leaves_ = false;     // something on the disk, for others
  bool is_synced_ = false;  // so is the folder itself
  std::unique_ptr<SpoolStore> store_;
  std::vector<QueueId> left_;  // by others, and not looked at; the latest first
  std::chrono::steady_clock::time_point next_search_{};
  std::deque<InheritedPtr> inherited_;  // the first one is read
  QueueBatch batch_;
  QueueId batch_queue_{};
  bool batch_is_inherited_ = false;
  RateLimit limit_;
  std::vector<std::string> problems_;  // to be reported without the lock
  // Events before it were in the ring when the thread looked last, and the time
  // before.
  std::uint64_t seen_ = 0;
  std::uint64_t seen_before_ = 0;
  std::chrono::steady_clock::time_point next_look_{};
  // The disk takes nothing: when that is tried again.
  bool is_failing_ = false;
  std::chrono::steady_clock::time_point next_try_{};
  // And when what it failed to keep is written again.
  std::chrono::steady_clock::time_point next_rewrite_{};

  std::atomic<bool> is_behind_{true};
  std::atomic<bool> has_lost_{false};
  std::atomic<std::uint64_t> spooled_{0};
  std::atomic<std::uint64_t> spooled_bytes_{0};
};

}  // namespace stogger
