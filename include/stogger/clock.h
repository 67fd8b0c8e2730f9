// Clock: where the library gets the time from, so that tests can set it.
#pragma once

#include <cstdint>

#include "stogger/export.h"
#include "stogger/value.h"

namespace stogger {

// Called from any thread.
class STOGGER_API Clock {
 public:
  virtual ~Clock() = default;
  // The time of day. May jump.
  virtual Time now() noexcept = 0;
  // Nanoseconds since some fixed moment. Never goes back.
  virtual std::int64_t monotonic_ns() noexcept = 0;

  // The clock of the system. Never destroyed.
  static Clock* real() noexcept;
};

}  // namespace stogger
