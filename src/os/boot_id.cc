#include "os/boot_id.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

#include "os/descriptor.h"

namespace stogger {

BootId boot_id() noexcept {
  constexpr std::size_t kSize = 36;
  BootId id{};
  const Descriptor file(
      ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  if (!file || ::read(file.get(), id.data(), kSize) != kSize) return {};
  return id;
}

}  // namespace stogger
