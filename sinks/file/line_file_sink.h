// LineFileSink: what the sinks `file` and `jsonl` have in common.
//
// flush = "line": write() hands every row to the kernel with one write(2); for
// a batch, one for all. Rows that it does not take are lost.
//
// flush = "block": rows are collected in a buffer of 128 KiB. It goes to the
// kernel when it is full, in tick(), flush() and close(), and with the first
// row that comes more than a second after the oldest one in it. If that fails,
// the rows stay, also over close() and open(); each later write() tries again
// until the file takes them. What the buffer has no room for is lost.
//
// A row is either there in full, or not at all: see LogFile::take_back().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "sinks/file/json_keys.h"
#include "sinks/file/log_file.h"
#include "stogger/sink.h"

namespace stogger {

class LineFileSink final : public Sink {
 public:
  LineFileSink(LogFileOptions options, RowForm form, JsonKeys keys,
               bool in_blocks);
  ~LineFileSink() override;

  Status open() override;
  Status check(CheckFindings& findings) override {
    return file_.check(findings);
  }
  // Notices say what the file cannot do besides, such as to be rotated.
  Status write(const RowBatch& rows, WriteReport& report) override;
  Status flush() override;
  Status tick(Time now, WriteReport& report) override;
  Status close() override;
  void abandon() noexcept override;
  RowForm form() const noexcept override { return form_; }
  RowBatch columns() const noexcept override { return keys_.columns(); }
  bool tally(Tally* tally) const noexcept override;
  std::string_view target() const noexcept override { return file_.path(); }

 private:
  Status write_rows(const RowBatch& rows);
  Status write_line(std::string_view line, Time now);
  Status write_lines(const RowBatch& rows);
  bool buffer_line(const RowBatch& rows);
  Status write_buffered(const RowBatch& rows);
  void buffer_row(const RowBatch& rows, std::size_t row);
  Status drain();
  std::size_t rows_within(std::size_t first,
                          std::uint64_t bytes) const noexcept;
  void forget_rows(std::size_t count) noexcept;
  void clear() noexcept;

  bool in_blocks_;
  bool stuck_ = false;  // the last attempt to write the buffer failed
  RowForm form_;
  Buffer buffer_;
  std::vector<std::size_t> ends_;  // of each row in the buffer
  Time oldest_;                    // when the first of them came
  Time now_;                       // of the last batch
  std::uint64_t written_ = 0;
  LogFile file_;
  const JsonKeys keys_;
};

}  // namespace stogger
