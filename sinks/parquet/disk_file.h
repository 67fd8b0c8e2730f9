// A file on a disk, open for reading and writing.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "os/descriptor.h"
#include "os/folder.h"
#include "stogger/status.h"

namespace stogger {

// That something could not be done to a file, and what to do about it.
Status file_failure(std::string_view what, int error);

class DiskFile {
 public:
  // One that is there already.
  Status open(const Folder& folder, const std::string& name);
  // A new one; the name must be free.
  Status create(const Folder& folder, const std::string& name);

  // Gives it the mode, the group and the owner of the file that it replaces, as
  // far as this process may.
  void inherit(const Folder& folder, const struct stat& predecessor);
  bool look_up(struct stat* info) const noexcept;

  bool is_open() const noexcept { return static_cast<bool>(descriptor_); }
  // True if the name itself, no link, names this very file.
  bool is_at(const Folder& folder, const std::string& name) const noexcept;
  std::uint64_t size() const noexcept;

  Status write(std::string_view bytes, std::uint64_t offset);
  // Copies from the same place in another file.
  Status copy(const DiskFile& from, std::uint64_t begin, std::uint64_t end);
  Status truncate(std::uint64_t size);
  // Waits until what was written is on the disk.
  Status sync();

  // Which file it is, wherever it is.
  struct Identity {
    dev_t device = 0;
    ino_t number = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  Identity identity() const noexcept;

  void close() noexcept { descriptor_.reset(); }

 private:
  Descriptor descriptor_;
};

}  // namespace stogger
