// Opening files in tests as sinks do.
#pragma once

#include <sys/stat.h>

#include <string>

#include "os/file.h"
#include "os/folder.h"
#include "os/lock_file.h"
#include "stogger/status.h"

namespace stogger {

inline Status open_append(File& file, const std::string& path,
                          bool truncate = false) {
  Folder folder;
  Status status = folder.open(path, FileModes(), false);
  if (!status.ok()) return status;
  return file.open_append(folder, folder.name(), truncate);
}

// Takes the lock that guards the file at `path`. Whether it is held.
inline bool take_lock(LockFile& lock, const std::string& path) {
  Folder folder;
  struct stat guarded = {};
  return folder.open(path, FileModes(), false).ok() &&
         folder.look_up(folder.name(), &guarded) &&
         lock.open(folder, folder.name() + ".lock", guarded).ok() &&
         lock.try_lock();
}

}  // namespace stogger
