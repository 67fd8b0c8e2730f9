#include "encode/json_lines.h"

#include "base/json.h"

namespace stogger {

void append_json_line(Buffer& out, const RowBatch& rows, std::size_t row) {
  out.push_back('{');
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (i != 0) out.push_back(',');
    append_json_string(out, rows.columns[i].name);
    out.push_back(':');
    append_json_value(out, rows.at(row, i));
  }
  out.append("}\n");
}

}  // namespace stogger
