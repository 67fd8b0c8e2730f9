// The columns that every sample has: see stogger/sample.h.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/names.h"

namespace stogger {

inline constexpr std::string_view kOwnColumns[] = {
    "device",      "unit_id",   "requested_at", "received_at",
    "midpoint_at", "latency_s", "status"};

// True for the name of one of those columns, whatever the case of its letters.
inline bool is_own_column(std::string_view name) noexcept {
  return std::any_of(
      std::begin(kOwnColumns), std::end(kOwnColumns),
      [&](std::string_view own) { return equal_ignoring_case(own, name); });
}

}  // namespace stogger
