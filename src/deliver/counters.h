// Counters: what became of the rows of one sink. At every moment
//   accepted = written + dropped + dead-lettered + in doubt + pending.
//
// One thread at a time changes them, with the sink's lock; any thread may read
// them meanwhile.
#pragma once

#include <atomic>
#include <cstdint>

#include "stogger/sink.h"
#include "stogger/stats.h"

namespace stogger {

// Of the rows that a sink was handed, those that it gave a verdict on.
struct VerdictCounts {
  std::uint64_t dropped = 0;  // refused, and kept nowhere
  std::uint64_t dead_lettered = 0;
  std::uint64_t in_doubt = 0;

  std::uint64_t total() const noexcept {
    return dropped + dead_lettered + in_doubt;
  }
};

class Counters {
 public:
  void accept(std::uint64_t rows) noexcept { add(accepted_, rows); }
  void drop(std::uint64_t rows) noexcept { add(dropped_, rows); }
  void fail() noexcept { add(failed_, 1); }
  void sanitize(std::uint64_t values) noexcept { add(sanitized_, values); }

  // Rows that a sink without a tally was handed, and has no verdict on: all
  // written, or all dropped.
  void settle(std::uint64_t rows, bool ok) noexcept {
    add(ok ? written_ : dropped_, rows);
  }
  void settle(const VerdictCounts& said) noexcept;
  // The same of a sink that keeps a tally: `now`. Verdicts are on rows that it
  // was handed, or on rows that it held back. No more rows come out than were
  // accepted, whatever the sink says. What is in none of its counts was
  // dropped, but for `keepable` rows at most, which are kept, and whose number
  // it returns.
  std::uint64_t settle(const VerdictCounts& said, const Tally& now,
                       std::uint64_t keepable = 0) noexcept;
  // The same where nothing was said of a row, if it went as it nearly always
  // does: all rows are with the target, or all are in the sink's buffer, to be
  // counted when they leave it. False, and nothing counted, otherwise.
  bool settle_usual(std::uint64_t rows, const Tally& now) noexcept {
    const std::uint64_t written = now.written - tally_.written;
    const std::uint64_t buffered = now.buffered - tally_.buffered;
    if (written == 0 && buffered == rows) {
      tally_.buffered = now.buffered;
      return true;
    }
    if (written != rows || buffered != 0) return false;
    tally_.written = now.written;
    add(written_, rows);
    return true;
  }

  // Accepted rows that a queue has, and will hand over, for the first time or
  // again; and that it hands over now, or gives up.
  void keep(std::uint64_t rows) noexcept { kept_ += rows; }
  void hand_over(std::uint64_t rows) noexcept { kept_ -= rows; }

  // From any thread: rows that are lost before the sink was to be had.
  void refuse(std::uint64_t rows) noexcept {
    refused_.fetch_add(rows, std::memory_order_relaxed);
  }

  std::uint64_t accepted() const noexcept { return get(accepted_); }
  std::uint64_t written() const noexcept { return get(written_); }
  std::uint64_t dropped() const noexcept { return get(dropped_); }
  // As the sink's tally said last.
  std::uint64_t buffered() const noexcept { return tally_.buffered; }

  // Adds them up, in an order that keeps them balanced while others write.
  // Returns how many rows the sink has been handed.
  std::uint64_t add_to(SinkStats* stats) const noexcept;

  // Where counting starts: at 0, with what the sink's tally says by now.
  void start(const Tally& tally) noexcept;

 private:
  // As one thread at a time changes these, a load and a store do.
  static void add(std::atomic<std::uint64_t>& counter,
                  std::uint64_t count) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + count,
                  std::memory_order_release);
  }
  static std::uint64_t get(const std::atomic<std::uint64_t>& counter) noexcept {
    return counter.load(std::memory_order_acquire);
  }

  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
  Tally tally_;  // the sink's own, as last seen
  std::uint64_t kept_ = 0;
  // Of the rows it holds, those from before start().
  std::uint64_t foreign_ = 0;
  std::atomic<std::uint64_t> dead_lettered_{0};
  std::atomic<std::uint64_t> in_doubt_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> sanitized_{0};
  std::atomic<std::uint64_t> refused_{0};  // by any thread
};

}  // namespace stogger
