// SpoolFolder: what one queue on disk consists of, and who has it.
//
//   SPOOL_DIR/SINK/UUID/lock             who made it; locked while it is used
//                       ring             see RingFile
//                       *.segment        see segment.h
//                       *.damaged        what could not be read of a segment
//
// The ring may lie elsewhere, as RING_DIR/UUID.ring. Only its owner may read
// what is in it: folders 0700, files 0600.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "os/folder.h"
#include "os/lock_file.h"
#include "spool/queue_id.h"
#include "stogger/status.h"

namespace stogger {

// Whose queue it is. Another process takes it over only for the same sink of
// the same program.
struct SpoolOwner {
  std::string program;
  std::string sink;
  std::string type;
  std::string ring_dir{};  // where the ring is; empty: with the rest

  bool operator==(const SpoolOwner&) const = default;
  bool is_like(const SpoolOwner& other) const {
    return program == other.program && sink == other.sink && type == other.type;
  }
};

// The text of a lock file, of version 1:
//   stogger spool 1
//   program NAME
//   sink NAME
//   type NAME
//   ring_dir PATH
std::string to_text(const SpoolOwner& owner);
enum class OwnerText : unsigned char { read, newer, damaged };
OwnerText read_owner(std::string_view text, SpoolOwner* owner);

class SpoolFolder {
 public:
  // `ring_dir` is empty for a ring that lies with the rest, or for a folder
  // that is there, which says where it is.
  SpoolFolder(std::string spool_dir, std::string ring_dir)
      : spool_dir_(std::move(spool_dir)), ring_dir_(std::move(ring_dir)) {}

  // Makes a folder for a new queue, and locks it.
  Status create(const SpoolOwner& owner);

  enum class Taken : unsigned char {
    yes,
    no,       // it is in use, somebody else's, or gone
    newer,    // a later version of the library made it
    damaged,  // it is not known who made it
  };
  // Locks the folder at a path, which another process has left.
  Taken take_over(const SpoolOwner& owner, const std::string& path);
  // The same of the folder at a path, whoever the owner is, who becomes known.
  Taken take_over_any(const std::string& path, SpoolOwner* owner);

  // Opens the folder at a path, neither locking nor changing it. Code::invalid
  // if it is none of a queue.
  Status look_at(const std::string& path);
  // Of an open folder: whether anybody has locked it, and whose it is.
  bool is_in_use() const;
  OwnerText owner(SpoolOwner* owner) const;

  // Those that are there for a sink, the oldest first.
  std::vector<QueueId> list(const std::string& sink) const;

  // Where the folder of that queue lies.
  std::string path_of(const std::string& sink, const QueueId& queue) const;

  const QueueId& queue() const noexcept { return queue_; }
  const Folder& folder() const noexcept { return folder_; }
  const Folder& ring_folder() const noexcept {
    return ring_dir_.empty() ? folder_ : ring_folder_;
  }
  std::string ring_name() const;
  const std::string& path() const noexcept { return path_; }

  // Waits until the disk has what create() has made.
  Status sync() const;
  // Removes what is left of it; what is not known stays, and so does the
  // folder then.
  void remove() noexcept;
  // Lets go of the lock. In a child after fork(), the parent keeps it.
  void close() noexcept { lock_.close(); }

 private:
  Status open(const std::string& path, bool create);
  Status open_ring_folder(bool create);
  bool has_lock_alone() const;
  Status try_to_create(const SpoolOwner& owner, bool* is_ours);
  void remove_folder();

  std::string spool_dir_;
  std::string ring_dir_;
  std::string path_;
  QueueId queue_{};
  Folder folder_;
  Folder ring_folder_;
  LockFile lock_;
};

}  // namespace stogger
