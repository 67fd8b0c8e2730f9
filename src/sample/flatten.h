// What samples and rows have to do with each other.
#pragma once

#include <cstdint>
#include <string_view>

#include "row/sample_columns.h"
#include "stogger/sample.h"

namespace stogger {

// Its own columns but for `status`, which comes after the fields.
inline constexpr std::size_t kColumnsBeforeFields = 6;
inline constexpr std::string_view kStatusColumn = kOwnColumns[6];

// The name a field goes by.
inline std::string_view field_name(std::string_view key) noexcept {
  return key.empty() ? std::string_view("_") : key;
}

// Neither overflows, whatever the times.
Time midpoint_of(Time requested_at, Time received_at) noexcept;
double latency_of(Time requested_at, Time received_at) noexcept;

}  // namespace stogger
