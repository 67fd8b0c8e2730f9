// Schedule: whether devices are read as often as they are meant to be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "stogger/value.h"

namespace stogger {

class Schedule {
 public:
  static constexpr std::size_t kMostDevices = 10000;

  // See PipeSummary. With a period of 0 there is nothing to keep to.
  explicit Schedule(double period_s) noexcept;

  // A sample was taken. A device is not followed if it is new and there are
  // kMostDevices already, or no memory for it.
  void note(std::string_view device, Time requested_at) noexcept;

  std::uint64_t late() const noexcept { return late_; }
  double max_drift_ms() const noexcept;

 private:
  // Lets names be looked up that are no strings.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  // When the device is due; null if it is not followed.
  std::int64_t* due_of(std::string_view device, Time first) noexcept;

  std::int64_t period_ns_;
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> due_;
  std::uint64_t late_ = 0;
  std::uint64_t max_drift_ns_ = 0;
};

}  // namespace stogger
