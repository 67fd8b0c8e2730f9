// SqliteSampleSink: samples into a table of a SQLite database, which has the
// columns of the first batch, or those it had before.
//
// Each batch is one transaction: after write() all of its rows are committed,
// or, if it failed, none. Times are stored as RFC 3339 text with microseconds,
// booleans as 0 and 1, NaN as null.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "row/schema.h"
#include "sinks/sqlite/database.h"
#include "sinks/sqlite/insert.h"
#include "sinks/sqlite/table.h"
#include "stogger/sink.h"

namespace stogger {

class SqliteSampleSink final : public Sink {
 public:
  SqliteSampleSink(std::string path, SqliteSettings settings, std::string table,
                   bool create_table);

  Status open() override;
  Status check(CheckFindings& findings) override;
  Status write(const RowBatch& rows, WriteReport& report) override;
  Status close() override;
  void abandon() noexcept override { database_.abandon(); }
  RowBatch columns() const noexcept override { return lock_.wanted(); }
  bool tally(Tally* tally) const noexcept override;
  std::string_view target() const noexcept override { return path_; }

 private:
  Status find_table(bool* exists);
  Status check_table(CheckFindings& findings);
  Status no_table() const;
  Status begin_table(const RowBatch& rows);
  Status prepare_insert(std::vector<SqliteColumn> columns);
  Status find_file(Time now);
  Status insert_all(const RowBatch& rows);
  int insert_rows(const RowBatch& rows);

  const std::string path_;
  const std::string table_;
  const bool create_table_;
  SqliteDatabase database_;
  Schema lock_;
  SqliteInsert insert_;
  std::vector<Value> row_;
  Time checked_;
  std::uint64_t written_ = 0;
};

}  // namespace stogger
