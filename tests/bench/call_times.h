// How long single calls take: what no mean shows.
#pragma once

#include <cstddef>
#include <string>

#include "contender.h"

namespace bench {

struct CallTimes {
  std::string what;
  std::size_t threads;
  std::size_t count;          // of calls, all threads together
  double between_us = 0;      // from the start of one call to that of the next
  bool disk_is_busy = false;  // another process writes 3 GB there meanwhile
};

// Prints a line of a table for each contender.
void print_call_times_head();
void print_call_times(const CallTimes& settings, Contender& contender,
                      const std::string& folder);

}  // namespace bench
