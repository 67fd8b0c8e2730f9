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
  // long; the ring is made, or taken over, by now, or null if it is gone.
  // To look at a queue, the ring file has to be a copy in memory.
  SpoolStore(const SpoolFolder& folder, const RingFile& file, Ring* ring,
             Segments::Access access = Segments::Access::own);

  // Replaces what is in the batch, all of which is acknowledged, by the next
  // records: at most so many rows, and no more once it has so many bytes. False
  // if there are none. What is damaged is left out, and added to *problem. May
  // throw std::bad_alloc.
  bool read(std::size_t most_rows, std::size_t most_bytes, QueueBatch* batch,
            std::string* problem);
  // Up to where records were read.
  std::uint64_t position() const noexcept { return next_; }
  // All that was read is with its target: gives up its place.
  void acknowledge();

  // Moves what is in the ring to a segment, as long as the segments have less
  // than `most_bytes`. After a failure the rest stays in the ring.
  Status spill(std::uint64_t most_bytes);
  std::vector<std::shared_ptr<const Descriptor>> take_unsynced() noexcept {
    return segments_.take_unsynced();
  }

  bool has_segments() const noexcept { return !segments_.empty(); }
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
  std::uint64_t read_from_segments_ = 0;  // of the records read last
};

}  // namespace stogger
