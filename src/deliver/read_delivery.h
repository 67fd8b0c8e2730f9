// The keys of delivery, which each sink of a configuration has, and [stogger]
// for all of them; and each pipe.
#pragma once

#include "deliver/delivery.h"
#include "stogger/sink.h"

namespace stogger {

// Of [stogger]: what holds for keys that a sink does not have. Any of them may
// be there, whatever `delivery` is. What is wrong is a problem of the options.
DeliverySettings read_default_delivery(Options& options);

// Of a sink. `fallback` is what holds for keys that are not given.
DeliverySettings read_delivery(Options& options,
                               const DeliverySettings& fallback);

}  // namespace stogger
