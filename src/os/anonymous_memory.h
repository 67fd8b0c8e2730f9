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

 private:
  std::span<std::byte> bytes_;
};

}  // namespace stogger
