// The commands of the program `stogger`, and how it tells how they ended.
#pragma once

#include <string>

namespace stogger {

// After sysexits.h where it has a name for the case.
enum Exit : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitUnavailable = 69,
  kExitConfig = 78,
};

// Prints every problem of a configuration file, or what it brings about. With
// `connect`, looks at the target of every sink too. Changes nothing.
int check(const std::string& file, bool connect);

}  // namespace stogger
