#include "stogger/clock.h"

#include <time.h>

#include "base/no_canary.h"

namespace stogger {
namespace {

std::int64_t read(clockid_t id) noexcept {
  timespec now;
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

class RealClock final : public Clock {
 public:
  STOGGER_NO_CANARY Time now() noexcept override {
    return Time{read(CLOCK_REALTIME)};
  }
  std::int64_t monotonic_ns() noexcept override {
    return read(CLOCK_MONOTONIC);
  }
};

// There before any code runs, and never destroyed.
union Immortal {
  RealClock clock;
  constexpr Immortal() noexcept : clock() {}
  ~Immortal() {}
};
constinit Immortal immortal;

}  // namespace

Clock* Clock::real() noexcept { return &immortal.clock; }

}  // namespace stogger
