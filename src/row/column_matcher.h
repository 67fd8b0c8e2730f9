// ColumnMatcher: finds the columns of a table in batches of rows, by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "row/column_names.h"
#include "stogger/row.h"

namespace stogger {

class ColumnMatcher {
 public:
  // Of a column that the batch lacks.
  static constexpr std::size_t kAbsent = SIZE_MAX;

  // See ColumnNames.
  explicit ColumnMatcher(bool ignore_case = false,
                         std::size_t longest = 0) noexcept
      : ignore_case_(ignore_case), names_(ignore_case, longest) {}

  void clear() noexcept;
  // Adds a column that the table has.
  void add(std::string_view name);
  // Adds one that is made for a column of a batch. Returns the name it gets,
  // which is unique.
  const std::string& add_made_of(std::string_view name);

  // Finds each column in the batch: the exact name first. Among those that were
  // not made of another name, then by the name that would have been made of it,
  // which it keeps from then on; and last, if that is so, whatever the case.
  // Mostly the batch has the same columns in the same order, as those of log
  // events always do.
  void match(const RowBatch& rows) {
    if (!has_all_in_order(rows)) return find(rows);
    if (!in_order_) put_in_order();
  }

  // For the batch matched last: where it has the column.
  std::size_t position(std::size_t column) const noexcept {
    return positions_[column];
  }
  // Whether it has columns that the table lacks, and which.
  bool has_unplaced() const noexcept { return unplaced_ != 0; }
  bool is_placed(std::size_t position) const noexcept {
    return in_order_ || placed_[position];
  }

 private:
  bool has_all_in_order(const RowBatch& rows) const noexcept;
  void put_in_order();
  void find(const RowBatch& rows);
  void find_exact(const RowBatch& rows);
  void find_changed(const RowBatch& rows);
  void find_ignoring_case(const RowBatch& rows);
  void place(std::size_t position, std::size_t column);

  const bool ignore_case_;
  ColumnNames names_;
  std::vector<std::string> sources_;    // the names that the columns have there
  std::vector<bool> has_source_;        // whether those are more than a guess
  std::vector<std::size_t> positions_;  // in the batch, by column
  std::vector<bool> placed_;            // columns of the batch
  std::size_t unplaced_ = 0;
  bool in_order_ = false;  // the batch has the same columns
};

}  // namespace stogger
