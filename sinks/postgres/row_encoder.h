// RowEncoder: from rows to what PostgreSQL reads in binary form: parameters of
// one row, and tuples of a binary COPY.
// Formats: PostgreSQL 15 documentation, COPY, "Binary Format"; the send and
// receive functions of the types (timestamp.c, jsonb.c, arrayfuncs.c).
//
// Knows no connection. Allocates nothing once its buffers have grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "row/schema.h"
#include "sinks/postgres/column.h"
#include "sinks/postgres/policy.h"
#include "sinks/postgres/server_encoding.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class RowEncoder {
 public:
  // Sets the columns of the schema, which outlives it, to these. With standard
  // columns, `data` is one of them even if the table has no such column, so
  // that fields which have no place do not vanish unseen.
  RowEncoder(std::vector<PostgresColumn> columns, const PostgresPolicy& policy,
             Schema& schema);
  RowEncoder(const RowEncoder&) = delete;
  RowEncoder& operator=(const RowEncoder&) = delete;

  // Characters that it lacks become question marks from now on; null: none.
  void set_encoding(std::shared_ptr<const ServerEncoding> encoding) noexcept {
    encoding_ = std::move(encoding);
  }
  // Whether that happened to any row so far.
  bool has_replaced() const noexcept { return has_replaced_; }

  const std::vector<PostgresColumn>& columns() const noexcept {
    return columns_;
  }
  // Finds out which of the batch's columns each of the table's is. Those that
  // the batch lacks will be null. What the batch has and the table lacks is put
  // aside: the table may have changed since the rows were made for it.
  void match(const RowBatch& rows);

  // Encodes one row of the batch matched last. A value that does not fit its
  // column (see append_postgres_value()) leaves the column null and is put
  // aside: it goes into `data` under the same key, or, without such a column,
  // into the report of the schema.
  // With standard columns, texts named `event` or `level` are cut to what their
  // column holds, and to 2000 bytes, for an index takes little more; what is
  // put aside as `_event_full` or `_level_full` is whole. A null `data` becomes
  // {}; one that is no object becomes one, with the member `data`, if anything
  // is added to it.
  // Code::rejected if a required column would be null: names it.
  Status encode(const RowBatch& rows, std::size_t row);

  // The columns, by position, that a statement for the row encoded last leaves
  // to the server: the row is null there, and they have a default.
  const std::vector<std::size_t>& left_out() const noexcept {
    return left_out_;
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
  bool append_value(std::size_t index, const Value& value);
  bool append_cut(const PostgresColumn& column, std::string_view text);
  std::string_view json_of_data(const Value& data);
  void put_aside(std::size_t column, std::string_view key, const Value& value);
  void append_data(const Value& data);
  void note_lost_data(const RowBatch& rows, std::size_t row);
  void limit_json(Buffer& out, std::size_t start);
  void fit_encoding(PostgresType type, Buffer& out, std::size_t start);
  void append_members(std::string_view data);
  void find_fields();
  Status check_nulls();
  void leave_out_nulls();

  const std::vector<PostgresColumn> columns_;
  const PostgresPolicy policy_;
  Schema& schema_;
  std::shared_ptr<const ServerEncoding> encoding_;
  bool has_replaced_ = false;
  std::size_t data_;  // the column that takes the rest, if there is one
  std::vector<bool> is_name_;                // of each column: it is cut
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
  Buffer scratch_;
};

}  // namespace stogger
