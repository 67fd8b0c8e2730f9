#include "os/descriptor.h"

#include <fcntl.h>

#include <cerrno>

namespace stogger {

int above_standard_streams(int descriptor) noexcept {
  if (descriptor > STDERR_FILENO || descriptor < 0) return descriptor;
  const int higher = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return higher;
}

}  // namespace stogger
