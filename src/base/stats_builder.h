// StatsBuilder: makes the snapshot that Stats is.
#pragma once

#include <cstddef>

#include "stogger/stats.h"

namespace stogger {

class StatsBuilder {
 public:
  // Without memory for so many, the snapshot stays empty.
  explicit StatsBuilder(std::size_t sinks) noexcept;
  // Copies the texts.
  void add(const SinkStats& sink) noexcept;
  Stats finish() noexcept;

 private:
  Stats stats_;
  std::size_t room_ = 0;
};

}  // namespace stogger
