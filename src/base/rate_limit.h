// RateLimit: lets so many things a minute through and counts the rest.
#pragma once

#include <cstdint>

namespace stogger {

class RateLimit {
 public:
  // True if it may pass now; *left_out is then how many did not since the last
  // one that did.
  bool pass(std::int64_t monotonic_ns, std::uint64_t* left_out) noexcept {
    constexpr std::int64_t kMinute = 60000000000;
    constexpr int kMost = 10;
    if (passed_ == 0 || monotonic_ns - began_ns_ >= kMinute) {
      began_ns_ = monotonic_ns;
      passed_ = 0;
    }
    if (passed_ >= kMost) {
      ++left_out_;
      return false;
    }
    ++passed_;
    *left_out = left_out_;
    left_out_ = 0;
    return true;
  }

 private:
  std::int64_t began_ns_ = 0;
  int passed_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace stogger
