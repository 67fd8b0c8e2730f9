#include "sinks/parquet/disk_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "os/file.h"

namespace stogger {
namespace {

// Writing beyond that limit would end the process with a signal.
bool is_beyond_limit(std::uint64_t end) noexcept {
  rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  return limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

}  // namespace

Status file_failure(std::string_view what, int error) {
  const bool is_limit = error == EFBIG || error == EDQUOT;
  return Status(Code::unavailable, std::string(what) + ": " +
                                       error_advice(error) +
                                       (is_limit ? " (roll_bytes)" : ""));
}

Status DiskFile::open(const Folder& folder, const std::string& name) {
  int file = -1;
  int error = 0;
  Status status =
      folder.open_file(name, O_RDWR, Folder::Creation::never, 0, &file, &error);
  descriptor_.reset(file);
  return status;
}

Status DiskFile::create(const Folder& folder, const std::string& name) {
  int file = -1;
  int error = 0;
  Status status = folder.open_file(name, O_RDWR, Folder::Creation::always_new,
                                   0, &file, &error);
  descriptor_.reset(file);
  return status;
}

void DiskFile::inherit(const Folder& folder, const struct stat& predecessor) {
  struct stat info;
  if (!look_up(&info) || (info.st_mode == predecessor.st_mode &&
                          info.st_gid == predecessor.st_gid &&
                          info.st_uid == predecessor.st_uid)) {
    return;
  }
  File file;
  file.borrow(descriptor_.get());
  file.inherit(folder, predecessor);
}

bool DiskFile::look_up(struct stat* info) const noexcept {
  return is_open() && ::fstat(descriptor_.get(), info) == 0;
}

bool DiskFile::is_at(const Folder& folder,
                     const std::string& name) const noexcept {
  struct stat named;
  return is_open() && folder.look_up(name, &named) &&
         Identity{named.st_dev, named.st_ino} == identity();
}

DiskFile::Identity DiskFile::identity() const noexcept {
  struct stat info;
  if (!is_open() || ::fstat(descriptor_.get(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

std::uint64_t DiskFile::size() const noexcept {
  struct stat info;
  if (!is_open() || ::fstat(descriptor_.get(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_size);
}

Status DiskFile::write(std::string_view bytes, std::uint64_t offset) {
  if (is_beyond_limit(offset + bytes.size())) {
    return file_failure("cannot write", EFBIG);
  }
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(descriptor_.get(), bytes.data(),
                                   bytes.size(), static_cast<off_t>(offset));
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    } else if (count == 0 || errno != EINTR) {
      return file_failure("cannot write", count == 0 ? EIO : errno);
    }
  }
  return {};
}

Status DiskFile::copy(const DiskFile& from, std::uint64_t begin,
                      std::uint64_t end) {
  if (is_beyond_limit(end)) return file_failure("cannot write", EFBIG);
  auto in = static_cast<off_t>(begin);
  auto out = in;
  const auto stop = static_cast<off_t>(end);
  while (in < stop) {
    const ssize_t count =
        ::copy_file_range(from.descriptor_.get(), &in, descriptor_.get(), &out,
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
        ::pread(from.descriptor_.get(), chunk.data(),
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

Status DiskFile::truncate(std::uint64_t size) {
  int result = -1;
  do {
    result = ::ftruncate(descriptor_.get(), static_cast<off_t>(size));
  } while (result == -1 && errno == EINTR);
  return result == 0 ? Status() : file_failure("cannot cut the file", errno);
}

Status DiskFile::sync() {
  return ::fdatasync(descriptor_.get()) == 0
             ? Status()
             : file_failure("cannot bring the file to the disk", errno);
}

}  // namespace stogger
