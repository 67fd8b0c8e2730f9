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

void occupy_standard_streams() noexcept {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    const int opened = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    // The lowest number that is free, unless somebody else was quicker.
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

}  // namespace stogger
