// Counts calls of malloc(), calloc() and realloc() by standing in front of
// those of glibc. A sanitizer, which does the same, goes first.
#include <atomic>
#include <cstddef>

#include "contender.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<std::size_t> allocation_count{0};

void count_allocation() noexcept {
  if (counting.load(std::memory_order_relaxed)) {
    allocation_count.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    defined(__GLIBC__)
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

void* malloc(std::size_t size) {
  count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  count_allocation();
  return __libc_realloc(memory, size);
}

}  // extern "C"
#endif

void bench::begin_counting_allocations() {
  allocation_count.store(0, std::memory_order_relaxed);
  counting.store(true, std::memory_order_relaxed);
}

std::size_t bench::end_counting_allocations() {
  counting.store(false, std::memory_order_relaxed);
  return allocation_count.load(std::memory_order_relaxed);
}
