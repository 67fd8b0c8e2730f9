// The options that `file` and `jsonl` have in common.
#pragma once

#include "sinks/file/log_file.h"
#include "stogger/sink.h"

namespace stogger {

LogFileOptions read_log_file_options(Options& options);
// The option `flush`.
bool read_in_blocks(Options& options);

}  // namespace stogger
