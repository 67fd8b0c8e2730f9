#include "deliver/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/guarded.h"
#include "base/no_canary.h"
#include "os/diagnostics.h"
#include "os/process.h"

namespace stogger {
namespace {

constexpr std::int64_t kFirstBackoff = 100000000;  // 100 ms
constexpr std::int64_t kLongestBackoff = 5000000000;
// Only one thread at a time changes these counters, so a load and a store do.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + count,
                std::memory_order_release);
}

// Adds what a count has grown by, and returns it.
std::uint64_t book(std::uint64_t now, std::uint64_t* before,
                   std::atomic<std::uint64_t>& counter) noexcept {
  const std::uint64_t growth = now - *before;
  if (growth == 0) return 0;
  *before = now;
  add(counter, growth);
  return growth;
}

// True if the rows, and nothing else, went into the sink's buffer: then they
// are only to be counted when they leave it.
bool has_buffered(std::uint64_t rows, const Tally& before,
                  const Tally& now) noexcept {
  return now.buffered == before.buffered + rows &&
         now.written == before.written &&
         now.dead_lettered == before.dead_lettered &&
         now.in_doubt == before.in_doubt;
}

std::chrono::milliseconds longest_wait(const Sink& sink) noexcept {
  constexpr std::int64_t kMost = 3600000000000;  // an hour
  const std::int64_t deadline =
      std::clamp<std::int64_t>(sink.deadline_ns(), 0, kMost);
  return std::chrono::milliseconds(
      std::max<std::int64_t>(deadline / 4 * 3 / 1000000, 1));
}

bool has_tally(const Sink& sink) noexcept {
  Tally tally;
  return sink.tally(&tally);
}

}  // namespace

bool Route::Layout::is_for(RowForm other,
                           const RowBatch& others) const noexcept {
  return form == other &&
         std::equal(columns.begin(), columns.end(), others.columns,
                    others.columns + others.column_count,
                    [](const Column& a, const Column& b) {
                      return a.name == b.name && a.kind == b.kind;
                    });
}

Route::Route(std::string name, std::string type, Level level, SinkPtr sink,
             Clock* clock, std::vector<HiddenValue> hidden, Ticker* ticker)
    : name_(std::move(name)),
      type_(std::move(type)),
      level_(level),
      clock_(clock),
      hidden_(std::move(hidden)),
      sink_(std::move(sink)),
      sink_counts_(has_tally(*sink_)),
      longest_wait_(longest_wait(*sink_)),
      ticker_(ticker) {
  // It may have been in use before.
  static_cast<void>(sink_->tally(&tally_));
  refresh_layout();
}

void Route::refresh_layout() {
  const RowForm form = sink_->form();
  const RowBatch wanted = sink_->columns();
  for (const auto& known : layouts_) {
    if (known->is_for(form, wanted)) {
      layout_.store(known.get(), std::memory_order_release);
      return;
    }
  }
  auto layout = std::make_unique<Layout>();
  layout->form = form;
  layout->names.reserve(wanted.column_count);
  for (std::size_t i = 0; i < wanted.column_count; ++i) {
    layout->names.emplace_back(wanted.columns[i].name);
    layout->columns.push_back({layout->names.back(), wanted.columns[i].kind});
  }
  layout->wanted.columns = layout->columns.data();
  layout->wanted.column_count = layout->columns.size();
  layouts_.push_back(std::move(layout));
  layout_.store(layouts_.back().get(), std::memory_order_release);
}

inline bool Route::is_waiting() noexcept {
  return failing_.load(std::memory_order_relaxed) &&
         clock_->monotonic_ns() < retry_at_ns_ && !sink_->recovered();
}

// Call with the lock just taken.
void Route::begin() noexcept {
  dropped_before_ = dropped_.load(std::memory_order_relaxed);
}

Status Route::open() noexcept {
  mutex_.lock();
  begin();
  Status status = note(open_sink(), "open");
  request_tick();  // it may have been in use before
  mutex_.unlock();
  return status;
}

