// Bell: wakes up a thread that polls, also from the handler of a signal.
#pragma once

#include <sys/types.h>

#include <atomic>

#include "stogger/status.h"

namespace stogger {

// A pipe. It is there before any code runs and never closed, but in a child:
// a handler may be about to write to it. A program that closes all descriptors
// closes it, too; what has its number then is left alone.
class Bell {
 public:
  constexpr Bell() noexcept = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Makes the pipe, unless it is there.
  Status make() noexcept;
  // Async-signal-safe. Without a pipe, nothing happens.
  void ring() noexcept;
  // What to poll; -1 without a pipe.
  int descriptor() const noexcept { return ends_[0]; }
  // Takes all that was rung. False if the pipe is there no more.
  bool take() noexcept;
  // In a child after fork(): the pipe is the parent's.
  void forget() noexcept;

 private:
  bool is_own(int descriptor) const noexcept;

  std::atomic<int> ends_[2] = {-1, -1};
  std::atomic<dev_t> device_{0};
  std::atomic<ino_t> inode_{0};
};

}  // namespace stogger
