#include "filter/event_filter.h"

#include <algorithm>

namespace stogger {
namespace {

bool has(const std::vector<NamePattern>& patterns,
         std::string_view name) noexcept {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&](const NamePattern& pattern) { return pattern.matches(name); });
}

}  // namespace

bool EventFilter::takes(std::string_view event,
                        std::string_view logger) const noexcept {
  return (events.empty() || has(events, event)) &&
         (loggers.empty() || has(loggers, logger)) && !has(not_events, event) &&
         !has(not_loggers, logger);
}

}  // namespace stogger
