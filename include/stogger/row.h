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

// Where the rows of a batch lie until they are with their target: in a queue on
// disk, which survives its process. Rows whose fate is not known are handed
// over again, by this process or the next one, with the same positions. A
// target that stores the position of the last row of a batch together with the
// batch can tell which rows it has: those up to that position.
struct RowOrigin {
  std::uint8_t queue[16] = {};  // a UUID
  // Of each row, each greater than the one before it. Rows that were refused
  // leave gaps.
  const std::uint64_t* positions = nullptr;
};

struct RowBatch {
  const Column* columns = nullptr;
  std::size_t column_count = 0;
  const Value* values = nullptr;  // row after row: row_count * column_count
  std::size_t row_count = 0;
  Time now;  // the time of the batch by the clock in use; never runs far behind
  // Null unless delivery is durable.
  const RowOrigin* origin = nullptr;

  const Value& at(std::size_t row, std::size_t column) const noexcept {
    return values[row * column_count + column];
  }
};

}  // namespace stogger
