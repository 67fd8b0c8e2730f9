#include "os/watched_file.h"

#include <fcntl.h>

namespace stogger {

void WatchedFile::begin(int folder, const std::string& name) noexcept {
  file_.reset(above_standard_streams(
      ::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)));
}

bool WatchedFile::is_deleted() const noexcept {
  struct stat info;
  return look_up(&info) && info.st_nlink == 0;
}

bool WatchedFile::look_up(struct stat* info) const noexcept {
  return file_ && ::fstat(file_.get(), info) == 0;
}

}  // namespace stogger
