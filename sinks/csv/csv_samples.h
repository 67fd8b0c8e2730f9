// CsvSampleSink: samples as lines of a CSV file, with the columns of the first
// batch.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "format/csv.h"
#include "row/schema.h"
#include "sinks/csv/csv_file.h"
#include "stogger/sink.h"

namespace stogger {

class CsvSampleSink final : public Sink {
 public:
  // The header of `file` follows from the columns: those named, or those of the
  // first batch if there are none. Its `truncate` is done when this sink is
  // opened for the first time.
  CsvSampleSink(std::string path, CsvFileOptions file,
                const std::vector<std::string>& names, CsvText texts);

  // An empty file, if none is there: the header comes with the first rows.
  Status open() override;
  Status check(CheckFindings& findings) override;
  Status write(const RowBatch& rows, WriteReport& report) override;
  Status close() override;
  void abandon() noexcept override;
  RowBatch columns() const noexcept override { return lock_.wanted(); }
  bool tally(Tally* tally) const noexcept override {
    tally->written = written_;
    return true;
  }
  std::string_view target() const noexcept override { return path_; }

 private:
  Status begin_file() const;
  Status lock_columns(const RowBatch& rows);
  void encode(const RowBatch& rows, std::size_t row);

  const std::string path_;
  CsvFileOptions options_;
  const CsvText texts_;
  Schema lock_{{.any_kind = true}};
  std::optional<CsvFile> file_;  // once there is a header
  bool open_ = false;
  bool locked_by_rows_ = false;  // and not by names that were given
  std::vector<Value> cells_;
  Buffer lines_;
  std::uint64_t written_ = 0;
};

}  // namespace stogger
