// The commands of the program `stogger`, and how it tells how they ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stogger {

// After sysexits.h where it has a name for the case.
enum Exit : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitData = 65,
  kExitUnavailable = 69,
  kExitConfig = 78,
};

// Prints every problem of a configuration file, or what it brings about. With
// `connect`, looks at the target of every sink too. Changes nothing. Sinks of
// the types that only its program has are not looked at.
int check(const std::string& file, bool connect,
          const std::vector<std::string>& known_types);

// Queues on disk, of which these three change nothing. `ring_dir` is empty for
// rings that lie with the rest.
//
// One line for each queue, and for each folder that is none.
int list_spool(const std::string& spool_dir, const std::string& ring_dir);
// Reads all of a queue; prints what it has, and each damage.
int verify_queue(const std::string& queue, const std::string& ring_dir);
// Prints the first `most` events as JSON lines, the oldest first.
int show_queue(const std::string& queue, const std::string& ring_dir,
               std::uint64_t most);

// Delivers a queue through a sink of a configuration file, and removes it when
// all of it is with the target.
int replay_queue(const std::string& file, const std::string& sink,
                 const std::string& queue, const std::string& ring_dir);

}  // namespace stogger
