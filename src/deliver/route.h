// Route: the way of events to one sink, and what is done when it fails.
//
// Delivery is synchronous: deliver() returns when the sink has taken the event
// or the event is counted as lost. A sink that fails is left alone for a
// back-off of 100 ms, doubled with each failure up to 5 s; meanwhile events
// are dropped without a call. The first failure and the recovery are reported
// in one line each. Rows that the sink refuses while its target works open no
// back-off.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hidden.h"
#include "base/rate_limit.h"
#include "base/verdicts.h"
#include "deliver/ticker.h"
#include "event/event.h"
#include "os/route_mutex.h"
#include "render/render.h"
#include "stogger/clock.h"
#include "stogger/sink.h"
#include "stogger/stats.h"

namespace stogger {

class Route {
 public:
  // `hidden` does not get into reports and statuses. `ticker` is asked for a
  // tick() when the sink begins to hold rows back; null if there is none.
  Route(std::string name, std::string type, Level level, SinkPtr sink,
        Clock* clock, std::vector<HiddenValue> hidden = {},
        Ticker* ticker = nullptr);
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  const std::string& name() const noexcept { return name_; }
  Level level() const noexcept { return level_; }
  const Sink& sink() const noexcept { return *sink_; }

  // Adds the counters of the route it follows on to its own, if that is of the
  // same name and type. To be called before the route is in use; `before` must
  // live as long.
  void count_on_from(const Route& before) noexcept;

  // Opens the sink; a failure is handled like any later one.
  Status open() noexcept;

  // Renders into the scratch memory outside of the lock, then writes. If other
  // threads keep the sink busy for most of its deadline, the event is dropped.
  // Never throws.
  void deliver(const Event& event, RowScratch& scratch) noexcept;

  // Counts an event that is lost before the sink was to be had: logged from
  // inside a sink, or after too long a wait.
  void refuse() noexcept { refused_.fetch_add(1, std::memory_order_relaxed); }

  // Lets the sink hand over what it holds back, if it is time for that.
  void tick() noexcept;
  Status flush() noexcept;
  // From now on the sink is open only for the time of each event.
  Status close() noexcept;

  // Names are views into this route. Balanced at every moment.
  SinkStats stats() const noexcept;

  // Around fork(), in this order and on the same thread.
  void before_fork(std::chrono::milliseconds longest) noexcept;
  void after_fork_in_parent() noexcept;
  void after_fork_in_child() noexcept;

 private:
  // The form of rows the sink wants. Immutable; kept until the end, for a
  // thread may be rendering by it while the sink is opened anew.
  struct Layout {
    RowForm form = RowForm::table;
    std::vector<std::string> names;
    std::vector<Column> columns;
    RowBatch wanted;  // the columns
    bool is_for(RowForm other, const RowBatch& others) const noexcept;
  };

  bool lock_in_time() noexcept;
  void report_long_wait() noexcept;
  static bool render_row(const Event& event, const Layout& layout,
                         RowScratch& scratch, RowBatch* rows) noexcept;

  // All with the lock held.
  bool is_waiting() noexcept;
  // Calls the sink: nothing is thrown, and no report shows what is hidden.
  template <class Call>
  Status call_sink(Call call) noexcept;
  Status open_sink() noexcept;
  Status write_sink(const RowBatch& rows, std::uint32_t sanitized) noexcept;
  Status flush_sink() noexcept;
  void tick_sink() noexcept;
  void request_tick() noexcept;
  Status close_sink() noexcept;
  void write_slowly(const Event& event, RowScratch& scratch,
                    const Layout* rendered_by, RowBatch rows) noexcept;
  void settle_written(std::uint64_t rows, bool ok) noexcept;
  void settle_verdicts(std::uint64_t rows, bool ok) noexcept;
  void settle(std::uint64_t rows, bool ok) noexcept;
  void settle(std::uint64_t rows, const Tally& now) noexcept;
  void begin() noexcept;
  Status note(Status status, const char* action) noexcept;
  void note_failure(const Status& status, const char* action) noexcept;
  void note_failed_flush(const Status& status) noexcept;
  void note_verdicts(bool ok) noexcept;
  Status explain(const Status& status, const char* action) const noexcept;
  void note_recovery() noexcept;
  void tell_what_is_left() noexcept;
  void tell(std::string_view what);
  std::string title() const;
  void refresh_layout();
  SinkStats own_stats() const noexcept;

  // Read by every thread for every event, and so kept apart from what changes
  // with every event.
  const std::string name_;
  const std::string type_;
  const Level level_;
  Clock* const clock_;
  const std::vector<HiddenValue> hidden_;
  const SinkPtr sink_;
  const bool sink_counts_;                        // it keeps a tally
  const std::chrono::milliseconds longest_wait_;  // for other threads
  Ticker* const ticker_;
  const Route* before_ = nullptr;
  std::atomic<const Layout*> layout_{nullptr};
  std::atomic<bool> failing_{false};

  // Guarded by mutex_, but for the counters: those are written with the lock
  // held and read without it.
  static constexpr std::size_t kCacheLine = 64;
  alignas(kCacheLine) RouteMutex mutex_;
  bool is_open_ = false;
  bool closed_ = false;  // closed for good: open for single events only
  bool fork_locked_ = false;
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t dropped_before_ = 0;  // dropped_ when the current call began
  Tally tally_;                       // the sink's own, as last seen
  std::atomic<std::uint64_t> dead_lettered_{0};
  std::atomic<std::uint64_t> in_doubt_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> sanitized_{0};

  std::int64_t retry_at_ns_ = 0;  // by the monotonic clock
  std::int64_t backoff_ns_ = 0;
  std::int64_t failing_since_ns_ = 0;
  std::uint64_t lost_before_ = 0;  // dropped_ when the sink began to fail
  Verdicts said_;                  // in the current call
  RateLimit reports_;
  std::vector<std::unique_ptr<const Layout>> layouts_;

  // Without the lock.
  alignas(kCacheLine) std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::int64_t> next_wait_report_ns_{0};
};

}  // namespace stogger
