#include "stogger/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "base/cycle_clock.h"
#include "base/no_canary.h"
#include "base/real_time.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace stogger {
namespace {

std::int64_t read(clockid_t id) noexcept {
  timespec now;
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

struct SystemSource {
  std::int64_t day_ns() const noexcept { return read(CLOCK_REALTIME); }
  std::int64_t steady_ns() const noexcept { return read(CLOCK_MONOTONIC); }
#if defined(__x86_64__)
  std::uint64_t cycles() const noexcept { return __rdtsc(); }
#else
  std::uint64_t cycles() const noexcept { return 0; }
#endif
};

// The kernel takes the counter for its own clock only where it runs at one
// speed, does not stop, and is the same on all processors.
bool has_steady_cycles() noexcept {
#if defined(__x86_64__)
  const int file =
      ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
             O_RDONLY | O_CLOEXEC);
  if (file == -1) return false;
  char name[4] = {};
  const bool is_read = ::read(file, name, sizeof name) == sizeof name;
  ::close(file);
  return is_read && std::string_view(name, sizeof name) == "tsc\n";
#else
  return false;
#endif
}

constinit thread_local CycleClock<SystemSource>::Window window;

class RealClock final : public Clock {
 public:
  constexpr RealClock() noexcept = default;
  void start() noexcept {
    if (is_started_.load(std::memory_order_relaxed) ||
        is_started_.exchange(true, std::memory_order_relaxed)) {
      return;
    }
    if (has_steady_cycles()) cycles_.start();
  }
  STOGGER_NO_CANARY Time now() noexcept override {
    return Time{cycles_.now_ns(window)};
  }
  std::int64_t monotonic_ns() noexcept override {
    return read(CLOCK_MONOTONIC);
  }

 private:
  std::atomic<bool> is_started_{false};
  CycleClock<SystemSource> cycles_;
};

// There before any code runs, and never destroyed.
union Immortal {
  RealClock clock;
  constexpr Immortal() noexcept : clock() {}
  ~Immortal() {}
};
constinit Immortal immortal;

}  // namespace

STOGGER_NO_CANARY Time real_time() noexcept { return immortal.clock.now(); }

Clock* Clock::real() noexcept {
  immortal.clock.start();
  return &immortal.clock;
}

}  // namespace stogger
