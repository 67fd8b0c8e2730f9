// The clock that the kernel takes the times of files from.
#pragma once

#include <time.h>

namespace stogger {

// Waits until what happens to a file from now on has a later time than what
// has happened to it: some milliseconds.
inline void wait_for_tick() {
  timespec begin;
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &begin);
  do {
    const timespec pause = {0, 1000000};
    ::nanosleep(&pause, nullptr);
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (now.tv_sec < begin.tv_sec ||
           (now.tv_sec == begin.tv_sec && now.tv_nsec <= begin.tv_nsec));
}

}  // namespace stogger
