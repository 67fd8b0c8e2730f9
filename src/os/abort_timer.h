// AbortTimer: ends the process with SIGABRT if it lives for too long. The
// kernel keeps the time, so that it does whatever holds this thread up, and
// needs no other one.
#pragma once

#include <time.h>

#include <chrono>

namespace stogger {

class AbortTimer {
 public:
  // Lets this thread get SIGABRT, as abort() does.
  explicit AbortTimer(std::chrono::milliseconds longest) noexcept;
  ~AbortTimer();
  AbortTimer(const AbortTimer&) = delete;
  AbortTimer& operator=(const AbortTimer&) = delete;

 private:
  timer_t timer_ = {};
  bool is_made_;
};

}  // namespace stogger
