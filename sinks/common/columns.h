// Which columns of a batch are those of a target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "stogger/row.h"
#include "stogger/sink.h"
#include "stogger/status.h"

namespace stogger {

inline constexpr std::size_t kNoColumn = SIZE_MAX;

// For each column of the target, finds its position among those of the rows, by
// name; kNoColumn where they do not have it. Fails with Code::rejected if the
// rows have a column that the target has not.
Status match_columns(const RowBatch& target, const RowBatch& rows,
                     std::vector<std::size_t>* positions);

// For rows that have such a column: none of the batch can be stored.
void refuse_all(const RowBatch& rows, std::string_view reason,
                WriteReport& report);

}  // namespace stogger
