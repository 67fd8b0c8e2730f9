// SchemaLock: keeps a table as the first batch of its rows made it, so that
// what comes later cannot change it unnoticed.
//
// A target with a schema asks it for the columns to create, then for the value
// of each column in each row. Of every batch,
//   a column that the batch lacks is null,
//   a column that the table lacks is dropped, and
//   a value that does not fit its column is null;
// the last two are reported once for each name, by take_report(). See
// LossReport.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/limits.h"
#include "row/column_names.h"
#include "row/fit.h"
#include "row/loss_report.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

struct LockedColumn {
  std::string name;
  // boolean, integer, real, text, time or json, or unsigned_integer if the
  // options allow it. Kind::null, which only
  // lock_to() takes, stands for a column that any value fits.
  Kind kind = Kind::text;
  // lock() sets it if a row of the first batch has no value there.
  bool nullable = true;
};

struct SchemaLockOptions {
  // For targets to which names are equal that differ only in the case of ASCII
  // letters. The later one of two such names in a first batch gets "_2"
  // appended, or the next number that makes it unique.
  bool ignore_case = false;
  // Columns of times become columns of text, which holds RFC 3339.
  bool times_as_text = false;
  // For targets that have them: columns of integers with some above INT64_MAX
  // and none below 0 are Kind::unsigned_integer instead of text.
  bool unsigned_integers = false;
  // The most bytes a name may have, at least 16; longer ones are cut. 0: any.
  std::size_t longest_name = 0;
};

class SchemaLock {
 public:
  explicit SchemaLock(SchemaLockOptions options = {}) noexcept
      : options_(options), names_(options.ignore_case, options.longest_name) {}

  // Takes the columns of the first batch, in its order, up to kMostColumns.
  // Those with integers and
  // reals are real; with values of any other two kinds, with integers above
  // INT64_MAX, or without values, text. Names are made valid UTF-8 without NUL.
  // Code::invalid if it is locked already, or if the batch has no rows or no
  // columns.
  Status lock(const RowBatch& rows);
  // Takes those of a table that exists. Code::invalid if it is locked already
  // or if there are none.
  Status lock_to(std::vector<LockedColumn> columns);
  // Back to the beginning: the table could not be created, or is another one.
  // What was reported is not reported again.
  void unlock() noexcept;

  bool is_locked() const noexcept { return !views_.empty(); }
  const std::vector<LockedColumn>& columns() const noexcept { return columns_; }
  // For Sink::columns(). Valid until the columns change.
  RowBatch wanted() const noexcept;

  // Finds the columns of a batch, by name: the exact one first. Among those of
  // a table that existed, then by the name that lock() would have made of it,
  // which it keeps from then on; and last, if the options say so, whatever the
  // case. Code::invalid before it is locked.
  Status match(const RowBatch& rows);

  // The value that belongs into a column, for a row of the batch matched last:
  // null, or of the column's kind, see fit.h. Text lives until the next
  // match(), or as long as the batch.
  Value value(const RowBatch& rows, std::size_t row, std::size_t column) {
    const std::size_t position = positions_[column];
    if (position == kAbsent) return {};
    const Value& value = rows.at(row, position);
    return is_of_kind(columns_[column].kind, value) ? value
                                                    : convert(value, column);
  }

  // To be reported with the others: the target did not take a value of the
  // column.
  void note_misfit(std::string_view column) { losses_.add_misfit(column); }

  // What was dropped for the first time since the last call; empty if nothing
  // was. For WriteReport::notice(), once all rows are written.
  std::string take_report() { return losses_.take(); }

 private:
  static constexpr std::size_t kAbsent = SIZE_MAX;

  void match_exact(const RowBatch& rows);
  void match_changed(const RowBatch& rows);
  void match_ignoring_case(const RowBatch& rows);
  void place(std::size_t position, std::size_t column);
  Value convert(const Value& value, std::size_t column);
  void publish();

  const SchemaLockOptions options_;
  ColumnNames names_;
  std::vector<LockedColumn> columns_;
  std::vector<std::string> sources_;    // the names they have in batches
  std::vector<bool> has_source_;        // whether those are more than a guess
  std::vector<Column> views_;           // of columns_
  std::vector<std::size_t> positions_;  // in the batch, by column
  bool is_cut_ = false;                 // the first batch had more columns
  std::vector<bool> taken_;   // columns of the batch that have a place
  std::size_t unplaced_ = 0;  // how many have none
  Arena arena_;               // texts of the batch that were made
  LossReport losses_;
};

}  // namespace stogger
