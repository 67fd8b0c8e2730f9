// RowEncoder: from rows to what PostgreSQL reads in binary form: parameters of
// one row, tuples of a binary COPY, arrays for unnest().
// Formats: PostgreSQL 15 documentation, COPY, "Binary Format"; the send and
// receive functions of the types (timestamp.c, jsonb.c, arrayfuncs.c).
//
// Knows no connection. Allocates nothing once its buffers have grown.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "sinks/postgres/column.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class RowEncoder {
 public:
  // A table without the column `data` loses fields that have no column; their
  // number is counted by the caller's rows, not here.
  explicit RowEncoder(std::vector<PostgresColumn> columns);

  const std::vector<PostgresColumn>& columns() const noexcept;
  // For Sink::columns(). Valid as long as this object.
  RowBatch wanted() const noexcept;

  // Finds out which of the batch's columns each of the table's is. Those that
  // the batch lacks will be null. Code::rejected if the batch has a column that
  // the table has not.
  Status match(const RowBatch& rows);

  // Encodes one row of the batch matched last. A value that does not fit its
  // column (type, range, length) leaves the column null and goes into `data`
  // under the same key. Texts named `event` or `level` are cut to 2000 bytes
  // at a character's boundary, for an index takes no more, and are whole in
  // data as `_event_full` or `_level_full`. What is no UTF-8, and NUL, becomes
  // U+FFFD. A null `data` becomes {}.
  // Code::rejected if a required column would be null: names it.
  Status encode(const RowBatch& rows, std::size_t row);

  // The row encoded last, as libpq wants parameters; all are binary. A null
  // pointer is null. Valid until the next encode().
  const char* const* parameter_values() const noexcept;
  const int* parameter_lengths() const noexcept;

  // The row encoded last, as a tuple of COPY.
  void append_tuple(Buffer* out) const;
  static void append_copy_header(Buffer* out);
  static void append_copy_trailer(Buffer* out);

 private:
  // To be filled in by the author of row_encoder.cc.
};

// Columns of many rows as arrays. Rows are added one by one after encode().
class ArrayEncoder {
 public:
  explicit ArrayEncoder(const std::vector<PostgresColumn>& columns);

  void clear() noexcept;
  void add(const RowEncoder& row);
  // As for RowEncoder; the arrays of all rows added since clear().
  void finish();
  const char* const* parameter_values() const noexcept;
  const int* parameter_lengths() const noexcept;

 private:
  // To be filled in by the author of row_encoder.cc.
};

}  // namespace stogger
