#include "os/route_mutex.h"

#include <sched.h>
#include <time.h>

#include <algorithm>

namespace stogger {
namespace {

using std::chrono::steady_clock;

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
      sleep_ *= 2;
    }
    ++round_;
  }
  // Before that, asking for the time would be most of the work.
  bool has_spun() const noexcept { return round_ > kSpins; }

 private:
  static constexpr int kSpins = 3;
  static constexpr int kShortestSpin = 64;  // pauses of the processor
  static constexpr int kYields = 20;
  static constexpr std::int64_t kShortestSleep = 20000;  // nanoseconds

  int round_ = 0;
  std::int64_t sleep_ = kShortestSleep;
};

}  // namespace

bool RouteMutex::lock_slowly(Duration time, Duration* waited) noexcept {
  TimePoint patient_until{};
  Pause pause;
  while (true) {
    pause();
    if (!held_.load(std::memory_order_relaxed) && try_lock()) return true;
    if (!pause.has_spun()) continue;
    const TimePoint now = steady_clock::now();
    if (patient_until == TimePoint{}) {
      patient_until = now + std::min<Duration>(kPatience, time);
    }
    if (now < patient_until) continue;
    if (time <= kPatience) return false;
    Duration left = time - kPatience;
    const bool taken = lock_in_turn(&left);
    if (waited != nullptr) *waited += time - left;
    return taken;
  }
}

// Takes what it waits for from *time.
bool RouteMutex::lock_in_turn(Duration* time) noexcept {
  // unlock() may just miss that somebody has queued up, for it does not pay for
  // a fence: the first one checks again soon. The others do so to find out
  // whether the process runs at all. While it is stopped, nobody keeps them
  // waiting, so no check counts for more than kLongest. That is more than a
  // thread waits for a processor on a machine that is merely busy: this counts,
  // or a call could take several times its deadline there.
  constexpr Duration kCheckOfFirst = std::chrono::milliseconds(1);
  constexpr Duration kCheck = std::chrono::milliseconds(25);
  constexpr Duration kLongest = std::chrono::milliseconds(50);
  std::unique_lock lock(queue_mutex_);
  Waiting self;
  enter(&self);
  bool taken = false;
  while (true) {
    const bool is_first = first_ == &self;
    if (is_first && (taken = take())) break;
    if (*time <= Duration::zero()) break;
    const Duration wait = std::min(is_first ? kCheckOfFirst : kCheck, *time);
    const TimePoint before = steady_clock::now();
    self.turn.wait_for(lock, wait);
    *time -= std::min(steady_clock::now() - before, kLongest);
  }
  leave(&self);
  if (first_ != nullptr) first_->turn.notify_one();
  return taken;
}

void RouteMutex::wake_first() noexcept {
  const std::lock_guard lock(queue_mutex_);
  if (first_ != nullptr) first_->turn.notify_one();
}

void RouteMutex::enter(Waiting* one) noexcept {
  Waiting** last = &first_;
  while (*last != nullptr) last = &(*last)->next;
  *last = one;
  queued_.fetch_add(1, std::memory_order_relaxed);
}

void RouteMutex::leave(Waiting* one) noexcept {
  Waiting** at = &first_;
  while (*at != one) at = &(*at)->next;
  *at = one->next;
  queued_.fetch_sub(1, std::memory_order_relaxed);
}

void RouteMutex::reset() noexcept {
  // Threads that waited do not exist here, one of them may have held this.
  std::construct_at(&queue_mutex_);
  first_ = nullptr;
  queued_.store(0, std::memory_order_relaxed);
  held_.store(false, std::memory_order_relaxed);
}

}  // namespace stogger
