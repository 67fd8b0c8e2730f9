#include "os/bell.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/guarded.h"
#include "os/file.h"

namespace stogger {

bool Bell::is_own(int descriptor) const noexcept {
  struct stat status = {};
  return descriptor >= 0 && ::fstat(descriptor, &status) == 0 &&
         status.st_dev == device_ && status.st_ino == inode_;
}

Status Bell::make() noexcept {
  if (is_own(ends_[0]) && is_own(ends_[1])) return {};
  int ends[2];
  struct stat status = {};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ||
      ::fstat(ends[0], &status) != 0) {
    return guarded([error = errno] {
      return Status(Code::unavailable,
                    "cannot make a pipe: " + error_text(error));
    });
  }
  ends_[1] = -1;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  ends_[0] = ends[0];
  ends_[1] = ends[1];
  return {};
}

void Bell::ring() noexcept {
  const int end = ends_[1];
  // A pipe that is full has been rung.
  if (is_own(end)) static_cast<void>(::write(end, "", 1) == 1);
}

bool Bell::take() noexcept {
  char bytes[64];
  const int end = ends_[0];
  if (!is_own(end)) return false;
  while (::read(end, bytes, sizeof bytes) == sizeof bytes) {
  }
  return true;
}

void Bell::forget() noexcept {
  for (std::atomic<int>& end : ends_) {
    const int descriptor = end.exchange(-1);
    if (is_own(descriptor)) ::close(descriptor);
  }
}

}  // namespace stogger
