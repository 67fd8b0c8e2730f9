// The parquet sink: rows into a file of the Parquet format, one process a file.
//
// Options: path (required), columns, on_new_column, mode, file_mode,
// folder_mode, compression, compression_level, use_dictionary, row_groups,
// row_group_rows, checkpoint_s, checkpoint_rows, roll_bytes, roll_s, times,
// sync. Safe after write(): what a checkpoint has made readable, which write()
// does by itself now and then; the rest is in memory. flush() is a checkpoint.
// close() completes the file; the sink goes on in it if it is opened again.
//
// Rows of a queue on disk are stored once (see ledger.h).
//
// A file that exists when the first rows come is given a dated name first, or
// is overwritten with mode = "truncate".
#include "sinks/parquet/parquet.h"

#include <string>
#include <utility>
#include <vector>

#include "row/declared_columns.h"
#include "row/schema.h"
#include "sinks/common/paths.h"
#include "sinks/parquet/writer.h"

namespace stogger {
namespace {

constexpr double kNanoseconds = 1e9;

class ParquetSink final : public Sink {
 public:
  ParquetSink(ParquetSettings settings, std::vector<SchemaColumn> declared,
              bool rolls, bool for_samples)
      : settings_(std::move(settings)),
        declared_(std::move(declared)),
        rolls_(rolls),
        for_samples_(for_samples),
        schema_({.times_as_text = settings_.times_as_text,
                 .unsigned_integers = true},
                declared_),
        writer_(settings_, schema_) {}
  ~ParquetSink() override {
    try {
      static_cast<void>(writer_.close());
    } catch (...) {
      // No memory even for the message, and nobody to hear it.
    }
  }

  Status open() override {
    if (!for_samples_) {
      const Kind times = settings_.times_as_text ? Kind::text : Kind::time;
      Status status = schema_.set(standard_schema(times, declared_));
      if (!status.ok()) return status;
    }
    return writer_.open();
  }

  Status check(CheckFindings& findings) override {
    return writer_.check(findings);
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    if (!writer_.is_open()) {
      return Status(Code::unavailable,
                    "not open: open() was not called or failed");
    }
    if (rows.row_count == 0) return {};
    if (!schema_.is_set()) {
      if (Status status = schema_.set_from(rows); !status.ok()) return status;
    }
    if (rolls_ && schema_.has_room()) {
      if (Status status = make_place(rows); !status.ok()) return status;
    }
    schema_.match(rows);
    std::size_t taken = 0;
    Status status = writer_.write(rows, &taken);
    if (schema_.has_report()) report.notice(schema_.take_report());
    if (writer_.has_report()) report.notice(writer_.take_report());
    return taken == rows.row_count ? unless_kept(std::move(status), report)
                                   : status;
  }

  Status flush() override {
    Status status = writer_.checkpoint();
    if (!writer_.is_failing()) says_kept_ = false;
    return status;
  }

  Status tick(Time now, WriteReport& report) override {
    Status status = writer_.tick(now);
    if (writer_.has_report()) report.notice(writer_.take_report());
    return unless_kept(std::move(status), report);
  }

  Status close() override {
    Status status = writer_.close();
    const std::uint64_t kept = writer_.buffered();
    if (status.ok() || kept == 0) return status;
    return Status(status.code(), std::string(status.message()) + " (" +
                                     std::to_string(kept) +
                                     (kept == 1 ? " row stays" : " rows stay") +
                                     " in memory until it can be written)");
  }

  void abandon() noexcept override { writer_.abandon(); }

  RowForm form() const noexcept override { return RowForm::table; }
  RowBatch columns() const noexcept override { return schema_.wanted(); }
  bool tally(Tally* tally) const noexcept override {
    *tally = {};
    tally->written = writer_.written();
    tally->buffered = writer_.buffered();
    return true;
  }
  std::string_view target() const noexcept override { return writer_.path(); }

