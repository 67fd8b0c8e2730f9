#include "os/lock_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stogger {
namespace {

constexpr std::int64_t kLongestSearch = 20000000;  // nanoseconds

std::int64_t now_ns() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// A file of procfs, in part if it is long.
class Text {
 public:
  Text(int folder, const char* path) noexcept {
    const int file = ::openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (file == -1) return;
    const ssize_t size = ::read(file, text_, sizeof text_ - 1);
    ::close(file);
    text_[size > 0 ? size : 0] = '\0';
  }
  const char* get() const noexcept { return text_; }

 private:
  char text_[4096] = "";
};

// The other descriptors, as the kernel does not say which process has made a
// lock of an open file description.
class Search {
 public:
  Search(const struct stat& file, std::int64_t longest_ns) noexcept
      : deadline_(now_ns() + longest_ns) {
    std::snprintf(inode_, sizeof inode_, " %02x:%02x:%ju ", major(file.st_dev),
                  minor(file.st_dev), static_cast<std::uintmax_t>(file.st_ino));
  }

  pid_t run() noexcept {
    DIR* const processes = ::opendir("/proc");
    if (processes == nullptr) return 0;
    pid_t found = 0;
    while (const dirent* entry = ::readdir(processes)) {
      const pid_t process = std::atoi(entry->d_name);
      if (process <= 0 || process == ::getpid()) continue;
      if (holds(::dirfd(processes), entry->d_name)) found = process;
      if (found != 0 || now_ns() > deadline_) break;
    }
    ::closedir(processes);
    return found;
  }

 private:
  bool holds(int processes, const char* process) const noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "%.20s/fdinfo", process);
    const int folder =
        ::openat(processes, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1) return false;
    DIR* const files = ::fdopendir(folder);
    if (files == nullptr) {
      ::close(folder);
      return false;
    }
    bool found = false;
    while (const dirent* entry = found ? nullptr : ::readdir(files)) {
      if (entry->d_name[0] == '.') continue;
      const Text info(folder, entry->d_name);
      const char* const lock = std::strstr(info.get(), "\nlock:");
      found = lock != nullptr && std::strstr(lock, inode_) != nullptr;
      if (now_ns() > deadline_) break;
    }
    ::closedir(files);
    return found;
  }

  const std::int64_t deadline_;
  char inode_[64];
};

}  // namespace

pid_t find_lock_holder(int descriptor) noexcept {
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_GETLK, &whole) == 0 && whole.l_pid > 0) {
    return whole.l_pid;
  }
  struct stat file;
  return ::fstat(descriptor, &file) == 0
             ? find_lock_holder(file, kLongestSearch)
             : 0;
}

pid_t find_lock_holder(const struct stat& file,
                       std::int64_t longest_ns) noexcept {
  return Search(file, longest_ns).run();
}

}  // namespace stogger
