// The sink `jsonl`: JSON lines, one object for each event or row.
//
// Options: those of the sink `file`, but for format. What is safe when is the
// same too: see file.cc.

#include <utility>

#include "sinks/builtin.h"
#include "sinks/file/line_file_sink.h"

namespace stogger {

Status make_jsonl_sink(Options& options, SinkPtr* sink) {
  LogFileOptions file = read_log_file_options(options);
  const bool in_blocks = read_in_blocks(options);
  if (file.local_dates && !is_by_date(file.rotation)) {
    options.problem("time",
                    "is for rotation = \"daily\" or \"hourly\": JSON lines are "
                    "always in UTC");
  }
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new LineFileSink(std::move(file), RowForm::json, in_blocks));
  return {};
}

}  // namespace stogger
