#include "sample/schedule.h"

#include <algorithm>
#include <cmath>
#include <new>

namespace stogger {

Schedule::Schedule(double period_s) noexcept
    : period_ns_(static_cast<std::int64_t>(std::llround(period_s * 1e9))) {}

std::int64_t* Schedule::due_of(std::string_view device, Time first) noexcept {
  if (const auto found = due_.find(device); found != due_.end()) {
    return &found->second;
  }
  if (due_.size() >= kMostDevices) return nullptr;
  try {
    return &due_.emplace(device, first.ns).first->second;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Schedule::note(std::string_view device, Time requested_at) noexcept {
  if (period_ns_ <= 0) return;
  std::int64_t* const followed = due_of(device, requested_at);
  if (followed == nullptr) return;
  std::int64_t& due = *followed;
  std::int64_t drift = 0;
  // Times this far apart are of no schedule.
  if (__builtin_sub_overflow(requested_at.ns, due, &drift)) return;
  max_drift_ns_ =
      std::max(max_drift_ns_,
               drift < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(drift)
                         : static_cast<std::uint64_t>(drift));
  std::int64_t turns = 1;
  if (drift >= period_ns_) {
    ++late_;
    turns += drift / period_ns_;
  }
  std::int64_t step = 0;
  if (__builtin_mul_overflow(turns, period_ns_, &step) ||
      __builtin_add_overflow(due, step, &due)) {
    due = INT64_MAX;
  }
}

double Schedule::max_drift_ms() const noexcept {
  return static_cast<double>(max_drift_ns_) / 1e6;
}

}  // namespace stogger
