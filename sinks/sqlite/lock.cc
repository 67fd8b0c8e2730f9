#include "sinks/sqlite/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace stogger {
namespace {

constexpr std::int64_t kMillisecond = 1000000;  // ns
constexpr std::int64_t kFirstPause = kMillisecond / 20;
constexpr std::int64_t kLongestLockPause = kMillisecond / 5;
// How long one waits before it queues up, and how long the others respect the
// queue: who is first in it may have been stopped.
constexpr std::int64_t kQueueAfter = 10 * kMillisecond;
constexpr std::int64_t kRespectQueue = 20 * kMillisecond;
constexpr unsigned kTurnsBetweenLooks = 8;
// How long the thread may run after its time is up.
constexpr std::int64_t kLateWork = 5 * kMillisecond;

std::int64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) noexcept {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1000 * kMillisecond +
         time.tv_nsec;
}

}  // namespace

void BoundedWait::restart(std::int64_t more_ms,
                          std::int64_t waited_ms) noexcept {
  started_ns_ = now_ns() - waited_ms * kMillisecond;
  more_ns_ = more_ms * kMillisecond;
  late_since_ns_ = 0;
  waited_ns_ = 0;
  pause_ns_ = kFirstPause;
}

bool BoundedWait::wait(std::int64_t longest_ns) noexcept {
  if (started_ns_ == 0) restart();
  waited_ns_ = now_ns() - started_ns_;
  if (waited_ns_ >= limit_ns_) return false;
  pause_ns_ = std::min(pause_ns_, longest_ns);
  const timespec pause = {
      0, static_cast<long>(std::min(pause_ns_, limit_ns_ - waited_ns_))};
  ::nanosleep(&pause, nullptr);
  pause_ns_ *= 2;
  return true;
}

// SQLite asks about once a row: the coarse clock, which is at most some
// milliseconds late, costs a quarter of the other.
bool BoundedWait::is_over() noexcept {
  const std::int64_t most =
      std::max(limit_ns_, kLeastWorkMs * kMillisecond) + more_ns_;
  if (started_ns_ == 0 || now_ns(CLOCK_MONOTONIC_COARSE) - started_ns_ < most) {
    return false;
  }
  const std::int64_t used = now_ns(CLOCK_THREAD_CPUTIME_ID);
  if (late_since_ns_ == 0) late_since_ns_ = used;
  return used - late_since_ns_ >= kLateWork;
}

void ProcessLock::use(int descriptor) noexcept {
  close();
  descriptor_ = descriptor;
}

bool ProcessLock::lock(BoundedWait& wait) noexcept {
  const bool must_look = ++turns_ % kTurnsBetweenLooks == 0;
  if (!(must_look && is_queue_taken()) && try_lock()) return true;
  bool queued = false;
  const bool locked = lock_fairly(wait, &queued);
  if (queued) set_queue(F_UNLCK);
  return locked;
}

bool ProcessLock::lock_fairly(BoundedWait& wait, bool* queued) noexcept {
  while (wait.wait(kLongestLockPause)) {
    const std::int64_t waited = wait.waited_ns();
    if (!*queued && waited > kQueueAfter) *queued = set_queue(F_WRLCK);
    const bool my_turn = *queued || waited > kRespectQueue || !is_queue_taken();
    if (my_turn && try_lock()) return true;
  }
  return false;
}

bool ProcessLock::try_lock() noexcept {
  int result = -1;
  do {
    result = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  } while (result == -1 && errno == EINTR);
  return result == 0 || errno != EWOULDBLOCK;
}

void ProcessLock::unlock() noexcept { ::flock(descriptor_, LOCK_UN); }

bool ProcessLock::is_queue_taken() const noexcept {
  struct flock queue = {};
  queue.l_type = F_WRLCK;
  queue.l_whence = SEEK_SET;
  return ::fcntl(descriptor_, F_OFD_GETLK, &queue) == 0 &&
         queue.l_type != F_UNLCK;
}

bool ProcessLock::set_queue(short type) noexcept {
  struct flock queue = {};
  queue.l_type = type;
  queue.l_whence = SEEK_SET;
  return ::fcntl(descriptor_, F_OFD_SETLK, &queue) == 0;
}

void ProcessLock::close() noexcept {
  if (descriptor_ != -1) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace stogger
