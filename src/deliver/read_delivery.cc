#include "deliver/read_delivery.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

namespace stogger {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kKinds[] = {"sync", "async", "durable"};
constexpr std::string_view kOfQueue[] = {
    "queue_bytes", "when_full",    "block_ms", "batch_rows",
    "batch_bytes", "max_delay_ms", "drain_ms"};
constexpr std::string_view kOfSpool[] = {"spool_dir", "ring_dir", "spool_bytes",
                                         "spool_sync", "spool_sync_ms"};
constexpr std::int64_t kMiB = 1 << 20;

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

WhenFull read_when_full(Options& options, WhenFull fallback) {
  constexpr std::string_view kNames[] = {"block", "drop_newest", "drop_oldest"};
  const std::string_view name =
      options.choice("when_full", {kNames[0], kNames[1], kNames[2]},
                     kNames[static_cast<std::size_t>(fallback)]);
  const auto* const found =
      std::find(std::begin(kNames), std::end(kNames), name);
  return static_cast<WhenFull>(found - std::begin(kNames));
}

Delivery read_kind(Options& options, Delivery fallback) {
  const std::string_view name =
      options.choice("delivery", {kKinds[0], kKinds[1], kKinds[2]},
                     kKinds[static_cast<std::size_t>(fallback)]);
  const auto* const found =
      std::find(std::begin(kKinds), std::end(kKinds), name);
  return static_cast<Delivery>(found - std::begin(kKinds));
}

// The folder that systemd gives a service to keep its state in.
std::string usual_spool_dir() {
  const char* const folders = ::secure_getenv("STATE_DIRECTORY");
  if (folders == nullptr || *folders == '\0') return {};
  std::string folder(folders);
  folder.erase(std::min(folder.find(':'), folder.size()));
  return folder + "/stogger";
}

void read_queue(Options& options, DeliverySettings* settings) {
  settings->queue_bytes = std::bit_ceil(read_size(
      options, "queue_bytes", settings->queue_bytes, 64 * 1024, 1024 * kMiB));
  settings->when_full = read_when_full(options, settings->when_full);
  settings->longest_block =
      read_time(options, "block_ms", settings->longest_block, 0, 10000);
  settings->batch_rows =
      read_size(options, "batch_rows", settings->batch_rows, 1, 1000000);
  settings->batch_bytes = read_size(
      options, "batch_bytes", settings->batch_bytes, 4 * 1024, 256 * kMiB);
  settings->longest_delay =
      read_time(options, "max_delay_ms", settings->longest_delay, 1, 60000);
  settings->longest_drain =
      read_time(options, "drain_ms", settings->longest_drain, 0, 600000);
}

void read_spool(Options& options, SpoolSettings* spool) {
  if (spool->spool_dir.empty()) spool->spool_dir = usual_spool_dir();
  spool->spool_dir = options.text("spool_dir", spool->spool_dir);
  spool->ring_dir = options.text("ring_dir", spool->ring_dir);
  spool->most_bytes = read_size(options, "spool_bytes", spool->most_bytes, kMiB,
                                std::int64_t{1} << 44);
  constexpr std::string_view kInterval = "interval";
  constexpr std::string_view kNone = "none";
  const bool is_synced =
      options.choice("spool_sync", {kInterval, kNone},
                     spool->sync.count() != 0 ? kInterval : kNone) == kInterval;
  if (!is_synced) {
    spool->sync = milliseconds(0);
  } else {
    const bool was_none = spool->sync.count() == 0;
    spool->sync =
        read_time(options, "spool_sync_ms",
                  was_none ? SpoolSettings().sync : spool->sync, 10, 60000);
  }
}

template <std::size_t count>
bool has_any(Options& options, const std::string_view (&keys)[count]) {
  return std::any_of(std::begin(keys), std::end(keys),
                     [&](std::string_view key) { return options.has(key); });
}

template <std::size_t count>
void refuse(Options& options, const std::string_view (&keys)[count],
            std::string_view why) {
  for (const std::string_view key : keys) {
    if (options.has(key) && !options.has_problem("delivery")) {
      options.problem(key, why);
    }
  }
}

}  // namespace

// Defaults of keys that nobody has given, and that change nothing, are not
// shown as those in effect: they are not asked for.
DeliverySettings read_default_delivery(Options& options) {
  DeliverySettings settings;
  if (options.has("delivery")) {
    settings.delivery = read_kind(options, Delivery::sync);
  }
  const bool is_durable = settings.delivery == Delivery::durable;
  if (settings.delivery != Delivery::sync || has_any(options, kOfQueue)) {
    read_queue(options, &settings);
  }
  if (is_durable || has_any(options, kOfSpool)) {
    read_spool(options, &settings.spool);
  }
  return settings;
}

DeliverySettings read_delivery(Options& options,
                               const DeliverySettings& fallback) {
  DeliverySettings settings = fallback;
  if (options.has("delivery") || fallback.delivery != Delivery::sync) {
    settings.delivery = read_kind(options, fallback.delivery);
  }
  if (settings.delivery == Delivery::sync) {
    refuse(options, kOfQueue,
           "is for a queue, which needs delivery = \"async\" or \"durable\"");
  } else {
    read_queue(options, &settings);
  }
  if (settings.delivery == Delivery::durable) {
    read_spool(options, &settings.spool);
  } else {
    refuse(options, kOfSpool,
           "is for a queue on disk, which needs delivery = \"durable\"");
  }
  return settings;
}

}  // namespace stogger