template <class Call>
inline Status Route::call_sink(Call call) noexcept {
  const HidesInReports hides(hidden_);
  return guarded(call);
}

Status Route::open_sink() noexcept {
  if (is_open_) return {};
  Status status = call_sink([&] {
    Status opened = sink_->open();
    if (opened.ok()) refresh_layout();
    return opened;
  });
  is_open_ = status.ok();
  return status;
}

STOGGER_NO_CANARY void Route::deliver(const Event& event,
                                      RowScratch& scratch) noexcept {
  // Rendering takes most of the time, so it is done before the lock is taken;
  // but not in vain, if the sink is known to be out of order.
  const Layout* layout = layout_.load(std::memory_order_acquire);
  RowBatch& rows = scratch.row;
  if (failing_.load(std::memory_order_relaxed) ||
      !render_row(event, *layout, scratch, &rows)) {
    layout = nullptr;
  }
  if (!mutex_.try_lock() && !lock_in_time()) {
    refuse();
    report_long_wait();
    return;
  }
  begin();
  add(accepted_, 1);
  if (is_open_ && !closed_ && !failing_.load(std::memory_order_relaxed) &&
      layout == layout_.load(std::memory_order_relaxed)) [[likely]] {
    // The way of nearly every event.
    const Status status = write_sink(rows, scratch.sanitized);
    settle_written(1, status.ok());
    if (!status.ok()) note_failure(status, "write");
  } else if (is_waiting()) {
    add(dropped_, 1);
  } else {
    write_slowly(event, scratch, layout, rows);
  }
  mutex_.unlock();
}

// A wait in which fork() held the lock, and waited for other sinks, is begun
// anew; but not without end, for some programs fork all the time.
bool Route::lock_in_time() noexcept {
  constexpr int kMostWaits = 3;
  for (int i = 0; i < kMostWaits; ++i) {
    const std::uint64_t before = fork_moments();
    if (mutex_.try_lock_for(longest_wait_)) return true;
    if (before % 2 == 0 && before == fork_moments()) return false;
  }
  return false;
}

// Without the lock. Names the sink alone: its target may be changing.
void Route::report_long_wait() noexcept {
  constexpr std::int64_t kReportEvery = 10000000000;  // 10 s
  const std::int64_t now = clock_->monotonic_ns();
  std::int64_t next = next_wait_report_ns_.load(std::memory_order_relaxed);
  if (now < next || !next_wait_report_ns_.compare_exchange_strong(
                        next, now + kReportEvery, std::memory_order_relaxed)) {
    return;
  }
  try {
    report(fmt::format(
        "sink '{}' ({}): calls of other threads kept it busy for {} ms; the "
        "event is counted as dropped; log less to it, or to a faster target",
        name_, type_, longest_wait_.count()));
  } catch (...) {
    // As above.
  }
}

// False if there is no memory for it.
inline bool Route::render_row(const Event& event, const Layout& layout,
                              RowScratch& scratch, RowBatch* rows) noexcept {
  try {
    render(event, layout.form, layout.wanted, scratch, rows);
    return true;
  } catch (...) {
    return false;
  }
}

// For a sink that has to be opened, or that wants other rows than were made.
void Route::write_slowly(const Event& event, RowScratch& scratch,
                         const Layout* rendered_by, RowBatch rows) noexcept {
  const Status opened = open_sink();
  if (!opened.ok()) {
    settle(1, false);
    note_failure(opened, "open");
    return;
  }
  const Layout* layout = layout_.load(std::memory_order_relaxed);
  Status status;
  if (layout == rendered_by || render_row(event, *layout, scratch, &rows)) {
    status = write_sink(rows, scratch.sanitized);
  } else {
    said_.expect(1);
    said_.refuse(0, "there was no memory for the event");
  }
  settle_written(1, status.ok());
  const char* action = "write";
  if (closed_) {
    Status closed = close_sink();
    if (status.ok()) {
      status = std::move(closed);
      action = "close";
    }
  }
  static_cast<void>(note(std::move(status), action));
}

