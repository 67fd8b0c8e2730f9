#include "sinks/common/columns.h"

#include <algorithm>

#include "base/quote.h"

namespace stogger {
namespace {

// Mostly both are views of the sink's own names.
bool is_same(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && (a.data() == b.data() || a == b);
}

std::size_t position_of(const Column& wanted, std::size_t guess,
                        const RowBatch& rows) noexcept {
  // Mostly they are in the same order.
  if (guess < rows.column_count &&
      is_same(rows.columns[guess].name, wanted.name)) {
    return guess;
  }
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (rows.columns[i].name == wanted.name) return i;
  }
  return kNoColumn;
}

}  // namespace

Status match_columns(const RowBatch& target, const RowBatch& rows,
                     std::vector<std::size_t>* positions) {
  positions->resize(target.column_count);
  std::size_t found = 0;
  for (std::size_t i = 0; i < target.column_count; ++i) {
    (*positions)[i] = position_of(target.columns[i], i, rows);
    if ((*positions)[i] != kNoColumn) ++found;
  }
  if (found == rows.column_count) return {};
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (std::find(positions->begin(), positions->end(), i) ==
        positions->end()) {
      return Status(Code::rejected,
                    "there is no column for " + quoted(rows.columns[i].name));
    }
  }
  return {};
}

void refuse_all(const RowBatch& rows, std::string_view reason,
                WriteReport& report) {
  for (std::size_t i = 0; i < rows.row_count; ++i) report.refuse(i, reason);
}

}  // namespace stogger
