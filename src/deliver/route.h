// Route: the way of events to one sink, as rows in the form that it wants.
//
// Where delivery is synchronous, deliver() returns when the sink has taken the
// event or the event is counted as lost. Else the event is in the queue of a
// worker then, which renders it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "deliver/delivery.h"
#include "deliver/outlet.h"
#include "deliver/worker.h"
#include "event/event.h"
#include "render/render.h"
#include "stogger/clock.h"
#include "stogger/sink.h"
#include "stogger/stats.h"

namespace stogger {

class Route {
 public:
  using TimePoint = Worker::TimePoint;

  // As Outlet(). Without the memory for a queue, delivery is synchronous, and
  // that is reported. `identity`: see HubSink.
  Route(SinkTitle title, SinkPtr sink, Clock* clock, Ticker* ticker = nullptr,
        DeadLetterFile dead_letter = {}, const DeliverySettings& delivery = {},
        std::string identity = {});

  const std::string& name() const noexcept { return outlet_.title().name; }
  // Whether it is that of an open sink of this identity, and has nothing that
  // only another init() would put right.
  bool can_go_on_as(const std::string& identity) const noexcept {
    return !identity.empty() && identity == identity_ && !is_closed_ &&
           !lacks_queue_.load(std::memory_order_relaxed) &&
           !outlet_.needs_init();
  }
  Outlet& outlet() noexcept { return outlet_; }
  const Outlet& outlet() const noexcept { return outlet_; }

  // Adds the counters of the route it follows on to its own, if that is of the
  // same name and type. To be called before the route is in use.
  void count_on_from(const Route& before) noexcept;
  // If that was `before`, it is about to be destroyed, and its counters do not
  // change any more. Not while stats() runs.
  void take_over(const Route& before) noexcept;

  // Whether deliver() has to be given the message of the event.
  bool needs_message() const noexcept {
    return delivery_.delivery == Delivery::sync;
  }
  // Renders into the scratch memory outside of the lock, then writes. If other
  // threads keep the sink busy for most of its deadline, the event is dropped.
  // Never throws.
  void deliver(const Event& event, RowScratch& scratch) noexcept;

  // Lets the worker begin, if there is one; events are queued before that.
  void start() noexcept;
  // Waits for what is queued, until that time or for as long as the settings
  // say, then flushes the sink.
  Status flush(std::optional<TimePoint> until) noexcept;
  // Whether events that other processes have left may still be to be delivered.
  bool is_behind() const noexcept {
    return own_worker_ != nullptr && own_worker_->is_behind();
  }
  // Hands over what is queued, for as long as the settings say from `start` on,
  // then closes the sink.
  Status close(TimePoint start) noexcept;

  // Around fork(), as Outlet. The child has a queue of its own, made for its
  // first event.
  void before_fork(std::chrono::milliseconds longest) noexcept {
    outlet_.before_fork(longest);
  }
  // Before that: what is queued in memory, or held back by the sink, goes to
  // the target.
  void hand_over_before_fork(std::chrono::milliseconds longest) noexcept;
  void after_fork_in_parent() noexcept { outlet_.after_fork_in_parent(); }
  void after_fork_in_child() noexcept;

  // Names are views into this route. Balanced at every moment.
  SinkStats stats() const noexcept;

 private:
  static bool render_row(const Event& event, const RowLayout& layout,
                         RowScratch& scratch) noexcept;
  bool deliver_now(const Event& event, RowScratch& scratch) noexcept;
  void deliver_rarely(const Event& event, const RowLayout* rendered,
                      RowScratch& scratch) noexcept;

  void deliver_queued(const Event& event, RowScratch& scratch) noexcept;
  void deliver_late(const Event& event, RowScratch& scratch) noexcept;
  Status left_in_queue() const noexcept;
  void add_to(SinkStats* stats) const noexcept;
  void make_worker() noexcept;
  void report_no_queue(const Status& why) noexcept;
  void renew_worker() noexcept;

  const std::string identity_;
  bool is_closed_ = false;
  std::atomic<bool> lacks_queue_{false};  // of the kind that it should have
  const DeliverySettings delivery_;
  const Route* before_ = nullptr;
  SinkStats earlier_;  // of those before, which are destroyed
  Outlet outlet_;
  // Null for synchronous delivery, and before the first event of a child.
  std::atomic<Worker*> worker_{nullptr};
  std::unique_ptr<Worker> own_worker_;
  std::atomic<bool> must_renew_{false};
  // Events that did not go through the queue, although there is one.
  std::atomic<std::uint64_t> direct_{0};
  std::mutex renew_mutex_;
};

}  // namespace stogger
