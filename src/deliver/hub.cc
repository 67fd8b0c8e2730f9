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
#include "deliver/inside_sink.h"
#include "event/shorten.h"
#include "os/diagnostics.h"
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

// How long fork() waits for all sinks together.
constexpr std::chrono::milliseconds kForkWait{1000};

Route* find(const Table& table, std::string_view name) noexcept {
  for (const Way& way : table.ways) {
    if (way.route->name() == name) return way.route;
  }
  return nullptr;
}

Status no_sink(std::string_view function, std::string_view name) {
  return Status(Code::invalid, std::string(function) + ": there is no sink " +
                                   quoted(name) + "; stats() has the names");
}

std::uint64_t next_system() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
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
  process_objects(ProcessPart::systems).add(*this);
}

Hub::~Hub() {
  process_objects(ProcessPart::systems).remove(*this);
  static_cast<void>(close());
}

// May take the sink's parts; not its level and its filter.
Route* Hub::make_route(HubSink& sink) {
  auto route = std::make_unique<Route>(
      std::move(sink.title), std::move(sink.sink), clock_, &ticker_,
      std::move(sink.dead_letter), sink.delivery, std::move(sink.identity));
  route->outlet().announce_to(events_);
  return tables_.add_route(std::move(route));
}

void Hub::publish() noexcept {
  const Table& table = tables_.publish();
  constexpr auto kOff = static_cast<std::int32_t>(Level::off);
  LeastLevels least{kOff, kOff,
                    static_cast<std::int32_t>(table.recorder.level)};
  for (const Way& way : table.ways) {
    least.without_rule = std::min(least.without_rule, way.level.without_rule());
    least.own = std::min(least.own, way.level.own());
  }
  __atomic_store_n(threshold_, std::min(least.without_rule, least.recorded),
                   __ATOMIC_RELAXED);
  levels_.set_least(least, !table.is_capture);
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

// At the time given, or now.
[[gnu::always_inline]] inline void Hub::deliver_to(
    const Time* time, const detail::LoggerRep* logger,
    const detail::Call& call) {
  const Table* active = nullptr;
  ScratchLease scratch(tables_.active(), &active);
  const Table& table = *active;
  const Way* way = table.ways.data();
  const Way* const end = way + table.ways.size();
  const Way* taken = nullptr;
  if (table.recorder.is_on()) [[unlikely]] {
    way = taken = first_taken(table, logger, call);
    if (taken == end) return record(table, time, logger, call, scratch);
  }
  std::uint64_t left_out = 0;
  if (table.limits != nullptr && is_left_out(table, logger, call, &left_out))
      [[unlikely]] {
    return scratch.took(0);
  }
  if (taken != nullptr) [[unlikely]]
    replay_if_failed(table, logger, call, scratch);
  Event event = compose(logger, call, time != nullptr ? *time : clock_->now(),
                        table.settings, scratch->event, left_out);
  if (event.has_message() && table.needs_message) {
    render_message(&event, scratch->message);
    if (event.message_template.size() > kLargestEvent) event.truncated = true;
  }
  shorten(&event, scratch->event);
  const InsideSink guard;
  for (; way != end; ++way) {
    if (way == taken || table.takes(*way, logger, event.level, call.event)) {
      way->route->deliver(event, scratch->row);
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
  const Visit table(tables_.active());
  for (const Way& way : table->ways) {
    if (table->takes(way, logger, level, call.event)) {
      way.route->outlet().count_lost();
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
    ScratchLease scratch(tables_.installed(), &table);
    SinkEventFields fields;
    Event event = make_event(said, fields);
    event.static_fields = table->settings.static_fields();
    if (event.static_fields != nullptr) {
      event.raw_size += event.static_fields->raw_size();
    }
    for (const Way& way : table->ways) {
      if (way.route->name() == said.sink ||
          !table->takes(way, nullptr, event.level, event.name)) {
        continue;
      }
      way.route->deliver(event, scratch->row);
    }
    scratch.took(event.raw_size);
  } catch (...) {
    // No memory for it.
  }
}

// The open route of the sink that this one would be the same as; null if there
// is none.
Route* Hub::find_open(const HubSink& sink) const noexcept {
  for (const Way& way : tables_.in_place().ways) {
    if (way.route->can_go_on_as(sink.identity)) return way.route;
  }
  return nullptr;
}

Route* Hub::open_route(HubSink& sink) {
  Route* const route = make_route(sink);
  for (const Way& before : tables_.in_place().ways) {
    route->count_on_from(*before.route);
  }
  static_cast<void>(route->outlet().open());
  return route;
}

Status Hub::install(const HubSettings& settings, std::vector<HubSink> sinks) {
  if (InsideSink::is_here()) return called_from_sink("init");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  const Table& old = tables_.in_place();
  LevelRules levels = settings.levels;
  Table table;
  table.settings =
      EventSettings(settings.caller_info, settings.redact,
                    Fields(settings.static_fields), settings.redact_values);
  table.recorder = settings.recorder;
  if (!settings.limits.empty()) {
    table.limits = std::make_shared<Limits>(settings.limits, old.limits.get());
  }
  events_.enable(settings.report_events);
  std::vector<Route*> opened;
  for (HubSink& sink : sinks) {
    Route* route = find_open(sink);
    if (route == nullptr) opened.push_back(route = open_route(sink));
    table.ways.emplace_back(route, RouteLevel(sink.level, settings.level),
                            std::move(sink.filter));
  }
  tables_.put_in_place(std::move(table));
  level_ = settings.level;
  levels_.set_rules(std::move(levels));
  publish();
  configured_ = settings.is_configuration;
  const auto start = std::chrono::steady_clock::now();
  for (const Way& way : old.ways) {
    if (tables_.in_place().has(way.route)) continue;
    static_cast<void>(way.route->close(start));
  }
  // Only now, so that what the queues before them had comes first.
  for (Route* route : opened) route->start();
  hand_over_events();
  tables_.destroy_replaced();
  return {};
}

Status Hub::add(HubSink sink, Status* opened) {
  if (InsideSink::is_here()) return called_from_sink("add_sink");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  Table table = tables_.in_place();
  for (const Way& way : table.ways) {
    if (way.route->name() == sink.title.name) {
      return Status(Code::invalid, "there is a sink " +
                                       quoted(sink.title.name) +
                                       " already; choose another name");
    }
  }
  Route* const route = make_route(sink);
  table.ways.emplace_back(route, RouteLevel(sink.level, level_),
                          std::move(sink.filter));
  *opened = route->outlet().open();
  tables_.put_in_place(std::move(table));
  publish();
  route->start();
  hand_over_events();
  tables_.destroy_replaced();
  return {};
}

Status Hub::remove(std::string_view name, Status* closed) {
  if (InsideSink::is_here()) return called_from_sink("remove_sink");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  Route* const route = find(tables_.in_place(), name);
  if (route == nullptr) return no_sink("remove_sink", name);
  Table table = tables_.in_place();
  table.ways.clear();
  for (const Way& way : tables_.in_place().ways) {
    if (way.route != route) table.ways.push_back(way);
  }
  tables_.put_in_place(std::move(table));
  publish();
  *closed = route->close(std::chrono::steady_clock::now());
  tables_.destroy_replaced();
  return {};
}

Status Hub::visit_rows(std::string_view name, RowVisitor visit,
                       void* argument) const noexcept {
  const Visit table(tables_.installed());
  if (const Route* const route = find(*table, name)) {
    return stogger::visit_rows(route->outlet().sink(), visit, argument);
  }
  return guarded([&] { return no_sink("visit_rows", name); });
}

int Hub::begin_capture(SinkPtr sink) {
  const std::lock_guard lock(mutex_);
  HubSink to{{"capture", "memory"}, Level::trace, std::move(sink)};
  Table table;
  table.settings = tables_.in_place().settings;
  table.is_capture = true;
  table.ways.emplace_back(make_route(to), RouteLevel(to.level, level_));
  const int number = tables_.begin_capture(std::move(table));
  publish();
  return number;
}

void Hub::end_capture(int number) noexcept {
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  tables_.end_capture(number);
  publish();
  tables_.destroy_replaced();
}

Status Hub::set_level(Level level) noexcept {
  if (InsideSink::is_here()) return called_from_sink("set_level");
  const std::lock_guard lock(mutex_);
  level_ = level;
  for (const Way& way : tables_.in_place().ways) way.level.set_of_system(level);
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
  const Visit table(tables_.installed());
  for (const Way& way : table->ways) way.route->outlet().tick();
  hand_over_events();
}

Status Hub::flush(std::optional<Route::TimePoint> until) noexcept {
  if (InsideSink::is_here()) return called_from_sink("flush");
  const std::lock_guard lock(mutex_);
  const InsideSink guard;
  Status first;
  for (const Way& way : tables_.in_place().ways) {
    merge(&first, way.route->flush(until));
  }
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
  for (const Way& way : tables_.in_place().ways) {
    merge(&first, way.route->close(start));
  }
  ticker_.stop();
  configured_ = false;
  return first;
}

Stats Hub::stats() const noexcept {
  return tables_.stats(suppressed_.load(std::memory_order_relaxed));
}

void Hub::before_fork() noexcept {
  // A sink that hangs while it is opened must not keep the process from
  // splitting.
  const auto deadline = std::chrono::steady_clock::now() + kForkWait;
  fork_locked_ = mutex_.try_lock_for(kForkWait);
  // A sink that forks would wait for itself.
  const bool hands_over = !InsideSink::is_here();
  const InsideSink guard;
  tables_.before_fork(deadline, hands_over);
  events_.before_fork();
  ticker_.before_fork();
  levels_.before_fork();
}

void Hub::after_fork_in_parent() noexcept {
  levels_.after_fork();
  ticker_.after_fork_in_parent();
  events_.after_fork_in_parent();
  tables_.after_fork_in_parent();
  if (fork_locked_) mutex_.unlock();
}

bool Hub::after_fork_in_child() noexcept {
  const InsideSink guard;
  levels_.after_fork();
  ticker_.after_fork_in_child();
  events_.after_fork_in_child();
  tables_.after_fork_in_child();
  mutex_.reset();
  return true;
}

}  // namespace stogger
