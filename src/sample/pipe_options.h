// What a pipe makes of its options.
#pragma once

#include <cstdint>

#include "stogger/sample.h"

namespace stogger {

// Whether they are in range.
Status check_pipe_options(const PipeOptions& options);

// At least 1 if they are.
std::int64_t flush_interval_ns(const PipeOptions& options) noexcept;

}  // namespace stogger
