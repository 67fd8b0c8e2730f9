#include "os/abort_timer.h"

#include <signal.h>

namespace stogger {

AbortTimer::AbortTimer(std::chrono::milliseconds longest) noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGABRT);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGABRT;
  is_made_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
  if (!is_made_) return;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(longest);
  const std::chrono::nanoseconds rest = longest - seconds;
  itimerspec time = {};
  time.it_value.tv_sec = seconds.count();
  time.it_value.tv_nsec = rest.count();
  ::timer_settime(timer_, 0, &time, nullptr);
}

AbortTimer::~AbortTimer() {
  if (is_made_) ::timer_delete(timer_);
}

}  // namespace stogger
