#include "deliver/route.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "base/no_canary.h"
#include "deliver/event_rows.h"
#include "event/event_record.h"
#include "render/complete.h"

namespace stogger {

Route::Route(SinkTitle title, SinkPtr sink, Clock* clock, Ticker* ticker,
             DeadLetterFile dead_letter, const DeliverySettings& delivery,
             std::string identity)
    : identity_(std::move(identity)),
      delivery_(delivery),
      outlet_(std::move(title), std::move(sink), clock, ticker,
              std::move(dead_letter), delivery.delivery != Delivery::sync) {
  if (delivery_.delivery != Delivery::sync) make_worker();
}

// The queue.

// Where a queue cannot be on disk, it is in memory, and that is reported.
void Route::make_worker() noexcept {
  std::unique_ptr<Spool> spool;
  if (delivery_.delivery == Delivery::durable) {
    const Status made = guarded(
        [&] { return Spool::make(delivery_, outlet_.title(), &spool); });
    if (!made.ok()) {
      lacks_queue_.store(true, std::memory_order_relaxed);
      outlet_.report_no_spool(made);
    }
  }
  const Status made = guarded([&] {
    own_worker_ = std::make_unique<Worker>(
        outlet_, delivery_, std::make_unique<EventRows>(delivery_.batch_bytes),
        std::move(spool));
    return Status();
  });
  if (!made.ok()) return report_no_queue(made);
  worker_.store(own_worker_.get(), std::memory_order_release);
}

void Route::start() noexcept {
  if (own_worker_ == nullptr) return;
  if (const Status status = own_worker_->start(); !status.ok()) {
    report_no_queue(status);
  }
}

void Route::report_no_queue(const Status& why) noexcept {
  lacks_queue_.store(true, std::memory_order_relaxed);
  outlet_.report_no_queue(why);
}

// What is on disk survives. If the sink fails, a flush would end no sooner.
void Route::hand_over_before_fork(std::chrono::milliseconds longest) noexcept {
  Worker* const worker = worker_.load(std::memory_order_acquire);
  if (worker != nullptr && delivery_.delivery == Delivery::async) {
    static_cast<void>(
        worker->wait(std::chrono::steady_clock::now() + longest, false));
  }
  outlet_.flush_in_time(longest);
}

// In a child, where there is no thread any more. The parent's worker may have
// been in the middle of anything: it is left as it is.
void Route::after_fork_in_child() noexcept {
  outlet_.after_fork_in_child();
  std::construct_at(&renew_mutex_);
  if (worker_.load(std::memory_order_relaxed) == nullptr) return;
  worker_.store(nullptr, std::memory_order_relaxed);
  own_worker_->abandon();
  static_cast<void>(own_worker_.release());
  direct_.store(0, std::memory_order_relaxed);
  must_renew_.store(true, std::memory_order_release);
}

void Route::renew_worker() noexcept {
  const std::lock_guard lock(renew_mutex_);
  if (!must_renew_.load(std::memory_order_relaxed)) return;
  make_worker();
  start();
  must_renew_.store(false, std::memory_order_release);
}

// What the sink itself holds is flushed only then: with a target that hangs,
// the worker has the sink's lock.
Status Route::flush(std::optional<TimePoint> until) noexcept {
  if (Worker* const worker = worker_.load(std::memory_order_acquire)) {
    const TimePoint usual =
        std::chrono::steady_clock::now() + delivery_.longest_drain;
    if (!worker->wait(until.value_or(usual), until.has_value())) {
      return left_in_queue();
    }
  }
  return outlet_.flush();
}

// Does not name the target, which may be changing.
Status Route::left_in_queue() const noexcept {
  return guarded([this] {
    const SinkTitle& title = outlet_.title();
    return Status(Code::unavailable,
                  "sink '" + title.name + "' (" + title.type +
                      "): flush failed: " +
                      (outlet_.is_failing() ? "it is out of order; "
                                            : "the time is up; ") +
                      std::to_string(stats().pending) +
                      " events are not with the target yet");
  });
}

Status Route::close(TimePoint start) noexcept {
  is_closed_ = true;
  {
    // A child that has not logged yet needs no queue any more.
    const std::lock_guard lock(renew_mutex_);
    must_renew_.store(false, std::memory_order_release);
  }
  if (Worker* const worker = worker_.load(std::memory_order_acquire)) {
    worker->stop(start);
  }
  return outlet_.close();
}

// Delivery.

// False if there is no memory for it.
inline bool Route::render_row(const Event& event, const RowLayout& layout,
                              RowScratch& scratch) noexcept {
  try {
    render(event, layout.form, layout.wanted, scratch, &scratch.row);
    return true;
  } catch (...) {
    return false;
  }
}

STOGGER_NO_CANARY void Route::deliver(const Event& event,
                                      RowScratch& scratch) noexcept {
  if (delivery_.delivery == Delivery::sync) {
    static_cast<void>(deliver_now(event, scratch));
  } else {
    deliver_queued(event, scratch);
  }
}

void Route::deliver_queued(const Event& event, RowScratch& scratch) noexcept {
  if (must_renew_.load(std::memory_order_acquire)) [[unlikely]]
    renew_worker();
  Worker* const worker = worker_.load(std::memory_order_acquire);
  if (worker == nullptr || !worker->push(event)) deliver_late(event, scratch);
}

// There is no queue, or it is closed. The event may be without its message.
void Route::deliver_late(const Event& given, RowScratch& scratch) noexcept {
  direct_.fetch_add(1, std::memory_order_release);
  try {
    Event event = given;
    Buffer message;
    EventScratch event_scratch;
    complete(&event, message, event_scratch);
    if (deliver_now(event, scratch)) return;
    direct_.fetch_sub(1, std::memory_order_relaxed);
  } catch (...) {
    direct_.fetch_sub(1, std::memory_order_relaxed);
    outlet_.count_lost();
  }
}

// False if others kept the sink busy, and the event is counted as dropped.
[[gnu::always_inline]] inline bool Route::deliver_now(
    const Event& event, RowScratch& scratch) noexcept {
  // Rendering takes most of the time, so it is done before the lock is taken;
  // but not in vain, if the sink is known to be out of order.
  const RowLayout* layout = outlet_.layout();
  if (outlet_.is_failing() || !render_row(event, *layout, scratch)) {
    layout = nullptr;
  }
  if (!outlet_.begin_write(1)) return false;
  if (outlet_.takes(layout)) [[likely]] {
    outlet_.write(scratch.row, scratch.sanitized);
  } else {
    deliver_rarely(event, layout, scratch);
  }
  outlet_.end_write();
  return true;
}

// To a sink that has to be opened, or that wants other rows than were made.
[[gnu::noinline]] void Route::deliver_rarely(const Event& event,
                                             const RowLayout* rendered,
                                             RowScratch& scratch) noexcept {
  const RowLayout* const layout = outlet_.open_to_write(1);
  if (layout == nullptr) return;
  if (layout == rendered || render_row(event, *layout, scratch)) {
    outlet_.write(scratch.row, scratch.sanitized);
  } else {
    outlet_.refuse(1, "there was no memory for the event");
  }
}

void Route::count_on_from(const Route& before) noexcept {
  const SinkTitle& own = outlet_.title();
  const SinkTitle& other = before.outlet_.title();
  if (own.name == other.name && own.type == other.type) before_ = &before;
}

// What its sink still had in a buffer went with it.
void Route::take_over(const Route& before) noexcept {
  if (before_ != &before) return;
  before.add_to(&earlier_);
  earlier_.dropped += std::exchange(earlier_.pending, 0);
  earlier_.spooled = earlier_.spooled_bytes = 0;
  earlier_.oldest_pending_s = 0;
  before_ = before.before_;
}

SinkStats Route::stats() const noexcept {
  SinkStats stats;
  stats.name = outlet_.title().name;
  stats.type = outlet_.title().type;
  stats.failing = outlet_.is_failing();
  for (const Route* one = this; one != nullptr; one = one->before_) {
    one->add_to(&stats);
  }
  return stats;
}

void Route::add_to(SinkStats* stats) const noexcept {
  stats->accepted += earlier_.accepted;
  stats->written += earlier_.written;
  stats->dropped += earlier_.dropped;
  stats->dead_lettered += earlier_.dead_lettered;
  stats->in_doubt += earlier_.in_doubt;
  stats->failed += earlier_.failed;
  stats->sanitized += earlier_.sanitized;
  const std::uint64_t handed = outlet_.counters().add_to(stats);
  const Worker* const worker = worker_.load(std::memory_order_acquire);
  if (worker == nullptr) return;
  const std::uint64_t direct = direct_.load(std::memory_order_acquire);
  worker->add_to(stats, handed - std::min(direct, handed));
  if (const std::int64_t oldest = worker->oldest_ns(); oldest != 0) {
    const std::int64_t age = outlet_.now().ns - oldest;
    stats->oldest_pending_s = std::max(0.0, static_cast<double>(age) / 1e9);
  }
}

}  // namespace stogger
