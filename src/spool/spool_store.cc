#include "spool/spool_store.h"

#include <algorithm>
#include <span>

namespace stogger {
namespace {

// What the memory of a batch keeps.
constexpr std::size_t kKeptMemory = std::size_t{2} << 20;
constexpr std::size_t kSpilledAtOnce = std::size_t{1} << 20;

}  // namespace

SpoolStore::SpoolStore(const SpoolFolder& folder, const RingFile& file,
                       Ring* ring, Segments::Access access)
    : file_(file),
      ring_(ring),
      segments_(folder.folder(), folder.queue(), access) {
  if (file.is_open()) next_ = file.acknowledged();
  // Of a ring that was damaged, or not what was in memory, it may be anything.
  if (ring != nullptr) next_ = std::min(next_, ring->tail());
}

Status SpoolStore::find_left() {
  Status status = segments_.find();
  if (ring_ != nullptr) segments_.go_on_after(ring_->released());
  return status;
}

SpoolStore::Read SpoolStore::read(std::size_t most_rows, std::size_t most_bytes,
                                  QueueBatch* batch, std::string* problem) {
  batch->clear(std::max(kKeptMemory, 2 * most_bytes));
  Read result = Read::none;
  if (segments_.has_after(next_)) {
    result = segments_.read(next_, most_rows, most_bytes, batch, problem);
  }
  is_from_segments_ = result == Read::some;
  if (result == Read::none) {
    result = read_ring(most_rows, most_bytes, batch) ? Read::some : Read::none;
  }
  if (result == Read::some) {
    next_ = batch->records.back().position;
  } else if (result == Read::none) {
    // The end of all is known by now. Behind the last record, the end of a lap
    // may have been skipped.
    if (ring_ != nullptr) next_ = std::max(next_, ring_->read_position());
    release(next_);
  }
  return result;
}

// What is also in a segment, because its writer was killed before it released
// the ring, comes from there.
bool SpoolStore::read_ring(std::size_t most_rows, std::size_t most_bytes,
                           QueueBatch* batch) {
  if (ring_ == nullptr) return false;
  ring_->seek(next_);
  while (batch->records.size() < most_rows &&
         batch->bytes.size() < most_bytes) {
    const std::span<const std::byte> bytes = ring_->read();
    if (bytes.data() == nullptr) break;
    const std::uint64_t position = ring_->read_position();
    if (position > next_) batch->add({bytes, position});
  }
  return !batch->records.empty();
}

// In this order: whoever takes over has at most the last records twice.
void SpoolStore::acknowledge(std::uint64_t position, std::uint64_t count) {
  if (file_.is_open()) file_.acknowledge(position);
  if (is_from_segments_) spooled_ -= std::min(spooled_, count);
  release(position);
}

void SpoolStore::release(std::uint64_t position) {
  segments_.remove_through(position);
  if (!segments_.empty()) return;
  spooled_ = 0;
  if (ring_ != nullptr && position > ring_->released()) {
    ring_->release(position);
  }
}

Status SpoolStore::spill(std::uint64_t most_bytes) {
  if (ring_ == nullptr || ring_->used() == 0) return {};
  ring_->seek(file_.acknowledged());
  segments_.drop_unflushed();
  bool is_at_end = false;
  std::uint64_t end = ring_->released();  // of the last record
  while (!is_at_end && segments_.bytes() < most_bytes) {
    std::uint64_t count = 0;
    for (std::size_t size = 0; size < kSpilledAtOnce; ++count) {
      const std::span<const std::byte> bytes = ring_->read();
      is_at_end = bytes.data() == nullptr;
      if (is_at_end) break;
      end = ring_->read_position();
      segments_.add({bytes, end});
      size += bytes.size();
    }
    Status status = segments_.flush();
    if (!status.ok()) {
      segments_.drop_unflushed();
      return status;
    }
    spooled_ += count;
    // Exactly so far: see Segments::is_complete().
    if (end > ring_->released()) ring_->release(end);
  }
  return {};
}

}  // namespace stogger
