#include "deliver/counters.h"

#include <algorithm>

namespace stogger {

void Counters::settle(const VerdictCounts& said) noexcept {
  add(dropped_, said.dropped);
  add(dead_lettered_, said.dead_lettered);
  add(in_doubt_, said.in_doubt);
}

std::uint64_t Counters::settle(const VerdictCounts& said, const Tally& now,
                               std::uint64_t keepable) noexcept {
  std::uint64_t left = get(accepted_) - get(written_) - get(dropped_) -
                       get(dead_lettered_) - get(in_doubt_) - kept_;
  const auto take = [&left](std::uint64_t count) {
    const std::uint64_t taken = std::min(count, left);
    left -= taken;
    return taken;
  };
  // What was in the buffer before leaves it first.
  std::uint64_t written = now.written - tally_.written;
  const std::uint64_t foreign = std::min(foreign_, written);
  written -= foreign;
  foreign_ = std::min(foreign_ - foreign, now.buffered);
  tally_ = now;
  take(now.buffered - foreign_);
  add(written_, take(written));
  const VerdictCounts taken = {take(said.dropped), take(said.dead_lettered),
                               take(said.in_doubt)};
  settle(taken);
  const std::uint64_t kept = take(keepable);
  keep(kept);
  drop(left);
  return kept;
}

std::uint64_t Counters::add_to(SinkStats* stats) const noexcept {
  // The ends first, the beginning last: what lies between is on its way.
  const std::uint64_t refused = get(refused_);
  const std::uint64_t written = get(written_);
  const std::uint64_t dropped = get(dropped_) + refused;
  const std::uint64_t dead_lettered = get(dead_lettered_);
  const std::uint64_t in_doubt = get(in_doubt_);
  const std::uint64_t handed = get(accepted_);
  const std::uint64_t accepted = handed + refused;
  stats->written += written;
  stats->dropped += dropped;
  stats->dead_lettered += dead_lettered;
  stats->in_doubt += in_doubt;
  stats->accepted += accepted;
  stats->pending += accepted - written - dropped - dead_lettered - in_doubt;
  stats->failed += get(failed_);
  stats->sanitized += get(sanitized_);
  return handed;
}

void Counters::start(const Tally& tally) noexcept {
  for (auto* counter : {&accepted_, &written_, &dropped_, &dead_lettered_,
                        &in_doubt_, &failed_, &sanitized_, &refused_}) {
    counter->store(0, std::memory_order_relaxed);
  }
  tally_ = tally;
  kept_ = 0;
  foreign_ = tally.buffered;
}

}  // namespace stogger
