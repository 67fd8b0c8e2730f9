// What a Logger refers to.
#pragma once

#include <atomic>
#include <cstdint>

#include "event/logger_level.h"
#include "event/owned_fields.h"
#include "event/target.h"

namespace stogger::detail {

// Immutable but for the count of references.
struct LoggerRep {
  // A logger of that name.
  LoggerRep(EventTarget& event_target, std::string_view name);
  // One with more fields.
  LoggerRep(EventTarget& event_target, const LoggerRep* parent, Fields fields);
  ~LoggerRep();
  LoggerRep(const LoggerRep&) = delete;
  LoggerRep& operator=(const LoggerRep&) = delete;

  const std::int32_t* threshold() const noexcept {
    return level != nullptr ? &level->threshold : target->threshold();
  }
  // The level of a rule for it, or LoggerLevel::kNoRule.
  std::int32_t rule() const noexcept {
    return level != nullptr ? level->rule.load(std::memory_order_relaxed)
                            : LoggerLevel::kNoRule;
  }

  EventTarget* const target;
  const OwnedFields bound;
  LoggerLevel* const level;  // null without a name
  mutable std::atomic<std::int64_t> references{1};
};

// A new one, or null if there is no memory for it. A logger then does without:
// its events lack the name and the fields.
LoggerRep* make_logger_rep(EventTarget& target, std::string_view name) noexcept;
LoggerRep* make_logger_rep(EventTarget& target, const LoggerRep* parent,
                           Fields fields) noexcept;

}  // namespace stogger::detail
