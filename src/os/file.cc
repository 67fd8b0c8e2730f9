#include "os/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "base/no_canary.h"
#include "os/descriptor.h"
#include "os/folder.h"
#include "os/patience.h"
#include "os/signals.h"

namespace stogger {
namespace {

// A second, non-blocking way to the pipe or terminal behind a descriptor.
// Setting O_NONBLOCK on the descriptor itself would set it for every process
// that shares it. Without one (no /proc, no permission) it is the descriptor.
//
// Opening needs the rights of this process, not of whoever opened the
// descriptor. So one that cannot be written to is left alone: the caller of a
// set-user-ID program may have opened it only to read, or only by name
// (O_PATH).
class NonBlocking {
 public:
  explicit NonBlocking(int descriptor) noexcept : descriptor_(descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags == -1 || (flags & O_PATH) != 0 ||
        (flags & O_ACCMODE) == O_RDONLY) {
      return;
    }
    char path[sizeof "/proc/self/fd/" + 12];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    const int own =
        ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (own == -1) return;
    descriptor_ = own;
    ours_ = true;
  }
  ~NonBlocking() {
    if (ours_) ::close(descriptor_);
  }
  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  bool may_block() const noexcept { return !ours_; }

 private:
  int descriptor_;
  bool ours_ = false;
};

// Whether a standard stream took nothing when it was written to last: for all
// that writes to it, for each new look at it would cost another wait.
std::atomic<bool> stalled_streams[3];

// Never throws: whoever wrote a part has to learn how much.
Status write_failure(int error) noexcept {
  try {
    return Status(Code::unavailable, "cannot write: " + error_advice(error));
  } catch (...) {
    return Status(Code::unavailable, "cannot write");
  }
}

// Waits until no write(2) to the file is under way: like those, it takes the
// kernel's lock of the file. Nothing changes but the time of change.
void wait_for_writes(int descriptor) noexcept {
  constexpr auto kSame = static_cast<uid_t>(-1);
  static_cast<void>(::fchown(descriptor, kSame, kSame) == 0);
}

bool is_same(int descriptor, const struct stat& other) noexcept {
  struct stat info;
  return descriptor >= 0 && ::fstat(descriptor, &info) == 0 &&
         is_same_file(info, other);
}

// Gives a new file what its predecessor had. If its group has to be another
// one, that may not write to it; nor read it, if the folder's owner chose it.
void inherit_from(const struct stat& predecessor, const Folder& folder,
                  int descriptor) {
  struct stat info;
  if (::fstat(descriptor, &info) != 0) return;
  mode_t mode = predecessor.st_mode & 0777 & ~static_cast<mode_t>(S_IWOTH);
  if (info.st_gid != predecessor.st_gid &&
      ::fchown(descriptor, static_cast<uid_t>(-1), predecessor.st_gid) != 0) {
    mode = folder.mode_of_new(mode) & ~static_cast<mode_t>(S_IWGRP);
  }
  static_cast<void>(::fchmod(descriptor, mode));
  if (info.st_uid != predecessor.st_uid) {
    static_cast<void>(
        ::fchown(descriptor, predecessor.st_uid, static_cast<gid_t>(-1)) == 0);
  }
}

// What to do about a file that may not become larger.
std::string size_advice() {
  rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY) {
    return "the file system takes no larger file; keep smaller ones";
  }
  return "this process may not make a file larger than " +
         std::to_string(limit.rlim_cur) +
         " bytes (ulimit -f, LimitFSIZE= of systemd): raise that limit, or "
         "keep files smaller";
}

}  // namespace

bool find_file(const std::string& path, struct stat* info) noexcept {
  struct statx found;
  if (::statx(AT_FDCWD, path.c_str(), AT_STATX_SYNC_AS_STAT,
              STATX_INO | STATX_SIZE, &found) != 0) {
    // Some sandboxes know stat() alone.
    return errno == EPERM && ::stat(path.c_str(), info) == 0;
  }
  info->st_dev = makedev(found.stx_dev_major, found.stx_dev_minor);
  info->st_ino = found.stx_ino;
  info->st_size = static_cast<off_t>(found.stx_size);
  return true;
}

std::string error_text(int error) {
  return std::generic_category().message(error);
}

