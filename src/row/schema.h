// Schema: the columns of a table, and what becomes of each row there.
//
// The columns are given, are those of a table that exists, or are made of the
// first batch of rows and of what the configuration declares. They stay as they
// are, so that no later row changes the table unnoticed. Of every batch,
//   a column that the batch lacks is null,
//   a column that the table lacks is left out, and
//   a value that does not fit its column (see fit.h) is null;
// the last two are reported once for each name, by take_report(). Log events
// lose nothing so if one of the columns is `data`: render_table() has put there
// what has no other column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/limits.h"
#include "row/column_matcher.h"
#include "row/fit.h"
#include "row/loss_report.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

struct SchemaColumn {
  std::string name;
  // What it holds; Kind::null for values of every kind.
  Kind kind = Kind::text;
};

// The six of standard_columns.h, and then those that are declared; `times` is
// the kind of their time.
std::vector<SchemaColumn> standard_schema(
    Kind times = Kind::time, const std::vector<SchemaColumn>& declared = {});

// How columns are made of a first batch.
struct SchemaOptions {
  // For targets to which names are equal that differ only in the case of ASCII
  // letters. The later one of two such names in a first batch gets "_2"
  // appended, or the next number that makes it unique.
  bool ignore_case = false;
  // All columns are for every kind.
  bool any_kind = false;
  // Columns of times become columns of text, which holds RFC 3339.
  bool times_as_text = false;
  // For targets that have them: columns of integers with some above INT64_MAX
  // and none below 0 are Kind::unsigned_integer instead of text.
  bool unsigned_integers = false;
  // The most bytes a name may have, at least 16; longer ones are cut. 0: any.
  std::size_t longest_name = 0;
};

class Schema {
 public:
  // `declared`: columns that set_from() makes whatever is in the batch, and of
  // these kinds.
  explicit Schema(SchemaOptions options = {},
                  std::vector<SchemaColumn> declared = {}) noexcept
      : options_(options),
        declared_(std::move(declared)),
        matcher_(options.ignore_case, options.longest_name) {}

  // Takes these columns, in place of those it had. Where the names are the same
  // ones, what names they have in batches stays known.
  // Code::invalid if there are none.
  Status set(std::vector<SchemaColumn> columns);
  // Makes the columns of a first batch, in its order, and behind them those
  // that are declared and not in it, up to kMostColumns. Of columns that are
  // not declared, those with integers and reals are real; with values of any
  // other two kinds, with integers above INT64_MAX, or without values, text.
  // Names are made valid UTF-8 without NUL. Code::invalid if the batch has no
  // rows or no columns.
  Status set_from(const RowBatch& rows);
  // Back to the beginning: the table could not be created, or is another one.
  // What was reported is not reported again.
  void clear() noexcept;

  bool is_set() const noexcept { return !views_.empty(); }
  const std::vector<SchemaColumn>& columns() const noexcept { return columns_; }
  // For Sink::columns(). Valid until the columns change.
  RowBatch wanted() const noexcept {
    RowBatch wanted;
    wanted.columns = views_.data();
    wanted.column_count = views_.size();
    return wanted;
  }

  // Finds the columns in a batch: see ColumnMatcher. Only if they are set.
  void match(const RowBatch& rows) {
    find(rows);
    if (matcher_.has_unplaced()) note_unplaced(rows);
  }
  // The same for targets that have a place for what the table lacks: nothing
  // is reported.
  void find(const RowBatch& rows) {
    arena_.reset();
    matcher_.match(rows);
  }
  // Adds those that the table lacks of the batch found last, as set_from()
  // makes them, up to kMostColumns in all. Only where the table is replaced by
  // another one. The batch has to be found again.
  void add_unplaced(const RowBatch& rows);
  bool has_room() const noexcept { return columns_.size() < kMostColumns; }

  // For the batch matched last: whether it has columns that the table lacks,
  // and which.
  bool has_unplaced() const noexcept { return matcher_.has_unplaced(); }
  bool is_placed(std::size_t position) const noexcept {
    return matcher_.is_placed(position);
  }

  // The value that belongs into a column, for a row of the batch matched last,
  // as the batch has it; a null pointer if the batch lacks the column. For
  // targets that convert it by themselves.
  const Value* given(const RowBatch& rows, std::size_t row,
                     std::size_t column) const noexcept {
    const std::size_t position = matcher_.position(column);
    return position == ColumnMatcher::kAbsent ? nullptr
                                              : &rows.at(row, position);
  }

  // The same as the column holds it: null, or of the column's kind. Text lives
  // until the next match() or release_texts(), or as long as the batch.
  Value value(const RowBatch& rows, std::size_t row, std::size_t column) {
    const std::size_t position = matcher_.position(column);
    if (position == ColumnMatcher::kAbsent) return {};
    const Value& value = rows.at(row, position);
    return is_of_kind(views_[column].kind, value) ? value
                                                  : convert(value, column);
  }

  bool holds_text(std::size_t column) const noexcept {
    return views_[column].kind == Kind::text;
  }

  // For targets that are done with a row before they ask for the next one:
  // the memory of few rows stays in the cache.
  void release_texts() noexcept { arena_.reset(); }

  // To be reported with the others: the target did not take a value of the
  // column, perhaps because of its kind, or has no column of this name.
  void note_misfit(std::size_t column, const Value& value = {});
  void note_unknown(std::string_view name) { losses_.add_unknown(name); }

  // What was left out for the first time since the last call. For
  // WriteReport::notice(), once all rows are written.
  bool has_report() const noexcept { return !losses_.is_empty(); }
  std::string take_report() { return losses_.take(); }

 private:
  const SchemaColumn* find_declared(std::string_view name) const;
  bool has_names_of(const std::vector<SchemaColumn>& columns) const;
  void publish();
  void note_unplaced(const RowBatch& rows);
  Value convert(const Value& value, std::size_t column);

  const SchemaOptions options_;
  const std::vector<SchemaColumn> declared_;
  ColumnMatcher matcher_;
  std::vector<SchemaColumn> columns_;
  std::vector<Column> views_;  // of columns_
  bool is_cut_ = false;        // the first batch had more columns
  Arena arena_;                // texts of the batch that were made
  LossReport losses_;
};

}  // namespace stogger
