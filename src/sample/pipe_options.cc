#include "sample/pipe_options.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <string>

#include "base/options.h"
#include "base/quote.h"
#include "deliver/read_delivery.h"

namespace stogger {
namespace {

constexpr double kLongestSeconds = 1e9;
// Of a queue, whose worker has a place for each.
constexpr std::size_t kLargestBatch = 1000000;

Status wrong(const std::string& what) {
  return Status(Code::invalid, "pipe: " + what);
}

Status check_range(const PipeOptions& options) {
  if (options.batch_size == 0) return wrong("batch_size must be at least 1");
  if (!(options.flush_interval_s > 0)) {
    return wrong("flush_interval_s must be above 0");
  }
  if (options.max_pending == 0 || options.max_pending_bytes == 0) {
    return wrong("max_pending and max_pending_bytes must be at least 1");
  }
  if (!(options.period_s >= 0 && options.period_s <= kLongestSeconds)) {
    return wrong("period_s must be between 0 and 1e9");
  }
  return {};
}

// It becomes the name of a folder, and a line of a file in it.
Status check_name(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  if (name.size() > kLongest) return wrong("name has more than 200 bytes");
  if (printable(name) != name || name.starts_with('.') ||
      name.find('/') != name.npos) {
    return wrong(
        "name must not begin with a dot, nor have slashes or control "
        "characters");
  }
  return {};
}

Status check_without_queue(const PipeOptions& options) {
  const char* const key =
      options.when_full == WhenFull::drop_oldest ? "when_full = drop_oldest"
      : options.on_failure == OnFailure::retry   ? "on_failure = retry"
                                                 : nullptr;
  if (key == nullptr) return {};
  return wrong(std::string(key) +
               " needs a queue: delivery = async or durable");
}

Delivery delivery_of(const PipeOptions& options) noexcept {
  const bool is_unset = options.delivery == Delivery::sync;
  return is_unset && !options.spool_dir.empty() ? Delivery::durable
                                                : options.delivery;
}

// What was not given is null: a default.
Value text_or_null(std::string_view text) noexcept {
  return text.empty() ? Value() : Value(text);
}

// The options that a queue has as the keys that they are elsewhere.
Status read_queue(const PipeOptions& options, DeliverySettings* settings) {
  constexpr std::string_view kKinds[] = {"sync", "async", "durable"};
  constexpr std::string_view kWhenFull[] = {"block", "drop_newest",
                                            "drop_oldest"};
  const auto name_in = [](const auto& names, auto value) {
    return names[static_cast<std::size_t>(value)];
  };
  const bool is_synced = options.spool_sync == SpoolSync::interval;
  const Field keys[] = {{"delivery", name_in(kKinds, delivery_of(options))},
                        {"queue_bytes", options.queue_bytes},
                        {"when_full", name_in(kWhenFull, options.when_full)},
                        {"block_ms", options.block_ms},
                        {"drain_ms", options.drain_ms},
                        {"spool_dir", text_or_null(options.spool_dir)},
                        {"ring_dir", text_or_null(options.ring_dir)},
                        // Only of a queue on disk, which others do not have.
                        {"spool_bytes", options.spool_bytes},
                        {"spool_sync", is_synced ? "interval" : "none"},
                        {"spool_sync_ms", options.spool_sync_ms}};
  constexpr std::size_t kOfDisk = 3;
  const bool is_durable = delivery_of(options) == Delivery::durable;
  Options read("pipe", {keys, std::size(keys) - (is_durable ? 0 : kOfDisk)});
  *settings = read_delivery(read, {});
  const auto& problems = OptionsAccess::problems(read);
  return problems.empty() ? Status() : wrong(problems.front().text);
}

}  // namespace

Status read_pipe_options(const PipeOptions& options,
                         DeliverySettings* delivery) {
  if (Status status = check_range(options); !status.ok()) return status;
  if (Status status = check_name(options.name); !status.ok()) return status;
  if (delivery_of(options) == Delivery::sync) {
    return check_without_queue(options);
  }
  if (Status status = read_queue(options, delivery); !status.ok()) {
    return status;
  }
  using std::chrono::milliseconds;
  delivery->batch_rows = std::min(options.batch_size, kLargestBatch);
  delivery->longest_delay = std::max(
      milliseconds(flush_interval_ns(options) / 1000000), milliseconds(1));
  delivery->gathers = true;
  return {};
}

std::int64_t flush_interval_ns(const PipeOptions& options) noexcept {
  if (!(options.flush_interval_s > 0)) return 0;
  const double seconds = std::min(options.flush_interval_s, kLongestSeconds);
  return std::max<std::int64_t>(std::llround(seconds * 1e9), 1);
}

}  // namespace stogger
