// Hub: composes each event once and hands it to every route that takes it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "deliver/route.h"
#include "deliver/scratch.h"
#include "deliver/sink_events.h"
#include "deliver/tables.h"
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
  // Its name and all that it was made of: an open sink of the same identity
  // goes on in its place. Empty: none does.
  std::string identity{};
};

struct HubSettings {
  Level level = Level::info;  // of sinks without one
  LevelRules levels{};        // by the names of loggers
  std::vector<Field> static_fields{};
  std::vector<LimitRule> limits{};
  RecorderSettings recorder{};
  bool caller_info = false;
  std::vector<std::string> redact = Redaction::default_names();
  std::shared_ptr<ValuePatterns> redact_values{};  // null without any
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

  // Puts these sinks in place of all others. One that is open already, by its
  // identity, goes on as it is; the others are opened before those that are
  // there no more are closed. A sink that cannot be opened is kept and tried
  // again. The counters of a sink go on from those of the one of the same name
  // and type before it. This and all that follows, but for stats(), fails if it
  // is called from inside a sink.
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
  ~Hub() override;

  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

  void publish() noexcept;
  void tick() noexcept;
  static const Way* first_taken(const Table& table,
                                const detail::LoggerRep* logger,
                                const detail::Call& call) noexcept;
  void record(const Table& table, const Time* time,
              const detail::LoggerRep* logger, const detail::Call& call,
              ScratchLease& scratch);
  void replay_if_failed(const Table& table, const detail::LoggerRep* logger,
                        const detail::Call& call,
                        ScratchLease& scratch) noexcept;
  RecentEvents::Origin origin() const noexcept {
    return {number_, ScopeChain::outermost_number()};
  }
  bool is_left_out(const Table& table, const detail::LoggerRep* logger,
                   const detail::Call& call, std::uint64_t* before) noexcept;
  void count_lost(const detail::LoggerRep* logger,
                  const detail::Call& call) noexcept;
  Route* make_route(HubSink& sink);
  Route* open_route(HubSink& sink);
  Route* find_open(const HubSink& sink) const noexcept;
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
  std::atomic<std::uint64_t> suppressed_{0};  // events that limits left out
  SinkEvents events_{ticker_};
  std::atomic<bool> configured_{false};

  RouteMutex mutex_;  // of what follows
  bool fork_locked_ = false;
  Level level_ = Level::info;  // of sinks without one
  Tables tables_;
  Ticker ticker_;  // the first to go: its thread uses the routes
};

// The hub of the default system. Made on first use, never destroyed. May throw
// std::bad_alloc as long as it is not made.
Hub& default_hub();

}  // namespace stogger
