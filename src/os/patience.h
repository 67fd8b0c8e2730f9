// Patience: how long a write waits for whoever reads a descriptor.
#pragma once

#include <cstdint>

namespace stogger {

// Waits for a descriptor to take bytes, for 250 ms altogether; not at all as
// long as it is stalled.
class Patience {
 public:
  explicit Patience(bool is_stalled) noexcept : is_stalled_(is_stalled) {}

  // False if it is over.
  bool wait_writable(int descriptor) noexcept;
  // It took some.
  void note_progress() noexcept { is_stalled_ = false; }

 private:
  bool is_stalled_;
  bool was_asked_ = false;
  std::int64_t deadline_ = 0;
};

}  // namespace stogger
