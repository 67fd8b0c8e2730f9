// BackOff: how long a target that fails is left alone. A plain value: whoever
// uses it tells the time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace stogger {

class BackOff {
 public:
  static constexpr std::int64_t kFirst = 100000000;     // nanoseconds
  static constexpr std::int64_t kLongest = 5000000000;  // nanoseconds

  // A failure: the next attempt is due after kFirst, or, if it is not the first
  // one in a row, after twice the delay before, up to kLongest. Times are those
  // of a monotonic clock.
  void fail(std::int64_t now_ns) noexcept {
    delay_ns_ = delay_ns_ == 0 ? kFirst : std::min(delay_ns_ * 2, kLongest);
    due_ns_ = now_ns + delay_ns_;
  }
  // It works: the next failure is the first one in a row.
  void end() noexcept { delay_ns_ = 0; }

  // How long after the last failure the next attempt is due.
  std::int64_t delay_ns() const noexcept { return delay_ns_; }
  // Of an attempt after a failure.
  bool is_due(std::int64_t now_ns) const noexcept { return now_ns >= due_ns_; }

 private:
  std::int64_t delay_ns_ = 0;
  std::int64_t due_ns_ = 0;
};

}  // namespace stogger
