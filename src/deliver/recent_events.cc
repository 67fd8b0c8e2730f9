#include "deliver/recent_events.h"

#include <bit>

#include "event/event_record.h"

namespace stogger {

void RecentEvents::keep(const Event& event, const Origin& origin,
                        std::size_t most) {
  if (most != entries_.size()) set_most(most);
  if (origin != origin_) {
    forget();
    origin_ = origin;
  }
  const std::size_t size = record_size(event);
  if (size > capacity_ / 4) return;
  std::uint64_t begin = (end_ + 7) / 8 * 8;
  const std::uint64_t to_edge = capacity_ - (begin & (capacity_ - 1));
  if (to_edge < size) begin += to_edge;
  make_room(begin + size);
  write_record(event, size, place(begin));
  entries_[index(count_)] = {begin, size};
  ++count_;
  end_ = begin + size;
}

void RecentEvents::set_most(std::size_t most) {
  forget();
  entries_.clear();
  entries_.shrink_to_fit();
  capacity_ = std::bit_ceil(most * kBytesPerEvent);
  bytes_.reset();
  bytes_ = std::make_unique_for_overwrite<std::uint64_t[]>(
      capacity_ / sizeof(std::uint64_t));
  entries_.resize(most);
}

// For one more event, whose record ends there.
void RecentEvents::make_room(std::uint64_t end) noexcept {
  while (count_ != 0 &&
         (count_ == entries_.size() || end - entry(0).begin > capacity_)) {
    first_ = index(1);
    --count_;
  }
}

std::byte* RecentEvents::place(std::uint64_t position) const noexcept {
  return reinterpret_cast<std::byte*>(bytes_.get()) +
         (position & (capacity_ - 1));
}

std::span<const std::byte> RecentEvents::record(std::size_t i) const noexcept {
  return {place(entry(i).begin), entry(i).size};
}

void RecentEvents::forget() noexcept {
  origin_ = {};
  first_ = count_ = 0;
  end_ = 0;
}

}  // namespace stogger
