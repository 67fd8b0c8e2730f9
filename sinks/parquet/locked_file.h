// A file on a disk, open for reading and writing, which one process at a time
// has to itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "stogger/status.h"

namespace stogger {

// That something could not be done to a file, and what to do about it.
Status file_failure(std::string_view what, int error);

class LockedFile {
 public:
  LockedFile() noexcept = default;
  LockedFile(LockedFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  LockedFile& operator=(LockedFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~LockedFile() { close(); }

  enum class Opening : unsigned char {
    done,
    in_use,   // another process has it
    missing,  // only if it is not to be created
    read_only,
    failed
  };
  // On failure, and if it may only be read, *status tells why. Symbolic links
  // are not followed.
  Opening open(const std::string& path, bool create, Status* status);

  bool is_open() const noexcept { return descriptor_ != -1; }
  // True if `path` itself, no link, names this very file.
  bool is_at(const std::string& path) const noexcept;
  std::uint64_t size() const noexcept;

  Status write(std::string_view bytes, std::uint64_t offset);
  // Copies from the same place in another file.
  Status copy(const LockedFile& from, std::uint64_t begin, std::uint64_t end);
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

  void close() noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace stogger
