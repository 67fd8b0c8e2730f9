// Delivery: when rows are handed to a target, and what happens to those that
// wait. The options of pipes have these types (see sample.h); in configuration
// files they are keys by the same names. docs/delivery.md describes them.
#pragma once

namespace stogger {

enum class Delivery : unsigned char {
  sync,     // of events: with the target when the call returns
  async,    // copied into a queue; a thread hands rows over in batches
  durable,  // the same, but the queue outlives the process
};

// What becomes of an event or a sample for which there is no room.
enum class WhenFull : unsigned char {
  block,        // its call waits for room, for a while; then it is dropped
  drop_newest,  // it is dropped
  drop_oldest,  // its call waits until the oldest ones have been dropped
};

// When a queue on disk is brought to the disk itself, so that a power cut does
// not lose it.
enum class SpoolSync : unsigned char {
  interval,  // what has waited for half of spool_sync_ms
  none,      // when the kernel likes
};

// What a failure of its sink means for a pipe with a queue.
enum class OnFailure : unsigned char {
  stop,   // its end
  retry,  // samples wait in the queue until the target works again
};

}  // namespace stogger
