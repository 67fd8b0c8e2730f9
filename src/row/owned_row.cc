#include "row/owned_row.h"

namespace stogger {

OwnedRow copy_row(const RowBatch& rows, std::size_t row) {
  OwnedRow copy;
  copy.reserve(rows.column_count);
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    const Value& value = rows.at(row, i);
    if (!value.is_absent()) copy.emplace_back(rows.columns[i].name, value);
  }
  return copy;
}

}  // namespace stogger
