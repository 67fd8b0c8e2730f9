// Segments: the files that hold what a queue on disk has moved out of its ring,
// in order. One thread at a time uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "os/descriptor.h"
#include "os/folder.h"
#include "spool/queue_id.h"
#include "spool/segment.h"
#include "spool/segment_reader.h"
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
  // Copies a record. May throw std::bad_alloc, and then has not got it.
  void add(const QueueRecord& record);
};

class Segments {
 public:
  enum class Access : unsigned char {
    own,
    look,  // nothing is written or removed, whoever uses the queue meanwhile
  };

  // The folder has to live as long.
  Segments(const Folder& folder, const QueueId& queue,
           Access access = Access::own)
      : folder_(folder), queue_(queue), access_(access) {}

  // Those that are in the folder, by their names: none is read.
  Status find();
  // Of those that another process has left: what is added to them comes behind
  // that position.
  void go_on_after(std::uint64_t position) noexcept;
  // What a file has at least before another one is begun.
  void set_file_size(std::uint64_t size) noexcept { file_size_ = size; }

  bool empty() const noexcept { return files_.empty(); }
  // All bytes of them.
  std::uint64_t bytes() const noexcept;
  // Whether there are records behind that position, as far as is known.
  bool has_after(std::uint64_t position) const noexcept {
    return !empty() && position < last_;
  }

  // Adds records behind all others. They are in a file, in the kernel's hands
  // at least, when flush() has worked. If it does not, or something throws
  // std::bad_alloc, none since the last flush() is, and drop_unflushed() is to
  // be called.
  void add(const QueueRecord& record);
  Status flush();
  void drop_unflushed() noexcept { pending_.clear(); }
  // Files that may not be on the disk yet: those that were written to since
  // this was asked last, and those that find() has found, for nobody knows
  // whether their writer came to sync them; a few at a time. May throw
  // std::bad_alloc.
  struct Unsynced {
    std::uint64_t first = 0;
    std::shared_ptr<const Descriptor> file;
  };
  std::vector<Unsynced> take_unsynced();
  // One of these that could not be synced. It is no use to sync it again: the
  // kernel may take what it could not write for written. rewrite() puts copies
  // in the place of all such files, from what the kernel still has in memory;
  // they are unsynced again. After a failure, or when something throws
  // std::bad_alloc, those that are left are tried again the next time.
  void note_not_synced(std::uint64_t first) { not_synced_.insert(first); }
  bool must_rewrite() const noexcept { return !not_synced_.empty(); }
  Status rewrite();

  enum class Read : unsigned char {
    some,
    none,
    not_now,  // a file cannot be read, which may pass; *problem says why
  };
  // Adds the next records behind that position to the batch, which gets at most
  // so many rows, and no more once it has so many bytes. What is damaged is set
  // aside, and added to *problem. May throw std::bad_alloc; then the same can
  // be read again.
  Read read(std::uint64_t after, std::size_t most_rows, std::size_t most_bytes,
            QueueBatch* batch, std::string* problem);
  // Removes those of which all records end before or at the position.
  void remove_through(std::uint64_t position);

  // In a child after fork(): lets go of the files.
  void close_files() noexcept;

 private:
  struct File {
    // Where its first record begins. A little more, if there was a file of that
    // name; positions are multiples of 8.
    std::uint64_t first = 0;
    std::uint64_t size = 0;
  };
  static constexpr std::uint64_t kUnknown = UINT64_MAX;

  static std::string name_of(std::uint64_t first);
  static std::uint64_t position_of(const File& file) noexcept {
    return file.first & ~std::uint64_t{7};
  }
  Status begin_file();
  Status cannot_write(const std::string& name, int error) const;
  Status rewrite_file(std::size_t index);
  void begin_anew() noexcept;
  bool open_reader(std::size_t index, std::string* problem, Read* failed);
  Read read_file(std::size_t index, std::uint64_t after, std::size_t most_rows,
                 std::size_t most_bytes, QueueBatch* batch,
                 std::string* problem);
  bool is_complete(std::size_t index) const noexcept;
  void leave_out(std::string* problem);
  std::string keep_damage();
  void lose(std::size_t index, const std::string& why, std::string* problem);
  void remove_oldest();
  std::uint64_t end_of(std::size_t index) const noexcept {
    return index + 1 < files_.size() ? files_[index + 1].first : last_;
  }

  const Folder& folder_;
  const QueueId queue_;
  const Access access_;
  std::uint64_t file_size_ = std::uint64_t{16} << 20;
  std::deque<File> files_;
  // Where the last record ends; kUnknown as long as it is not known.
  std::uint64_t last_ = 0;

  // Writing. The next file is named after where the last record that was
  // written ends.
  std::uint64_t written_ = 0;
  std::shared_ptr<Descriptor> out_;
  Buffer pending_;
  std::uint64_t pending_last_ = 0;
  std::vector<Unsynced> unsynced_;
  std::vector<std::uint64_t> found_;  // and not synced
  std::set<std::uint64_t> not_synced_;

  SegmentReader reader_;
};

}  // namespace stogger
