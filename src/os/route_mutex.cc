#include "os/route_mutex.h"

#include <sched.h>
#include <time.h>

namespace stogger {
namespace {

std::int64_t now_ns() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// What a thread does between two attempts: ever less. It does not look again
// at once even while it spins: each look takes the memory of the sink away from
// the processor that uses it, and in a few microseconds that one gets some tens
// of events written undisturbed.
class Pause {
 public:
  void operator()() noexcept {
    if (round_ < kSpins) {
      for (int i = 0; i < kShortestSpin << round_; ++i) {
#ifdef __x86_64__
        __builtin_ia32_pause();
#endif
      }
    } else if (round_ < kSpins + kYields) {
      ::sched_yield();
    } else {
      const timespec time = {0, sleep_};
      ::nanosleep(&time, nullptr);
      if (sleep_ < kLongestSleep) sleep_ *= 2;
    }
    ++round_;
  }
  bool is_asleep() const noexcept { return round_ > kSpins + kYields; }

 private:
  static constexpr int kSpins = 3;
  static constexpr int kShortestSpin = 64;  // pauses of the processor
  static constexpr int kYields = 20;
  static constexpr std::int64_t kShortestSleep = 20000;  // nanoseconds
  static constexpr std::int64_t kLongestSleep = 1000000;

  int round_ = 0;
  std::int64_t sleep_ = kShortestSleep;
};

}  // namespace

void RouteMutex::lock_slowly() noexcept {
  Pause pause;
  do {
    pause();
  } while (held_.load(std::memory_order_relaxed) || !try_lock());
}

// Threads that log without a break let go for moments only. Whoever looks once
// in a while would hardly ever meet one, so this one goes on spinning.
bool RouteMutex::try_lock_for(std::int64_t milliseconds) noexcept {
  const std::int64_t deadline = now_ns() + milliseconds * 1000000;
  Pause pause;
  while (!try_lock()) {
    pause();
    if (!pause.is_asleep()) continue;
    if (now_ns() >= deadline) return false;
    pause = {};
  }
  return true;
}

}  // namespace stogger
