// SpoolReader: looks at a queue on disk, and changes nothing of it. Records
// come in the order in which a service would deliver them.
//
// Of a queue that is in use, only what is in segments is read: its ring changes
// all the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "spool/queue_id.h"
#include "spool/ring.h"
#include "spool/ring_file.h"
#include "spool/segments.h"
#include "spool/spool_folder.h"
#include "spool/spool_store.h"
#include "stogger/status.h"

namespace stogger {

class SpoolReader {
 public:
  // `ring_dir` is empty for a ring that lies with the rest.
  explicit SpoolReader(std::string ring_dir)
      : folder_(std::string(), std::move(ring_dir)) {}

  // Opens the folder of a queue. Code::invalid if it is none. May throw
  // std::bad_alloc.
  Status open(const std::string& path);

  // What is said of the queue. Of one that a later version of the library has
  // made, nothing else is known.
  const QueueId& queue() const noexcept { return folder_.queue(); }
  OwnerText owner_text() const noexcept { return owner_text_; }
  const SpoolOwner& owner() const noexcept { return owner_; }

  enum class RingUse : unsigned char {
    read,
    in_use,       // not read: somebody uses the queue
    missing,      // it may lie elsewhere
    damaged,      // not read
    before_boot,  // not read: what it has need not be what was in memory
  };
  RingUse ring() const noexcept { return ring_use_; }
  bool is_in_use() const noexcept { return ring_use_ == RingUse::in_use; }
  // The folder of another queue was copied, which has the events, too.
  bool is_copy() const noexcept { return is_copy_; }

  // All bytes of segments, and those of the ring that wait, read or not.
  std::uint64_t segment_bytes() const noexcept { return segment_bytes_; }
  std::uint64_t ring_bytes() const noexcept { return ring_bytes_; }

  // The next record, which stays until the next call. False if there is none.
  // What is damaged on the way is left out, and added to *problem. May throw
  // std::bad_alloc.
  bool next(QueueRecord* record, std::string* problem);

 private:
  void open_ring();
  RingUse find_ring();

  SpoolFolder folder_;
  OwnerText owner_text_ = OwnerText::damaged;
  SpoolOwner owner_;
  RingFile file_;
  Ring ring_;
  RingUse ring_use_ = RingUse::missing;
  bool is_copy_ = false;
  std::uint64_t segment_bytes_ = 0;
  std::uint64_t ring_bytes_ = 0;
  std::optional<SpoolStore> store_;
  QueueBatch batch_;
};

}  // namespace stogger
