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
  // `table` are the columns as they were added: a batch that has the very same
  // ones, as that of a log event does, is recognized without reading names.
  void match(const RowBatch& table, const RowBatch& rows) {
    if (!is_made_for(table, rows)) return find(rows);
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
  static bool is_made_for(const RowBatch& table,
                          const RowBatch& rows) noexcept {
    if (rows.column_count != table.column_count) return false;
    for (std::size_t i = 0; i < table.column_count; ++i) {
      const std::string_view mine = table.columns[i].name;
      const std::string_view other = rows.columns[i].name;
      if (mine.data() != other.data() || mine.size() != other.size()) {
        return false;
      }
    }
    return true;
  }

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
