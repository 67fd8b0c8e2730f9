// The postgres sink: log events and samples as rows of a PostgreSQL table.
#pragma once

#include "stogger/sink.h"

namespace stogger {

// A SinkFactory; the options are those of read_postgres_settings().
Status make_postgres_sink(Options& options, SinkPtr* sink);

}  // namespace stogger
