// The Parquet sink of stogger: the factory that its module is made of.
#pragma once

#include "stogger/sink.h"

namespace stogger {

Status make_parquet_sink(Options& options, SinkPtr* sink);

}  // namespace stogger
