#include "spool/spool_reader.h"

namespace stogger {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

}  // namespace

Status SpoolReader::open(const std::string& path) {
  Status status = folder_.look_at(path);
  if (!status.ok()) return status;
  owner_text_ = folder_.owner(&owner_);
  if (owner_text_ == OwnerText::newer) return {};
  open_ring();
  store_.emplace(folder_, file_, ring_use_ == RingUse::read ? &ring_ : nullptr,
                 Segments::Access::look);
  status = store_->find_left();
  segment_bytes_ = store_->segment_bytes();
  return status;
}

void SpoolReader::open_ring() {
  if (folder_.is_in_use()) {
    ring_use_ = RingUse::in_use;
    return;
  }
  const bool is_there = folder_.ring_folder().exists(folder_.ring_name());
  if (!is_there) return;
  ring_use_ = find_ring();
  // Whoever has begun to use it may have changed what was copied.
  if (folder_.is_in_use()) ring_use_ = RingUse::in_use;
}

SpoolReader::RingUse SpoolReader::find_ring() {
  const RingFile::Found found = file_.open_copy(
      folder_.ring_folder(), folder_.ring_name(), folder_.queue());
  if (found == RingFile::Found::no_ring || !ring_.take_over(file_.memory())) {
    return RingUse::damaged;
  }
  is_copy_ = found == RingFile::Found::copy;
  ring_.seek(file_.acknowledged());
  ring_bytes_ = ring_.tail() - ring_.read_position();
  return found == RingFile::Found::before_boot ? RingUse::before_boot
                                               : RingUse::read;
}

// One at a time, so that damage is reported where it is.
bool SpoolReader::next(QueueRecord* record, std::string* problem) {
  if (!store_.has_value() ||
      store_->read(1, kMostBytes, &batch_, problem) != SpoolStore::Read::some) {
    return false;
  }
  *record = batch_.records.front();
  store_->acknowledge(record->position, 1);
  return true;
}

}  // namespace stogger
