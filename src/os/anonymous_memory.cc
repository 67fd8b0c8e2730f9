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

AnonymousMemory::~AnonymousMemory() { ::munmap(bytes_.data(), bytes_.size()); }

}  // namespace stogger
