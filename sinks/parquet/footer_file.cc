#include "sinks/parquet/footer_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "os/descriptor.h"
#include "sinks/parquet/encoder.h"

namespace stogger {
namespace {

// Larger footers are of row groups with few rows, of which nobody has that
// many.
constexpr std::uint32_t kMostOfFooter = 256 * 1024 * 1024;

// False with errno, which is 0 at the end of the file.
bool read_at(int file, char* data, std::size_t size,
             std::uint64_t offset) noexcept {
  while (size != 0) {
    const ssize_t count = ::pread(file, data, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = 0;
    if (count <= 0) return false;
    data += count;
    size -= static_cast<std::size_t>(count);
    offset += static_cast<std::uint64_t>(count);
  }
  return true;
}

// Empty, with 0, if the file is not one of Parquet.
std::string read_footer(int file, int* error) {
  constexpr std::size_t kEnd = 8;
  struct stat info = {};
  char end[kEnd];
  *error = errno = 0;
  std::string footer;
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode) ||
      info.st_size < static_cast<off_t>(kEnd + kParquetMagic.size())) {
    return footer;
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (!read_at(file, end, kEnd, size - kEnd)) {
    *error = errno;
    return footer;
  }
  std::uint32_t length = 0;
  for (int i = 3; i >= 0; --i) {
    length = length << 8 | static_cast<unsigned char>(end[i]);
  }
  if (std::string_view(end + 4, 4) != kParquetMagic || length > size - kEnd ||
      length > kMostOfFooter) {
    return footer;
  }
  footer.resize(length);
  if (!read_at(file, footer.data(), length, size - kEnd - length)) {
    *error = errno;
    footer.clear();
  }
  return footer;
}

}  // namespace

bool is_for_later(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOMEM;
}

std::string footer_of(const Folder& folder, const std::string& name,
                      int* error) {
  int opened = -1;
  *error = 0;
  const Status status = folder.open_file(
      name, O_RDONLY, Folder::Creation::never, 0, &opened, error);
  const Descriptor file(opened);
  if (file) return read_footer(file.get(), error);
  if (!is_for_later(*error)) *error = 0;
  return {};
}

}  // namespace stogger
