// What sinks with a ledger do with the origin of rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "stogger/row.h"

namespace stogger {

// A position as ledgers keep it, which have signed integers.
inline std::int64_t position_of(const RowOrigin& origin,
                                std::size_t row) noexcept {
  return static_cast<std::int64_t>(origin.positions[row]);
}

// How many rows at the beginning of a batch with an origin lie no further than
// `position`, which is below 0 for none.
inline std::size_t count_up_to(const RowBatch& rows,
                               std::int64_t position) noexcept {
  if (position < 0) return 0;
  const std::uint64_t* const first = rows.origin->positions;
  return static_cast<std::size_t>(
      std::upper_bound(first, first + rows.row_count,
                       static_cast<std::uint64_t>(position)) -
      first);
}

}  // namespace stogger