inline Status Route::write_sink(const RowBatch& rows,
                                std::uint32_t sanitized) noexcept {
  if (sanitized != 0) add(sanitized_, sanitized);
  said_.expect(rows.row_count);
  return call_sink([&] { return sink_->write(rows, said_); });
}

Status Route::close_sink() noexcept {
  Status status = call_sink([&] { return sink_->close(); });
  is_open_ = false;
  settle(0, status.ok());
  return status;
}

inline void Route::settle_written(std::uint64_t rows, bool ok) noexcept {
  if (said_.is_empty()) [[likely]] {
    settle(rows, ok);
  } else {
    settle_verdicts(rows, ok);
  }
}

// Of a sink that counts its rows itself, verdicts give the reasons alone.
[[gnu::noinline]] void Route::settle_verdicts(std::uint64_t rows,
                                              bool ok) noexcept {
  if (!sink_counts_) {
    add(dropped_, said_.refused());
    add(in_doubt_, said_.in_doubt());
    rows -= said_.refused() + said_.in_doubt();
  }
  settle(rows, ok);
  if (ok && failing_.load(std::memory_order_relaxed)) note_recovery();
  note_verdicts(ok);
}

// Books the rows that were handed over since the last time.
inline void Route::settle(std::uint64_t rows, bool ok) noexcept {
  if (!sink_counts_) {
    add(ok ? written_ : dropped_, rows);
    return;
  }
  Tally now;
  static_cast<void>(sink_->tally(&now));
  if (has_buffered(rows, tally_, now)) {
    tally_.buffered = now.buffered;
  } else {
    settle(rows, now);
  }
  // It holds these alone: nobody has asked for a tick yet.
  if (now.buffered == rows) [[unlikely]]
    request_tick();
}

[[gnu::noinline]] void Route::request_tick() noexcept {
  if (ticker_ == nullptr || closed_ || tally_.buffered == 0) return;
  ticker_->request();
}

[[gnu::noinline]] void Route::settle(std::uint64_t rows,
                                     const Tally& now) noexcept {
  const std::uint64_t handed_over = rows + tally_.buffered;
  const std::uint64_t known =
      now.buffered + book(now.written, &tally_.written, written_) +
      book(now.dead_lettered, &tally_.dead_lettered, dead_lettered_) +
      book(now.in_doubt, &tally_.in_doubt, in_doubt_);
  tally_.buffered = now.buffered;
  if (handed_over > known) add(dropped_, handed_over - known);
}

Status Route::note(Status status, const char* action) noexcept {
  if (status.ok()) {
    if (failing_.load(std::memory_order_relaxed)) note_recovery();
    return status;
  }
  note_failure(status, action);
  return explain(status, action);
}

void Route::note_failure(const Status& status, const char* action) noexcept {
  add(failed_, 1);
  // What the sink still holds may survive this; it tells in its tally.
  static_cast<void>(close_sink());
  const bool was_failing = failing_.load(std::memory_order_relaxed);
  const std::int64_t now = clock_->monotonic_ns();
  backoff_ns_ =
      was_failing ? std::min(backoff_ns_ * 2, kLongestBackoff) : kFirstBackoff;
  retry_at_ns_ = now + backoff_ns_;
  if (was_failing) return;
  failing_since_ns_ = now;
  lost_before_ = dropped_before_;
  failing_.store(true, std::memory_order_relaxed);
  const std::string_view until =
      status.code() == Code::config
          ? "init() is called again or the program is started again"
          : "it works again, which is retried automatically";
  try {
    tell(fmt::format(
        "{}: {} failed: {}; events are dropped and counted until {}", title(),
        action, status.message(), until));
  } catch (...) {
    // No memory for the text; the counters tell.
  }
}

