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
#include "deliver/ticker.h"
#include "event/target.h"
#include "os/process.h"
#include "os/route_mutex.h"

namespace stogger {

struct HubSink {
  SinkTitle title;
  Level level = Level::trace;
  SinkPtr sink;
  DeadLetterFile dead_letter{};  // for rows that it refuses
  DeliverySettings delivery{};
};

struct HubSettings {
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
  // ended by its number; the latest of several gets them. One that was ended
  // can be begun again: another would stay as long as the hub.
  int begin_capture(SinkPtr sink);
  void begin_capture_again(int number);
  void end_capture(int number) noexcept;
  // Takes away the sink of that name. What closing it comes to is reported by
  // the sink, as above.
  Status remove(std::string_view name, Status* closed);
  // The sink of that name; null without one. It lives as long as the hub.
  const Sink* find(std::string_view name) const noexcept;

  // Waits for what is queued until that time; null: as each sink is configured.
  Status flush(std::optional<Route::TimePoint> until = {}) noexcept;
  Status close() noexcept;
  Stats stats() const noexcept;

 private:
  // What deliver() goes by. Immutable. Tables and routes that were replaced are
  // kept, closed, as long as the hub: another thread may be on its way through
  // them. A few hundred bytes for each time the configuration is read again.
  struct Table {
    EventSettings settings;
    std::vector<Route*> routes;
    bool needs_message = false;  // one of them does
  };
  struct Capturing {
    int number;
    const Table* table;
  };
  struct Captor {
    Route* route;
    const Table* table = nullptr;  // for what was
    const Table* among = nullptr;  // installed then
  };

  ~Hub() override;

  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

  void publish() noexcept;
  void tick() noexcept;
  const Table* keep(Table table);
  void put_in_place(Table table);
  void give_back(const Table& latest) noexcept;
  const Table* installed() const noexcept {
    return installed_.load(std::memory_order_acquire);
  }
  Route* make_route(HubSink sink);
  void hand_over_events() noexcept;
  void hand_over(const SinkEvent& said) noexcept;
  void deliver_to(const Table& table, const Time* time,
                  const detail::LoggerRep* logger, const detail::Call& call);
  void deliver_any(const Time* time, const detail::LoggerRep* logger,
                   const detail::Call& call) noexcept;

  Clock* const clock_;
  std::int32_t own_threshold_;
  std::int32_t* const threshold_;
  std::atomic<const Table*> active_{nullptr};
  SinkEvents events_{ticker_};

  std::atomic<const Table*> installed_{nullptr};
  std::atomic<bool> configured_{false};

  RouteMutex mutex_;  // of what follows, and of changes to installed_
  bool fork_locked_ = false;
  std::vector<Capturing> captures_;
  std::vector<Captor> captors_;  // by the number of the capture
  std::vector<std::unique_ptr<const Table>> tables_;
  // Of its own, for fork() does not wait for mutex_ for ever. Held only while
  // one is added.
  std::mutex routes_mutex_;
  std::vector<std::unique_ptr<Route>> routes_;
  Ticker ticker_;  // the first to go: its thread uses the routes
};

// The hub of the default system. Made on first use, never destroyed. May throw
// std::bad_alloc as long as it is not made.
Hub& default_hub();

}  // namespace stogger
