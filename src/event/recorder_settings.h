// What the flight recorder keeps: [stogger.recorder].
#pragma once

#include <cstddef>

#include "stogger/level.h"

namespace stogger {

struct RecorderSettings {
  static constexpr std::size_t kMostEvents = 65536;

  Level level = Level::off;  // events of it and above; off: none
  std::size_t events = 256;  // of each thread, from 1 to kMostEvents

  bool is_on() const noexcept { return level != Level::off; }
  bool keeps(Level of_event) const noexcept { return of_event >= level; }
};

}  // namespace stogger
