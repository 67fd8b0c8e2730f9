#include "deliver/outlet.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "os/process.h"

namespace stogger {
namespace {

std::chrono::milliseconds longest_wait(const Sink& sink) noexcept {
  constexpr std::int64_t kMost = 3600000000000;  // an hour
  const std::int64_t deadline =
      std::clamp<std::int64_t>(sink.deadline_ns(), 0, kMost);
  return std::chrono::milliseconds(
      std::max<std::int64_t>(deadline / 4 * 3 / 1000000, 1));
}

}  // namespace

Outlet::Outlet(SinkTitle title, SinkPtr sink, Clock* clock, Ticker* ticker,
               DeadLetterFile dead_letter, bool is_queued)
    : Outlet(std::move(title), *sink, clock, ticker, std::move(dead_letter),
             is_queued, false) {
  own_ = std::move(sink);
}

Outlet::Outlet(SinkTitle title, Sink& open_sink, Clock* clock, Ticker* ticker,
               OnFailure on_failure)
    : Outlet(std::move(title), open_sink, clock, ticker, {}, true,
             on_failure == OnFailure::stop) {
  is_open_ = true;
}

Outlet::Outlet(SinkTitle title, Sink& sink, Clock* clock, Ticker* ticker,
               DeadLetterFile dead_letter, bool is_queued, bool ends)
    : title_(std::move(title)),
      clock_(clock),
      longest_wait_(longest_wait(sink)),
      ticker_(ticker),
      ends_(ends),
      sink_(sink, title_.hidden, std::move(dead_letter)),
      reports_(title_, sink, *clock, is_queued) {
  layouts_.refresh(sink);
}

// The lock.

// A wait in which fork() held the lock, and waited for other sinks, is begun
// again; but not without end, for some programs fork all the time.
bool Outlet::lock_in_time(std::chrono::nanoseconds* waited) noexcept {
  constexpr int kMostWaits = 3;
  for (int i = 0; i < kMostWaits; ++i) {
    const std::uint64_t before = fork_moments();
    if (mutex_.try_lock_for(longest_wait_, waited)) return true;
    if (before % 2 == 0 && before == fork_moments()) return false;
  }
  return false;
}

// False if it took too long: then the rows are dropped.
bool Outlet::begin_late(std::uint64_t rows) noexcept {
  std::chrono::nanoseconds waited(0);
  if (!lock_in_time(&waited)) {
    sink_.counters().refuse(rows);
    reports_.long_wait(longest_wait_);
    return false;
  }
  // However often fork() made it begin again, the sink has some time left.
  waited = std::min<std::chrono::nanoseconds>(waited, longest_wait_);
  if (waited.count() != 0) sink_.said().begin_late(waited.count());
  return true;
}

// Writing.

inline bool Outlet::is_waiting() noexcept {
  if (is_let_go_ || has_ended()) return true;
  return is_failing() && !back_off_.is_due(clock_->monotonic_ns()) &&
         !sink_.get().recovered();
}

const RowLayout* Outlet::open_to_write(std::uint64_t rows) noexcept {
  Status opened;
  if (!is_waiting()) {
    opened = open_sink();
    if (opened.ok()) return layout();
  }
  sink_.counters().drop(rows);
  if (!opened.ok()) note_failure(opened, "open");
  sink_.said().clear();
  return nullptr;
}

const RowLayout* Outlet::open_queued() noexcept {
  if (is_waiting()) return nullptr;
  const Status opened = open_sink();
  if (opened.ok()) return layout();
  note_failure(opened, "open");
  sink_.said().clear();
  return nullptr;
}

std::uint64_t Outlet::write_queued(const RowBatch& rows,
                                   std::uint32_t sanitized,
                                   std::vector<bool>& judged) noexcept {
  if (sanitized != 0) sink_.counters().sanitize(sanitized);
  std::uint64_t kept = 0;
  const Status status = sink_.write_kept(rows, judged, &kept);
  finish_write(status);
  return kept;
}

bool Outlet::flush_queued() noexcept {
  if (sink_.buffered() == 0) return true;
  if (!is_open_ || has_ended()) return false;
  const Status status = sink_.flush();
  if (status.ok() && is_failing()) note_recovery();
  note_verdicts(status.ok());
  if (!status.ok()) note_failure(status, "flush");
  return status.ok();
}

void Outlet::refuse(std::uint64_t rows, std::string_view reason) noexcept {
  Verdicts& said = sink_.said();
  said.expect_held_back();
  for (std::uint64_t i = 0; i < rows; ++i) said.refuse(i, reason);
  sink_.counters().settle(said.counts());
  note_verdicts(true);
}

// What is to be done after a write() unless all is as usual.
[[gnu::noinline]] void Outlet::finish_write(const Status& status) noexcept {
  request_tick();
  if (status.ok() && is_failing() && !ends_) note_recovery();
  note_verdicts(status.ok());
  if (!status.ok()) note_failure(status, "write");
}

void Outlet::close_again() noexcept {
  if (is_open_) static_cast<void>(note(close_sink(), "close"));
}

void Outlet::report_no_queue(const Status& why) noexcept {
  const std::lock_guard lock(mutex_);
  reports_.no_queue(why);
}

void Outlet::report_full_queue(std::uint64_t dropped) noexcept {
  const std::lock_guard lock(mutex_);
  if (!is_let_go_) reports_.full_queue(dropped);
}

void Outlet::report_undelivered(std::uint64_t rows) noexcept {
  if (!own_) return;
  const std::lock_guard lock(mutex_);
  if (!is_let_go_) reports_.left_behind(rows);
}

void Outlet::report_no_spool(const Status& why) noexcept {
  const std::lock_guard lock(mutex_);
  reports_.no_spool(why);
}

void Outlet::report_left(std::uint64_t rows) noexcept {
  if (!own_) return;
  const std::lock_guard lock(mutex_);
  reports_.left_on_disk(rows);
}

// The other calls.

Status Outlet::open_sink() noexcept {
  if (is_open_) return {};
  Status status = sink_.open();
  if (status.ok()) {
    status = guarded([&] {
      layouts_.refresh(sink_.get());
      return Status();
    });
  }
  is_open_ = status.ok();
  see_whether_ready();
  return status;
}

Status Outlet::close_sink() noexcept {
  Status status = sink_.close();
  is_open_ = false;
  see_whether_ready();
  return status;
}

void Outlet::see_whether_ready() noexcept {
  const bool is_ready = is_open_ && !closed_ && !is_failing();
  ready_for_ = is_ready ? layout() : nullptr;
}

void Outlet::request_tick() noexcept {
  if (ticker_ == nullptr || closed_ || sink_.buffered() == 0) return;
  ticker_->request();
}

Status Outlet::open() noexcept {
  mutex_.lock();
  begin_call();
  Status status = note(open_sink(), "open");
  request_tick();  // it may have been in use before
  mutex_.unlock();
  return status;
}

void Outlet::tick() noexcept {
  if (!sink_.keeps_tally()) return;  // it holds nothing back
  if (!lock_in_time(nullptr)) {
    // Others write to it, and will be done.
    if (ticker_ != nullptr) ticker_->request();
    return;
  }
  begin_call();
  if (!closed_ && sink_.buffered() != 0) {
    if (!is_waiting()) tick_sink();
    request_tick();
  }
  mutex_.unlock();
}

// A tick that hands nothing over does not show that the target works again.
void Outlet::tick_sink() noexcept {
  const std::uint64_t before = sink_.counters().written();
  Status status = open_sink();
  if (!status.ok()) return note_failure(status, "open");
  status = sink_.tick(clock_->now());
  const bool wrote = sink_.counters().written() != before;
  if (status.ok() && wrote && is_failing() && !ends_) note_recovery();
  note_verdicts(status.ok());
  if (!status.ok()) note_failure(status, "write");
}

Status Outlet::flush() noexcept {
  mutex_.lock();
  begin_call();
  Status status;
  if (is_let_go_) {
    status = Status(Code::invalid, "the sink is not in use any more");
  } else if (is_waiting()) {
    status = reports_.explain(
        Status(Code::unavailable, "the sink is out of order"), "flush");
  } else if (is_open_ || sink_.buffered() != 0) {
    status = flush_sink();
  }
  mutex_.unlock();
  return status;
}

void Outlet::flush_in_time(std::chrono::milliseconds longest) noexcept {
  if (!sink_.keeps_tally() || !mutex_.try_lock_for(longest)) return;
  begin_call();
  if (is_open_ && !is_failing() && sink_.buffered() != 0) {
    static_cast<void>(flush_sink());
  }
  mutex_.unlock();
}

// A sink that failed may have kept rows, which get another chance. If it fails
// now, the next row shows whether the target works.
Status Outlet::flush_sink() noexcept {
  Status status = open_sink();
  if (!status.ok()) return note(std::move(status), "open");
  status = sink_.flush();
  if (closed_) {
    Status closed = close_sink();
    if (status.ok()) status = std::move(closed);
    return note(std::move(status), "flush");
  }
  if (ends_) note_verdicts(status.ok());
  if (status.ok() || ends_) return note(std::move(status), "flush");
  sink_.counters().fail();
  // Of a target that is known to fail, nothing more is said.
  if (!is_failing()) reports_.failed_flush(status, sink_.buffered());
  return reports_.explain(status, "flush");
}

Status Outlet::close() noexcept {
  mutex_.lock();
  begin_call();
  closed_ = true;
  const bool was_failing = is_failing();
  Status status;
  // This is the last chance of the rows that it kept when it failed.
  if (!is_open_ && sink_.buffered() != 0) status = open_sink();
  if (status.ok()) status = close_sink();
  if (!status.ok()) status = note(std::move(status), "close");
  if (!status.ok() && sink_.buffered() != 0) {
    reports_.left_behind(sink_.buffered());
  }
  if (was_failing && is_failing()) {
    reports_.end_of_outage(outage_.age_ns(clock_->monotonic_ns()),
                           outage_.lost(sink_.counters().dropped()));
    outage_.forget_lost(sink_.counters().dropped());
  }
  mutex_.unlock();
  return status;
}

void Outlet::let_go() noexcept {
  const std::lock_guard lock(mutex_);
  is_let_go_ = true;
  is_open_ = false;
}

// Failures.

Status Outlet::note(Status status, const char* action) noexcept {
  if (status.ok()) {
    if (is_failing() && !ends_) note_recovery();
    return status;
  }
  note_failure(status, action);
  return reports_.explain(status, action);
}

void Outlet::note_failure(const Status& status, const char* action) noexcept {
  sink_.counters().fail();
  if (ends_) return end_with(status);
  // What the sink still holds may survive this, as its tally says then.
  static_cast<void>(close_sink());
  const std::int64_t now = clock_->monotonic_ns();
  back_off_.fail(now);
  needs_init_.store(status.code() == Code::config, std::memory_order_relaxed);
  if (!is_failing()) {
    outage_.begin(now, dropped_before_call_, status.message());
    failing_.store(true, std::memory_order_relaxed);
    if (!closed_) reports_.announce_failure(status);
  } else if (!outage_.is_news(now, status.message())) {
    return;
  }
  reports_.failure(
      status, action,
      {outage_.age_ns(now), outage_.lost(sink_.counters().dropped()),
       closed_ ? 0 : back_off_.delay_ns()});
}

void Outlet::note_recovery() noexcept {
  failing_.store(false, std::memory_order_relaxed);
  back_off_.end();
  see_whether_ready();
  reports_.recovery(outage_.age_ns(clock_->monotonic_ns()),
                    outage_.lost(sink_.counters().dropped()));
}

// `ok` is what the sink says of its target. If it is not, the failure of the
// call is counted and reported for itself, and says why rows are in doubt.
void Outlet::note_verdicts(bool ok) noexcept {
  Verdicts& said = sink_.said();
  if (ends_ && ok) {
    const bool dropped = sink_.counters().dropped() != dropped_before_call_;
    end_with(guarded([&] { return said.failure(dropped); }));
  }
  if (said.is_empty()) return;
  if (said.has_failures() && ok) sink_.counters().fail();
  const bool is_news =
      ok ? said.has_failures() : said.refused() != 0 && !is_failing();
  if (is_news && !ends_) {
    reports_.failed_rows(said,
                         sink_.counters().dropped() - dropped_before_call_);
  }
  if (said.has_notices()) reports_.notices(said);
  said.clear();
}

void Outlet::end_with(const Status& status) noexcept {
  if (status.ok() || is_failing()) return;
  failure_ = status;
  failing_.store(true, std::memory_order_release);
}

// Fork.

void Outlet::before_fork(std::chrono::milliseconds longest) noexcept {
  fork_locked_ = mutex_.try_lock_for(longest);
}

void Outlet::after_fork_in_parent() noexcept {
  if (fork_locked_) mutex_.unlock();
}

void Outlet::after_fork_in_child() noexcept {
  // The threads that held locks or were in the sink do not exist here. The
  // rows they brought are the parent's to write and to count.
  mutex_.reset();
  if (is_let_go_) return;
  sink_.abandon(!fork_locked_);
  is_open_ = false;
  failing_.store(false, std::memory_order_relaxed);
  back_off_.end();
  see_whether_ready();
}

}  // namespace stogger
