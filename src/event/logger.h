// What a Logger refers to.
#pragma once

#include <atomic>
#include <cstdint>

#include "event/owned_fields.h"
#include "event/target.h"

namespace stogger::detail {

// Immutable but for the count of references.
struct LoggerRep {
  LoggerRep(EventTarget& event_target, std::string_view name, Fields inherited,
            Fields fields)
      : target(&event_target), bound(name, inherited, fields) {
    target->retain();
  }
  ~LoggerRep() { target->release(); }
  LoggerRep(const LoggerRep&) = delete;
  LoggerRep& operator=(const LoggerRep&) = delete;

  EventTarget* const target;
  const OwnedFields bound;
  mutable std::atomic<std::int64_t> references{1};
};

// A new one, or null if there is no memory for it. A logger then does without:
// its events lack the name and the fields.
LoggerRep* make_logger_rep(EventTarget& target, std::string_view name,
                           Fields inherited, Fields fields) noexcept;

}  // namespace stogger::detail
