// The keys of delivery, which each sink has, and [stogger] for all of them.
#pragma once

#include "deliver/delivery.h"
#include "stogger/sink.h"

namespace stogger {

// `fallback` is what holds for keys that are not given. What is wrong is a
// problem of the options.
DeliverySettings read_delivery(Options& options,
                               const DeliverySettings& fallback);

}  // namespace stogger
