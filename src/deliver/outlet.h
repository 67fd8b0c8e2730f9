// Outlet: one sink, and all that is done when it fails: the only place that
// locks, opens and closes it, and that reports its failures. It knows rows, and
// neither events nor samples.
//
// A sink that fails is closed and left alone for a back-off; meanwhile rows are
// dropped without a call. The first failure and the recovery are reported in
// one line each. Rows that the sink refuses while its target works begin no
// back-off: they go to the dead letters, or are dropped.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deliver/back_off.h"
#include "deliver/counted_sink.h"
#include "deliver/outage.h"
#include "deliver/row_layout.h"
#include "deliver/sink_reports.h"
#include "deliver/ticker.h"
#include "os/route_mutex.h"
#include "stogger/clock.h"
#include "stogger/delivery.h"
#include "stogger/sink.h"

namespace stogger {

class Outlet {
 public:
  // `ticker` is asked for a tick() when the sink begins to hold rows back; null
  // if there is none. `is_queued` says that rows come from a queue.
  Outlet(SinkTitle title, SinkPtr sink, Clock* clock, Ticker* ticker,
         DeadLetterFile dead_letter, bool is_queued = false);
  // For rows from a queue to a sink that is open, and somebody else's. If a
  // failure is to stop it, nothing is reported of that: see failure().
  Outlet(SinkTitle title, Sink& open_sink, Clock* clock, Ticker* ticker,
         OnFailure on_failure);
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  const SinkTitle& title() const noexcept { return title_; }
  const Sink& sink() const noexcept { return sink_.get(); }
  Time now() const noexcept { return clock_->now(); }
  const Counters& counters() const noexcept { return sink_.counters(); }

  // See SinkReports. Before the sink is in use.
  void announce_to(SinkEvents& events) noexcept {
    reports_.announce_to(events);
  }

  // Opens the sink; a failure is handled like any later one.
  Status open() noexcept;
  // Lets the sink hand over what it holds back, if it is time for that.
  void tick() noexcept;
  Status flush() noexcept;
  // The same for a sink that works and holds rows back, unless others use it
  // for so long.
  void flush_in_time(std::chrono::milliseconds longest) noexcept;
  // From now on the sink is open only for the time of each write.
  Status close() noexcept;
  // From now on it is not called any more: whoever owns it may do so.
  void let_go() noexcept;

  // Writing, step by step, so that rows are made before the lock is taken, and
  // not in vain:
  //   layout()        what rows to make, unless is_failing()
  //   begin_write()   locks, and counts the rows as accepted; false if others
  //                   kept the sink busy for most of its deadline: the rows are
  //                   counted as dropped, and nothing is locked
  //   takes(layout)   true if rows of that layout can be written at once; else
  //   open_to_write() opens the sink; what rows to make now, or null if the
  //                   rows are counted as dropped
  //   write()         hands them over, or
  //   refuse()        drops them for a reason that is reported
  //   end_write()     unlocks
  const RowLayout* layout() const noexcept { return layouts_.current(); }
  bool is_failing() const noexcept {
    return failing_.load(std::memory_order_relaxed);
  }
  // Whether it fails for a reason that only another init() would change.
  bool needs_init() const noexcept {
    return is_failing() && needs_init_.load(std::memory_order_relaxed);
  }
  // Whether a failure was the end of it, or a row that is not stored; and what
  // the sink says of that.
  bool has_ended() const noexcept {
    return ends_ && failing_.load(std::memory_order_acquire);
  }
  const Status& failure() const noexcept { return failure_; }
  bool begin_write(std::uint64_t rows) noexcept {
    if (!mutex_.try_lock() && !begin_late(rows)) [[unlikely]]
      return false;
    begin_call();
    sink_.counters().accept(rows);
    return true;
  }
  bool takes(const RowLayout* layout) const noexcept {
    return layout != nullptr && layout == ready_for_;
  }
  const RowLayout* open_to_write(std::uint64_t rows) noexcept;
  // `sanitized` is the number of values that were changed to be valid.
  [[gnu::always_inline]] void write(const RowBatch& rows,
                                    std::uint32_t sanitized) noexcept {
    if (sanitized != 0) sink_.counters().sanitize(sanitized);
    const Status status = sink_.write(rows);
    // Of what it holds, all may have come with these rows.
    const bool begins_to_hold = sink_.buffered() - 1 < rows.row_count;
    if (ready_for_ == nullptr || begins_to_hold || !status.ok() ||
        !sink_.said().is_empty()) [[unlikely]] {
      finish_write(status);
    }
  }
  void refuse(std::uint64_t rows, std::string_view reason) noexcept;
  void end_write() noexcept {
    if (closed_) [[unlikely]]
      close_again();
    mutex_.unlock();
  }

