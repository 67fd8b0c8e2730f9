// SampleRows: what batches of samples become for a table: each value in its
// column, as the kind the column takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row/schema_lock.h"
#include "sinks/postgres/column.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class SampleRows {
 public:
  explicit SampleRows(bool times_as_text);

  // The columns of a table to be created, by its first rows.
  Status begin(const RowBatch& rows);
  const std::vector<LockedColumn>& columns() const noexcept {
    return lock_.columns();
  }
  // Keeps to the columns of the table as it is now.
  Status follow(const std::vector<PostgresColumn>& columns);
  // The table could not be created.
  void forget() noexcept { lock_.unlock(); }

  // The rows with the columns of the table. Valid until the next call, and as
  // long as the rows are.
  Status project(const RowBatch& rows, RowBatch* projected);

  // A value of the column did not fit after all.
  void note_misfit(std::string_view column) { lock_.note_misfit(column); }
  // See SchemaLock.
  std::string take_report() { return lock_.take_report(); }

 private:
  bool has_names_of(const std::vector<PostgresColumn>& columns) const;

  SchemaLock lock_;
  std::vector<Value> values_;
};

}  // namespace stogger
