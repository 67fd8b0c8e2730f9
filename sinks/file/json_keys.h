// JsonKeys: the names that JSON lines have for timestamp, level, event, func,
// scope, logger and message.
#pragma once

#include <string>
#include <vector>

#include "row/event_columns.h"
#include "stogger/row.h"
#include "stogger/sink.h"

namespace stogger {

class JsonKeys {
 public:
  JsonKeys() = default;
  JsonKeys(JsonKeys&&) = default;

  // Reads the option `keys`, a table such as {level = "severity"}.
  void read(Options& options);

  bool are_renamed() const noexcept { return !names_.empty(); }
  // For Sink::columns(): in the order that RowForm::renamed_json wants; none if
  // nothing is renamed.
  RowBatch columns() const noexcept;

 private:
  std::vector<std::string> names_;
  std::vector<Column> columns_;  // views of them
};

}  // namespace stogger
