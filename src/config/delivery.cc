#include "config/delivery.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace stogger {
namespace {

constexpr std::string_view kOfQueue[] = {
    "queue_bytes", "when_full",    "block_ms", "batch_rows",
    "batch_bytes", "max_delay_ms", "drain_ms"};

std::size_t read_size(Options& options, std::string_view key,
                      std::size_t fallback, std::int64_t least,
                      std::int64_t most) {
  return static_cast<std::size_t>(
      options.integer(key, static_cast<std::int64_t>(fallback), least, most));
}

std::chrono::milliseconds read_time(Options& options, std::string_view key,
                                    std::chrono::milliseconds fallback,
                                    std::int64_t least, std::int64_t most) {
  return std::chrono::milliseconds(
      options.integer(key, fallback.count(), least, most));
}

FullQueue read_when_full(Options& options, FullQueue fallback) {
  constexpr std::string_view kNames[] = {"block", "drop_newest", "drop_oldest"};
  const std::string_view name =
      options.choice("when_full", {kNames[0], kNames[1], kNames[2]},
                     kNames[static_cast<std::size_t>(fallback)]);
  const auto* const found =
      std::find(std::begin(kNames), std::end(kNames), name);
  return static_cast<FullQueue>(found - std::begin(kNames));
}

}  // namespace

// Defaults of keys that nobody has given, and that change nothing, are not
// shown as those in effect: they are not asked for.
DeliverySettings read_delivery(Options& options,
                               const DeliverySettings& fallback) {
  constexpr std::string_view kAsync = "async";
  constexpr std::int64_t kMiB = 1 << 20;
  DeliverySettings settings = fallback;
  const bool is_async = fallback.delivery == Delivery::async;
  if (options.has("delivery") || is_async) {
    const std::string_view name = options.choice("delivery", {"sync", kAsync},
                                                 is_async ? kAsync : "sync");
    settings.delivery = name == kAsync ? Delivery::async : Delivery::sync;
  }
  if (settings.delivery == Delivery::sync) {
    for (const std::string_view key : kOfQueue) {
      if (!options.has(key) || options.has_problem("delivery")) continue;
      options.problem(key, "is for a queue, which needs delivery = \"async\"");
    }
    return settings;
  }
  settings.queue_bytes = std::bit_ceil(read_size(
      options, "queue_bytes", settings.queue_bytes, 64 * 1024, 1024 * kMiB));
  settings.when_full = read_when_full(options, settings.when_full);
  settings.longest_block =
      read_time(options, "block_ms", settings.longest_block, 0, 10000);
  settings.batch_rows =
      read_size(options, "batch_rows", settings.batch_rows, 1, 1000000);
  settings.batch_bytes = read_size(options, "batch_bytes", settings.batch_bytes,
                                   4 * 1024, 256 * kMiB);
  settings.longest_delay =
      read_time(options, "max_delay_ms", settings.longest_delay, 1, 60000);
  settings.longest_drain =
      read_time(options, "drain_ms", settings.longest_drain, 0, 600000);
  return settings;
}

}  // namespace stogger
