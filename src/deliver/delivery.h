// How a sink gets its events. A plain value; see docs/delivery.md for the keys.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace stogger {

enum class Delivery : unsigned char {
  sync,     // with the target when the call returns
  async,    // copied into a queue; a thread hands them over in batches
  durable,  // the same, but the queue outlives the process
};

// What becomes of an event for which the queue has no room.
enum class FullQueue : unsigned char {
  block,        // its call waits for room, for a while; then it is dropped
  drop_newest,  // it is dropped
  drop_oldest,  // its call waits until the oldest ones have been dropped
};

// Where a queue that outlives its process lies.
struct SpoolSettings {
  std::string spool_dir;
  std::string ring_dir;                               // empty: with the rest
  std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of segments
  // How much a power cut may cost; 0: as much as the kernel keeps in memory.
  std::chrono::milliseconds sync{200};
  // The folder of a queue that is delivered first, whoever has left it, and
  // also if it is a copy; empty for none.
  std::string replayed{};
};

struct DeliverySettings {
  Delivery delivery = Delivery::sync;
  std::size_t queue_bytes = std::size_t{8} << 20;  // a power of two
  FullQueue when_full = FullQueue::block;
  std::chrono::milliseconds longest_block{250};
  // A batch is handed over as soon as it has so many rows or bytes, or its
  // first row has waited for so long.
  std::size_t batch_rows = 1000;
  std::size_t batch_bytes = std::size_t{1} << 20;
  std::chrono::milliseconds longest_delay{50};
  // How long the end of the program waits for what is queued.
  std::chrono::milliseconds longest_drain{5000};
  SpoolSettings spool;
};

}  // namespace stogger