// The next event shows whether the target works. Of one that is known to fail,
// nothing more is said.
void Route::note_failed_flush(const Status& status) noexcept {
  add(failed_, 1);
  if (failing_.load(std::memory_order_relaxed)) return;
  try {
    std::string text =
        fmt::format("{}: flush failed: {}", title(), status.message());
    if (tally_.buffered != 0) {
      text +=
          fmt::format("; {} until written",
                      tally_.buffered == 1
                          ? std::string("1 event is kept")
                          : fmt::format("{} events are kept", tally_.buffered));
    }
    tell(text);
  } catch (...) {
    // As above.
  }
}

// `ok` is what the sink says of its target. If it is not, the failure of the
// call is counted and reported for itself, and tells why rows are in doubt.
void Route::note_verdicts(bool ok) noexcept {
  if (said_.has_failures() && ok) add(failed_, 1);
  const bool is_news =
      ok ? said_.has_failures()
         : said_.refused() != 0 && !failing_.load(std::memory_order_relaxed);
  try {
    if (is_news) {
      std::string text =
          fmt::format("{}: write failed: {}", title(), said_.failures());
      // A sink that set them aside says so itself.
      const std::uint64_t lost =
          dropped_.load(std::memory_order_relaxed) - dropped_before_;
      if (lost == 1) text += "; the event is counted as dropped";
      if (lost > 1) {
        text += fmt::format("; {} events are counted as dropped", lost);
      }
      tell(text);
    }
    if (const std::string notices = said_.notices(); !notices.empty()) {
      tell(fmt::format("{}: {}", title(), notices));
    }
  } catch (...) {
    // As above.
  }
  said_.clear();
}

Status Route::explain(const Status& status, const char* action) const noexcept {
  try {
    return Status(status.code(),
                  hide_values(hidden_, fmt::format("{}: {} failed: {}", title(),
                                                   action, status.message())));
  } catch (...) {
    return status;
  }
}

void Route::note_recovery() noexcept {
  failing_.store(false, std::memory_order_relaxed);
  const std::int64_t now = clock_->monotonic_ns();
  const std::uint64_t lost =
      dropped_.load(std::memory_order_relaxed) - lost_before_;
  try {
    tell(fmt::format("{}: works again after {:.1f} s; {} {} lost", title(),
                     static_cast<double>(now - failing_since_ns_) / 1e9, lost,
                     lost == 1 ? "event was" : "events were"));
  } catch (...) {
    // As above.
  }
}

// May throw std::bad_alloc.
void Route::tell(std::string_view what) {
  std::uint64_t left_out = 0;
  if (!reports_.pass(clock_->monotonic_ns(), &left_out)) return;
  std::string text = hide_values(hidden_, what);
  if (left_out != 0) {
    text += " (" + std::to_string(left_out) + " reports left out)";
  }
  report(text);
}

std::string Route::title() const {
  std::string title = "sink '" + name_ + "' (" + type_;
  const std::string_view target = sink_->target();
  if (!target.empty()) (title += ' ') += target;
  return title + ")";
}

void Route::tick() noexcept {
  if (!sink_counts_) return;  // it holds nothing back
  if (!lock_in_time()) {
    // Others write to it, and will be done.
    if (ticker_ != nullptr) ticker_->request();
    return;
  }
  begin();
  if (!closed_ && tally_.buffered != 0) {
    if (!is_waiting()) tick_sink();
    request_tick();
  }
  mutex_.unlock();
}

// A tick that hands nothing over does not show that the target works again.
void Route::tick_sink() noexcept {
  const std::uint64_t before = tally_.written;
  Status status = open_sink();
  if (!status.ok()) {
    settle(0, false);
    note_failure(status, "open");
    return;
  }
  said_.expect(Verdicts::kAnyRow);
  status = call_sink([&] { return sink_->tick(clock_->now(), said_); });
  settle(0, status.ok());
  if (status.ok() && tally_.written != before &&
      failing_.load(std::memory_order_relaxed)) {
    note_recovery();
  }
  if (!said_.is_empty()) note_verdicts(status.ok());
  if (!status.ok()) note_failure(status, "write");
}

