// MadeQueue: a queue on disk, as a service makes one.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "spool/ring.h"
#include "spool/ring_file.h"
#include "spool/spool_folder.h"
#include "spool/spool_store.h"

namespace stogger {

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class MadeQueue {
 public:
  explicit MadeQueue(const std::string& spool_dir,
                     const std::string& ring_dir = {},
                     const SpoolOwner& owner = {"shop", "audit", "jsonl"})
      : folder_(spool_dir, ring_dir) {
    Status status = folder_.create(owner);
    if (status.ok()) {
      status = file_.create(folder_.ring_folder(), folder_.ring_name(),
                            Ring::kLeastCapacity, folder_.queue());
    }
    if (!status.ok()) throw std::runtime_error(status.c_str());
    ring_.make(file_.memory());
    store_.emplace(folder_, file_, &ring_);
  }

  void add(std::span<const std::byte> record) {
    std::byte* const room = ring_.claim(record.size());
    if (room == nullptr) throw std::runtime_error("the ring is full");
    std::memcpy(room, record.data(), record.size());
    ring_.commit(room);
  }
  // A record that its writer was killed in the middle of.
  void begin(std::size_t size) { static_cast<void>(ring_.claim(size)); }
  // Moves what is in the ring to a segment.
  void spill() {
    const Status status = store_->spill(UINT64_MAX);
    if (!status.ok()) throw std::runtime_error(status.c_str());
  }
  // So many records are with their target.
  void deliver(std::size_t count) {
    QueueBatch batch;
    std::string problem;
    static_cast<void>(store_->read(count, 1 << 20, &batch, &problem));
    store_->acknowledge(store_->position(), batch.records.size());
  }
  // Nobody uses it any more: its process has died.
  void let_go() { folder_.close(); }

  const std::string& path() const { return folder_.path(); }
  const QueueId& id() const { return folder_.queue(); }
  Ring& ring() { return ring_; }

 private:
  SpoolFolder folder_;
  RingFile file_;
  Ring ring_;
  std::optional<SpoolStore> store_;
};

}  // namespace stogger
