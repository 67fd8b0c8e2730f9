// RecentEvents: what a thread keeps of events that no sink takes, in case
// something fails soon: see [stogger.recorder].
//
// The events are records in a ring of bytes, the oldest of which make room for
// new ones. An event that is kept costs its call about 100 ns, where one that
// is written to JSON lines costs 190 (controls_bench).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "event/event.h"
#include "event/recorder_settings.h"

namespace stogger {

class RecentEvents {
 public:
  // What is kept together, and forgotten as soon as there is an event of
  // another origin.
  struct Origin {
    std::uint64_t system = 0;  // 0: of none
    std::uint64_t scope = 0;   // the outermost one; 0: outside of all
    bool operator==(const Origin&) const = default;
  };

  // So many events at most. They share so many bytes for each of them; one that
  // would take more than a quarter of all bytes is not kept. May throw
  // std::bad_alloc.
  void keep(const Event& event, const Origin& origin, std::size_t most);

  // The events of that origin, the oldest first.
  std::size_t count(const Origin& origin) const noexcept {
    return origin == origin_ ? count_ : 0;
  }
  std::span<const std::byte> record(std::size_t i) const noexcept;
  void forget() noexcept;

 private:
  static constexpr std::size_t kBytesPerEvent = 256;

  // `begin` counts all bytes that ever were; the place is its remainder.
  struct Entry {
    std::uint64_t begin;
    std::size_t size;
  };

  void set_most(std::size_t most);
  void make_room(std::uint64_t end) noexcept;
  std::size_t index(std::size_t i) const noexcept {
    const std::size_t sum = first_ + i;
    return sum < entries_.size() ? sum : sum - entries_.size();
  }
  const Entry& entry(std::size_t i) const noexcept {
    return entries_[index(i)];
  }
  std::byte* place(std::uint64_t position) const noexcept;

  Origin origin_;
  std::vector<Entry> entries_;  // a ring of those that there may be
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::unique_ptr<std::uint64_t[]> bytes_;
  std::size_t capacity_ = 0;  // in bytes; a power of two
  std::uint64_t end_ = 0;     // of the newest, like Entry::begin
};

}  // namespace stogger
