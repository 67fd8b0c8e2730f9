#include "os/memory_barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace stogger {
namespace {

bool membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0, 0) == 0;
}

}  // namespace

// A process has to announce first that it will ask for that.
bool pass_barrier_on_all_threads() noexcept {
  const int error = errno;
  const bool done = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) ||
                    (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
                     membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
  errno = error;
  return done;
}

}  // namespace stogger
