#include "format/json_lines.h"

#include <cstdint>
#include <utility>

#include "base/json.h"

namespace stogger {

void append_json_line(Buffer& out, const RowBatch& rows, std::size_t row) {
  std::size_t room = 3;
  const Value* const values = rows.values + row * rows.column_count;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    room +=
        json_string_room(rows.columns[i].name) + 2 + json_value_room(values[i]);
  }
  char* end = out.reserve(room);
  std::uint32_t sanitized = 0;
  char separator = '{';
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (values[i].is_absent()) continue;
    *end++ = std::exchange(separator, ',');
    end = write_json_string(end, rows.columns[i].name, &sanitized);
    *end++ = ':';
    end = write_json_value(end, values[i], &sanitized);
  }
  if (separator == '{') *end++ = '{';
  *end++ = '}';
  *end++ = '\n';
  out.advance_to(end);
}

}  // namespace stogger
