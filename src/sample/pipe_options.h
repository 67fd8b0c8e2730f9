// What a pipe makes of its options.
#pragma once

#include <cstdint>

#include "deliver/delivery.h"
#include "stogger/sample.h"

namespace stogger {

// Whether they are in range. If so, how samples are delivered.
Status read_pipe_options(const PipeOptions& options,
                         DeliverySettings* delivery);

// At least 1 if they are.
std::int64_t flush_interval_ns(const PipeOptions& options) noexcept;

}  // namespace stogger
