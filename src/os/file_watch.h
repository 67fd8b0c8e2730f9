// FileWatch: notices that a file has been changed, replaced or removed.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "os/descriptor.h"
#include "stogger/status.h"

namespace stogger {

// What tells one state of a file from another. All zero if it is not there.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  static FileStamp of(const std::string& path) noexcept;
  bool operator==(const FileStamp&) const = default;
};

// Of one thread. The folder of the file is watched, and that of the file that a
// link leads to: so it does not matter how the file is replaced. An event there
// is a hint only, and the stamp decides.
class FileWatch {
 public:
  // That file from now on; none if it is empty.
  Status set(const std::string& path);
  // What to poll, and for how long: -1 for ever. A folder that is not there is
  // looked for every second.
  int descriptor() const noexcept { return inotify_.get(); }
  int patience_ms() const noexcept { return is_complete_ ? -1 : 1000; }
  // Takes the events that there are. True if there were any.
  bool take() noexcept;
  // Looks for the folders again, which may have been replaced as well.
  void refresh() noexcept;
  // In a child after fork(): it is the parent's.
  void forget() noexcept { inotify_.reset(); }

 private:
  std::string path_;
  Descriptor inotify_;
  bool is_complete_ = true;
};

}  // namespace stogger
