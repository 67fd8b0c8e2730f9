// Ring: a queue of records in one piece of memory of a fixed size. Any thread
// appends records; one reads them, in the same order, and releases them. None
// of it makes a system call, takes a lock or allocates.
//
// The memory may be a shared map of a file. Then the process may be killed at
// any instruction: whoever takes the ring over finds every record whose
// commit() was made and that was not released, and no others. (What a power cut
// leaves of the file is another matter: see the checksum of a record.)
//
// Positions are bytes since the ring was made; they never wrap around. The
// bytes of position p are at p modulo the capacity. A record is a word of eight
// bytes, its length with its state in the low bits, and then its bytes. It
// never wraps: the end of a lap that is too short for it is skipped.
//
//   released    <=  tail
//   |               |
//   [ records ... ] [ zeros, up to released + capacity ]
//
// What is released is filled with zeros before it is used again. So a word that
// is 0 was not written yet, whatever has been in its place before, and nothing
// that is logged can be taken for one.
//
// A writer takes its place by moving the tail, and writes the word next. If the
// process dies between these two, the place is left as zeros: whoever takes the
// ring over passes over zeros to the next word.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stogger {

// What the memory begins with. The fields that writers change are on a cache
// line of their own, and so are those of the reader.
struct RingHeader {
  static constexpr std::uint64_t kMagic = 0x31676E6972676F74;  // "togring1"

  std::uint64_t magic = 0;
  std::uint64_t capacity = 0;
  alignas(64) std::atomic<std::uint64_t> tail{0};
  // The number of records for which it was moved.
  std::atomic<std::uint64_t> claimed{0};
  // Records before it are done with.
  alignas(64) std::atomic<std::uint64_t> released{0};
  // All before it is zeros, or was written after that. Behind `released` only
  // while that is being done.
  std::atomic<std::uint64_t> cleared{0};
};

class Ring {
 public:
  // Behind which the records begin.
  static constexpr std::size_t kHeaderBytes = 4096;
  static constexpr std::size_t kLeastCapacity = 64 * 1024;
  // Of one record, as a part of the capacity.
  static constexpr std::size_t kLargestPart = 4;

  Ring() noexcept = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Makes an empty ring of zeros: kHeaderBytes and a capacity that is a power
  // of two. The memory has to stay as long as the ring is used.
  void make(std::span<std::byte> memory) noexcept;
  // Takes over a ring that another process has left, or that make() has made.
  // False if it cannot be one; then nothing is changed. Places that were taken
  // and never committed are passed over by read().
  bool take_over(std::span<std::byte> memory) noexcept;

  std::size_t largest_record() const noexcept {
    return capacity_ / kLargestPart - kWord;
  }

  // For any thread. Room for a record of that many bytes, aligned to 8; null
  // if there is none now, or never will be. Until commit(), nothing behind it
  // can be read: whoever claims has nothing else to do meanwhile.
  [[gnu::always_inline]] std::byte* claim(std::size_t bytes) noexcept {
    const std::size_t length = (bytes + kWord + kWord - 1) & ~(kWord - 1);
    if (length > capacity_ / kLargestPart) [[unlikely]]
      return nullptr;
    std::uint64_t tail = header_->tail.load(std::memory_order_relaxed);
    while (true) {
      const std::size_t offset = tail & (capacity_ - 1);
      const std::size_t rest = capacity_ - offset;
      if (rest < length) [[unlikely]] {
        if (!skip_rest(tail, rest)) return nullptr;
        tail = header_->tail.load(std::memory_order_relaxed);
        continue;
      }
      if (!has_room(tail + length)) [[unlikely]]
        return nullptr;
      // In one order with what a push looks at afterwards: see RecordQueue.
      if (header_->tail.compare_exchange_weak(tail, tail + length,
                                              std::memory_order_seq_cst,
                                              std::memory_order_relaxed)) {
        word_at(tail).store(length | kClaimed, std::memory_order_relaxed);
        keep_order();
        header_->claimed.fetch_add(1, std::memory_order_release);
        return records_ + offset + kWord;
      }
    }
  }
  // The bytes are written: the reader may have them.
  void commit(std::byte* record) noexcept {
    std::atomic<std::uint64_t>& word =
        *reinterpret_cast<std::atomic<std::uint64_t>*>(record - kWord);
    word.store((word.load(std::memory_order_relaxed) & kLength) | kCommitted,
               std::memory_order_release);
  }

  // For one thread at a time. The next record after those read before, in place
  // and with up to seven bytes more than were claimed; without data if there is
  // none. It stays until it is released.
  std::span<const std::byte> read() noexcept;
  // Up to where records were read. What was read so far may be released later,
  // when it is known to be with its target.
  std::uint64_t read_position() const noexcept { return read_; }
  // Both take a position that was returned by read_position(); of any other,
  // which a damaged file may have, the nearest that is possible.
  //
  // Gives up what was read before it.
  void release(std::uint64_t position) noexcept;
  // Reads on from there, but not from before what was released.
  void seek(std::uint64_t position) noexcept { read_ = nearest(position); }

  // For any thread. How many bytes are waiting to be released.
  std::uint64_t used() const noexcept {
    const std::uint64_t released =
        header_->released.load(std::memory_order_acquire);
    return header_->tail.load(std::memory_order_acquire) - released;
  }
  std::uint64_t capacity() const noexcept { return capacity_; }
  std::uint64_t tail() const noexcept {
    return header_->tail.load(std::memory_order_seq_cst);
  }
  std::uint64_t released() const noexcept {
    return header_->released.load(std::memory_order_acquire);
  }
  // How many records were claimed since the ring was made.
  std::uint64_t claimed() const noexcept {
    return header_->claimed.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t kWord = 8;
  static constexpr std::uint64_t kClaimed = 1;
  static constexpr std::uint64_t kCommitted = 2;
  static constexpr std::uint64_t kSkipped = 3;
  static constexpr std::uint64_t kState = 7;
  static constexpr std::uint64_t kLength = ~kState;

  // Of two stores, for whoever takes over what a killed process left: it has
  // made all up to some instruction.
  static void keep_order() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  std::atomic<std::uint64_t>& word_at(std::uint64_t position) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(
        records_ + (position & (capacity_ - 1)));
  }
  // True also for an end that others have passed meanwhile: to claim it fails.
  bool has_room(std::uint64_t end) const noexcept {
    const std::uint64_t cleared =
        header_->cleared.load(std::memory_order_acquire);
    return static_cast<std::int64_t>(end - cleared) <=
           static_cast<std::int64_t>(capacity_);
  }
  std::uint64_t nearest(std::uint64_t position) const noexcept {
    const std::uint64_t possible = std::clamp(position, released(), tail());
    return (possible + kWord - 1) & ~(kWord - 1);
  }
  bool skip_rest(std::uint64_t tail, std::size_t rest) noexcept;
  bool is_length_possible(std::uint64_t position, std::uint64_t word,
                          std::uint64_t tail) const noexcept;
  void clear(std::uint64_t from, std::uint64_t to) noexcept;

  RingHeader* header_ = nullptr;
  std::byte* records_ = nullptr;
  std::uint64_t capacity_ = 0;
  // Of the reader.
  alignas(64) std::uint64_t read_ = 0;
  // Before it, who took a place is dead, and will never commit.
  std::uint64_t inherited_ = 0;
};

}  // namespace stogger
