#include "deliver/hub.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/guarded.h"
#include "base/no_canary.h"
#include "base/quote.h"
#include "base/stats_builder.h"
#include "deliver/inside_sink.h"
#include "event/event_record.h"
#include "event/shorten.h"
#include "os/diagnostics.h"
#include "os/memory_barrier.h"
#include "render/complete.h"
#include "render/message.h"

namespace stogger {
namespace {

Status called_from_sink(const char* function) noexcept {
  constexpr std::string_view kWhy =
      " was called from inside a sink, a diagnostic function or a fork handler,"
      " which would wait for itself; it does nothing there";
  try {
    return Status(Code::invalid, function + std::string(kWhy));
  } catch (...) {
    return Status(Code::invalid, kWhy);
  }
}

// How long fork() waits for all sinks together, and for each one at least: one
// that hangs does not keep it from those that are only busy.
constexpr std::chrono::milliseconds kForkWait{1000};
constexpr std::chrono::milliseconds kLeastForkWait{100};

std::uint64_t next_system() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// Whether what was recorded is wanted now.
bool is_failure(const detail::Call& call) noexcept {
  return call.level >= Level::error || call.event == kScopeFailed;
}

// Keeps the first failure.
void merge(Status* into, Status status) noexcept {
  if (into->ok()) *into = std::move(status);
}

}  // namespace

Hub::Hub(Clock* clock, std::int32_t* threshold)
    : clock_(clock),
      number_(next_system()),
      own_threshold_(static_cast<std::int32_t>(Level::off)),
      threshold_(threshold != nullptr ? threshold : &own_threshold_),
      ticker_([](void* self) noexcept { static_cast<Hub*>(self)->tick(); },
              this) {
  put_in_place(Table());
  active_.set(installed());
  process_objects(ProcessPart::systems).add(*this);
}

Hub::~Hub() {
  process_objects(ProcessPart::systems).remove(*this);
  static_cast<void>(close());
}

const Hub::Table* Hub::keep(Table table) {
  for (const Route* route : table.routes) {
    table.needs_message = table.needs_message || route->needs_message();
  }
  tables_.push_back({std::make_unique<const Table>(std::move(table))});
  return tables_.back().table.get();
}

void Hub::put_in_place(Table table) { installed_.set(keep(std::move(table))); }

bool Hub::is_in_place(const Table* table) const noexcept {
  return table == installed() || std::any_of(captures_.begin(), captures_.end(),
                                             [&](const Capturing& capturing) {
                                               return capturing.table == table;
                                             });
}

// Tables that were replaced and that no call goes by any more, and routes that
// are in no other table. What is in use now is looked at again after the next
// change. Call it with the lock held, and after publish().
void Hub::destroy_replaced() noexcept {
  // Without a barrier, it has to do that a mark becomes visible in the time
  // from one change to the next.
  const bool is_certain = pass_barrier_on_all_threads();
  if (!active_.visitors().are_any() && !installed_.visitors().are_any()) {
    const std::lock_guard lock(stats_mutex_);
    std::erase_if(tables_, [&](const KeptTable& kept) {
      const Table* const table = kept.table.get();
      return (is_certain || kept.was_replaced_before) && !is_in_place(table) &&
             !ScratchLease::is_any_on(table);
    });
  }
  for (KeptTable& kept : tables_) {
    kept.was_replaced_before = !is_in_place(kept.table.get());
  }
  destroy_unused_routes();
}

void Hub::destroy_unused_routes() noexcept {
  const auto is_unused = [&](const std::unique_ptr<Route>& route) {
    return std::none_of(
        tables_.begin(), tables_.end(), [&](const KeptTable& kept) {
          const std::vector<Route*>& routes = kept.table->routes;
          return std::find(routes.begin(), routes.end(), route.get()) !=
                 routes.end();
        });
  };
  while (true) {
    const auto found = std::find_if(routes_.begin(), routes_.end(), is_unused);
    if (found == routes_.end()) return;
    {
      const std::lock_guard lock(stats_mutex_);
      for (const auto& route : routes_) route->take_over(**found);
    }
    // Destroyed when nothing is locked that its sink could wait for.
    std::unique_ptr<Route> unused;
    const std::lock_guard lock(routes_mutex_);
    unused = std::move(*found);
    routes_.erase(found);
  }
}

Route* Hub::make_route(HubSink sink) {
  auto route = std::make_unique<Route>(
      std::move(sink.title), RouteLevel(sink.level, level_),
      std::move(sink.sink), clock_, &ticker_, std::move(sink.dead_letter),
      sink.delivery);
  route->set_filter(std::move(sink.filter));
  route->outlet().announce_to(events_);
  const std::lock_guard lock(routes_mutex_);
  routes_.push_back(std::move(route));
  return routes_.back().get();
}

void Hub::publish() noexcept {
  const Table* table = captures_.empty() ? installed() : captures_.back().table;
  active_.set(table);
  constexpr auto kOff = static_cast<std::int32_t>(Level::off);
  LeastLevels least{kOff, kOff,
                    static_cast<std::int32_t>(table->recorder.level)};
  for (const Route* route : table->routes) {
    const RouteLevel& level = route->level();
    least.without_rule = std::min(least.without_rule, level.without_rule());
    least.own = std::min(least.own, level.own());
  }
  __atomic_store_n(threshold_, std::min(least.without_rule, least.recorded),
                   __ATOMIC_RELAXED);
  levels_.set_least(least, !table->is_capture);
}

// Of loggers with a rule, too.
[[gnu::always_inline]] inline bool Hub::takes(const Table& table,
                                              const Route& route,
                                              const detail::LoggerRep* logger,
                                              Level level,
                                              std::string_view event) noexcept {
  const std::int32_t rule = logger == nullptr || table.is_capture
                                ? LoggerLevel::kNoRule
                                : logger->rule();
  if (!route.level().takes(static_cast<std::int32_t>(level), rule)) {
    return false;
  }
  if (!route.has_filter()) [[likely]]
    return true;
  return route.filter().takes(
      event, logger != nullptr ? logger->bound.name() : std::string_view());
}

// By a limit. Else *before is how many events like it were.
[[gnu::noinline]] bool Hub::is_left_out(const Table& table,
                                        const detail::LoggerRep* logger,
                                        const detail::Call& call,
                                        std::uint64_t* before) noexcept {
  if (table.limits->pass(logger, call, clock_->monotonic_ns(), before)) {
    return false;
  }
  suppressed_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool Hub::is_taken(const Table& table, const detail::LoggerRep* logger,
                   const detail::Call& call) noexcept {
  return std::any_of(
      table.routes.begin(), table.routes.end(), [&](const Route* route) {
        return takes(table, *route, logger, call.level, call.event);
      });
}

// An event that no sink takes, for as long as nothing fails.
[[gnu::noinline]] void Hub::record(const Table& table, const Time* time,
                                   const detail::LoggerRep* logger,
                                   const detail::Call& call,
                                   ScratchLease& scratch) {
  if (!table.recorder.keeps(call.level)) return scratch.took(0);
  const Event event =
      compose(logger, call, time != nullptr ? *time : clock_->now(),
              table.settings, scratch->event, 0);
  ScratchLease::recent_events().keep(event, origin(), table.recorder.events);
  scratch.took(event.raw_size);
}

// What was recorded before the event of that call, to the sinks that take it.
// Called before it is composed, which needs the same memory.
[[gnu::noinline]] void Hub::replay(const Table& table,
                                   const detail::LoggerRep* logger,
                                   const detail::Call& call,
                                   ScratchLease& scratch) noexcept {
  RecentEvents& recent = ScratchLease::recent_events();
  const InsideSink guard;
  try {
    EventRecord record;
    const std::size_t count = recent.count(origin());
    for (std::size_t i = 0; i < count; ++i) {
      if (!record.read(recent.record(i))) continue;
      Event event = record.event();
      scratch->message.clear();
      complete(&event, scratch->message, scratch->event);
      for (Route* route : table.routes) {
        if (takes(table, *route, logger, call.level, call.event) &&
            route->filter().takes(event.name, event.logger)) {
          route->deliver(event, scratch->row);
        }
      }
    }
  } catch (...) {
    // No memory for it.
  }
  scratch->message.clear();
  recent.forget();
}

// At the time given, or now.
[[gnu::always_inline]] inline void Hub::deliver_to(
    const Time* time, const detail::LoggerRep* logger,
    const detail::Call& call) {
  const Table* way = nullptr;
  ScratchLease scratch(active_, &way);
  const Table& table = *way;
  const bool records = table.recorder.is_on();
  if (records && !is_taken(table, logger, call)) [[unlikely]] {
    return record(table, time, logger, call, scratch);
  }
  std::uint64_t left_out = 0;
  if (table.limits != nullptr && is_left_out(table, logger, call, &left_out))
      [[unlikely]] {
    return scratch.took(0);
  }
  if (records && is_failure(call)) [[unlikely]]
    replay(table, logger, call, scratch);
  Event event = compose(logger, call, time != nullptr ? *time : clock_->now(),
                        table.settings, scratch->event, left_out);
  if (event.has_message() && table.needs_message) {
    render_message(&event, scratch->message);
    if (event.message_template.size() > kLargestEvent) event.truncated = true;
  }
  shorten(&event, scratch->event);
  const InsideSink guard;
  for (Route* route : table.routes) {
    if (takes(table, *route, logger, event.level, call.event)) {
      route->deliver(event, scratch->row);
    }
  }
  scratch.took(event.raw_size + event.message.size());
}

[[gnu::always_inline]] inline void Hub::deliver_any(
    const Time* time, const detail::LoggerRep* logger,
    const detail::Call& call) noexcept {
  const int error = errno;  // a call that logs does not change it
  try {
    if (!InsideSink::is_here()) [[likely]] {
      deliver_to(time, logger, call);
      if (events_.is_pending()) [[unlikely]]
        hand_over_events();
      errno = error;
      return;
    }
  } catch (...) {
    // Out of memory: lost, and counted below.
  }
  count_lost(logger, call);
  errno = error;
}

[[gnu::noinline]] void Hub::count_lost(const detail::LoggerRep* logger,
                                       const detail::Call& call) noexcept {
  const Level level = std::clamp(call.level, Level::trace, Level::alert);
  const Visit table(active_);
  for (Route* route : table->routes) {
    if (takes(*table, *route, logger, level, call.event)) {
      route->outlet().count_lost();
    }
  }
}

STOGGER_NO_CANARY void Hub::deliver(const detail::LoggerRep* logger,
                                    const detail::Call& call) noexcept {
  deliver_any(nullptr, logger, call);
}

void Hub::deliver_at(Time time, const detail::LoggerRep* logger,
                     const detail::Call& call) noexcept {
  deliver_any(&time, logger, call);
}

// Without a lock of a sink. A sink that fails to take one posts its own; as
// each posts once an outage, and so many a minute at most, this ends.
[[gnu::noinline]] void Hub::hand_over_events() noexcept {
  const InsideSink guard;
  while (events_.is_pending()) {
    for (const SinkEvent& said : events_.take()) hand_over(said);
  }
}

// To all sinks but the one that it is about.
void Hub::hand_over(const SinkEvent& said) noexcept {
  try {
    const Table* table = nullptr;
    ScratchLease scratch(installed_, &table);
    SinkEventFields fields;
    Event event = make_event(said, fields);
    event.static_fields = table->settings.static_fields();
    if (event.static_fields != nullptr) {
      event.raw_size += event.static_fields->raw_size();
    }
    for (Route* route : table->routes) {
      if (route->name() == said.sink ||
          !takes(*table, *route, nullptr, event.level, event.name)) {
        continue;
      }
      route->deliver(event, scratch->row);
    }
    scratch.took(event.raw_size);
  } catch (...) {
    // No memory for it.
  }
}

Status Hub::install(const HubSettings& settings, std::vector<HubSink> sinks) {
  if (InsideSink::is_here()) return called_from_sink("init");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  events_.enable(settings.report_events);
  level_ = settings.level;
  LevelRules levels = settings.levels;
  Table table;
  table.settings = EventSettings(settings.caller_info, settings.redact,
                                 Fields(settings.static_fields));
  table.recorder = settings.recorder;
  if (!settings.limits.empty()) {
    table.limits = std::make_shared<Limits>(settings.limits);
  }
  const Table* old = installed();
  for (HubSink& sink : sinks) {
    table.routes.push_back(make_route(std::move(sink)));
    for (const Route* before : old->routes) {
      table.routes.back()->count_on_from(*before);
    }
    static_cast<void>(table.routes.back()->outlet().open());
  }
  put_in_place(std::move(table));
  levels_.set_rules(std::move(levels));
  publish();
  configured_ = settings.is_configuration;
  const auto start = std::chrono::steady_clock::now();
  for (Route* route : old->routes) static_cast<void>(route->close(start));
  // Only now, so that what the queues before them had comes first.
  for (Route* route : installed()->routes) route->start();
  hand_over_events();
  destroy_replaced();
  return {};
}

Status Hub::add(HubSink sink, Status* opened) {
  if (InsideSink::is_here()) return called_from_sink("add_sink");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  Table table = *installed();
  for (const Route* route : table.routes) {
    if (route->name() == sink.title.name) {
      return Status(Code::invalid, "there is a sink " +
                                       quoted(sink.title.name) +
                                       " already; choose another name");
    }
  }
  Route* route = make_route(std::move(sink));
  table.routes.push_back(route);
  *opened = route->outlet().open();
  put_in_place(std::move(table));
  publish();
  route->start();
  hand_over_events();
  destroy_replaced();
  return {};
}

Status Hub::remove(std::string_view name, Status* closed) {
  if (InsideSink::is_here()) return called_from_sink("remove_sink");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  Table table = *installed();
  for (std::size_t i = 0; i < table.routes.size(); ++i) {
    Route* route = table.routes[i];
    if (route->name() != name) continue;
    table.routes.erase(table.routes.begin() + static_cast<std::ptrdiff_t>(i));
    put_in_place(std::move(table));
    publish();
    *closed = route->close(std::chrono::steady_clock::now());
    destroy_replaced();
    return {};
  }
  return Status(Code::invalid, "remove_sink: there is no sink " + quoted(name) +
                                   "; stats() has the names");
}

Status Hub::visit_rows(std::string_view name, RowVisitor visit,
                       void* argument) const noexcept {
  const Visit table(installed_);
  for (const Route* route : table->routes) {
    if (route->name() != name) continue;
    return stogger::visit_rows(route->outlet().sink(), visit, argument);
  }
  return guarded([&] {
    return Status(Code::invalid, "visit_rows: there is no sink " +
                                     quoted(name) + "; stats() has the names");
  });
}

int Hub::begin_capture(SinkPtr sink) {
  const std::lock_guard lock(mutex_);
  Table table;
  table.settings = installed()->settings;
  table.is_capture = true;
  table.routes.push_back(
      make_route({{"capture", "memory"}, Level::trace, std::move(sink)}));
  captures_.push_back({++last_capture_, keep(std::move(table))});
  publish();
  return last_capture_;
}

void Hub::end_capture(int number) noexcept {
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  std::erase_if(captures_, [&](const Capturing& capturing) {
    return capturing.number == number;
  });
  publish();
  destroy_replaced();
}

Status Hub::set_level(Level level) noexcept {
  if (InsideSink::is_here()) return called_from_sink("set_level");
  const std::lock_guard lock(mutex_);
  level_ = level;
  for (Route* route : installed()->routes) route->level().set_of_system(level);
  publish();
  return {};
}

Status Hub::set_level(std::string_view logger, Level level) {
  if (const std::string_view wrong = wrong_rule_name(logger); !wrong.empty()) {
    return Status(Code::invalid, "set_level: the rule " + std::string(wrong));
  }
  levels_.set_rule(logger, level);
  return {};
}

// In the thread of the ticker.
void Hub::tick() noexcept {
  const InsideSink guard;
  const Visit table(installed_);
  for (Route* route : table->routes) route->outlet().tick();
  hand_over_events();
}

Status Hub::flush(std::optional<Route::TimePoint> until) noexcept {
  if (InsideSink::is_here()) return called_from_sink("flush");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  Status first;
  for (Route* route : installed()->routes) merge(&first, route->flush(until));
  hand_over_events();
  return first;
}

Status Hub::close() noexcept {
  if (InsideSink::is_here()) return called_from_sink("shutdown");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  hand_over_events();
  events_.enable(false);
  Status first;
  const auto start = std::chrono::steady_clock::now();
  for (Route* route : installed()->routes) merge(&first, route->close(start));
  ticker_.stop();
  configured_ = false;
  return first;
}

Stats Hub::stats() const noexcept {
  // Not mutex_: a diagnostic function may want to know, too.
  const std::lock_guard lock(stats_mutex_);
  const Table& table = *installed();
  StatsBuilder builder(table.routes.size());
  for (const Route* route : table.routes) builder.add(route->stats());
  return builder.finish(suppressed_.load(std::memory_order_relaxed));
}

void Hub::before_fork() noexcept {
  // A sink that hangs while it is opened must not keep the process from
  // splitting.
  const auto deadline = std::chrono::steady_clock::now() + kForkWait;
  const auto left = [deadline] {
    const auto time = deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(time),
                    kLeastForkWait);
  };
  fork_locked_ = mutex_.try_lock_for(left());
  routes_mutex_.lock();
  // A parent may end at once, as that of a daemon does. A sink that forks would
  // wait for itself.
  if (!InsideSink::is_here()) {
    const InsideSink guard;
    for (const auto& route : routes_) {
      if (std::chrono::steady_clock::now() >= deadline) break;
      route->hand_over_before_fork(left());
    }
  }
  for (const auto& route : routes_) route->before_fork(left());
  events_.before_fork();
  ticker_.before_fork();
  stats_mutex_.lock();
  levels_.before_fork();
}

void Hub::after_fork_in_parent() noexcept {
  levels_.after_fork();
  stats_mutex_.unlock();
  ticker_.after_fork_in_parent();
  events_.after_fork_in_parent();
  for (const auto& route : routes_) route->after_fork_in_parent();
  routes_mutex_.unlock();
  if (fork_locked_) mutex_.unlock();
}

bool Hub::after_fork_in_child() noexcept {
  const InsideSink guard;
  levels_.after_fork();
  stats_mutex_.unlock();
  active_.visitors().forget_other_threads();
  installed_.visitors().forget_other_threads();
  ScratchLease::forget_other_threads();
  ticker_.after_fork_in_child();
  events_.after_fork_in_child();
  for (const auto& route : routes_) route->after_fork_in_child();
  routes_mutex_.unlock();
  mutex_.reset();
  return true;
}

}  // namespace stogger
