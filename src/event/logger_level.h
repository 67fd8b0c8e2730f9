// LoggerLevel: the level that the loggers of one name go by. They share it, and
// it changes while they log.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace stogger {

struct LoggerLevel {
  static constexpr std::int32_t kNoRule = -1;

  explicit LoggerLevel(std::string_view logger) : name(logger) {}

  // Below it, no sink takes an event of these loggers. Relaxed atomic access
  // only, as log.h knows no <atomic>.
  std::int32_t threshold = 0;
  // The level that a rule gives them, or kNoRule.
  std::atomic<std::int32_t> rule{kNoRule};
  std::atomic<std::int64_t> references{1};
  const std::string name;
};

}  // namespace stogger
