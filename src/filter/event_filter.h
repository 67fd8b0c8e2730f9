// EventFilter: which events go to a sink, by their names and those of their
// loggers.
#pragma once

#include <string_view>
#include <vector>

#include "filter/name_pattern.h"

namespace stogger {

struct EventFilter {
  // Only these; all if there are none.
  std::vector<NamePattern> events{};
  std::vector<NamePattern> loggers{};
  // Not these, even if the others have them.
  std::vector<NamePattern> not_events{};
  std::vector<NamePattern> not_loggers{};

  bool takes_all() const noexcept {
    return events.empty() && loggers.empty() && not_events.empty() &&
           not_loggers.empty();
  }
  // The name of a logger without one is empty.
  bool takes(std::string_view event, std::string_view logger) const noexcept;
};

}  // namespace stogger
