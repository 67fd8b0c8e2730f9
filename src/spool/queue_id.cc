#include "spool/queue_id.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstring>

namespace stogger {
namespace {

// Without random numbers, this process and the order of its queues have to do.
void fill_without_random(QueueId* id) noexcept {
  static std::atomic<std::uint32_t> count{0};
  const auto process = static_cast<std::uint32_t>(::getpid());
  const std::uint32_t number = count.fetch_add(1);
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto nanoseconds = static_cast<std::uint32_t>(now.tv_nsec);
  std::memcpy(id->data() + 4, &nanoseconds, 4);
  std::memcpy(id->data() + 8, &process, 4);
  std::memcpy(id->data() + 12, &number, 4);
}

}  // namespace

QueueId make_queue_id() noexcept {
  QueueId id;
  const ssize_t got = ::getrandom(id.data(), id.size(), GRND_NONBLOCK);
  if (got != static_cast<ssize_t>(id.size())) fill_without_random(&id);
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  auto milliseconds = static_cast<std::uint64_t>(now.tv_sec) * 1000 +
                      static_cast<std::uint64_t>(now.tv_nsec) / 1000000;
  for (std::size_t i = 6; i-- > 0; milliseconds >>= 8) {
    id[i] = static_cast<std::uint8_t>(milliseconds);
  }
  id[6] = static_cast<std::uint8_t>(0x70 | (id[6] & 0x0F));
  id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3F));
  return id;
}

}  // namespace stogger
