// Route: the way of events to one sink: its level, and rows in the form that it
// wants.
//
// Where delivery is synchronous, deliver() returns when the sink has taken the
// event or the event is counted as lost. Else the event is in the queue of a
// worker then, which renders it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "deliver/delivery.h"
#include "deliver/outlet.h"
#include "deliver/worker.h"
#include "event/event.h"
#include "filter/event_filter.h"
#include "render/render.h"
#include "stogger/clock.h"
#include "stogger/level.h"
#include "stogger/sink.h"
#include "stogger/stats.h"

namespace stogger {

// Which events a sink takes by their level. Relaxed atomic access only, for
// set_level() may change it while threads log.
class RouteLevel {
 public:
  // A level of its own, or that of the system.
  explicit RouteLevel(std::optional<Level> own, Level of_system) noexcept
      : own_(own.has_value() ? number(*own) : 0),
        level_(number(own.value_or(of_system))),
        has_own_(own.has_value()) {}
  RouteLevel(const RouteLevel& other) noexcept
      : own_(other.own_),
        level_(other.without_rule()),
        has_own_(other.has_own_) {}

  void set_of_system(Level level) noexcept {
    if (!has_own_) level_.store(number(level), std::memory_order_relaxed);
  }
  // For events of loggers without a rule.
  std::int32_t without_rule() const noexcept {
    return level_.load(std::memory_order_relaxed);
  }
  // A rule counts in place of the level of the system; a level of the sink's
  // own counts besides.
  std::int32_t own() const noexcept { return own_; }
  // For a logger with that rule, which may be LoggerLevel::kNoRule.
  bool takes(std::int32_t level, std::int32_t rule) const noexcept {
    return level >= (rule < 0 ? without_rule() : std::max(rule, own_));
  }

 private:
  static std::int32_t number(Level level) noexcept {
    return static_cast<std::int32_t>(level);
  }

  const std::int32_t own_;  // trace without one
  std::atomic<std::int32_t> level_;
  const bool has_own_;
};

class Route {
 public:
  using TimePoint = Worker::TimePoint;

  // As Outlet(). Without the memory for a queue, delivery is synchronous, and
  // that is reported.
  Route(SinkTitle title, const RouteLevel& level, SinkPtr sink, Clock* clock,
        Ticker* ticker = nullptr, DeadLetterFile dead_letter = {},
        const DeliverySettings& delivery = {});

  const std::string& name() const noexcept { return outlet_.title().name; }
  RouteLevel& level() noexcept { return level_; }
  const RouteLevel& level() const noexcept { return level_; }
  // To be called before the route is in use.
  void set_filter(EventFilter filter) noexcept {
    has_filter_ = !filter.takes_all();
    filter_ = std::move(filter);
  }
  bool has_filter() const noexcept { return has_filter_; }
  const EventFilter& filter() const noexcept { return filter_; }
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
  void renew_worker() noexcept;

  RouteLevel level_;
  bool has_filter_ = false;
  EventFilter filter_;
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
