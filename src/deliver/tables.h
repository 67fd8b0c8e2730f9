// Tables: the routes of a system, and which events go which way. What calls go
// by is replaced as a whole while calls are under way; it is destroyed, and
// routes that are in no other table with it, when nobody is on the way through
// it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "deliver/current.h"
#include "deliver/route.h"
#include "event/compose.h"
#include "event/logger.h"
#include "event/recorder_settings.h"
#include "filter/event_filter.h"
#include "filter/limits.h"
#include "stogger/level.h"
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

// A route, and which events go there. That changes with the table, while the
// route may stay, with its sink and its queue.
struct Way {
  Way(Route* to, const RouteLevel& by, EventFilter takes = {})
      : route(to), level(by) {
    if (takes.takes_all()) return;
    filter = std::make_shared<const EventFilter>(std::move(takes));
  }
  // By its filter.
  bool takes(std::string_view event, std::string_view logger) const noexcept {
    return filter == nullptr || filter->takes(event, logger);
  }

  Route* route;
  mutable RouteLevel level;                     // see Hub::set_level()
  std::shared_ptr<const EventFilter> filter{};  // null: all
};

// What a call goes by. Immutable, but for the levels.
struct Table {
  EventSettings settings;
  std::shared_ptr<Limits> limits{};  // null without any
  RecorderSettings recorder{};
  std::vector<Way> ways;
  bool needs_message = false;  // one of the routes does
  bool is_capture = false;     // no rule holds

  // Whether an event of that logger, which may have a rule, goes that way.
  [[gnu::always_inline]] bool takes(const Way& way,
                                    const detail::LoggerRep* logger,
                                    Level level,
                                    std::string_view event) const noexcept {
    const std::int32_t rule =
        logger == nullptr || is_capture ? LoggerLevel::kNoRule : logger->rule();
    if (!way.level.takes(static_cast<std::int32_t>(level), rule)) return false;
    if (way.filter == nullptr) [[likely]]
      return true;
    return way.filter->takes(
        event, logger != nullptr ? logger->bound.name() : std::string_view());
  }
  bool has(const Route* route) const noexcept {
    return std::any_of(ways.begin(), ways.end(),
                       [&](const Way& way) { return way.route == route; });
  }
};

// Changes need a lock of the caller's. May throw std::bad_alloc, and then
// nothing is changed.
class Tables {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Tables();  // an empty table is in place, and active

  // What calls go by, and the same unless there is a capture.
  const Current<Table>& active() const noexcept { return active_; }
  const Current<Table>& installed() const noexcept { return installed_; }
  const Table& in_place() const noexcept { return *installed_.get(); }

  Route* add_route(std::unique_ptr<Route> route);
  void put_in_place(Table table);
  // Goes before all others until it is ended by its number; of several, the
  // latest.
  int begin_capture(Table table);
  void end_capture(int number) noexcept;
  // From now on, calls go by what was put in place.
  const Table& publish() noexcept;
  // Tables that were replaced and that no call goes by any more, and routes
  // that are in no other table. What is in use now is looked at again after the
  // next change. To be called after publish().
  void destroy_replaced() noexcept;

  // Without the caller's lock.
  Stats stats(std::uint64_t suppressed) const noexcept;

  // Around fork(). What routes hold back is handed over first, if that is
  // wanted, and if there is time.
  void before_fork(TimePoint deadline, bool hands_over) noexcept;
  void after_fork_in_parent() noexcept;
  void after_fork_in_child() noexcept;

 private:
  struct Kept {
    std::unique_ptr<const Table> table;
    bool was_replaced_before = false;  // by the last change but one, or earlier
  };
  struct Capture {
    int number;
    const Table* table;
  };

  const Table* keep(Table table);
  bool is_in_place(const Table* table) const noexcept;
  void destroy_unused_routes() noexcept;

  Current<Table> active_;
  Current<Table> installed_;
  std::vector<Capture> captures_;
  int last_capture_ = 0;
  std::vector<Kept> tables_;
  // Of its own, for fork() does not wait for the caller's for ever. Held only
  // while one is added or taken out.
  std::mutex routes_mutex_;
  std::vector<std::unique_ptr<Route>> routes_;
  // Keeps all of them from being destroyed while stats() adds up. Nothing else
  // is locked, and nobody called, by whoever holds it.
  mutable std::mutex stats_mutex_;
};

}  // namespace stogger
