// Buffer: bytes that grow at the end. Its memory is kept when it is cleared,
// so a buffer that is reused stops allocating.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace stogger {

class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  const char* data() const noexcept { return data_; }
  char* data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data_, size_}; }

  void clear() noexcept { size_ = 0; }
  // Shortens to `size` bytes.
  void truncate(std::size_t size) noexcept { size_ = size; }
  // Drops the first `count` bytes.
  void consume(std::size_t count) noexcept {
    size_ -= count;
    if (size_ != 0) std::memmove(data_, data_ + count, size_);
  }
  // Clears, and gives the memory back if there is more of it than `most`.
  void recycle(std::size_t most) noexcept {
    size_ = 0;
    if (capacity_ > most) give_back();
  }

  // Returns where the next byte goes, with room for `extra` more behind it.
  // Whoever writes there tells how far with advance_to().
  char* reserve(std::size_t extra) {
    if (capacity_ - size_ < extra) grow(extra);
    return data_ + size_;
  }
  void advance_to(const char* end) noexcept {
    size_ = static_cast<std::size_t>(end - data_);
  }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void push_back(char c) {
    *reserve(1) = c;
    ++size_;
  }

 private:
  // Both are rare, and apart so that what calls them stays small enough to be
  // inlined.
  [[gnu::noinline]] void give_back() noexcept {
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
  }
  [[gnu::noinline]] void grow(std::size_t extra) {
    std::size_t capacity = capacity_ < 256 ? 512 : capacity_ * 2;
    if (capacity < size_ + extra) capacity = size_ + extra;
    void* data = std::realloc(data_, capacity);
    if (data == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(data);
    capacity_ = capacity;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace stogger
