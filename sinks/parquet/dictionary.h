// Numbers distinct values in the order in which they come.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace stogger {

inline std::uint64_t mix(std::uint64_t value) noexcept {
  value *= 0x9E3779B97F4A7C15u;
  return value ^ value >> 32;
}

inline std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = text.size();
  std::uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    hash = mix(hash ^ word);
    text.remove_prefix(sizeof word);
  }
  word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mix(hash ^ word);
}

// A hash table of indexes into values that its user keeps.
class IndexTable {
 public:
  void clear() noexcept {
    slots_.assign(slots_.size(), 0);
    count_ = 0;
  }
  std::size_t count() const noexcept { return count_; }
  std::size_t memory() const noexcept { return slots_.size() * sizeof(Slot); }

  // The index for which is_equal(index) holds, or else the next free one: then
  // *is_new, and its value has to be added. `hash_at` gives the hash of the
  // value of an index.
  template <class IsEqual, class HashAt>
  std::uint32_t find_or_add(std::uint64_t hash, IsEqual is_equal,
                            HashAt hash_at, bool* is_new) {
    if (2 * (count_ + 1) > slots_.size()) grow(hash_at);
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != 0) {
      const Slot index = slots_[at] - 1;
      if (is_equal(index)) {
        *is_new = false;
        return index;
      }
      at = (at + 1) & (slots_.size() - 1);
    }
    *is_new = true;
    slots_[at] = static_cast<Slot>(++count_);
    return static_cast<Slot>(count_ - 1);
  }

 private:
  using Slot = std::uint32_t;  // an index plus one; 0 if free

  template <class HashAt>
  void grow(HashAt hash_at) {
    constexpr std::size_t kSmallest = 64;
    std::vector<Slot> slots(slots_.empty() ? kSmallest : 2 * slots_.size(), 0);
    for (std::size_t i = 0; i < count_; ++i) {
      std::size_t at = hash_at(static_cast<Slot>(i)) & (slots.size() - 1);
      while (slots[at] != 0) at = (at + 1) & (slots.size() - 1);
      slots[at] = static_cast<Slot>(i + 1);
    }
    slots_.swap(slots);
  }

  std::vector<Slot> slots_;  // a power of two of them, at most half in use
  std::size_t count_ = 0;
};

}  // namespace stogger
