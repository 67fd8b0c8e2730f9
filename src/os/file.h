// Files, through the plain system calls, with the care that a log needs: no
// inherited descriptors, no deadly signals, no endless wait for a reader.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "stogger/status.h"

namespace stogger {

class WriteSignal;

// The text of an errno value, for messages: "No space left on device".
std::string error_text(int error);

// The same, and what to do about it where that is known.
std::string error_advice(int error);

// Whether both are one file.
inline bool is_same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

// Finds out which file is at the path, and its size; no more than that. Asking
// for its times, too, would make the next write to it take twice as long: the
// kernel gives that an exact time then (Linux 6.18, ext4).
bool find_file(const std::string& path, struct stat* info) noexcept;

class Folder;

// A writable file, pipe, socket or device. Closes what it owns. A write never
// raises SIGPIPE or SIGXFSZ.
class File {
 public:
  File() noexcept = default;
  File(File&& other) noexcept { swap(other); }
  File& operator=(File&& other) noexcept {
    swap(other);
    return *this;
  }
  ~File() { static_cast<void>(close()); }

  // Opens the name in that folder for appending, created if missing. A FIFO
  // that nobody reads is refused instead of waited for, and so is a folder. The
  // descriptor is never one of the standard three.
  Status open_append(const Folder& folder, const std::string& name,
                     bool truncate);
  // The same for a file that takes the place of another one. What is created
  // has the owner, group and mode of that, as far as this process may give them
  // away; it is never writable for all.
  Status open_successor(const Folder& folder, const std::string& name,
                        const struct stat& predecessor);

  // Gives a file that this process created what open_successor() gives.
  void inherit(const Folder& folder, const struct stat& predecessor);

  // Uses a descriptor that belongs to someone else and is not closed here. It
  // may be replaced by dup2() or closed at any time.
  void borrow(int descriptor) noexcept;

  bool is_open() const noexcept { return descriptor_ >= 0; }
  int descriptor() const noexcept { return descriptor_; }

  // True for a file on a disk: one that can be cut and moved away.
  bool is_regular() const noexcept { return type_ == Type::regular; }

  // Writes with as few system calls as possible: one, unless the kernel takes
  // only a part. Gives up after 250 ms if a pipe, socket or terminal takes no
  // more, and then at once until it takes something. On failure, *written tells
  // how many bytes got out.
  Status write(std::string_view bytes, std::size_t* written);

  // True if the descriptor, whoever opened it, stands for this file.
  bool is(int descriptor) const noexcept;
  // True if no name is left for it in any folder.
  bool is_deleted() const noexcept;
  // Its size in bytes; 0 if it is not known.
  std::uint64_t size() const noexcept;
  // Where the last write to an opened file ended.
  std::uint64_t position() const noexcept;
  // Cuts it to that size. Whether it worked.
  bool truncate(std::uint64_t size) noexcept;
  // Cuts off the last bytes, which a write() that failed has left. False if
  // that cannot be done: it is no regular file, or somebody has added to it.
  bool take_back(std::size_t bytes) noexcept;
  // True if the file, which has the folder's name(), ends in the middle of a
  // line that nobody is just writing. False if that is not known.
  bool is_torn(const Folder& folder) const;

  // Reports what close(2) reports; the file is closed in any case.
  Status close() noexcept;
  // Forgets a descriptor that is shared with the parent process. Closing the
  // child's copy leaves the parent's alone.
  void abandon() noexcept { static_cast<void>(close()); }

 private:
  enum class Type : unsigned char { regular, stream, socket };

  void swap(File& other) noexcept;
  void own(int descriptor) noexcept;
  bool read_type() noexcept;
  Status no_file() const;
  Status write_limited(std::string_view bytes, std::size_t* written);
  Status write_regular(std::string_view bytes, std::size_t* written,
                       const WriteSignal* signal);
  Status write_stream(std::string_view bytes, std::size_t* written);

  int descriptor_ = -1;
  bool owned_ = false;
  bool size_limited_ = false;  // by RLIMIT_FSIZE
  // It took nothing when it was written to last. Standard streams share theirs.
  std::atomic<bool> is_stalled_{false};
  Type type_ = Type::regular;  // stream: a pipe, terminal or other device
};

}  // namespace stogger
