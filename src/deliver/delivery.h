// How a sink gets its rows. A plain value; see docs/delivery.md for the keys.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "stogger/delivery.h"

namespace stogger {

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
  // Takes the place of the type of the sink in what is said of the owner; empty
  // for that type.
  std::string owner_type{};
};

struct DeliverySettings {
  Delivery delivery = Delivery::sync;
  std::size_t queue_bytes = std::size_t{8} << 20;  // a power of two
  WhenFull when_full = WhenFull::block;
  std::chrono::milliseconds longest_block{250};
  // A batch is handed over as soon as it has so many rows or bytes, or its
  // first row has waited for so long.
  std::size_t batch_rows = 1000;
  std::size_t batch_bytes = std::size_t{1} << 20;
  std::chrono::milliseconds longest_delay{50};
  // A batch that is not full waits for that long, also when the one before is
  // done.
  bool gathers = false;
  // How long the end of the program waits for what is queued.
  std::chrono::milliseconds longest_drain{5000};
  SpoolSettings spool;
};

}  // namespace stogger
