#include "base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>

namespace stogger {
namespace {

constexpr int kWaitMilliseconds = 250;

// While it lives, a write to a pipe without a reader fails with EPIPE and
// sends this thread no signal. A SIGPIPE that was pending before stays so.
class NoSigpipe {
 public:
  explicit NoSigpipe(bool active) noexcept : active_(active) {
    if (!active_) return;
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    if (!active_) return;
    const int error = errno;
    if (!was_pending_) {
      const timespec at_once = {0, 0};
      while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  bool active_;
  bool was_pending_ = false;
  sigset_t pipe_;
  sigset_t before_;
};

std::int64_t monotonic_milliseconds() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

// False if it stays blocked until the deadline.
bool wait_writable(int descriptor, std::int64_t deadline) noexcept {
  while (true) {
    const std::int64_t left = deadline - monotonic_milliseconds();
    pollfd entry = {descriptor, POLLOUT, 0};
    const int ready =
        ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

Status failure(std::string_view call, const std::string& path, int error) {
  std::string message(call);
  message += " \"" + path + "\": " + error_text(error);
  return Status(Code::unavailable, message);
}

}  // namespace

std::string error_text(int error) {
  return std::generic_category().message(error);
}

Status create_parent_folder(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
      // A folder that may not be created may still be there.
      const int error = errno;
      struct stat info;
      if (::stat(folder.c_str(), &info) != 0) {
        return failure("cannot create folder", folder, error);
      }
    }
  }
  return {};
}

Status File::open_append(const std::string& path, bool truncate) {
  close();
  int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  if (truncate) flags |= O_TRUNC;
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags, 0666);
  } while (descriptor == -1 && errno == EINTR);
  if (descriptor == -1) {
    if (errno == ENXIO) {
      return Status(Code::unavailable,
                    "cannot open \"" + path + "\": a FIFO that nobody reads");
    }
    return failure("cannot open", path, errno);
  }
  descriptor_ = descriptor;
  owned_ = true;
  note_type();
  return {};
}

void File::borrow(int descriptor) noexcept {
  close();
  descriptor_ = descriptor;
  owned_ = false;
  note_type();
}

void File::note_type() noexcept {
  struct stat info;
  may_block_ = ::fstat(descriptor_, &info) == 0 &&
               (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) ||
                S_ISCHR(info.st_mode));
}

Status File::write(std::string_view bytes, std::size_t* written) {
  *written = 0;
  if (descriptor_ < 0) return Status(Code::unavailable, "the file is not open");
  const NoSigpipe no_sigpipe(may_block_);
  const std::int64_t deadline =
      may_block_ ? monotonic_milliseconds() + kWaitMilliseconds : 0;
  while (*written < bytes.size()) {
    std::size_t count = bytes.size() - *written;
    if (may_block_) {
      // A pipe that polls as writable takes PIPE_BUF bytes without blocking,
      // even if someone else made it a blocking one.
      if (!wait_writable(descriptor_, deadline)) {
        return Status(Code::unavailable,
                      "write: nothing was read at the other end for 250 ms");
      }
      count = std::min<std::size_t>(count, PIPE_BUF);
    }
    const ssize_t result = ::write(descriptor_, bytes.data() + *written, count);
    if (result >= 0) {
      *written += static_cast<std::size_t>(result);
    } else if (errno != EINTR && errno != EAGAIN) {
      return Status(Code::unavailable, "write: " + error_text(errno));
    } else if (errno == EAGAIN && !may_block_) {
      return Status(Code::unavailable, "write: " + error_text(EAGAIN));
    }
  }
  return {};
}

bool File::is_at(const std::string& path) const noexcept {
  struct stat named;
  struct stat open;
  return descriptor_ >= 0 && ::stat(path.c_str(), &named) == 0 &&
         ::fstat(descriptor_, &open) == 0 && named.st_ino == open.st_ino &&
         named.st_dev == open.st_dev;
}

std::uint64_t File::size() const noexcept {
  struct stat info;
  if (descriptor_ < 0 || ::fstat(descriptor_, &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_size);
}

bool File::truncate(std::uint64_t size) noexcept {
  int result = -1;
  do {
    result = ::ftruncate(descriptor_, static_cast<off_t>(size));
  } while (result == -1 && errno == EINTR);
  return result == 0;
}

bool File::lock() noexcept {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    const timespec millisecond = {0, 1000000};
    ::nanosleep(&millisecond, nullptr);
  }
  return false;
}

void File::unlock() noexcept { ::flock(descriptor_, LOCK_UN); }

Status File::close() noexcept {
  const int descriptor = descriptor_;
  const bool owned = owned_;
  descriptor_ = -1;
  owned_ = false;
  // After EINTR the descriptor is gone on Linux: close(2) is never repeated.
  if (descriptor >= 0 && owned && ::close(descriptor) != 0 && errno != EINTR) {
    return Status(Code::unavailable, "close: " + error_text(errno));
  }
  return {};
}

}  // namespace stogger
