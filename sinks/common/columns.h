// Which columns of a batch are those of a target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

inline constexpr std::size_t kNoColumn = SIZE_MAX;

// For each column of the target, finds its position among those of the rows, by
// name; kNoColumn where they do not have it. Fails with Code::rejected if the
// rows have a column that the target has not.
Status match_columns(const RowBatch& target, const RowBatch& rows,
                     std::vector<std::size_t>* positions);

}  // namespace stogger
