#include "sinks/csv/csv_samples.h"

#include <utility>

#include "os/file.h"
#include "sinks/common/paths.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptMemory = 256 * 1024;

}  // namespace

CsvSampleSink::CsvSampleSink(std::string path, CsvFileOptions file,
                             const std::vector<std::string>& names,
                             CsvText texts)
    : path_(std::move(path)), options_(std::move(file)), texts_(texts) {
  std::vector<SchemaColumn> columns;
  columns.reserve(names.size());
  // Any value goes into a cell: the lock is for the names alone.
  for (const std::string& name : names) {
    columns.push_back({name, Kind::null});
  }
  if (!columns.empty()) {
    static_cast<void>(lock_.set(std::move(columns)));
  }
}

Status CsvSampleSink::open() {
  if (open_) return {};
  Status status = file_ ? file_->open() : begin_file();
  if (status.ok() && !file_ && lock_.is_set()) {
    status = lock_columns({});
  }
  open_ = status.ok();
  if (open_) options_.truncate = false;
  return status;
}

Status CsvSampleSink::check(CheckFindings& findings) {
  CsvFileOptions options = options_;
  Buffer header;
  if (lock_.is_set()) append_csv_header(header, lock_.wanted());
  options.header = header.view();
  return CsvFile(std::move(options)).check(findings);
}

Status CsvSampleSink::begin_file() const {
  Folder folder;
  File file;
  Status status = folder.open(options_.path, options_.modes, true);
  if (!status.ok()) return status;
  return file.open_append(folder, folder.name(), options_.truncate);
}

// From now on there is a header.
Status CsvSampleSink::lock_columns(const RowBatch& rows) {
  if (!lock_.is_set()) {
    if (Status status = lock_.set_from(rows); !status.ok()) return status;
    locked_by_rows_ = true;
  }
  Buffer header;
  append_csv_header(header, lock_.wanted(), texts_);
  CsvFileOptions options = options_;
  options.header = header.view();
  options.truncate = false;
  file_.emplace(std::move(options));
  Status status = file_->open();
  if (status.ok()) return status;
  // What comes next may have other columns.
  file_.reset();
  if (std::exchange(locked_by_rows_, false)) lock_.clear();
  return status;
}

Status CsvSampleSink::write(const RowBatch& rows, WriteReport& report) {
  if (!open_) {
    return Status(Code::unavailable,
                  "not open: open() was not called or failed");
  }
  if (rows.row_count == 0) return {};
  Status status = file_ ? Status() : lock_columns(rows);
  if (!status.ok()) return status;
  lock_.match(rows);
  lines_.clear();
  cells_.resize(lock_.columns().size());
  for (std::size_t i = 0; i < rows.row_count; ++i) encode(rows, i);
  status = file_->append(lines_.view(), rows.now);
  lines_.recycle(kKeptMemory);
  if (file_->has_complaint()) report.notice(file_->take_complaint());
  if (!status.ok()) return status;
  written_ += rows.row_count;
  if (const std::string losses = lock_.take_report(); !losses.empty()) {
    report.notice(losses);
  }
  return {};
}

void CsvSampleSink::encode(const RowBatch& rows, std::size_t row) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    cells_[i] = lock_.value(rows, row, i);
  }
  append_csv_row(lines_, cells_.data(), cells_.size(), texts_);
}

Status CsvSampleSink::close() {
  open_ = false;
  return file_ ? file_->close() : Status();
}

void CsvSampleSink::abandon() noexcept {
  open_ = false;
  if (file_) file_->abandon();
}

}  // namespace stogger
