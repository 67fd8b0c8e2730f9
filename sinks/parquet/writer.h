// Writes rows to a Parquet file that stays complete: keeps them in memory until
// a checkpoint, which makes them readable in the file whatever becomes of this
// process.
//
// A checkpoint writes the row groups that are full for good. The rows behind
// them become a row group of their own that the next checkpoint replaces by a
// larger one: frequent checkpoints do not make for small row groups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "row/schema.h"
#include "sinks/parquet/encoder.h"
#include "sinks/parquet/ledger.h"
#include "sinks/parquet/twin_files.h"
#include "stogger/row.h"
#include "stogger/sink.h"

namespace stogger {

struct ParquetSettings {
  TwinFilesOptions files;
  ParquetEncoding encoding;
  bool times_as_text = false;
  std::size_t row_group_rows = 65536;  // at most
  bool group_by_batch = false;         // a row group never has rows of two
  std::int64_t checkpoint_ns = 0;      // 0: not by time
  std::uint64_t checkpoint_rows = 0;   // 0: not by number
  std::uint64_t roll_bytes = 0;        // 0: not by size
  std::int64_t roll_ns = 0;            // 0: not by time
  std::string service;                 // kept with the file
  // Rows of log events come one at a time: where they cannot be written, that
  // is not tried again with each.
  bool patient = false;
};

class ParquetWriter {
 public:
  // The rows are those that the schema was matched with last.
  ParquetWriter(const ParquetSettings& settings, Schema& schema)
      : settings_(settings),
        schema_(schema),
        encoder_(settings.encoding),
        files_(settings.files) {}

  Status open();
  Status check(CheckFindings& findings) const { return files_.check(findings); }
  bool is_open() const noexcept { return files_.is_open(); }
  // Of the file; open() may have to choose another one.
  const std::string& path() const noexcept { return files_.path(); }
  // What is not written stays in memory, as far as there is room. *taken tells
  // how many rows are written or in memory. Those that have been before, in
  // another process maybe (see ParquetLedger), count as written.
  Status write(const RowBatch& rows, std::size_t* taken);
  Status checkpoint();
  // Completes the file and puts it aside, so that the schema may change before
  // the next rows.
  Status end_columns();
  // Makes the checkpoint that is due by now.
  Status tick(Time now);
  // Completes the file, and lets go of it, in any case.
  Status close();
  void abandon() noexcept;

  // Why rows may be stored twice, and which files of others have got another
  // name, if that has not been reported.
  bool has_report() const noexcept {
    return ledger_.has_report() || !report_.empty();
  }
  std::string take_report();

  std::uint64_t written() const noexcept { return written_; }
  std::uint64_t buffered() const noexcept { return pending_ - published_; }
  // From the first attempt that failed until rows are in the file again.
  bool is_failing() const noexcept { return failing_; }

 private:
  void add(const RowBatch& rows, std::size_t first, std::size_t count);
  void look_for_stranger();
  void note(const std::string& report);
  void complete_group();
  std::size_t memory() const noexcept;
  bool is_checkpoint_due(Time now) const noexcept;
  Status attend(Time now);
  Status publish(bool complete);
  void encode_all(bool complete);
  void settle(bool complete);
  void begin_anew() noexcept;
  void drop_published() noexcept;
  bool is_roll_due(Time now) const noexcept;
  bool needs_end() const noexcept;
  bool is_waiting(Time now) const noexcept;
  Status roll();

  const ParquetSettings& settings_;
  Schema& schema_;
  ParquetEncoder encoder_;
  ParquetFooter footer_;  // of what stays in the file
  TwinFiles files_;
  ParquetLedger ledger_;

  std::vector<ParquetRows> full_;  // row groups to come
  std::size_t full_memory_ = 0;    // bytes, roughly
  std::vector<ParquetRows> rows_;  // one, behind those; none before any row
  std::vector<ParquetRows> spare_;
  std::size_t pending_ = 0;    // rows in full_ and rows_
  std::size_t published_ = 0;  // of these, the first ones: in the file, too
  bool is_complete_ = true;    // the file says so itself
  std::uint64_t written_ = 0;
  Time oldest_;  // when the first row came that is not published
  Time begun_;   // when the first row of the file came
  Time failed_;  // when it was last found that rows cannot be written
  bool failing_ = false;
  std::uint64_t file_size_ = 0;
  std::string report_;

  Buffer added_;
  Buffer end_;
};

}  // namespace stogger
