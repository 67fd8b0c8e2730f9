#include "spool/spool_store.h"

#include <algorithm>
#include <span>
#include <utility>

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
  segments_.find();
  if (file.is_open()) next_ = file.acknowledged();
}

bool SpoolStore::read(std::size_t most_rows, std::size_t most_bytes,
                      QueueBatch* batch, std::string* problem) {
  batch->clear(kKeptMemory);
  bool found = segments_.has_after(next_) &&
               segments_.read(next_, most_rows, most_bytes, batch, problem);
  read_from_segments_ = batch->records.size();
  if (!found) found = read_ring(most_rows, most_bytes, batch);
  if (found) {
    next_ = batch->records.back().position;
  } else {
    release(next_);  // the end of all is known by now
    // Behind the last record, the end of a lap may have been skipped.
    if (ring_ != nullptr) release(ring_->read_position());
  }
  return found;
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
void SpoolStore::acknowledge() {
  if (file_.is_open()) file_.acknowledge(next_);
  spooled_ -= std::min(spooled_, std::exchange(read_from_segments_, 0));
  release(next_);
}

void SpoolStore::release(std::uint64_t position) {
  segments_.remove_through(position);
  if (segments_.empty()) spooled_ = 0;
  if (ring_ == nullptr || !segments_.empty()) return;
  if (position > ring_->released()) ring_->release(position);
}

Status SpoolStore::spill(std::uint64_t most_bytes) {
  if (ring_ == nullptr || ring_->used() == 0) return {};
  ring_->seek(file_.acknowledged());
  bool is_at_end = false;
  while (!is_at_end && segments_.bytes() < most_bytes) {
    std::uint64_t count = 0;
    for (std::size_t size = 0; size < kSpilledAtOnce; ++count) {
      const std::span<const std::byte> bytes = ring_->read();
      is_at_end = bytes.data() == nullptr;
      if (is_at_end) break;
      segments_.add({bytes, ring_->read_position()});
      size += bytes.size();
    }
    Status status = segments_.flush();
    if (!status.ok()) return status;
    spooled_ += count;
    if (ring_->read_position() > ring_->released()) {
      ring_->release(ring_->read_position());
    }
  }
  return {};
}

}  // namespace stogger
