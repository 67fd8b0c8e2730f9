// The options `format` and `time` of sinks that write lines.
#pragma once

#include <string_view>

#include "stogger/sink.h"

namespace stogger {

// Times of the time zone of the process are for the lines of people only.
// `dates_may_be_local`: they are for something else of the sink, too.
inline RowForm read_line_form(Options& options,
                              bool dates_may_be_local = false) {
  const std::string_view format =
      options.choice("format", {"text", "json", "logfmt"}, "text");
  const bool local = options.choice("time", {"utc", "local"}, "utc") == "local";
  if (format == "text") return local ? RowForm::local_text : RowForm::text;
  if (local && !dates_may_be_local) {
    options.problem("time",
                    "is for format = \"text\": JSON and logfmt are always in "
                    "UTC");
  }
  return format == "json" ? RowForm::json : RowForm::logfmt;
}

}  // namespace stogger
