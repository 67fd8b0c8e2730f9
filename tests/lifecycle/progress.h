// Numbers that two processes share, and that outlive both: a file mapped into
// memory.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

struct Progress {
  std::atomic<std::uint64_t> returned[8];  // calls that have returned

  // Creates the file if it is missing. Null if it cannot. Never unmapped.
  static Progress* open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file == -1) return nullptr;
    void* memory = MAP_FAILED;
    if (::ftruncate(file, sizeof(Progress)) == 0) {
      memory = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                      MAP_SHARED, file, 0);
    }
    ::close(file);
    return memory == MAP_FAILED ? nullptr : static_cast<Progress*>(memory);
  }
};
