// Whatever a file has in place of a ring, taking it over ends, and what is read
// lies in it.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "fuzz/random_event.h"
#include "spool/ring.h"

namespace stogger {
namespace {

constexpr std::size_t kBytes = Ring::kHeaderBytes + Ring::kLeastCapacity;

void run(const std::uint8_t* data, std::size_t size) {
  alignas(4096) static std::byte memory[kBytes];
  std::memset(memory, 0, kBytes);
  Ring made;
  made.make(memory);
  // The input begins with what stands in the header, behind magic and capacity;
  // the rest are records.
  constexpr std::size_t kFields = 3 * sizeof(std::uint64_t);
  if (size < kFields) return;
  auto* const header = reinterpret_cast<RingHeader*>(memory);
  std::uint64_t fields[3];
  std::memcpy(fields, data, kFields);
  header->tail = fields[0];
  header->released = fields[1];
  header->cleared = fields[2];
  const std::size_t records =
      std::min(size - kFields, std::size_t{Ring::kLeastCapacity});
  std::memcpy(memory + Ring::kHeaderBytes, data + kFields, records);

  Ring ring;
  if (!ring.take_over(memory)) return;
  std::size_t read = 0;
  while (true) {
    const std::span<const std::byte> record = ring.read();
    if (record.data() == nullptr) break;
    check(record.data() >= memory + Ring::kHeaderBytes &&
              record.data() + record.size() <= memory + kBytes,
          "a record lies in the ring");
    check(++read <= Ring::kLeastCapacity / 8, "reading ends");
  }
  ring.release(ring.read_position());
  check(ring.used() == 0, "all of it was read");
  check(ring.claim(100) != nullptr, "there is room again");
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run(data, size);
  return 0;
}
