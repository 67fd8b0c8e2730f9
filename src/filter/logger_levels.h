// LoggerLevels: the levels of all loggers of a system, by name, and the rules
// that they follow. Callable from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "event/logger_level.h"
#include "filter/level_rules.h"

namespace stogger {

// The least demanding sink: of those events that no rule is for, and as far as
// sinks have levels of their own. And what is recorded, if there is a rule or
// not, but for one that is `off`.
struct LeastLevels {
  std::int32_t without_rule;
  std::int32_t own;
  std::int32_t recorded;
};

class LoggerLevels {
 public:
  LoggerLevels() = default;
  LoggerLevels(const LoggerLevels&) = delete;
  LoggerLevels& operator=(const LoggerLevels&) = delete;

  // The level of the loggers of that name. Each take() needs a release(). May
  // throw std::bad_alloc.
  LoggerLevel* take(std::string_view name);
  void release(LoggerLevel* level) noexcept;

  void set_rules(LevelRules rules) noexcept;
  // May throw std::bad_alloc.
  void set_rule(std::string_view logger, Level level);
  // `with_rules`: whether rules hold, which they do not for a capture.
  void set_least(LeastLevels least, bool with_rules) noexcept;

  // Around fork(), after what takes it while it holds locks of its own.
  void before_fork() noexcept;
  void after_fork() noexcept;  // in the parent and in the child

 private:
  static constexpr auto kOff = static_cast<std::int32_t>(Level::off);

  void update(LoggerLevel& level) const noexcept;
  void update_all() noexcept;

  // A handler of fork() that makes a logger is inside already.
  std::unique_lock<std::mutex> lock() noexcept;

  std::mutex mutex_;
  std::atomic<std::thread::id> forking_{};  // the thread that calls fork()
  LevelRules rules_;
  LeastLevels least_{kOff, kOff, kOff};
  bool with_rules_ = true;
  // The keys are the names that the levels have.
  std::unordered_map<std::string_view, LoggerLevel*> levels_;
};

}  // namespace stogger
