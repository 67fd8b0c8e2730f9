// Arbitrary bytes as a shared object: looking whether it is whole reads nothing
// that is not there, takes no more memory than the file has bytes, and gives
// the same answer twice.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "module/library_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const int file = ::memfd_create("library", MFD_CLOEXEC);
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  const std::string damage = stogger::damage_of_library(file);
  if (damage != stogger::damage_of_library(file)) std::abort();
  if (damage.find('\n') != std::string::npos) std::abort();
  return 0;
}
