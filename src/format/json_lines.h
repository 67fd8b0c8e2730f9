// JSON lines: each row becomes one JSON object on a line of its own.
//
//   line   = "{" [member *("," member)] "}" LF
//   member = column name ":" value           ; in the order of the columns
//
// A null is written as null, unless it is absent. The types are those of
// append_json_value() in base/json.h: NaN and the infinities are strings, times
// RFC 3339 strings.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/buffer.h"
#include "stogger/row.h"

namespace stogger {

// Adds one line. Always valid UTF-8 and RFC 8259, if the JSON values are clean
// (see base/json.h) and no two columns share a name.
void append_json_line(Buffer& out, const RowBatch& rows, std::size_t row);

// The line that a renderer has finished already: the text of a batch with one
// column `line`. Empty if the row is not of that form.
inline std::string_view finished_line(const RowBatch& rows,
                                      std::size_t row) noexcept {
  constexpr std::string_view kName = "line";
  if (rows.column_count != 1 || rows.columns[0].name.size() != kName.size() ||
      std::memcmp(rows.columns[0].name.data(), kName.data(), kName.size()) !=
          0) {
    return {};
  }
  const Value& line = rows.values[row];
  return line.kind() == Kind::text ? line.text() : std::string_view();
}

// Adds the row as a line that ends in a newline: as it is if it is finished,
// else as JSON.
inline void append_line(Buffer& out, const RowBatch& rows, std::size_t row) {
  const std::string_view line = finished_line(rows, row);
  if (line.empty()) {
    append_json_line(out, rows, row);
    return;
  }
  out.append(line);
  if (line.back() != '\n') out.push_back('\n');
}

}  // namespace stogger
