#include "os/patience.h"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "os/monotonic.h"

namespace stogger {
namespace {

constexpr std::int64_t kWaitMilliseconds = 250;

// Otherwise errno is EINTR, or something else if it took too long.
bool poll_once(int descriptor, std::int64_t milliseconds) noexcept {
  pollfd entry = {descriptor, POLLOUT, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(milliseconds));
  if (ready == 0) errno = EAGAIN;
  return ready > 0;
}

}  // namespace

bool Patience::wait_writable(int descriptor) noexcept {
  if (is_stalled_) {
    return !std::exchange(was_asked_, true) && poll_once(descriptor, 0);
  }
  if (deadline_ == 0) deadline_ = now_milliseconds() + kWaitMilliseconds;
  while (true) {
    const std::int64_t left = deadline_ - now_milliseconds();
    if (left <= 0) return false;
    if (poll_once(descriptor, left)) return true;
    if (errno != EINTR) return false;
  }
}

}  // namespace stogger
