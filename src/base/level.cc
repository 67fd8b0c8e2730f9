#include "stogger/level.h"

#include <cstddef>

#include "base/names.h"

namespace stogger {
namespace {

constexpr std::string_view kNames[] = {"trace", "debug",    "info",  "warning",
                                       "error", "critical", "alert", "off"};

struct Alias {
  std::string_view name;
  Level level;
};
constexpr Alias kAliases[] = {{"warn", Level::warning},
                              {"err", Level::error},
                              {"crit", Level::critical},
                              {"fatal", Level::critical}};

}  // namespace

std::string_view to_string(Level level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return index < std::size(kNames) ? kNames[index] : "off";
}

bool parse_level(std::string_view name, Level* level) noexcept {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (equal_ignoring_case(name, kNames[i])) {
      *level = static_cast<Level>(i);
      return true;
    }
  }
  for (const Alias& alias : kAliases) {
    if (equal_ignoring_case(name, alias.name)) {
      *level = alias.level;
      return true;
    }
  }
  return false;
}

}  // namespace stogger
