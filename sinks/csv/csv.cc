// The csv sink: rows as lines of a CSV file, which several processes may write
// to.
//
// Options: path (required), columns (a list in place of the standard six, or of
// those of the first samples; or a table of columns besides them),
// on_new_column, mode (append; for samples truncate), for_people (false),
// file_mode, folder_mode. Safe after write(): the rows are with the kernel and
// survive the end of this process. flush() and close() add nothing.
#include "format/csv.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/options.h"
#include "base/quote.h"
#include "os/file.h"
#include "os/folder.h"
#include "row/declared_columns.h"
#include "row/schema.h"
#include "sinks/builtin.h"
#include "sinks/common/paths.h"
#include "sinks/csv/csv_file.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptMemory = 256 * 1024;

struct CsvColumns {
  std::vector<SchemaColumn> given;
  std::vector<SchemaColumn> declared;  // if none are given
  bool rolls = false;                  // for new ones
};

class CsvSink final : public Sink {
 public:
  // `file` lacks its header, which follows from the columns: these, or those of
  // the first rows if none are given.
  CsvSink(std::string path, CsvFileOptions file, CsvColumns columns,
          CsvText texts)
      : path_(std::move(path)),
        options_(std::move(file)),
        texts_(texts),
        rolls_(columns.rolls),
        schema_({.any_kind = true}, std::move(columns.declared)) {
    if (schema_.set(std::move(columns.given)).ok()) make_file();
  }

  // Before there are columns, an empty file.
  Status open() override {
    if (file_) return file_->open();
    Status status = begin_file();
    begun_ = status.ok();
    if (begun_) options_.truncate = false;
    return status;
  }

  Status check(CheckFindings& findings) override {
    return file_ ? file_->check(findings) : CsvFile(options_).check(findings);
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    if (!(file_ ? file_->is_open() : begun_)) {
      return Status(Code::unavailable,
                    "not open: open() was not called or failed");
    }
    if (rows.row_count == 0) return {};
    if (!file_) {
      if (Status status = take_columns(rows); !status.ok()) return status;
    }
    if (rolls_ && file_->can_be_set_aside() && schema_.has_room()) {
      schema_.find(rows);
      if (schema_.has_unplaced()) {
        if (Status status = roll(rows); !status.ok()) return status;
      }
    }
    Status status = append(rows);
    if (file_->has_complaint()) report.notice(file_->take_complaint());
    if (!status.ok()) return status;
    written_ += rows.row_count;
    if (schema_.has_report()) report.notice(schema_.take_report());
    return {};
  }

  Status close() override {
    begun_ = false;
    return file_ ? file_->close() : Status();
  }

  void abandon() noexcept override {
    begun_ = false;
    if (file_) file_->abandon();
  }

  RowForm form() const noexcept override { return RowForm::table; }
  RowBatch columns() const noexcept override { return schema_.wanted(); }
  bool tally(Tally* tally) const noexcept override {
    tally->written = written_;
    return true;
  }
  std::string_view target() const noexcept override { return path_; }

 private:
  // Its header comes with the first rows.
  Status begin_file() const {
    Folder folder;
    File file;
    Status status = folder.open(options_.path, options_.modes, true);
    if (!status.ok()) return status;
    return file.open_append(folder, folder.name(), options_.truncate);
  }

  Status take_columns(const RowBatch& rows) {
    if (Status status = schema_.set_from(rows); !status.ok()) return status;
    make_file();
    Status status = file_->open();
    if (status.ok()) return status;
    // What comes next may have other columns.
    file_.reset();
    schema_.clear();
    return status;
  }

  // The file that there is has other columns now, and so is set aside.
  Status roll(const RowBatch& rows) {
    Status status = file_->close();
    if (!status.ok()) return status;
    schema_.add_unplaced(rows);
    options_.truncate = false;
    make_file();
    return file_->open();
  }

  void make_file() {
    Buffer header;
    append_csv_header(header, schema_.wanted(), texts_);
    CsvFileOptions options = options_;
    options.header = header.view();
    file_.emplace(std::move(options));
  }

  Status append(const RowBatch& rows) {
    schema_.match(rows);
    lines_.clear();
    cells_.resize(schema_.columns().size());
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        cells_[i] = schema_.value(rows, row, i);
      }
      append_csv_row(lines_, cells_.data(), cells_.size(), texts_);
    }
    Status status = file_->append(lines_.view(), rows.now);
    lines_.recycle(kKeptMemory);
    return status;
  }

  const std::string path_;
  CsvFileOptions options_;
  const CsvText texts_;
  const bool rolls_;  // for new columns
  // A cell takes any value: only names matter, unless a type is declared.
  Schema schema_;
  std::optional<CsvFile> file_;  // as soon as there are columns
  bool begun_ = false;           // before that: the empty file is there
  std::vector<Value> cells_;
  Buffer lines_;
  std::uint64_t written_ = 0;
};

std::vector<SchemaColumn> read_column_list(Options& options) {
  std::vector<SchemaColumn> columns;
  for (std::size_t i = 0; i < options.list_size(kColumnsOption); ++i) {
    SchemaColumn column{std::string(options.list_item(kColumnsOption, i)),
                        Kind::null};
    if (column.name.empty()) {
      options.problem(kColumnsOption, "must not contain an empty name");
    } else if (std::any_of(columns.begin(), columns.end(),
                           [&](const SchemaColumn& other) {
                             return other.name == column.name;
                           })) {
      options.problem(kColumnsOption,
                      "contains " + quoted(column.name) + " twice");
    }
    columns.push_back(std::move(column));
  }
  if (columns.empty() && !options.has_problem(kColumnsOption)) {
    options.problem(kColumnsOption, "must name a column");
  }
  return columns;
}

// Without a list: the standard six and those that are declared, or for samples
// those of the first ones and those that are declared.
CsvColumns read_columns(Options& options) {
  CsvColumns columns;
  if (options.has(kColumnsOption) &&
      !OptionsAccess::is_table(options, kColumnsOption)) {
    columns.given = read_column_list(options);
    return columns;
  }
  columns.declared = read_declared_columns(options);
  if (options.for_samples()) return columns;
  columns.given = standard_schema();
  for (SchemaColumn& column : columns.given) column.kind = Kind::null;
  columns.given.insert(columns.given.end(), columns.declared.begin(),
                       columns.declared.end());
  return columns;
}

}  // namespace

Status make_csv_sink(Options& options, SinkPtr* sink) {
  const std::string path = read_path(options);
  CsvColumns columns = read_columns(options);
  columns.rolls = read_rolls_on_new_column(options);
  if (columns.rolls && !columns.given.empty()) {
    options.problem("on_new_column",
                    "cannot be \"roll\" where \"columns\" lists all of them");
  }
  CsvFileOptions file;
  file.path = absolute_path(path);
  file.modes = read_file_modes(options);
  file.truncate =
      options.choice("mode", {"append", "truncate"},
                     options.for_samples() ? "truncate" : "append") ==
      "truncate";
  file.each_truncates = options.for_samples();
  file.clock = options.clock();
  const CsvText texts = options.boolean("for_people", false)
                            ? CsvText::for_people
                            : CsvText::exact;
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new CsvSink(path, std::move(file), std::move(columns), texts));
  return {};
}

}  // namespace stogger
