#include "deliver/tables.h"

#include "base/stats_builder.h"
#include "deliver/scratch.h"
#include "os/memory_barrier.h"

namespace stogger {
namespace {

// How long fork() waits for each route at least: one that hangs does not keep
// it from those that are only busy.
constexpr std::chrono::milliseconds kLeastForkWait{100};

std::chrono::milliseconds until(Tables::TimePoint deadline) noexcept {
  const auto time = deadline - std::chrono::steady_clock::now();
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(time),
                  kLeastForkWait);
}

}  // namespace

Tables::Tables() {
  put_in_place(Table());
  active_.set(installed_.get());
}

Route* Tables::add_route(std::unique_ptr<Route> route) {
  const std::lock_guard lock(routes_mutex_);
  routes_.push_back(std::move(route));
  return routes_.back().get();
}

const Table* Tables::keep(Table table) {
  for (const Way& way : table.ways) {
    table.needs_message = table.needs_message || way.route->needs_message();
  }
  tables_.push_back({std::make_unique<const Table>(std::move(table))});
  return tables_.back().table.get();
}

void Tables::put_in_place(Table table) {
  installed_.set(keep(std::move(table)));
}

int Tables::begin_capture(Table table) {
  captures_.reserve(captures_.size() + 1);
  captures_.push_back({++last_capture_, keep(std::move(table))});
  return last_capture_;
}

void Tables::end_capture(int number) noexcept {
  std::erase_if(captures_, [&](const Capture& capture) {
    return capture.number == number;
  });
}

const Table& Tables::publish() noexcept {
  const Table* const table =
      captures_.empty() ? installed_.get() : captures_.back().table;
  active_.set(table);
  return *table;
}

bool Tables::is_in_place(const Table* table) const noexcept {
  return table == installed_.get() ||
         std::any_of(
             captures_.begin(), captures_.end(),
             [&](const Capture& capture) { return capture.table == table; });
}

void Tables::destroy_replaced() noexcept {
  // Without a barrier, it has to do that a mark becomes visible in the time
  // from one change to the next.
  const bool is_certain = pass_barrier_on_all_threads();
  if (!active_.visitors().are_any() && !installed_.visitors().are_any()) {
    const std::lock_guard lock(stats_mutex_);
    std::erase_if(tables_, [&](const Kept& kept) {
      const Table* const table = kept.table.get();
      return (is_certain || kept.was_replaced_before) && !is_in_place(table) &&
             !ScratchLease::is_any_on(table);
    });
  }
  for (Kept& kept : tables_) {
    kept.was_replaced_before = !is_in_place(kept.table.get());
  }
  destroy_unused_routes();
}

void Tables::destroy_unused_routes() noexcept {
  const auto is_unused = [&](const std::unique_ptr<Route>& route) {
    return std::none_of(tables_.begin(), tables_.end(), [&](const Kept& kept) {
      return kept.table->has(route.get());
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

// A diagnostic function may want to know, too.
Stats Tables::stats(std::uint64_t suppressed) const noexcept {
  const std::lock_guard lock(stats_mutex_);
  const Table& table = in_place();
  StatsBuilder builder(table.ways.size());
  for (const Way& way : table.ways) builder.add(way.route->stats());
  return builder.finish(suppressed);
}

// A parent may end at once, as that of a daemon does, and takes with it what
// its sinks hold back.
void Tables::before_fork(TimePoint deadline, bool hands_over) noexcept {
  routes_mutex_.lock();
  for (const auto& route : routes_) {
    if (!hands_over || std::chrono::steady_clock::now() >= deadline) break;
    route->hand_over_before_fork(until(deadline));
  }
  for (const auto& route : routes_) route->before_fork(until(deadline));
  stats_mutex_.lock();
}

void Tables::after_fork_in_parent() noexcept {
  stats_mutex_.unlock();
  for (const auto& route : routes_) route->after_fork_in_parent();
  routes_mutex_.unlock();
}

void Tables::after_fork_in_child() noexcept {
  stats_mutex_.unlock();
  active_.visitors().forget_other_threads();
  installed_.visitors().forget_other_threads();
  ScratchLease::forget_other_threads();
  for (const Kept& kept : tables_) {
    const Redaction& redaction = kept.table->settings.redaction();
    if (redaction.patterns()) redaction.patterns()->after_fork_in_child();
  }
  for (const auto& route : routes_) route->after_fork_in_child();
  routes_mutex_.unlock();
}

}  // namespace stogger
