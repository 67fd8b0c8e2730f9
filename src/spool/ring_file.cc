#include "spool/ring_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/quote.h"
#include "os/descriptor.h"
#include "os/file.h"
#include "os/signals.h"
#include "spool/segment.h"

namespace stogger {
namespace {

static_assert(sizeof(RingHeader) <= SpoolHeader::kOffset);
static_assert(SpoolHeader::kOffset + sizeof(SpoolHeader) <= Ring::kHeaderBytes);

constexpr mode_t kRingMode = 0600;
constexpr std::size_t kLargest =
    Ring::kHeaderBytes + Ring::kLargestPart * kLargestPayload;

// 0, or else errno. Zeros are written, and not promised: a file system may
// break its promise when the disk is full.
int write_zeros(int file, std::size_t size) {
  const std::vector<char> zeros(256 * 1024);
  for (std::size_t at = 0; at < size;) {
    const std::size_t part = std::min(zeros.size(), size - at);
    const ssize_t written =
        ::pwrite(file, zeros.data(), part, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    at += static_cast<std::size_t>(written);
  }
  return 0;
}

}  // namespace

RingFile::~RingFile() {
  if (is_open()) unmap();
}

bool RingFile::map(int file, std::size_t size) noexcept {
  void* const start =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (start == MAP_FAILED) return false;
  memory_ = {static_cast<std::byte*>(start), size};
  ::madvise(start, size, MADV_DONTFORK);
  ::madvise(start, size, MADV_DONTDUMP);
  return true;
}

bool RingFile::copy(int file, std::size_t size) noexcept {
  void* const start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return false;
  memory_ = {static_cast<std::byte*>(start), size};
  for (std::size_t at = 0; at < size;) {
    const ssize_t got =
        ::pread(file, memory_.data() + at, size - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      unmap();
      return false;
    }
    at += static_cast<std::size_t>(got);
  }
  return true;
}

void RingFile::unmap() noexcept {
  ::munmap(memory_.data(), memory_.size());
  memory_ = {};
}

Status RingFile::create(const Folder& folder, const std::string& name,
                        std::size_t capacity, const QueueId& queue) {
  const BootId boot = boot_id();
  if (boot == BootId{}) {
    return Status(Code::unavailable,
                  "cannot read /proc/sys/kernel/random/boot_id, which says "
                  "whether what is in memory has survived");
  }
  int descriptor = -1;
  int error = 0;
  Status status = folder.open_file(name, O_RDWR, Folder::Creation::always_new,
                                   kRingMode, &descriptor, &error);
  if (!status.ok()) return status;
  const Descriptor file(descriptor);
  const std::size_t size = Ring::kHeaderBytes + capacity;
  const WriteSignal no_signal(SIGXFSZ);
  error = write_zeros(descriptor, size);
  if (error != 0) no_signal.consume();
  struct stat info;
  if (error == 0 && ::fstat(descriptor, &info) != 0) error = errno;
  if (error == 0 && !map(descriptor, size)) error = errno;
  if (error != 0) {
    static_cast<void>(folder.remove(name));
    return Status(Code::unavailable, "cannot make " +
                                         quoted(folder.path_of(name)) + ": " +
                                         error_advice(error));
  }
  // Older kernels do not know this: then the first lap meets the pages.
  constexpr int kPopulateWrite = 23;
  ::madvise(memory_.data(), memory_.size(), kPopulateWrite);
  SpoolHeader* const header = std::construct_at(&this->header());
  header->queue = queue;
  header->boot = boot;
  header->inode = info.st_ino;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  header->magic = SpoolHeader::kMagic;
  return {};
}

RingFile::Found RingFile::open(const Folder& folder, const std::string& name,
                               const QueueId& queue) {
  return open(folder, name, queue, O_RDWR);
}

RingFile::Found RingFile::open_copy(const Folder& folder,
                                    const std::string& name,
                                    const QueueId& queue) {
  return open(folder, name, queue, O_RDONLY);
}

RingFile::Found RingFile::open(const Folder& folder, const std::string& name,
                               const QueueId& queue, int flags) {
  int descriptor = -1;
  int error = 0;
  const Status status = folder.open_file(name, flags, Folder::Creation::never,
                                         kRingMode, &descriptor, &error);
  if (!status.ok()) return error == ENOENT ? Found::no_ring : Found::not_now;
  const Descriptor file(descriptor);
  struct stat info;
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode) ||
      info.st_size < static_cast<off_t>(Ring::kHeaderBytes) ||
      info.st_size > static_cast<off_t>(kLargest)) {
    return Found::no_ring;
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  const bool is_there =
      flags == O_RDWR ? map(descriptor, size) : copy(descriptor, size);
  if (!is_there) return Found::not_now;
  const SpoolHeader& header = this->header();
  if (header.magic != SpoolHeader::kMagic || header.queue != queue) {
    unmap();
    return Found::no_ring;
  }
  if (header.inode != info.st_ino) return Found::copy;
  const BootId boot = boot_id();
  return header.boot == boot ? Found::ring : Found::before_boot;
}

}  // namespace stogger
