#include "sinks/parquet/locked_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "base/file.h"
#include "base/quote.h"

namespace stogger {
namespace {

// Writing beyond that limit would end the process with a signal.
bool is_beyond_limit(std::uint64_t end) noexcept {
  rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  return limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

int open_file(const std::string& path, bool create) noexcept {
  // Of a FIFO nobody waits for the other end.
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK |
                    (create ? O_CREAT : 0);
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags, 0666);
  } while (descriptor == -1 && errno == EINTR);
  if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
  // Anyone may write to the standard streams.
  const int higher = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return higher;
}

}  // namespace

Status file_failure(std::string_view what, int error) {
  const bool is_limit = error == EFBIG || error == EDQUOT;
  return Status(
      Code::unavailable,
      std::string(what) + ": " +
          (is_limit ? error_text(error) + "; raise the limit, or set roll_bytes"
                    : error_advice(error)));
}

LockedFile::Opening LockedFile::open(const std::string& path, bool create,
                                     Status* status) {
  close();
  descriptor_ = open_file(path, create);
  if (descriptor_ == -1) {
    if (errno == ENOENT && !create) return Opening::missing;
    const bool is_read_only = errno == EACCES || errno == EPERM;
    *status = file_failure("cannot open " + quoted(path), errno);
    return is_read_only ? Opening::read_only : Opening::failed;
  }
  struct stat info;
  if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) {
    close();
    *status = Status(Code::unavailable,
                     quoted(path) +
                         " is no regular file, which Parquet has to be: "
                         "choose another path");
    return Opening::failed;
  }
  // Where locks are not to be had, there is no protection from others.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close();
    return Opening::in_use;
  }
  return Opening::done;
}

bool LockedFile::is_at(const std::string& path) const noexcept {
  struct stat named;
  return is_open() && ::lstat(path.c_str(), &named) == 0 &&
         Identity{named.st_dev, named.st_ino} == identity();
}

LockedFile::Identity LockedFile::identity() const noexcept {
  struct stat info;
  if (!is_open() || ::fstat(descriptor_, &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

std::uint64_t LockedFile::size() const noexcept {
  struct stat info;
  if (!is_open() || ::fstat(descriptor_, &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_size);
}

Status LockedFile::write(std::string_view bytes, std::uint64_t offset) {
  if (is_beyond_limit(offset + bytes.size())) {
    return file_failure("cannot write", EFBIG);
  }
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(),
                                   static_cast<off_t>(offset));
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    } else if (count == 0 || errno != EINTR) {
      return file_failure("cannot write", count == 0 ? EIO : errno);
    }
  }
  return {};
}

Status LockedFile::copy(const LockedFile& from, std::uint64_t begin,
                        std::uint64_t end) {
  if (is_beyond_limit(end)) return file_failure("cannot write", EFBIG);
  auto in = static_cast<off_t>(begin);
  auto out = in;
  const auto stop = static_cast<off_t>(end);
  while (in < stop) {
    const ssize_t count =
        ::copy_file_range(from.descriptor_, &in, descriptor_, &out,
                          static_cast<std::size_t>(stop - in), 0);
    if (count > 0 || (count < 0 && errno == EINTR)) continue;
    // Where the kernel does not do it, or not between these two.
    if (count == 0 || errno == ENOSPC || errno == EDQUOT || errno == EIO) {
      return file_failure("cannot copy within the folder",
                          count == 0 ? EIO : errno);
    }
    break;
  }
  constexpr off_t kChunk = 256 * 1024;
  std::vector<char> chunk(in < stop ? kChunk : 0);
  while (in < stop) {
    const ssize_t count =
        ::pread(from.descriptor_, chunk.data(),
                static_cast<std::size_t>(std::min(kChunk, stop - in)), in);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0)
      return file_failure("cannot read", count == 0 ? EIO : errno);
    Status status = write({chunk.data(), static_cast<std::size_t>(count)},
                          static_cast<std::uint64_t>(in));
    if (!status.ok()) return status;
    in += count;
  }
  return {};
}

Status LockedFile::truncate(std::uint64_t size) {
  int result = -1;
  do {
    result = ::ftruncate(descriptor_, static_cast<off_t>(size));
  } while (result == -1 && errno == EINTR);
  return result == 0 ? Status() : file_failure("cannot cut the file", errno);
}

Status LockedFile::sync() {
  return ::fdatasync(descriptor_) == 0
             ? Status()
             : file_failure("cannot bring the file to the disk", errno);
}

void LockedFile::close() noexcept {
  if (descriptor_ != -1) ::close(std::exchange(descriptor_, -1));
}

}  // namespace stogger
