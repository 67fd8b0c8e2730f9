// Segments: the files that hold what a queue on disk has moved out of its ring,
// in order. One thread at a time uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "os/descriptor.h"
#include "os/folder.h"
#include "spool/queue_id.h"
#include "spool/segment.h"
#include "stogger/status.h"

namespace stogger {

// Records that were read together, with the memory that they lie in.
struct QueueBatch {
  std::vector<QueueRecord> records;
  Buffer bytes;

  void clear(std::size_t kept_memory) noexcept {
    records.clear();
    bytes.recycle(kept_memory);
  }
  // Copies a record. May throw std::bad_alloc.
  void add(const QueueRecord& record);
};

class Segments {
 public:
  static constexpr std::size_t kSegmentBytes = std::size_t{16} << 20;

  enum class Access : unsigned char {
    own,
    look,  // nothing is written or removed, whoever uses the queue meanwhile
  };

  // The folder has to live as long.
  Segments(const Folder& folder, const QueueId& queue,
           Access access = Access::own)
      : folder_(folder), queue_(queue), access_(access) {}

  // Those that are in the folder, by their names: none is read.
  void find();

  bool empty() const noexcept { return files_.empty(); }
  // All bytes of them.
  std::uint64_t bytes() const noexcept;
  // Whether there are records behind that position, as far as is known.
  bool has_after(std::uint64_t position) const noexcept {
    return !empty() && position < last_;
  }

  // Adds records behind all others. They are in a file, in the kernel's hands
  // at least, when flush() has worked. If it does not, none since the last
  // flush() is. May throw std::bad_alloc.
  void add(const QueueRecord& record);
  Status flush();
  // The files that were written to since this was asked last, which may not be
  // on the disk yet.
  std::vector<std::shared_ptr<const Descriptor>> take_unsynced() noexcept {
    return std::exchange(unsynced_, {});
  }

  // Adds the next records behind that position to the batch, which gets at most
  // so many rows, and no more once it has so many bytes. False if there are
  // none. What is damaged is set aside, and added to *problem.
  bool read(std::uint64_t after, std::size_t most_rows, std::size_t most_bytes,
            QueueBatch* batch, std::string* problem);
  // Removes those of which all records end before or at the position.
  void remove_through(std::uint64_t position);

 private:
  struct File {
    std::uint64_t first = 0;
    std::uint64_t size = 0;
  };

  static std::string name_of(std::uint64_t first);
  Status begin_file(std::uint64_t first);
  void begin_anew() noexcept;
  bool open_to_read(std::size_t index);
  bool load(std::size_t bytes);
  std::string keep_damage(std::size_t size);
  void leave_out(std::size_t size, std::string* problem);
  bool next(bool is_last, QueueRecord* record, std::string* problem);
  void remove_oldest();
  void lose(std::size_t index, std::string* problem);
  std::uint64_t end_of(std::size_t index) const noexcept {
    return index + 1 < files_.size() ? files_[index + 1].first : last_;
  }

  const Folder& folder_;
  const QueueId queue_;
  const Access access_;
  std::deque<File> files_;
  // Where the last record ends; the greatest number as long as it is not known.
  std::uint64_t last_ = 0;
  // Where the last record that was written ends, which the next file is named
  // after.
  std::uint64_t written_ = 0;

  // Writing.
  std::shared_ptr<Descriptor> out_;
  Buffer pending_;
  std::uint64_t pending_first_ = 0;
  std::uint64_t pending_last_ = 0;
  std::vector<std::shared_ptr<const Descriptor>> unsynced_;

  // Reading: the file, and of it what is in memory.
  Descriptor in_;
  std::uint64_t in_first_ = 0;
  std::uint64_t in_offset_ = 0;  // of what is read next
  std::uint64_t in_last_ = 0;    // where the last record that was read ends
  Buffer chunk_;
  std::size_t chunk_at_ = 0;
};

}  // namespace stogger
