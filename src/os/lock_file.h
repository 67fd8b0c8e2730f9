// LockFile: a file beside another one, whose lock puts in order what several
// processes do to that one. A lock can be held by whoever can open its file,
// also only to read; so the lock has a file of its own, which nobody can open
// but those who may write to the other one.
//
// The lock is an open file description lock (F_OFD_SETLK): it ends with its
// process, or when the descriptor is closed. The file stays where it is.
#pragma once

#include <sys/stat.h>

#include <string>

#include "os/descriptor.h"
#include "stogger/status.h"

namespace stogger {

class Folder;

class LockFile {
 public:
  // Opens `name`, or creates it with rights for those who may write to
  // `guarded`.
  Status open(const Folder& folder, const std::string& name,
              const struct stat& guarded);
  // Where there may be no such file yet: of a new lock, less the umask.
  Status open(const Folder& folder, const std::string& name, mode_t mode);
  Status open_existing(const Folder& folder, const std::string& name);
  int descriptor() const noexcept { return descriptor_.get(); }
  bool is_open() const noexcept { return static_cast<bool>(descriptor_); }
  // Ends the lock, too. In a child after fork() the parent's lock goes on.
  void close() noexcept { descriptor_.reset(); }
  // True if `name` is still this file: only then does everybody use it.
  bool is_at(const Folder& folder, const std::string& name) const noexcept;

  // Waits for about 100 ms at most. Whether it is held now.
  bool lock() noexcept;
  bool try_lock() noexcept;
  void unlock() noexcept;

  // Whether anybody holds the lock of a file, of which nothing is changed.
  static bool is_locked(const Folder& folder, const std::string& name);

  // For the message after lock() has failed: who keeps what from being used,
  // and what to do.
  Status failure() const;

 private:
  Descriptor descriptor_;
  std::string path_;
};

}  // namespace stogger
