// Counts calls of malloc, calloc and realloc. Replaces these functions: include
// it in one file of a program only.
#pragma once

#include <cstddef>
#include <string_view>

#include "tests/support/sanitizer.h"

namespace stogger {

// Allocations made by this thread so far.
inline thread_local std::size_t allocation_count = 0;

// Why they cannot be counted in this program; empty if they can.
inline constexpr std::string_view kCannotCountAllocations =
#if defined(STOGGER_TEST_SANITIZED)
    "the sanitizer has a malloc of its own";
#elif !defined(__GLIBC__)
    "only glibc lets a program count its allocations this way";
#else
    "";
#endif

}  // namespace stogger

#if !defined(STOGGER_TEST_SANITIZED) && defined(__GLIBC__)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);

void* malloc(std::size_t size) {
  ++stogger::allocation_count;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++stogger::allocation_count;
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  ++stogger::allocation_count;
  return __libc_realloc(block, size);
}
}
#endif
