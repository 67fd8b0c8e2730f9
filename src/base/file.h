// Files, through the plain system calls, with the care that a log needs: no
// inherited descriptors, no SIGPIPE, no endless wait for a reader.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "stogger/status.h"

namespace stogger {

// The text of an errno value, for messages: "No space left on device".
std::string error_text(int error);

// Creates the folder that `path` lies in, and its parents, with mode 0777 less
// the umask.
Status create_parent_folder(const std::string& path);

// A writable file, pipe or device. Not copyable; closes what it owns.
class File {
 public:
  File() noexcept = default;
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Opens for appending, created with mode 0666 less the umask if missing. A
  // FIFO that nobody reads is refused instead of waited for. A folder is
  // refused.
  Status open_append(const std::string& path, bool truncate);

  // Uses a descriptor that belongs to someone else and is not closed here.
  void borrow(int descriptor) noexcept;

  bool is_open() const noexcept { return descriptor_ >= 0; }
  int descriptor() const noexcept { return descriptor_; }

  // Writes with as few system calls as possible: one, unless the kernel takes
  // only a part. Gives up after 250 ms if a pipe, socket or terminal takes no
  // more. On failure, *written tells how many bytes got out.
  Status write(std::string_view bytes, std::size_t* written);

  // True if `path` still names this very file.
  bool is_at(const std::string& path) const noexcept;
  // Its size in bytes; 0 if it cannot be told.
  std::uint64_t size() const noexcept;
  // Cuts it to that size. Whether it worked.
  bool truncate(std::uint64_t size) noexcept;

  // Waits for other processes at most about 100 ms; true if the lock is held.
  // It is advisory (flock), lasts until unlock() or close().
  bool lock() noexcept;
  void unlock() noexcept;

  // Reports what close(2) reports; the file is closed in any case.
  Status close() noexcept;
  // Forgets a descriptor that is shared with the parent process. Closing the
  // child's copy leaves the parent's alone.
  void abandon() noexcept { close(); }

 private:
  void note_type() noexcept;

  int descriptor_ = -1;
  bool owned_ = false;
  bool may_block_ = false;  // a pipe, socket or terminal
};

}  // namespace stogger
