// The csv sink: rows as lines of a CSV file, which several processes may write
// to.
//
// Options: path (required), columns, mode (append; for samples truncate),
// for_people (false), file_mode, folder_mode.
// Safe after write(): the rows are with the kernel and survive the end of this
// process. flush() and close() add nothing.
#include "format/csv.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/quote.h"
#include "row/standard_columns.h"
#include "sinks/builtin.h"
#include "sinks/common/columns.h"
#include "sinks/common/paths.h"
#include "sinks/csv/csv_file.h"
#include "sinks/csv/csv_samples.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptMemory = 256 * 1024;

// Where the names of columns live.
std::vector<Column> views_of(const std::vector<std::string>& names) {
  std::vector<Column> columns;
  columns.reserve(names.size());
  for (const std::string& name : names) columns.push_back({name, Kind::null});
  return columns;
}

RowBatch as_batch(const std::vector<Column>& columns) noexcept {
  RowBatch batch;
  batch.columns = columns.data();
  batch.column_count = columns.size();
  return batch;
}

class CsvSink final : public Sink {
 public:
  CsvSink(std::string path, CsvFileOptions file, std::vector<std::string> names,
          CsvText texts)
      : path_(std::move(path)),
        names_(std::move(names)),
        columns_(views_of(names_)),
        texts_(texts),
        file_(std::move(file)) {}

  Status open() override { return file_.open(); }

  Status check(CheckFindings& findings) override {
    return file_.check(findings);
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    if (!file_.is_open()) {
      return Status(Code::unavailable,
                    "not open: open() was not called or failed");
    }
    if (rows.row_count == 0) return {};
    Status status = match_columns(columns(), rows, &positions_);
    if (!status.ok()) {
      refuse_all(rows, status.message(), report);
      return {};
    }
    lines_.clear();
    for (std::size_t i = 0; i < rows.row_count; ++i) encode(rows, i);
    status = file_.append(lines_.view(), rows.now);
    lines_.recycle(kKeptMemory);
    if (file_.has_complaint()) report.notice(file_.take_complaint());
    if (status.ok()) written_ += rows.row_count;
    return status;
  }

  Status close() override { return file_.close(); }

  void abandon() noexcept override { file_.abandon(); }

  RowForm form() const noexcept override { return RowForm::table; }
  RowBatch columns() const noexcept override { return as_batch(columns_); }
  bool tally(Tally* tally) const noexcept override {
    tally->written = written_;
    return true;
  }
  std::string_view target() const noexcept override { return path_; }

 private:
  void encode(const RowBatch& rows, std::size_t row) {
    cells_.resize(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells_[i] =
          positions_[i] == kNoColumn ? Value() : rows.at(row, positions_[i]);
    }
    append_csv_row(lines_, cells_.data(), cells_.size(), texts_);
  }

  const std::string path_;
  const std::vector<std::string> names_;
  const std::vector<Column> columns_;  // views of names_
  const CsvText texts_;
  CsvFile file_;
  std::vector<std::size_t> positions_;  // in the batch, by column
  std::vector<Value> cells_;
  Buffer lines_;
  std::uint64_t written_ = 0;
};

// For samples without the option: none, as they follow from the first ones.
std::vector<std::string> read_columns(Options& options) {
  if (!options.has("columns")) {
    if (options.for_samples()) return {};
    std::vector<std::string> names;
    for (const Column& column : kStandardColumns) {
      names.emplace_back(column.name);
    }
    return names;
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options.list_size("columns"); ++i) {
    const std::string name(options.list_item("columns", i));
    if (name.empty()) {
      options.problem("columns", "must not contain an empty name");
    } else if (std::find(names.begin(), names.end(), name) != names.end()) {
      options.problem("columns", "contains " + quoted(name) + " twice");
    }
    names.push_back(name);
  }
  if (names.empty() && !options.has_problem("columns")) {
    options.problem("columns", "must name a column");
  }
  return names;
}

}  // namespace

Status make_csv_sink(Options& options, SinkPtr* sink) {
  const std::string path = read_path(options);
  std::vector<std::string> names = read_columns(options);
  CsvFileOptions file;
  file.path = absolute_path(path);
  file.modes = read_file_modes(options);
  file.truncate =
      options.choice("mode", {"append", "truncate"},
                     options.for_samples() ? "truncate" : "append") ==
      "truncate";
  file.clock = options.clock();
  const CsvText texts = options.boolean("for_people", false)
                            ? CsvText::for_people
                            : CsvText::exact;
  Status status = options.finish();
  if (!status.ok()) return status;
  if (options.for_samples()) {
    sink->reset(new CsvSampleSink(path, std::move(file), names, texts));
    return {};
  }
  const std::vector<Column> columns = views_of(names);
  Buffer header;
  append_csv_header(header, as_batch(columns), texts);
  file.header = header.view();
  sink->reset(new CsvSink(path, std::move(file), std::move(names), texts));
  return {};
}

}  // namespace stogger
