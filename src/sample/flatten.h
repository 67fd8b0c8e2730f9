// What samples and rows have to do with each other.
#pragma once

#include <cstdint>
#include <string_view>

#include "stogger/sample.h"

namespace stogger {

// Its own columns but for `status`, which comes after the fields.
inline constexpr std::size_t kColumnsBeforeFields = 6;
inline constexpr std::string_view kOwnColumns[kSampleColumns] = {
    "device",      "unit_id",   "requested_at", "received_at",
    "midpoint_at", "latency_s", "status"};
inline constexpr std::string_view kStatusColumn = kOwnColumns[6];

// True for the name of one of those columns, whatever the case of its letters.
bool is_own_column(std::string_view name) noexcept;

// The name a field goes by.
inline std::string_view field_name(std::string_view key) noexcept {
  return key.empty() ? std::string_view("_") : key;
}

// Neither overflows, whatever the times.
Time midpoint_of(Time requested_at, Time received_at) noexcept;
double latency_of(Time requested_at, Time received_at) noexcept;

}  // namespace stogger
