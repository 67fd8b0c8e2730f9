// The sink `jsonl`: JSON lines, one object for each event or row.
//
// Options: those of the sink `file`; the format is always json. What is safe
// when is the same too: see file.cc.

#include <utility>

#include "sinks/builtin.h"
#include "sinks/file/file_options.h"
#include "sinks/file/line_file_sink.h"

namespace stogger {

Status make_jsonl_sink(Options& options, SinkPtr* sink) {
  LogFileOptions file = read_log_file_options(options);
  const bool in_blocks = read_in_blocks(options);
  if (options.has("format") && options.text("format") != "json") {
    options.problem("format",
                    "is always \"json\" here; others are for type = \"file\"");
  }
  if (file.local_dates && !is_by_date(file.rotation)) {
    options.problem("time",
                    "is for rotation = \"daily\" or \"hourly\": JSON lines are "
                    "always in UTC");
  }
  JsonKeys keys;
  keys.read(options);
  Status status = options.finish();
  if (!status.ok()) return status;
  const RowForm form =
      keys.are_renamed() ? RowForm::renamed_json : RowForm::json;
  sink->reset(
      new LineFileSink(std::move(file), form, std::move(keys), in_blocks));
  return {};
}

}  // namespace stogger