  // The same for a queue, which keeps its rows until they are settled:
  //   begin_queued()  locks, however long others use the sink, and counts the
  //                   rows that come for the first time as accepted
  //   open_queued()   what rows to make now; null as long as the sink is out of
  //                   order
  //   write_queued()  hands rows over. How many of them are to be handed over
  //                   again: the last ones of those that are not `judged`, as
  //                   which it marks rows that got a verdict
  //   drop_queued(), refuse_queued()   give rows up
  //   end_write()     unlocks
  void begin_queued(std::uint64_t rows) noexcept {
    mutex_.lock();
    begin_call();
    sink_.counters().accept(rows);
    sink_.counters().keep(rows);
  }
  const RowLayout* open_queued() noexcept;
  std::uint64_t write_queued(const RowBatch& rows, std::uint32_t sanitized,
                             std::vector<bool>& judged) noexcept;
  bool holds_rows() const noexcept { return sink_.buffered() != 0; }
  // Hands over what the sink holds back. False if that failed, or if it holds
  // rows and is out of order.
  bool flush_queued() noexcept;
  void drop_queued(std::uint64_t rows) noexcept {
    sink_.counters().hand_over(rows);
    sink_.counters().drop(rows);
  }
  void refuse_queued(std::uint64_t rows, std::string_view reason) noexcept {
    sink_.counters().hand_over(rows);
    refuse(rows, reason);
  }
  // What is said of a queue. Reports take the lock. Of what is left at the end,
  // nothing is reported if others own the sink: they return it.
  void report_no_queue(const Status& why) noexcept;
  void report_full_queue(std::uint64_t dropped) noexcept;
  void report_undelivered(std::uint64_t rows) noexcept;
  void report_no_spool(const Status& why) noexcept;
  void report_left(std::uint64_t rows) noexcept;

  // Counts an event that never got here: it was logged from inside a sink.
  void count_lost() noexcept { sink_.counters().refuse(1); }

  // Around fork(), in this order and on the same thread.
  void before_fork(std::chrono::milliseconds longest) noexcept;
  void after_fork_in_parent() noexcept;
  void after_fork_in_child() noexcept;

 private:
  Outlet(SinkTitle title, Sink& sink, Clock* clock, Ticker* ticker,
         DeadLetterFile dead_letter, bool is_queued, bool ends);

  bool lock_in_time(std::chrono::nanoseconds* waited) noexcept;
  bool begin_late(std::uint64_t rows) noexcept;

  // All with the lock held.
  void begin_call() noexcept {
    dropped_before_call_ = sink_.counters().dropped();
  }
  bool is_waiting() noexcept;
  Status open_sink() noexcept;
  Status flush_sink() noexcept;
  void tick_sink() noexcept;
  Status close_sink() noexcept;
  void close_again() noexcept;
  void request_tick() noexcept;
  void finish_write(const Status& status) noexcept;
  Status note(Status status, const char* action) noexcept;
  void note_failure(const Status& status, const char* action) noexcept;
  void note_recovery() noexcept;
  void note_verdicts(bool ok) noexcept;
  void end_with(const Status& status) noexcept;
  void see_whether_ready() noexcept;

  // Read by every thread for every event, and so kept apart from what changes
  // with every event.
  const SinkTitle title_;
  Clock* const clock_;
  SinkPtr own_;  // null if it is somebody else's
  const std::chrono::milliseconds longest_wait_;  // for other threads
  Ticker* const ticker_;
  const bool ends_;  // with the first failure
  RowLayouts layouts_;
  std::atomic<bool> failing_{false};
  std::atomic<bool> needs_init_{false};

  // Changed with every event, by one thread after the other: on as few cache
  // lines as possible.
  static constexpr std::size_t kCacheLine = 64;
  alignas(kCacheLine) RouteMutex mutex_;
  // The layout of rows that are written at once; null unless the sink is open,
  // not closed for good, and not failing.
  const RowLayout* ready_for_ = nullptr;
  bool is_open_ = false;
  bool closed_ = false;  // closed for good: open for single writes only
  bool is_let_go_ = false;
  bool fork_locked_ = false;
  // How many rows were dropped when the call under way began.
  std::uint64_t dropped_before_call_ = 0;
  CountedSink sink_;

  // Needed only if something fails.
  SinkReports reports_;
  BackOff back_off_;
  Outage outage_;
  Status failure_;  // that was its end; does not change once it is set
};

}  // namespace stogger
