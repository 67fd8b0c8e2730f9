// Rows: what every sink is handed, whether they come from log events or from
// samples. A batch is a table: columns, and for each row one value a column.
//
// All of it is views, valid until the call that hands it over returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stogger/value.h"

namespace stogger {

struct Column {
  std::string_view name;
  // The kind its values have where they are not null. Kind::null means that
  // each row may hold another kind.
  Kind kind = Kind::null;
};

struct RowBatch {
  const Column* columns = nullptr;
  std::size_t column_count = 0;
  const Value* values = nullptr;  // row after row: row_count * column_count
  std::size_t row_count = 0;
  Time now;  // the time of the batch by the clock in use; never runs far behind
  // The number of the batch, for targets that keep a ledger: rows that are
  // handed over again come with the same one. 0: none.
  std::uint64_t id = 0;

  const Value& at(std::size_t row, std::size_t column) const noexcept {
    return values[row * column_count + column];
  }
};

}  // namespace stogger