std::string error_advice(int error) {
  std::string text = error_text(error);
  switch (error) {
    case ENOSPC:
      return text + "; free some, or keep fewer and smaller logs";
    case EDQUOT:
      return text + "; raise the quota, or keep fewer and smaller logs";
    case EFBIG:
      return text + "; " + size_advice();
    case EACCES:
    case EPERM:
      return text + "; give the user of this process (uid " +
             std::to_string(::geteuid()) + ") the right to write there";
    case EROFS:
      return text + "; mount it writable, or choose another path";
    case EMFILE:
    case ENFILE:
      return text + "; raise the limit of open files (ulimit -n)";
    case EISDIR:
      return text + "; name a file in it";
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return text + "; choose another path";
    default:
      return text;
  }
}

void File::swap(File& other) noexcept {
  const bool was_stalled = is_stalled_.load(std::memory_order_relaxed);
  is_stalled_.store(other.is_stalled_.load(std::memory_order_relaxed),
                    std::memory_order_relaxed);
  other.is_stalled_.store(was_stalled, std::memory_order_relaxed);
  std::swap(descriptor_, other.descriptor_);
  std::swap(owned_, other.owned_);
  std::swap(size_limited_, other.size_limited_);
  std::swap(type_, other.type_);
}

Status File::open_append(const Folder& folder, const std::string& name,
                         bool truncate) {
  static_cast<void>(close());
  int descriptor = -1;
  int error = 0;
  Status status =
      folder.open_file(name, O_WRONLY | O_APPEND | (truncate ? O_TRUNC : 0),
                       Folder::Creation::if_missing, 0, &descriptor, &error);
  if (status.ok()) own(descriptor);
  return status;
}

Status File::open_successor(const Folder& folder, const std::string& name,
                            const struct stat& predecessor) {
  static_cast<void>(close());
  int descriptor = -1;
  int error = 0;
  // For its owner alone, until the group is right.
  const Status created =
      folder.open_file(name, O_WRONLY | O_APPEND, Folder::Creation::always_new,
                       0600, &descriptor, &error);
  if (!created.ok()) return open_append(folder, name, false);
  own(descriptor);
  inherit(folder, predecessor);
  return {};
}

void File::inherit(const Folder& folder, const struct stat& predecessor) {
  inherit_from(predecessor, folder, descriptor_);
}

void File::own(int descriptor) noexcept {
  descriptor_ = descriptor;
  owned_ = true;
  read_type();
}

void File::borrow(int descriptor) noexcept {
  static_cast<void>(close());
  descriptor_ = descriptor;
  owned_ = false;
}

bool File::read_type() noexcept {
  struct stat info;
  if (::fstat(descriptor_, &info) != 0) return false;
  rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  if (S_ISREG(info.st_mode)) {
    type_ = Type::regular;
    ::getrlimit(RLIMIT_FSIZE, &limit);
  } else {
    type_ = S_ISSOCK(info.st_mode) ? Type::socket : Type::stream;
  }
  size_limited_ = limit.rlim_cur != RLIM_INFINITY;
  return true;
}

Status File::write(std::string_view bytes, std::size_t* written) {
  *written = 0;
  if (descriptor_ < 0 || (!owned_ && !read_type())) return no_file();
  if (type_ != Type::regular) return write_stream(bytes, written);
  return size_limited_ ? write_limited(bytes, written)
                       : write_regular(bytes, written, nullptr);
}

Status File::no_file() const {
  if (descriptor_ < 0) return Status(Code::unavailable, "the file is not open");
  return Status(Code::unavailable, "cannot write: the descriptor " +
                                       std::to_string(descriptor_) +
                                       " was closed by the program");
}

// Where RLIMIT_FSIZE raises a signal.
Status File::write_limited(std::string_view bytes, std::size_t* written) {
  const WriteSignal signal(SIGXFSZ);
  return write_regular(bytes, written, &signal);
}

STOGGER_NO_CANARY Status File::write_regular(std::string_view bytes,
                                             std::size_t* written,
                                             const WriteSignal* signal) {
  while (*written < bytes.size()) {
    const ssize_t result =
        ::write(descriptor_, bytes.data() + *written, bytes.size() - *written);
    if (result > 0) {
      *written += static_cast<std::size_t>(result);
    } else if (result == 0) {
      return Status(Code::unavailable,
                    "cannot write: the kernel takes nothing");
    } else if (errno != EINTR) {
      const int error = errno;
      if (error == EFBIG && signal != nullptr) signal->consume();
      return write_failure(error);
    }
  }
  return {};
}

