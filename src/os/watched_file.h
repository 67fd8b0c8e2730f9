// WatchedFile: tells when a file that is in use has lost its name.
#pragma once

#include <sys/stat.h>

#include <string>

#include "os/descriptor.h"

namespace stogger {

class WatchedFile {
 public:
  // The file of that name in an open folder; none if it cannot be found. Its
  // descriptor is one that neither reads nor writes (O_PATH), so closing it
  // ends none of the locks that this process has on the file.
  void begin(int folder, const std::string& name) noexcept;
  void end() noexcept { file_.reset(); }

  // True once the last name was deleted, or given to another file. One system
  // call.
  bool is_deleted() const noexcept;
  // What it is now, wherever it is. False if there is none.
  bool look_up(struct stat* info) const noexcept;

 private:
  Descriptor file_;
};

}  // namespace stogger
