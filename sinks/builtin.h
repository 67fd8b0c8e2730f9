// The sinks that come with the library. Each factory reads its options as
// stogger/sink.h asks of factories.
#pragma once

#include "stogger/sink.h"

namespace stogger {

Status make_console_sink(Options& options, SinkPtr* sink);
Status make_csv_sink(Options& options, SinkPtr* sink);
Status make_file_sink(Options& options, SinkPtr* sink);
Status make_journald_sink(Options& options, SinkPtr* sink);
Status make_jsonl_sink(Options& options, SinkPtr* sink);
Status make_memory_sink(Options& options, SinkPtr* sink);
Status make_sqlite_sink(Options& options, SinkPtr* sink);

}  // namespace stogger
