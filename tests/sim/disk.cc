#include "tests/sim/disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

namespace stogger {

thread_local SimDisk* SimDisk::current_ = nullptr;

namespace {

constexpr std::uint64_t kSector = 512;

bool is_segment(std::string_view name) { return name.ends_with(".segment"); }

}  // namespace

bool SimDisk::fails() {
  if (fails_every_ == 0 || random_() % fails_every_ != 0) return false;
  ++failures_;
  return true;
}

// An errno, if it fails.
int SimDisk::change() {
  take_time();
  if (left_ != 0 && --left_ == 0) end_now();
  if (!fails()) return 0;
  return random_() % 2 == 0 ? ENOSPC : EIO;
}

// Less may get out than was given, before it fails or the process ends.
int SimDisk::write(std::size_t* bytes) {
  take_time();
  ends_ = left_ != 0 && --left_ == 0;
  const bool fails = this->fails();
  if (ends_ || fails) *bytes = random_() % (*bytes + 1);
  if (ends_) return -1;
  return fails ? ENOSPC : 0;
}

void SimDisk::synced_file(int file) {
  struct stat info = {};
  if (::fstat(file, &info) != 0) return;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const auto given_up = given_up_from_.find(info.st_ino);
  synced_sizes_[info.st_ino] =
      given_up == given_up_from_.end() ? size : given_up->second;
}

void SimDisk::failed_to_sync(int file) {
  struct stat info = {};
  if (::fstat(file, &info) == 0) {
    given_up_from_.emplace(info.st_ino, synced_sizes_[info.st_ino]);
  }
}

void SimDisk::synced_folder(int folder) {
  const std::string path = "/proc/self/fd/" + std::to_string(folder);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    struct stat info = {};
    if (::stat(entry.path().c_str(), &info) == 0) {
      synced_names_.insert(info.st_ino);
    }
  }
}

void SimDisk::cut_power() {
  std::vector<std::string> segments;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_)) {
    if (is_segment(entry.path().filename().native())) {
      segments.push_back(entry.path());
    }
  }
  for (const std::string& path : segments) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) continue;
    const bool has_name =
        synced_names_.contains(info.st_ino) || random_() % 2 == 0;
    if (!has_name) {
      std::filesystem::remove(path);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const auto found = synced_sizes_.find(info.st_ino);
    const std::uint64_t synced =
        found == synced_sizes_.end() ? 0 : found->second;
    // Sectors that were not synced are there or not, each by itself.
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const std::vector<char> zeros(kSector);
    for (std::uint64_t at = synced / kSector * kSector; at < size;
         at += kSector) {
      if (random_() % 2 == 0) continue;
      const std::uint64_t from = std::max(at, synced);
      const std::uint64_t to = std::min(at + kSector, size);
      static_cast<void>(::pwrite(file, zeros.data(), to - from,
                                 static_cast<off_t>(from)) == 0);
    }
    if (random_() % 2 == 0) {
      const std::uint64_t left = synced + random_() % (size - synced + 1);
      static_cast<void>(::ftruncate(file, static_cast<off_t>(left)) == 0);
    }
    ::close(file);
  }
}

}  // namespace stogger

using stogger::SimDisk;

// In place of functions of the C library, and of what a sanitizer asks for: a
// process that is killed leaks everything.
extern "C" {

const char* __asan_default_options();
const char* __asan_default_options() { return "detect_leaks=0"; }

ssize_t write(int file, const void* bytes, size_t count) {
  SimDisk* const disk = SimDisk::current();
  if (disk == nullptr) return ::syscall(SYS_write, file, bytes, count);
  size_t some = count;
  const int error = disk->write(&some);
  const ssize_t written =
      some == 0 ? 0 : ::syscall(SYS_write, file, bytes, some);
  if (error < 0) disk->end_now();
  if (error != 0 && some == 0) {
    errno = error;
    return -1;
  }
  return written;
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  if (SimDisk* const disk = SimDisk::current()) {
    if (const int error = disk->change(); error != 0) {
      errno = error;
      return -1;
    }
  }
  return ::syscall(SYS_pwrite64, file, bytes, count, offset);
}

int ftruncate(int file, off_t size) noexcept {
  SimDisk* const disk = SimDisk::current();
  if (disk != nullptr) {
    if (const int error = disk->change(); error != 0) {
      errno = error;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_ftruncate, file, size));
}

int unlinkat(int folder, const char* name, int flags) noexcept {
  SimDisk* const disk = SimDisk::current();
  if (disk != nullptr) {
    if (const int error = disk->change(); error != 0) {
      errno = error;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_unlinkat, folder, name, flags));
}

int openat(int folder, const char* name, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (SimDisk* const disk = SimDisk::current()) {
      if (const int error = disk->change(); error != 0) {
        errno = error;
        return -1;
      }
    }
  }
  return static_cast<int>(::syscall(SYS_openat, folder, name, flags, mode));
}

int fdatasync(int file) {
  SimDisk* const disk = SimDisk::current();
  if (disk != nullptr) {
    if (const int error = disk->change(); error != 0) {
      disk->failed_to_sync(file);
      errno = error;
      return -1;
    }
    disk->synced_file(file);
    return 0;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

int fsync(int folder) {
  SimDisk* const disk = SimDisk::current();
  if (disk != nullptr) {
    if (const int error = disk->change(); error != 0) {
      errno = error;
      return -1;
    }
    disk->synced_folder(folder);
    return 0;
  }
  return static_cast<int>(::syscall(SYS_fsync, folder));
}

}  // extern "C"
