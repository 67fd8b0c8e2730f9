// Signals that a thread does not get for a while.
#pragma once

#include <signal.h>

namespace stogger {

// While it lives, this thread gets no signal, and neither does a thread that is
// started meanwhile: signals are for the threads of the program.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept;
  ~AllSignalsBlocked();
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// While it lives, this thread does not get the signal that a failing write
// raises besides its errno. One that was pending before stays so.
class WriteSignal {
 public:
  explicit WriteSignal(int signal) noexcept;
  ~WriteSignal();
  WriteSignal(const WriteSignal&) = delete;
  WriteSignal& operator=(const WriteSignal&) = delete;

  // Takes away the signal that has just been raised, if it was.
  void consume() const noexcept;

 private:
  bool was_pending_ = false;
  sigset_t set_;
  sigset_t before_;
};

}  // namespace stogger
