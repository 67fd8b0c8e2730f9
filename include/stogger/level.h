// The levels of events, least severe first.
#pragma once

#include <cstdint>
#include <string_view>

#include "stogger/export.h"

namespace stogger {

enum class Level : std::int32_t {
  trace = 0,
  debug,
  info,
  warning,
  error,
  critical,
  alert,
  off,  // a threshold only: lets nothing through
};

// "info" and so on: the names used in every target and in TOML.
STOGGER_API std::string_view to_string(Level level) noexcept;

// Reads a name, whatever its case; warn, err, crit and fatal (for critical)
// are known too. False, and *level as it was, if the name is none.
STOGGER_API bool parse_level(std::string_view name, Level* level) noexcept;

}  // namespace stogger
