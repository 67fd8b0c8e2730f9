// The sink `file`: lines of text for people, JSON, or logfmt, appended to a
// file. Rows that are no log events are written as JSON, whatever the format.
//
// Options: path, format (text, json, logfmt), keys (of JSON), time (utc, local;
// of text, and of the dates of rotation), rotation (none, size, daily, hourly),
// max_bytes, backup_count, compress (none, zstd, gzip), flush (line, block),
// mode (append, truncate), file_mode, folder_mode.
//
// After write() an event is with the kernel (flush = "line"), so that it
// outlives the process, if not a crash of the machine; or it is in a buffer for
// about a second (flush = "block"), and with the kernel after flush() or
// close(). See line_file_sink.h and log_file.h.

#include <utility>

#include "sinks/builtin.h"
#include "sinks/common/line_form.h"
#include "sinks/file/file_options.h"
#include "sinks/file/line_file_sink.h"

namespace stogger {

Status make_file_sink(Options& options, SinkPtr* sink) {
  LogFileOptions file = read_log_file_options(options);
  RowForm form = read_line_form(options, is_by_date(file.rotation));
  const bool in_blocks = read_in_blocks(options);
  JsonKeys keys;
  keys.read(options);
  if (keys.are_renamed()) {
    if (form != RowForm::json) {
      options.problem("keys", "is for format = \"json\"");
    }
    form = RowForm::renamed_json;
  }
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(
      new LineFileSink(std::move(file), form, std::move(keys), in_blocks));
  return {};
}

}  // namespace stogger
