// RowEncoder: from rows to what PostgreSQL reads in binary form: parameters of
// one row, and tuples of a binary COPY.
// Formats: PostgreSQL 15 documentation, COPY, "Binary Format"; the send and
// receive functions of the types (timestamp.c, jsonb.c, arrayfuncs.c).
//
// Knows no connection. Allocates nothing once its buffers have grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "row/column_matcher.h"
#include "sinks/postgres/column.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class RowEncoder {
 public:
  // For samples no column is special: neither `data`, `event` nor `level`.
  explicit RowEncoder(std::vector<PostgresColumn> columns,
                      bool for_samples = false);
  RowEncoder(const RowEncoder&) = delete;
  RowEncoder& operator=(const RowEncoder&) = delete;

  const std::vector<PostgresColumn>& columns() const noexcept {
    return columns_;
  }
  // For Sink::columns(). With `data` even if the table has no such column, so
  // that fields which have no place do not vanish unseen. Valid as long as this
  // object.
  RowBatch wanted() const noexcept;

  // Finds out which of the batch's columns each of the table's is. Those that
  // the batch lacks will be null. What the batch has and the table lacks goes
  // into `data`: the table may have changed since the rows were made for it.
  void match(const RowBatch& rows);

  // Encodes one row of the batch matched last. A value that does not fit its
  // column (see append_postgres_value()) leaves the column null and goes into
  // `data` under the same key. Texts named `event` or `level` are cut to what
  // their column holds, and to 2000 bytes, for an index takes little more; they
  // are whole in data as `_event_full` or `_level_full`. A null `data` becomes
  // {}; one that is no object becomes one, with the member `data`, if anything
  // is added to it.
  // In jsonb, which indexes are made of, JSON with very many values becomes
  // text: see few_values.h. Not of samples, for which there is more time.
  // Code::rejected if a required column would be null: names it.
  Status encode(const RowBatch& rows, std::size_t row);

  // The columns, by position, that a statement for the row encoded last leaves
  // to the server: the row is null there, and they have a default.
  const std::vector<std::size_t>& left_out() const noexcept {
    return left_out_;
  }

  // Fields, or all fields of a row at once, that fit no column and had no
  // `data` to go to, since the beginning.
  std::uint64_t unplaced() const noexcept { return unplaced_; }

  // The names of those of the row encoded last.
  std::size_t unplaced_count() const noexcept {
    return has_data() ? 0 : rest_.size();
  }
  std::string_view unplaced_name(std::size_t index) const noexcept {
    return rest_[index].key;
  }

  // The row encoded last, without what is left out, as libpq wants parameters;
  // all are binary. A null pointer is null. Valid until the next encode().
  std::size_t parameter_count() const noexcept {
    return columns_.size() - left_out_.size();
  }
  const char* const* parameter_values() const noexcept {
    return values_.data();
  }
  const int* parameter_lengths() const noexcept { return lengths_.data(); }

  // The row encoded last, without what is left out, as a tuple of COPY.
  void append_tuple(Buffer* out) const;
  static void append_copy_header(Buffer* out);
  static void append_copy_trailer(Buffer* out);

 private:
  struct Member {
    std::string_view key;
    Value value;
  };

  bool has_data() const noexcept { return data_ != columns_.size(); }
  const Value& value_of(const RowBatch& rows, std::size_t row,
                        std::size_t column) const noexcept;
  bool append_value(const PostgresColumn& column, const Value& value);
  bool append_cut(const PostgresColumn& column, std::string_view text);
  std::string_view json_of_data(const Value& data);
  void append_data(const Value& data);
  void limit_json(Buffer& out, std::size_t start);
  void append_members(std::string_view data);
  void find_fields();
  Status check_nulls();
  void leave_out_nulls();

  const std::vector<PostgresColumn> columns_;
  const bool for_samples_;
  std::vector<Column> views_;  // of columns_, for others
  std::size_t data_;       // the column that takes the rest, if there is one
  ColumnMatcher matcher_;  // of views_
  std::vector<std::size_t> without_column_;  // positions in the batch

  // The row encoded last, as the fields of a tuple, and that of `data`, which
  // comes last because it depends on the others, and where in between it
  // belongs.
  Buffer fields_;
  Buffer data_field_;
  std::size_t data_place_ = 0;
  std::vector<std::size_t> starts_;  // of each value in its buffer
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<Member> rest_;  // what goes into `data`
  std::vector<std::size_t> left_out_;

  std::uint64_t unplaced_ = 0;
  Buffer scratch_;
};

}  // namespace stogger
