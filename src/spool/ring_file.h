// RingFile: the memory of a ring as a shared map of a file. A process that is
// killed loses nothing of it: its pages are the kernel's.
//
// All blocks of the file are written before it is mapped, so that no store
// meets a disk without room, which would be a SIGBUS; and all pages are there,
// so that no store waits for one. A child does not get the map by fork().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "os/boot_id.h"
#include "os/folder.h"
#include "spool/queue_id.h"
#include "spool/ring.h"
#include "stogger/status.h"

namespace stogger {

// Behind the header of the ring, in the same page.
struct SpoolHeader {
  static constexpr std::size_t kOffset = 1024;
  static constexpr std::uint64_t kMagic = 0x31306C6F6F70736F;  // "ospool01"

  std::uint64_t magic = 0;
  QueueId queue{};
  // Which start of the machine it was made after. What is in the ring outlives
  // the process, but not that.
  BootId boot{};
  // Of the file, which a copy of it does not have.
  std::uint64_t inode = 0;
  // Up to where the records of the queue are with their target.
  std::atomic<std::uint64_t> acknowledged{0};
};

class RingFile {
 public:
  RingFile() noexcept = default;
  ~RingFile();
  RingFile(const RingFile&) = delete;
  RingFile& operator=(const RingFile&) = delete;

  // Makes a file with room for a ring of that capacity, which is not made yet.
  Status create(const Folder& folder, const std::string& name,
                std::size_t capacity, const QueueId& queue);

  enum class Found : unsigned char {
    ring,         // that ring can be taken over
    no_ring,      // there is none, or it is damaged
    before_boot,  // it is not what was in memory when the machine stopped
    copy,         // it is a copy of the file of another queue
    not_now,      // it cannot be read, which may pass
  };
  // Opens what another process has left.
  Found open(const Folder& folder, const std::string& name,
             const QueueId& queue);

  // The same of a copy in memory, to look at: the file is not changed, nor does
  // it matter what becomes of it.
  Found open_copy(const Folder& folder, const std::string& name,
                  const QueueId& queue);

  std::span<std::byte> memory() const noexcept { return memory_; }
  bool is_open() const noexcept { return !memory_.empty(); }
  std::uint64_t acknowledged() const noexcept {
    return header().acknowledged.load(std::memory_order_acquire);
  }
  void acknowledge(std::uint64_t position) const noexcept {
    header().acknowledged.store(position, std::memory_order_release);
  }

 private:
  SpoolHeader& header() const noexcept {
    return *reinterpret_cast<SpoolHeader*>(memory_.data() +
                                           SpoolHeader::kOffset);
  }
  bool map(int file, std::size_t size) noexcept;
  bool copy(int file, std::size_t size) noexcept;
  void unmap() noexcept;
  Found open(const Folder& folder, const std::string& name,
             const QueueId& queue, int flags);

  std::span<std::byte> memory_;
};

}  // namespace stogger
