// Arena: memory for the small pieces of one event, given back all at once.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace stogger {

class Arena {
 public:
  // Room for `size` bytes, without any alignment; stays put until reset().
  char* allocate(std::size_t size) {
    if (size > left_) add_block(size);
    char* room = next_;
    next_ += size;
    left_ -= size;
    return room;
  }
  // Gives back what the piece that was allocated last has from `end` on.
  void trim(char* end) noexcept {
    left_ += static_cast<std::size_t>(next_ - end);
    next_ = end;
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return std::string_view("");
    char* room = allocate(text.size());
    std::memcpy(room, text.data(), text.size());
    return {room, text.size()};
  }
  // Keeps the first block, so that a steady state does not allocate.
  void reset() noexcept {
    if (blocks_.empty()) return;
    blocks_.resize(1);
    next_ = blocks_[0].get();
    left_ = kBlockSize;
    size_ = kBlockSize;
  }
  // Resets, if it holds more memory than `most` bytes.
  void recycle(std::size_t most) noexcept {
    if (size_ > most) reset();
  }
  // Of all the memory it holds.
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t kBlockSize = 4096;

  void add_block(std::size_t size) {
    // The first block always has the usual size: reset() counts on it.
    if (blocks_.empty()) append_block(kBlockSize);
    if (size > left_) append_block(size > kBlockSize ? size : kBlockSize);
  }
  void append_block(std::size_t size) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = blocks_.back().get();
    left_ = size;
    size_ += size;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t size_ = 0;
};

}  // namespace stogger
