#include "deliver/route_mutex.h"

#include <sched.h>
#include <time.h>

namespace stogger {
namespace {

void sleep_for(std::int64_t nanoseconds) noexcept {
  const timespec time = {0, nanoseconds};
  ::nanosleep(&time, nullptr);
}

}  // namespace

void RouteMutex::lock_slowly() noexcept {
  constexpr int kSpins = 100;
  constexpr int kYields = 20;
  constexpr std::int64_t kShortestSleep = 20000;
  constexpr std::int64_t kLongestSleep = 1000000;
  std::int64_t sleep = kShortestSleep;
  for (int round = 0;; ++round) {
    if (round < kSpins) {
#ifdef __x86_64__
      __builtin_ia32_pause();
#endif
    } else if (round < kSpins + kYields) {
      ::sched_yield();
    } else {
      sleep_for(sleep);
      if (sleep < kLongestSleep) sleep *= 2;
    }
    if (!held_.load(std::memory_order_relaxed) && try_lock()) return;
  }
}

bool RouteMutex::try_lock_for(std::int64_t milliseconds) noexcept {
  constexpr std::int64_t kMillisecond = 1000000;
  for (; !try_lock(); --milliseconds) {
    if (milliseconds <= 0) return false;
    sleep_for(kMillisecond);
  }
  return true;
}

}  // namespace stogger
