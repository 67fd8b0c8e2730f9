// AnonymousMemory: pages of the kernel's, all zeros and in place, so that
// whoever writes there first waits for no page.
#pragma once

#include <cstddef>
#include <span>

namespace stogger {

class AnonymousMemory {
 public:
  // Throws std::bad_alloc if there are none.
  explicit AnonymousMemory(std::size_t bytes);
  ~AnonymousMemory();
  AnonymousMemory(const AnonymousMemory&) = delete;
  AnonymousMemory& operator=(const AnonymousMemory&) = delete;

  std::span<std::byte> bytes() const noexcept { return bytes_; }
  // Gives the pages behind the first `kept` bytes back. They are zeros when
  // they are used again.
  void give_back(std::size_t kept) const noexcept;

 private:
  std::span<std::byte> bytes_;
};

}  // namespace stogger
