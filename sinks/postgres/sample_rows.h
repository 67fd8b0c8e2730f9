// SampleRows: what batches of samples become for a table: each value in its
// column, as the kind the column takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row/schema.h"
#include "sinks/postgres/column.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class SampleRows {
 public:
  explicit SampleRows(bool times_as_text);

  // The columns of a table to be created, by its first rows.
  Status begin(const RowBatch& rows) { return schema_.set_from(rows); }
  const std::vector<SchemaColumn>& columns() const noexcept {
    return schema_.columns();
  }
  // Keeps to the columns of the table as it is now.
  Status follow(const std::vector<PostgresColumn>& columns);
  // The table could not be created.
  void forget() noexcept { schema_.clear(); }

  // The rows with the columns of the table. Valid until the next call, and as
  // long as the rows are.
  Status project(const RowBatch& rows, RowBatch* projected);

  // A value of the column did not fit after all.
  void note_misfit(std::string_view column) { schema_.note_misfit(column); }
  // See Schema.
  std::string take_report() { return schema_.take_report(); }

 private:
  Schema schema_;
  std::vector<Value> values_;
};

}  // namespace stogger
