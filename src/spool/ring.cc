#include "spool/ring.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

namespace stogger {

static_assert(sizeof(RingHeader) <= Ring::kHeaderBytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

namespace {

bool is_capacity(std::size_t bytes) noexcept {
  return bytes >= Ring::kLeastCapacity && std::has_single_bit(bytes);
}

}  // namespace

void Ring::make(std::span<std::byte> memory) noexcept {
  header_ = std::construct_at(reinterpret_cast<RingHeader*>(memory.data()));
  records_ = memory.data() + kHeaderBytes;
  capacity_ = memory.size() - kHeaderBytes;
  header_->capacity = capacity_;
  read_ = inherited_ = 0;
  keep_order();  // a ring is one from here on
  header_->magic = RingHeader::kMagic;
}

bool Ring::take_over(std::span<std::byte> memory) noexcept {
  if (memory.size() < kHeaderBytes ||
      !is_capacity(memory.size() - kHeaderBytes)) {
    return false;
  }
  auto* const header = reinterpret_cast<RingHeader*>(memory.data());
  const std::uint64_t capacity = memory.size() - kHeaderBytes;
  const std::uint64_t tail = header->tail.load(std::memory_order_acquire);
  const std::uint64_t released =
      header->released.load(std::memory_order_acquire);
  const std::uint64_t cleared = header->cleared.load(std::memory_order_acquire);
  if (header->magic != RingHeader::kMagic || header->capacity != capacity ||
      ((tail | released | cleared) & kState) != 0 || cleared > released ||
      released > tail || tail - cleared > capacity) {
    return false;
  }
  header_ = header;
  records_ = memory.data() + kHeaderBytes;
  capacity_ = capacity;
  read_ = released;
  inherited_ = tail;
  // It may have died in the middle of this.
  clear(cleared, released);
  header_->cleared.store(released, std::memory_order_release);
  return true;
}

// The end of a lap that is too short for a record. False if there is no room
// for it yet. Another thread may be faster, which is as good.
[[gnu::noinline]] bool Ring::skip_rest(std::uint64_t tail,
                                       std::size_t rest) noexcept {
  if (!has_room(tail + rest)) return false;
  if (header_->tail.compare_exchange_strong(tail, tail + rest,
                                            std::memory_order_relaxed)) {
    word_at(tail).store(rest | kSkipped, std::memory_order_release);
  }
  return true;
}

// In a ring that was damaged, a word may be anything.
bool Ring::is_length_possible(std::uint64_t position, std::uint64_t word,
                              std::uint64_t tail) const noexcept {
  const std::uint64_t length = word & kLength;
  const std::uint64_t state = word & kState;
  const std::uint64_t rest = capacity_ - (position & (capacity_ - 1));
  return length >= kWord && length <= std::min(tail - position, rest) &&
         state >= kClaimed && state <= kSkipped;
}

std::span<const std::byte> Ring::read() noexcept {
  const std::uint64_t tail = header_->tail.load(std::memory_order_acquire);
  while (read_ != tail) {
    const std::uint64_t word = word_at(read_).load(std::memory_order_acquire);
    const bool is_inherited = read_ < inherited_;
    if (is_inherited && !is_length_possible(read_, word, tail)) {
      // Taken, and never written; or damaged, and then what comes next is
      // looked for in the same way.
      read_ += kWord;
      continue;
    }
    const std::uint64_t length = word & kLength;
    const std::uint64_t state = word & kState;
    if (state == kCommitted) {
      const std::byte* const bytes =
          records_ + (read_ & (capacity_ - 1)) + kWord;
      read_ += length;
      return {bytes, length - kWord};
    }
    if (state == kSkipped || is_inherited) {
      read_ += length;
      continue;
    }
    break;  // it is being written
  }
  return {};
}

// The order makes sure that whoever takes over knows what is done with, and
// that it may not be all zeros yet.
void Ring::release(std::uint64_t position) noexcept {
  position = nearest(position);
  const std::uint64_t from = header_->cleared.load(std::memory_order_relaxed);
  header_->released.store(position, std::memory_order_release);
  keep_order();
  clear(from, position);
  header_->cleared.store(position, std::memory_order_release);
}

void Ring::clear(std::uint64_t from, std::uint64_t to) noexcept {
  while (from != to) {
    const std::uint64_t offset = from & (capacity_ - 1);
    const std::uint64_t part = std::min(to - from, capacity_ - offset);
    std::memset(records_ + offset, 0, part);
    from += part;
  }
}

}  // namespace stogger
