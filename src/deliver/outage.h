// Outage: a sink that fails, from its first failure until it works again, and
// what of that was reported. A plain value: whoever uses it tells the time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {

class Outage {
 public:
  static constexpr std::int64_t kReportEvery = 60000000000;  // nanoseconds
  // Reasons that are news. More of them are a text that keeps changing.
  static constexpr std::size_t kMostReasons = 4;

  // The first failure, which is reported. `dropped`: rows before it.
  void begin(std::int64_t now_ns, std::uint64_t dropped,
             std::string_view reason) noexcept {
    began_ns_ = now_ns;
    dropped_before_ = dropped;
    reported_ns_ = now_ns;
    reasons_.clear();
    keep(reason);
  }
  // Whether another failure is to be reported: its reason is new, or the last
  // report was a while ago.
  bool is_news(std::int64_t now_ns, std::string_view reason) noexcept {
    const bool is_known =
        std::find(reasons_.begin(), reasons_.end(), reason) != reasons_.end();
    const bool is_new = !is_known && reasons_.size() < kMostReasons;
    if (is_new) keep(reason);
    if (!is_new && now_ns - reported_ns_ < kReportEvery) return false;
    reported_ns_ = now_ns;
    return true;
  }

  std::int64_t age_ns(std::int64_t now_ns) const noexcept {
    return now_ns - began_ns_;
  }
  std::uint64_t lost(std::uint64_t dropped) const noexcept {
    return dropped - dropped_before_;
  }
  // From now on, only rows that are lost later count.
  void forget_lost(std::uint64_t dropped) noexcept {
    dropped_before_ = dropped;
  }

 private:
  void keep(std::string_view reason) noexcept {
    try {
      reasons_.emplace_back(reason);
    } catch (...) {
      // No memory: it stays news.
    }
  }

  std::int64_t began_ns_ = 0;
  std::uint64_t dropped_before_ = 0;
  std::int64_t reported_ns_ = 0;
  std::vector<std::string> reasons_;
};

}  // namespace stogger