Status File::write_stream(std::string_view bytes, std::size_t* written) {
  std::optional<NonBlocking> second;
  std::optional<WriteSignal> signal;
  if (type_ == Type::stream) {
    signal.emplace(SIGPIPE);
    if (!owned_) second.emplace(descriptor_);
  }
  const int descriptor = second ? second->descriptor() : descriptor_;
  std::atomic<bool>& is_stalled = !owned_ && descriptor_ <= STDERR_FILENO
                                      ? stalled_streams[descriptor_]
                                      : is_stalled_;
  Patience patience(is_stalled.load(std::memory_order_relaxed));
  const auto too_long = [&] {
    is_stalled.store(true, std::memory_order_relaxed);
    return Status(Code::unavailable,
                  "cannot write: the other end took nothing for 250 ms");
  };
  while (*written < bytes.size()) {
    const char* data = bytes.data() + *written;
    std::size_t count = bytes.size() - *written;
    if (second && second->may_block()) {
      // A pipe that polls as writable has room for this much.
      count = std::min<std::size_t>(count, PIPE_BUF);
      if (!patience.wait_writable(descriptor)) return too_long();
    }
    const ssize_t result =
        type_ == Type::socket
            ? ::send(descriptor, data, count, MSG_DONTWAIT | MSG_NOSIGNAL)
            : ::write(descriptor, data, count);
    if (result >= 0) {
      *written += static_cast<std::size_t>(result);
      is_stalled.store(false, std::memory_order_relaxed);
      patience.note_progress();
    } else if (errno == EAGAIN) {
      if (!patience.wait_writable(descriptor)) return too_long();
    } else if (errno != EINTR) {
      const int error = errno;
      if (error == EPIPE && signal) signal->consume();
      return write_failure(error);
    }
  }
  return {};
}

bool File::is(int descriptor) const noexcept {
  struct stat other;
  return ::fstat(descriptor, &other) == 0 && is_same(descriptor_, other);
}

bool File::is_deleted() const noexcept {
  struct stat info;
  return descriptor_ >= 0 && ::fstat(descriptor_, &info) == 0 &&
         info.st_nlink == 0;
}

std::uint64_t File::size() const noexcept {
  struct stat info;
  if (descriptor_ < 0 || ::fstat(descriptor_, &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_size);
}

std::uint64_t File::position() const noexcept {
  const off_t position = ::lseek(descriptor_, 0, SEEK_CUR);
  return position < 0 ? 0 : static_cast<std::uint64_t>(position);
}

bool File::truncate(std::uint64_t size) noexcept {
  int result = -1;
  do {
    result = ::ftruncate(descriptor_, static_cast<off_t>(size));
  } while (result == -1 && errno == EINTR);
  return result == 0;
}

bool File::take_back(std::size_t bytes) noexcept {
  if (!is_regular()) return false;
  // Whoever adds a line in the moment between these two calls loses it: had it
  // come earlier, it would have been added to the torn one.
  const std::uint64_t end = position();
  return end >= bytes && size() == end && truncate(end - bytes);
}

bool File::is_torn(const Folder& folder) const {
  if (!is_regular() || folder.is_magic()) return false;
  int descriptor = -1;
  int error = 0;
  const Status status = folder.open_file(
      folder.name(), O_RDONLY, Folder::Creation::never, 0, &descriptor, &error);
  if (!status.ok()) return false;
  const Descriptor reader(descriptor);
  constexpr int kMostChecks = 4;
  off_t size = 0;
  for (int i = 0; i < kMostChecks; ++i) {
    struct stat info;
    char last = '\n';
    if (!is(reader.get()) || ::fstat(reader.get(), &info) != 0 ||
        info.st_size == 0 ||
        ::pread(reader.get(), &last, 1, info.st_size - 1) != 1 ||
        last == '\n') {
      return false;
    }
    if (info.st_size == size) return true;
    size = info.st_size;
    wait_for_writes(reader.get());
  }
  return false;
}

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