 private:
  // For new columns, in another file.
  Status make_place(const RowBatch& rows) {
    schema_.find(rows);
    if (!schema_.has_unplaced()) return {};
    Status status = writer_.end_columns();
    if (status.ok()) schema_.add_unplaced(rows);
    return status;
  }

  // The rows are in memory: of log events the next ones are welcome, too, and
  // the failure is a notice. A pipe of samples has to know at once.
  Status unless_kept(Status status, WriteReport& report) {
    if (for_samples_) return status;
    if (!writer_.is_failing()) says_kept_ = false;
    if (!status.ok() && !std::exchange(says_kept_, true)) {
      report.notice(std::string(status.message()) +
                    "; rows wait in memory, up to 64 MiB of them, until they "
                    "can be written");
    }
    return {};
  }

  const ParquetSettings settings_;
  const std::vector<SchemaColumn> declared_;
  const bool rolls_;  // for new columns
  const bool for_samples_;
  Schema schema_;
  ParquetWriter writer_;
  bool says_kept_ = false;  // it has since the writer began to fail
};

ParquetEncoding read_encoding(Options& options) {
  ParquetEncoding encoding;
  const std::string_view compression =
      options.choice("compression", {"zstd", "snappy", "gzip", "none"}, "zstd");
  encoding.compression = compression == "zstd"     ? ParquetCompression::zstd
                         : compression == "snappy" ? ParquetCompression::snappy
                         : compression == "gzip"   ? ParquetCompression::gzip
                                                   : ParquetCompression::none;
  const bool is_gzip = encoding.compression == ParquetCompression::gzip;
  encoding.level = static_cast<int>(options.integer(
      "compression_level", is_gzip ? 6 : 3, 1, is_gzip ? 9 : 22));
  encoding.use_dictionary = options.boolean("use_dictionary", true);
  if (encoding.compression != ParquetCompression::zstd && !is_gzip &&
      options.has("compression_level")) {
    options.problem("compression_level",
                    "is for compression = \"zstd\" and \"gzip\" only");
  }
  return encoding;
}

}  // namespace

Status make_parquet_sink(Options& options, SinkPtr* sink) {
  constexpr double kDay = 86400;
  constexpr double kYear = 366 * kDay;
  constexpr std::int64_t kMostRows = 16 * 1024 * 1024;
  ParquetSettings settings;
  settings.files.path = absolute_path(read_path(options));
  settings.files.overwrite =
      options.choice("mode", {"keep", "truncate"}, "keep") == "truncate";
  settings.files.sync = options.boolean("sync", true);
  settings.files.clock = options.clock();
  settings.files.modes = read_file_modes(options);
  settings.encoding = read_encoding(options);
  settings.times_as_text =
      options.choice("times", {"native", "text"}, "native") == "text";
  settings.group_by_batch =
      options.choice("row_groups", {"rows", "batch"}, "rows") == "batch";
  settings.row_group_rows = static_cast<std::size_t>(options.integer(
      "row_group_rows", settings.group_by_batch ? kMostRows : 65536, 1,
      kMostRows));
  settings.checkpoint_ns = static_cast<std::int64_t>(
      options.real("checkpoint_s", 10, 0, kDay) * kNanoseconds);
  settings.checkpoint_rows = static_cast<std::uint64_t>(
      options.integer("checkpoint_rows", 0, 0, INT64_MAX));
  settings.roll_bytes = static_cast<std::uint64_t>(
      options.integer("roll_bytes", 0, 0, INT64_MAX));
  settings.roll_ns = static_cast<std::int64_t>(
      options.real("roll_s", 0, 0, kYear) * kNanoseconds);
  settings.service = options.identifier();
  settings.patient = !options.for_samples();
  std::vector<SchemaColumn> declared = read_declared_columns(options);
  const bool rolls = read_rolls_on_new_column(options);
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new ParquetSink(std::move(settings), std::move(declared), rolls,
                              options.for_samples()));
  return {};
}

}  // namespace stogger