Status Route::flush() noexcept {
  mutex_.lock();
  begin();
  Status status;
  if (is_waiting()) {
    status = explain({Code::unavailable, "the sink is out of order"}, "flush");
  } else if (is_open_ || tally_.buffered != 0) {
    status = flush_sink();
  }
  mutex_.unlock();
  return status;
}

// A sink that failed may have kept rows, which get another chance.
Status Route::flush_sink() noexcept {
  Status status = open_sink();
  if (!status.ok()) return note(std::move(status), "open");
  status = call_sink([&] { return sink_->flush(); });
  settle(0, status.ok());
  if (closed_) {
    Status closed = close_sink();
    if (status.ok()) status = std::move(closed);
    return note(std::move(status), "flush");
  }
  if (status.ok()) return note(std::move(status), "flush");
  note_failed_flush(status);
  return explain(status, "flush");
}

Status Route::close() noexcept {
  mutex_.lock();
  begin();
  closed_ = true;
  Status status;
  // This is the last chance of the rows that it kept when it failed.
  if (!is_open_ && tally_.buffered != 0) status = open_sink();
  if (status.ok()) status = close_sink();
  if (!status.ok()) status = note(std::move(status), "close");
  if (!status.ok() && tally_.buffered != 0) tell_what_is_left();
  mutex_.unlock();
  return status;
}

void Route::tell_what_is_left() noexcept {
  try {
    tell(fmt::format(
        "{}: closed while out of order; {} {} could not be written", title(),
        tally_.buffered, tally_.buffered == 1 ? "event" : "events"));
  } catch (...) {
    // As above.
  }
}

void Route::count_on_from(const Route& before) noexcept {
  if (before.name_ == name_ && before.type_ == type_) before_ = &before;
}

SinkStats Route::stats() const noexcept {
  SinkStats stats = own_stats();
  for (const Route* one = before_; one != nullptr; one = one->before_) {
    const SinkStats earlier = one->own_stats();
    stats.accepted += earlier.accepted;
    stats.written += earlier.written;
    stats.dropped += earlier.dropped;
    stats.dead_lettered += earlier.dead_lettered;
    stats.in_doubt += earlier.in_doubt;
    stats.pending += earlier.pending;
    stats.failed += earlier.failed;
    stats.sanitized += earlier.sanitized;
  }
  return stats;
}

SinkStats Route::own_stats() const noexcept {
  const auto get = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_acquire);
  };
  SinkStats stats;
  stats.name = name_;
  stats.type = type_;
  // The ends first, the beginning last: what lies between is on its way.
  const std::uint64_t refused = get(refused_);
  stats.written = get(written_);
  stats.dropped = get(dropped_) + refused;
  stats.dead_lettered = get(dead_lettered_);
  stats.in_doubt = get(in_doubt_);
  stats.accepted = get(accepted_) + refused;
  stats.pending = stats.accepted - stats.written - stats.dropped -
                  stats.dead_lettered - stats.in_doubt;
  stats.failed = get(failed_);
  stats.sanitized = get(sanitized_);
  stats.failing = failing_.load(std::memory_order_relaxed);
  return stats;
}

void Route::before_fork(std::chrono::milliseconds longest) noexcept {
  fork_locked_ = mutex_.try_lock_for(longest);
}

void Route::after_fork_in_parent() noexcept {
  if (fork_locked_) mutex_.unlock();
}

void Route::after_fork_in_child() noexcept {
  // The threads that held locks or were in the sink do not exist here. The
  // events they brought are the parent's to write and to count.
  mutex_.reset();
  // Another thread may have been in the middle of saying something.
  if (!fork_locked_) std::construct_at(&said_);
  sink_->abandon();
  is_open_ = false;
  for (auto* counter : {&accepted_, &written_, &dropped_, &dead_lettered_,
                        &in_doubt_, &failed_, &sanitized_, &refused_}) {
    counter->store(0, std::memory_order_relaxed);
  }
  tally_ = {};
  static_cast<void>(sink_->tally(&tally_));
  lost_before_ = 0;
  failing_.store(false, std::memory_order_relaxed);
}

}  // namespace stogger
