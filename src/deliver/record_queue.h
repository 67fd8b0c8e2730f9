// RecordQueue: events or samples on their way to a sink, as records in a ring.
// Any thread pushes them; one worker reads them, and releases what is settled.
//
// A push copies the event and makes no system call, unless the queue is full,
// or the worker sleeps because there was no event for a second. What is said of
// events here goes for samples, too.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "deliver/delivery.h"
#include "spool/ring.h"

namespace stogger {

class RecordQueue {
 public:
  // The memory, of zeros, is for the ring, and has to live as long.
  RecordQueue(const DeliverySettings& settings, std::span<std::byte> memory);
  RecordQueue(const RecordQueue&) = delete;
  RecordQueue& operator=(const RecordQueue&) = delete;

  enum class Pushed : unsigned char {
    yes,   // or dropped, and counted
    late,  // yes, but the worker may have ended: see to what is left
    no,    // the queue is closed
  };
  // For any thread. An event for which there is no room is counted as dropped.
  // Of what is pushed there are record_size() and write_record(): see
  // event_record.h.
  //
  // That the tail is moved before `attention_` is looked at, and the other way
  // round in sleep() and close(), makes sure that one of the two sees the
  // other.
  template <class Pushable>
  Pushed push(const Pushable& event) noexcept {
    if (is_closed()) [[unlikely]]
      return Pushed::no;
    const std::size_t size = record_size(event);
    std::byte* record = ring_.claim(size);
    if (record == nullptr) [[unlikely]] {
      record = claim_late(size);
      if (record == nullptr) {
        count_dropped();
        return Pushed::yes;
      }
    }
    write_record(event, size, record);
    ring_.commit(record);
    const Attention attention = attention_.load(std::memory_order_seq_cst);
    const bool must_wake =
        attention == Attention::sleeper ||
        (is_asleep_.load(std::memory_order_relaxed) && is_half_full());
    if (must_wake) [[unlikely]]
      wake();
    return attention == Attention::closed ? Pushed::late : Pushed::yes;
  }

  // All that was taken, and what of it was dropped here. In this order,
  // dropped() first, the second number is never the smaller one.
  std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_acquire);
  }
  std::uint64_t taken() const noexcept { return ring_.claimed() + dropped(); }

  // Where an event that was pushed by now ends, and whether it is settled.
  std::uint64_t tail() const noexcept { return ring_.tail(); }
  // How many records were pushed.
  std::uint64_t pushed() const noexcept { return ring_.claimed(); }
  bool is_settled(std::uint64_t position) const noexcept {
    return settled_.load(std::memory_order_acquire) >= position;
  }
  bool is_all_settled() const noexcept { return is_settled(ring_.tail()); }
  // Waits until all before the position is settled, and lets the worker know
  // that somebody waits. False if the time was up before.
  bool wait_settled(std::uint64_t position,
                    std::chrono::steady_clock::time_point until) noexcept;
  // No event is taken from now on, but those that are on their way.
  void close() noexcept;
  // Whether anybody waits for room, or until something is settled.
  bool has_waiters() const noexcept {
    return waiting_.load(std::memory_order_relaxed) != 0;
  }
  bool is_closed() const noexcept {
    return attention_.load(std::memory_order_acquire) == Attention::closed;
  }

  // For the worker alone. The next record; empty if there is none, or none yet.
  std::span<const std::byte> read() noexcept { return ring_.read(); }
  std::uint64_t read_position() const noexcept { return ring_.read_position(); }
  void release(std::uint64_t position) noexcept {
    ring_.release(position);
    settle(position);
  }
  // The same in two parts, for records that are somewhere else when the ring
  // has released them: see Spool.
  Ring& ring() noexcept { return ring_; }
  void note_room() noexcept;
  void settle(std::uint64_t position) noexcept {
    settled_.store(position, std::memory_order_release);
    note_room();
  }
  // Whether a call has found the queue full since this was asked last. Of a
  // queue that drops the oldest events, the worker has to make room then.
  bool was_full() noexcept {
    return was_full_.load(std::memory_order_relaxed) &&
           was_full_.exchange(false, std::memory_order_relaxed);
  }
  std::uint64_t used() const noexcept { return ring_.used(); }
  std::uint64_t capacity() const noexcept { return ring_.capacity(); }
  // Whether all that was read is released.
  bool is_released() const noexcept {
    return ring_.released() == ring_.read_position();
  }
  // Sleeps for that long, or until the queue is half full, closed, or somebody
  // waits for it. The longest time of all stands for none: then any event ends
  // the sleep, too.
  void sleep(std::chrono::milliseconds time) noexcept;
  // The same, but a queue that is half full does not end it: there is nothing
  // to be done about that.
  void doze(std::chrono::milliseconds time) noexcept;
  // Counts an event that found the queue closed, and could not be delivered.
  void count_dropped(std::uint64_t events = 1) noexcept {
    dropped_.fetch_add(events, std::memory_order_release);
  }
  static constexpr std::chrono::milliseconds kUntilEvent =
      std::chrono::milliseconds::max();

 private:
  // What a push has to see to when it is done.
  enum class Attention : unsigned char {
    none,
    sleeper,  // a worker that sleeps until there is an event
    closed,
  };

  std::byte* claim_late(std::size_t size) noexcept;
  std::byte* wait_for_room(std::size_t size) noexcept;
  bool is_half_full() const noexcept {
    return ring_.used() > ring_.capacity() / 2;
  }
  void wake() noexcept;

  const WhenFull when_full_;
  const std::chrono::milliseconds longest_block_;
  Ring ring_;

  // Read by every push, and seldom changed.
  static constexpr std::size_t kCacheLine = 64;
  alignas(kCacheLine) std::atomic<Attention> attention_{Attention::none};
  // The worker sleeps, and is to be woken when the queue is half full.
  std::atomic<bool> is_asleep_{false};

  alignas(kCacheLine) std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> settled_{0};
  // A push has waited in vain since the last release: others do not try.
  std::atomic<bool> is_stalled_{false};
  std::atomic<bool> was_full_{false};
  std::atomic<int> waiting_{0};  // for room, or for all to be settled
  std::mutex mutex_;
  std::condition_variable wake_;      // the worker
  std::condition_variable released_;  // those that wait
  bool is_wanted_ = false;            // guarded by mutex_: the sleep is to end
};

}  // namespace stogger
