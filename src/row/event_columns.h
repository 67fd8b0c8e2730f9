// The columns that a row of RowForm::event begins with; one for each field of
// the event follows.
#pragma once

#include <cstddef>
#include <string_view>

#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

inline constexpr std::string_view kEventColumns[] = {
    "timestamp", "level",   "event",     "func",     "scope",
    "logger",    "message", "code_file", "code_line"};

// Their places.
struct EventColumn {
  enum : std::size_t {
    timestamp,
    level,
    event,
    func,
    scope,
    logger_name,  // plain `logger` would hide the function
    message,
    code_file,
    code_line,
    count
  };
};

// True if the rows are of that form.
inline bool are_events(const RowBatch& rows) noexcept {
  if (rows.column_count < EventColumn::count) return false;
  for (std::size_t i = 0; i < EventColumn::count; ++i) {
    if (rows.columns[i].name != kEventColumns[i]) return false;
  }
  const Kind message = rows.columns[EventColumn::message].kind;
  return rows.columns[EventColumn::level].kind == Kind::text &&
         rows.columns[EventColumn::event].kind == Kind::text &&
         (message == Kind::text || message == Kind::null);
}

}  // namespace stogger
