#include "os/anonymous_memory.h"

#include <sys/mman.h>

#include <new>

namespace stogger {

AnonymousMemory::AnonymousMemory(std::size_t bytes) {
  void* const start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  bytes_ = {static_cast<std::byte*>(start), bytes};
}

void AnonymousMemory::give_back(std::size_t kept) const noexcept {
  const std::span<std::byte> rest = bytes_.subspan(kept);
  ::madvise(rest.data(), rest.size(), MADV_DONTNEED);
}

AnonymousMemory::~AnonymousMemory() { ::munmap(bytes_.data(), bytes_.size()); }

}  // namespace stogger
