#include "os/signals.h"

#include <time.h>

#include <cerrno>

namespace stogger {

AllSignalsBlocked::AllSignalsBlocked() noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

AllSignalsBlocked::~AllSignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

WriteSignal::WriteSignal(int signal) noexcept {
  sigemptyset(&set_);
  sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
  // Only a signal that was blocked already can have been pending.
  if (sigismember(&before_, signal) == 1) {
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, signal) == 1;
  }
}

WriteSignal::~WriteSignal() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void WriteSignal::consume() const noexcept {
  if (was_pending_) return;
  const timespec at_once = {0, 0};
  while (sigtimedwait(&set_, nullptr, &at_once) == -1 && errno == EINTR) {
  }
}

}  // namespace stogger
