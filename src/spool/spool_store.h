// SpoolStore: the records of one queue on disk, in order, until they are
// acknowledged: those in segments first, then those in the ring.
//
// One thread at a time uses it, while any others append to the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "os/descriptor.h"
#include "spool/ring.h"
#include "spool/ring_file.h"
#include "spool/segments.h"
#include "spool/spool_folder.h"
#include "stogger/status.h"

namespace stogger {

class SpoolStore {
 public:
  // Of a new queue, or one that another process has left. All have to live as
  // long; the ring is made, or taken over, by now, or null if it is gone. To
  // look at a queue, the ring file has to be a copy in memory.
  SpoolStore(const SpoolFolder& folder, const RingFile& file, Ring* ring,
             Segments::Access access = Segments::Access::own);
  // Of one that another process has left, before all that follows: finds its
  // segments.
  Status find_left();
  // See Segments.
  void set_file_size(std::uint64_t size) noexcept {
    segments_.set_file_size(size);
  }

  using Read = Segments::Read;
  // Replaces what is in the batch, all of which is acknowledged, by the next
  // records: at most so many rows, and no more once it has so many bytes. What
  // is damaged is left out, and added to *problem. May throw std::bad_alloc;
  // then the same can be read again.
  Read read(std::size_t most_rows, std::size_t most_bytes, QueueBatch* batch,
            std::string* problem);
  // Up to where all was read.
  std::uint64_t position() const noexcept { return next_; }
  // All up to that position is with its target: `count` records more than
  // before. Gives up their place. May throw std::bad_alloc; they are
  // acknowledged all the same.
  void acknowledge(std::uint64_t position, std::uint64_t count);

  // Moves what is in the ring to a segment, as long as the segments have less
  // than `most_bytes`. After a failure the rest stays in the ring. May throw
  // std::bad_alloc, which is one.
  Status spill(std::uint64_t most_bytes);
  // See Segments, for all of these.
  std::vector<Segments::Unsynced> take_unsynced() {
    return segments_.take_unsynced();
  }
  void note_not_synced(std::uint64_t first) {
    segments_.note_not_synced(first);
  }
  bool must_rewrite() const noexcept { return segments_.must_rewrite(); }
  Status rewrite() { return segments_.rewrite(); }

  // In a child after fork(): lets go of the files.
  void close_files() noexcept { segments_.close_files(); }

  std::uint64_t segment_bytes() const noexcept { return segments_.bytes(); }
  // How many records were moved to segments and are not acknowledged.
  std::uint64_t spooled() const noexcept { return spooled_; }
  // True if all that was appended so far is acknowledged.
  bool is_done() const noexcept {
    return segments_.empty() && (ring_ == nullptr || ring_->used() == 0);
  }

 private:
  void release(std::uint64_t position);
  bool read_ring(std::size_t most_rows, std::size_t most_bytes,
                 QueueBatch* batch);

  const RingFile& file_;
  Ring* const ring_;
  Segments segments_;
  std::uint64_t next_ = 0;
  std::uint64_t spooled_ = 0;
  bool is_from_segments_ = false;  // what was read last
};

}  // namespace stogger
