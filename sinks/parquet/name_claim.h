// NameClaim: possession of a name in a folder, so that no two processes write
// to one file: a lock on .X.parquet.lock. Only who may write can open that;
// readers, who can lock whatever they may read, cannot.
#pragma once

#include <string>

#include "os/folder.h"
#include "os/lock_file.h"
#include "stogger/sink.h"
#include "stogger/status.h"

namespace stogger {

class NameClaim {
 public:
  NameClaim(std::string path, FileModes modes);

  // Takes the path or, if another process has it, one with a number:
  // X-2.parquet. Fails if what is there already must not be touched.
  Status take();
  // What take() would say, and what becomes of a file that is there once rows
  // come. Changes nothing.
  Status check(bool overwrite, CheckFindings& findings) const;
  // Removes the lock, and lets go of the folder.
  void release() noexcept;
  // The same, but touches nothing that others see.
  void forget() noexcept;

  // False once the folder has been moved or deleted: it is taken again then.
  bool is_in_place() const noexcept;
  // Where the lock has been cleared away: makes it again.
  Status keep();

  const Folder& folder() const noexcept { return folder_; }
  const std::string& name() const noexcept { return name_; }
  const std::string& path() const noexcept { return path_; }

 private:
  Status lock(bool* in_use);

  const std::string wanted_;
  const FileModes modes_;
  Folder folder_;
  std::string name_;
  std::string lock_name_;
  std::string path_;
  LockFile lock_;
};

}  // namespace stogger
