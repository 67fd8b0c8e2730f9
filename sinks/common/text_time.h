// The option `time` of sinks that write text for people.
#pragma once

#include "stogger/sink.h"

namespace stogger {

// True if their lines have the time of the time zone of the process.
inline bool read_local_time(Options& options) {
  return options.choice("time", {"utc", "local"}, 0) == 1;
}

}  // namespace stogger
