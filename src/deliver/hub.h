// Hub: composes each event once and hands it to every route that takes it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "deliver/current.h"
#include "deliver/route.h"
#include "deliver/scratch.h"
#include "deliver/sink_events.h"
#include "deliver/ticker.h"
#include "event/recorder_settings.h"
#include "event/scope.h"
#include "event/target.h"
#include "filter/event_filter.h"
#include "filter/limits.h"
#include "filter/logger_levels.h"
#include "os/process.h"
#include "os/route_mutex.h"

namespace stogger {

struct HubSink {
  SinkTitle title;
  std::optional<Level> level;  // that of the system without one
  SinkPtr sink;
  DeadLetterFile dead_letter{};  // for rows that it refuses
  DeliverySettings delivery{};
  EventFilter filter{};
};

struct HubSettings {
  Level level = Level::info;  // of sinks without one
  LevelRules levels{};        // by the names of loggers
  std::vector<Field> static_fields{};
  std::vector<LimitRule> limits{};
  RecorderSettings recorder{};
  bool caller_info = false;
  std::vector<std::string> redact = Redaction::default_names();
  // That a sink fails or works again goes to the others, as an event.
  bool report_events = true;
  // False for what stands in for a configuration: the console of a program that
  // has none, or none that is right.
  bool is_configuration = false;
};

class Hub final : public EventTarget, private ProcessObject {
 public:
  // `threshold` is where the level of the least demanding sink is kept; null
  // for a place of its own.
  explicit Hub(Clock* clock, std::int32_t* threshold = nullptr);

  void deliver(const detail::LoggerRep* logger,
               const detail::Call& call) noexcept override;
  void deliver_at(Time time, const detail::LoggerRep* logger,
                  const detail::Call& call) noexcept override;
  bool is_delivering() const noexcept override {
    return ScratchLease::is_lent();
  }
  Clock* clock() noexcept override { return clock_; }
  const std::int32_t* threshold() const noexcept override { return threshold_; }
  LoggerLevel* take_level(std::string_view name) override {
    return levels_.take(name);
  }
  void release_level(LoggerLevel* level) noexcept override {
    levels_.release(level);
  }

  // Opens these sinks, puts them in place of all others, and closes the others.
  // A sink that cannot be opened is kept and tried again. The counters of a
  // sink go on from those of the one of the same name and type before it. This
  // and all that follows, but for stats(), fails if it is called from inside a
  // sink.
  Status install(const HubSettings& settings, std::vector<HubSink> sinks);
  // True if a configuration was installed and not closed: there is something to
  // lose by another one.
  bool is_configured() const noexcept { return configured_; }
  // Adds one more. Whether it can be opened by now is another matter, which it
  // reports itself.
  Status add(HubSink sink, Status* opened);

  // Sends all events to this sink alone, whatever their level, until it is
  // ended by its number; the latest of several gets them.
  int begin_capture(SinkPtr sink);
  void end_capture(int number) noexcept;
  // Takes away the sink of that name. What closing it comes to is reported by
  // the sink, as above.
  Status remove(std::string_view name, Status* closed);
  // See visit_rows() in sink.h.
  Status visit_rows(std::string_view name, RowVisitor visit,
                    void* argument) const noexcept;

  // Until install() comes. Callable from any thread, as other calls log.
  Status set_level(Level level) noexcept;
  Status set_level(std::string_view logger, Level level);

  // Waits for what is queued until that time; null: as each sink is configured.
  Status flush(std::optional<Route::TimePoint> until = {}) noexcept;
  Status close() noexcept;
  Stats stats() const noexcept;

 private:
  // What deliver() goes by. Immutable. One that was replaced, and its routes,
  // are destroyed as soon as the configuration changes when nobody is on the
  // way through them.
  struct Table {
    EventSettings settings;
    std::shared_ptr<Limits> limits{};  // null without any
    RecorderSettings recorder{};
    std::vector<Route*> routes;
    bool needs_message = false;  // one of them does
    bool is_capture = false;     // no rule holds
  };
  struct KeptTable {
    std::unique_ptr<const Table> table;
    bool was_replaced_before = false;  // by the last change but one, or earlier
  };
  struct Capturing {
    int number;
    const Table* table;
  };

  ~Hub() override;

  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

  void publish() noexcept;
  void tick() noexcept;
  static bool takes(const Table& table, const Route& route,
                    const detail::LoggerRep* logger, Level level,
                    std::string_view event) noexcept;
  static bool is_taken(const Table& table, const detail::LoggerRep* logger,
                       const detail::Call& call) noexcept;
  void record(const Table& table, const Time* time,
              const detail::LoggerRep* logger, const detail::Call& call,
              ScratchLease& scratch);
  void replay(const Table& table, const detail::LoggerRep* logger,
              const detail::Call& call, ScratchLease& scratch) noexcept;
  RecentEvents::Origin origin() const noexcept {
    return {number_, ScopeChain::outermost_number()};
  }
  bool is_left_out(const Table& table, const detail::LoggerRep* logger,
                   const detail::Call& call, std::uint64_t* before) noexcept;
  const Table* keep(Table table);
  void put_in_place(Table table);
  const Table* installed() const noexcept { return installed_.get(); }
  bool is_in_place(const Table* table) const noexcept;
  void destroy_replaced() noexcept;
  void destroy_unused_routes() noexcept;
  void count_lost(const detail::LoggerRep* logger,
                  const detail::Call& call) noexcept;
  Route* make_route(HubSink sink);
  void hand_over_events() noexcept;
  void hand_over(const SinkEvent& said) noexcept;
  void deliver_to(const Time* time, const detail::LoggerRep* logger,
                  const detail::Call& call);
  void deliver_any(const Time* time, const detail::LoggerRep* logger,
                   const detail::Call& call) noexcept;

  Clock* const clock_;
  const std::uint64_t number_;  // tells systems from each other
  std::int32_t own_threshold_;
  std::int32_t* const threshold_;
  LoggerLevels levels_;
  Current<Table> active_;                     // what deliver() goes by
  std::atomic<std::uint64_t> suppressed_{0};  // events that limits left out
  SinkEvents events_{ticker_};

  Current<Table> installed_;  // the same, unless there is a capture
  std::atomic<bool> configured_{false};

  RouteMutex mutex_;  // of what follows, and of changes to installed_
  bool fork_locked_ = false;
  Level level_ = Level::info;  // of sinks without one
  std::vector<Capturing> captures_;
  int last_capture_ = 0;
  std::vector<KeptTable> tables_;
  // Of its own, for fork() does not wait for mutex_ for ever. Held only while
  // one is added or taken out.
  std::mutex routes_mutex_;
  std::vector<std::unique_ptr<Route>> routes_;
  // Keeps all of them from being destroyed while stats() adds up. Nothing else
  // is locked, and nobody called, by whoever holds it.
  mutable std::mutex stats_mutex_;
  Ticker ticker_;  // the first to go: its thread uses the routes
};

// The hub of the default system. Made on first use, never destroyed. May throw
// std::bad_alloc as long as it is not made.
Hub& default_hub();

}  // namespace stogger
