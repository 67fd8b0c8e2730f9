// Keeping hubs whole across fork(): every hub is quiet while the process
// splits, and forgets in the child what belongs to the parent.
#pragma once

#include <cstdint>

namespace stogger {

class Hub;

void register_for_fork(Hub* hub);
void unregister_for_fork(Hub* hub) noexcept;

// Goes up when a fork() begins and when it has ended: odd while one is under
// way.
std::uint64_t fork_moments() noexcept;

// Makes fork() wait as long as it lives, and whoever wants another one.
class NoFork {
 public:
  NoFork();
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

}  // namespace stogger
