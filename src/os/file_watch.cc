#include "os/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "os/file.h"

namespace stogger {
namespace {

std::int64_t in_ns(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

// Whoever writes in place has closed the file then.
bool watch_folder_of(int inotify, std::string path) noexcept {
  const std::size_t slash = path.rfind('/');
  path.resize(slash == 0 ? 1 : slash);
  return ::inotify_add_watch(inotify, path.c_str(),
                             IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
                                 IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) >=
         0;
}

}  // namespace

FileStamp FileStamp::of(const std::string& path) noexcept {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, in_ns(status.st_mtim),
          in_ns(status.st_ctim)};
}

Status FileWatch::set(const std::string& path) {
  inotify_.reset();
  is_complete_ = true;
  path_ = path;
  if (path.find('/') == std::string::npos) return {};
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_) {
    return Status(Code::unavailable, "cannot watch " + path + ": " +
                                         error_text(errno) +
                                         "; it is read again by init() only");
  }
  refresh();
  return {};
}

bool FileWatch::take() noexcept {
  alignas(inotify_event) char events[4096];
  bool were_any = false;
  while (inotify_ && ::read(inotify_.get(), events, sizeof events) > 0) {
    were_any = true;
  }
  return were_any;
}

void FileWatch::refresh() noexcept {
  if (!inotify_) return;
  try {
    is_complete_ = watch_folder_of(inotify_.get(), path_);
    const std::unique_ptr<char, decltype(&std::free)> real(
        ::realpath(path_.c_str(), nullptr), &std::free);
    if (real != nullptr) watch_folder_of(inotify_.get(), real.get());
  } catch (...) {
    is_complete_ = false;
  }
}

}  // namespace stogger
