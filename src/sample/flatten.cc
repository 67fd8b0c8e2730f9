#include "sample/flatten.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace stogger {

static_assert(std::size(kOwnColumns) == kSampleColumns);

Time midpoint_of(Time requested_at, Time received_at) noexcept {
  return Time{std::midpoint(requested_at.ns, received_at.ns)};
}

double latency_of(Time requested_at, Time received_at) noexcept {
  constexpr double kNanosecondsPerSecond = 1e9;
  std::int64_t ns = 0;
  if (__builtin_sub_overflow(received_at.ns, requested_at.ns, &ns)) {
    return (static_cast<double>(received_at.ns) -
            static_cast<double>(requested_at.ns)) /
           kNanosecondsPerSecond;
  }
  return static_cast<double>(ns) / kNanosecondsPerSecond;
}

std::size_t flatten(const Sample& sample, Field* row) noexcept {
  std::size_t count = 0;
  const auto add = [&](std::string_view name, const Value& value) {
    row[count++] = Field(name, value);
  };
  add(kOwnColumns[0], sample.device);
  add(kOwnColumns[1], sample.unit_id);
  add(kOwnColumns[2], sample.requested_at);
  add(kOwnColumns[3], sample.received_at);
  add(kOwnColumns[4], midpoint_of(sample.requested_at, sample.received_at));
  add(kOwnColumns[5], latency_of(sample.requested_at, sample.received_at));
  for (const Field& field : sample.fields) {
    const std::string_view name = field_name(field.key);
    if (is_own_column(name)) continue;
    const auto same =
        std::find_if(row + kColumnsBeforeFields, row + count,
                     [&](const Field& known) { return known.key == name; });
    if (same != row + count) {
      same->value = field.value;
    } else {
      add(name, field.value);
    }
  }
  add(kStatusColumn, sample.status);
  return count;
}

}  // namespace stogger
