#include "sample/pipe_options.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace stogger {
namespace {

constexpr double kLongestSeconds = 1e9;

}  // namespace

Status check_pipe_options(const PipeOptions& options) {
  const auto wrong = [](const char* what) {
    return Status(Code::invalid, std::string("pipe: ") + what);
  };
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

std::int64_t flush_interval_ns(const PipeOptions& options) noexcept {
  if (!(options.flush_interval_s > 0)) return 0;
  const double seconds = std::min(options.flush_interval_s, kLongestSeconds);
  return std::max<std::int64_t>(std::llround(seconds * 1e9), 1);
}

}  // namespace stogger
