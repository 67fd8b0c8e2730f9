#include "filter/logger_levels.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace stogger {

LoggerLevel* LoggerLevels::take(std::string_view name) {
  const std::unique_lock inside = lock();
  if (const auto known = levels_.find(name); known != levels_.end()) {
    known->second->references.fetch_add(1, std::memory_order_relaxed);
    return known->second;
  }
  auto made = std::make_unique<LoggerLevel>(name);
  levels_.emplace(made->name, made.get());
  update(*made);
  return made.release();
}

// The last reference is given back with the lock held, so that take() never
// finds a level that is about to go.
void LoggerLevels::release(LoggerLevel* level) noexcept {
  std::int64_t count = level->references.load(std::memory_order_relaxed);
  while (count > 1) {
    if (level->references.compare_exchange_weak(count, count - 1,
                                                std::memory_order_acq_rel)) {
      return;
    }
  }
  const std::unique_lock inside = lock();
  if (level->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  levels_.erase(level->name);
  delete level;
}

void LoggerLevels::set_rules(LevelRules rules) noexcept {
  const std::unique_lock inside = lock();
  rules_ = std::move(rules);
  update_all();
}

void LoggerLevels::set_rule(std::string_view logger, Level level) {
  const std::unique_lock inside = lock();
  rules_.set(logger, level);
  update_all();
}

void LoggerLevels::set_least(LeastLevels least, bool with_rules) noexcept {
  const std::unique_lock inside = lock();
  least_ = least;
  with_rules_ = with_rules;
  update_all();
}

void LoggerLevels::before_fork() noexcept {
  mutex_.lock();
  forking_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

void LoggerLevels::after_fork() noexcept {
  forking_.store({}, std::memory_order_relaxed);
  mutex_.unlock();
}

std::unique_lock<std::mutex> LoggerLevels::lock() noexcept {
  if (forking_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    return {};
  }
  return std::unique_lock(mutex_);
}

void LoggerLevels::update(LoggerLevel& level) const noexcept {
  const std::optional<Level> rule = rules_.find(level.name);
  std::int32_t threshold = std::min(least_.without_rule, least_.recorded);
  std::int32_t number = LoggerLevel::kNoRule;
  if (rule.has_value()) {
    number = static_cast<std::int32_t>(*rule);
    if (with_rules_) threshold = std::max(number, least_.own);
    if (number != kOff) threshold = std::min(threshold, least_.recorded);
  }
  level.rule.store(number, std::memory_order_relaxed);
  __atomic_store_n(&level.threshold, threshold, __ATOMIC_RELAXED);
}

void LoggerLevels::update_all() noexcept {
  for (const auto& [name, level] : levels_) update(*level);
}

}  // namespace stogger
