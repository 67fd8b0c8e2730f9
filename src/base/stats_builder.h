// StatsBuilder: makes the snapshot that Stats is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stogger/stats.h"

namespace stogger {

class StatsBuilder {
 public:
  // Without memory for so many, the snapshot stays empty.
  explicit StatsBuilder(std::size_t sinks) noexcept;
  // Copies the texts.
  void add(const SinkStats& sink) noexcept;
  // `suppressed`: events that a limit has left out.
  Stats finish(std::uint64_t suppressed) noexcept;

 private:
  Stats stats_;
  std::size_t room_ = 0;
};

}  // namespace stogger
