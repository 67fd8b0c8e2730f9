// Schedule: whether devices are read as often as they are meant to be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/value.h"

namespace stogger {

class Schedule {
 public:
  // See PipeSummary. With a period of 0 there is nothing to keep to.
  explicit Schedule(double period_s) noexcept;

  // A sample was taken. May throw std::bad_alloc, and then has not noted it.
  void note(std::string_view device, Time requested_at);

  std::uint64_t late() const noexcept { return late_; }
  double max_drift_ms() const noexcept;

 private:
  struct Device {
    std::string name;
    std::int64_t due;
  };

  std::int64_t period_ns_;
  std::vector<Device> devices_;
  std::size_t last_ = 0;  // they mostly take turns
  std::uint64_t late_ = 0;
  std::uint64_t max_drift_ns_ = 0;
};

}  // namespace stogger
