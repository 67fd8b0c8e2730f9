// The sqlite sink: rows into a table of a SQLite database, which several
// processes may write to.
//
// Options: path (required), table, create_table, columns, journal_mode,
// synchronous, busy_timeout_ms, file_mode, folder_mode. For samples, see
// SqlitePolicy. Safe after write(): the rows are committed and survive the end
// of this process; with synchronous = "FULL" that of the machine, too. flush()
// adds nothing. close() leaves a single file if nobody else has it open.
//
// Text and JSON are stored as text, times as RFC 3339 text in UTC, booleans as
// 0 and 1. SQLite has no unsigned integers and no NaN: integers above
// INT64_MAX are stored as text, all digits of them, and NaN as the text "NaN".
#include <sqlite3.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/names.h"
#include "base/quote.h"
#include "row/declared_columns.h"
#include "sinks/builtin.h"
#include "sinks/common/paths.h"
#include "sinks/sqlite/database.h"
#include "sinks/sqlite/files.h"
#include "sinks/sqlite/ledger.h"
#include "sinks/sqlite/rows.h"

namespace stogger {
namespace {

class SqliteSink final : public Sink {
 public:
  SqliteSink(std::string path, SqliteSettings settings, std::string table,
             bool create_table, const std::vector<SchemaColumn>& declared,
             const SqlitePolicy& policy)
      : path_(std::move(path)),
        whole_batches_(policy.whole_batches),
        database_(std::move(settings)),
        ledger_(database_, table, create_table),
        rows_(database_, std::move(table), create_table, declared, policy) {}

  Status open() override {
    if (database_.is_open()) return {};
    Status status = database_.open();
    if (!status.ok()) return status;
    const FileSizeSignal no_signal(database_.is_size_limited());
    status = database_.lock(SqliteDatabase::kOpeningMs);
    if (status.ok()) {
      ledger_.forget();
      status = rows_.open();
      database_.unlock();
    }
    if (!status.ok()) database_.close();
    return status;
  }

  Status check(CheckFindings& findings) override {
    Status status = database_.look(findings);
    if (status.ok()) status = rows_.check(findings);
    database_.close();
    return status;
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    if (!database_.is_open()) {
      return Status(Code::unavailable,
                    "not open: open() was not called or failed");
    }
    if (rows.row_count == 0) return {};
    const FileSizeSignal no_signal(database_.is_size_limited());
    Status status = find_file(rows);
    if (status.ok()) {
      status = database_.lock(SqliteDatabase::time_for(rows),
                              report.waited_ns() / 1000000);
    }
    if (!status.ok()) return status;
    status = rows_.match(rows);
    if (status.ok()) status = insert(rows, report);
    if (database_.is_open()) database_.checkpoint_if_due();
    database_.unlock();
    if (status.ok() && rows_.has_report()) report.notice(rows_.take_report());
    if (ledger_.has_report()) report.notice(ledger_.take_report());
    return status;
  }

  Status close() override {
    database_.close();
    return {};
  }

  void abandon() noexcept override { database_.abandon(); }

  std::int64_t deadline_ns() const noexcept override {
    return database_.deadline_ms() * 1000000;
  }
  RowForm form() const noexcept override { return RowForm::table; }
  RowBatch columns() const noexcept override { return rows_.columns(); }
  bool tally(Tally* tally) const noexcept override {
    *tally = {};
    tally->written = written_;
    return true;
  }
  std::string_view target() const noexcept override { return path_; }

 private:
  // A file that was moved or deleted would go on taking rows.
  Status find_file(const RowBatch& rows) {
    if (!is_check_due(rows.now, &checked_) || !database_.has_moved()) return {};
    database_.close();
    Status status = open();
    if (!status.ok() || rows_.has_all_of(rows)) return status;
    // Rows are made for the columns there were when the sink was opened.
    database_.close();
    return Status(Code::unavailable,
                  "the file was replaced by one with other columns");
  }

  Status insert(const RowBatch& rows, WriteReport& report) {
    return rows.row_count == 1 && rows.origin == nullptr
               ? insert_one(rows, report)
               : insert_all(rows, report);
  }

  // A single INSERT is a transaction, and takes the write lock at once.
  Status insert_one(const RowBatch& rows, WriteReport& report) {
    const int result = rows_.insert(rows, 0);
    if (result == SQLITE_DONE) {
      ++written_;
      return {};
    }
    // Only letting go of the lock failed, perhaps: after that the row is there.
    if (result == SQLITE_IOERR_UNLOCK || result == SQLITE_IOERR_RDLOCK) {
      report.in_doubt(0);
    }
    Status status = rows_.failure(result);
    if (status.code() != Code::rejected) return status;
    report.refuse(0, status.message());
    return {};
  }

  Status insert_all(const RowBatch& rows, WriteReport& report) {
    Status status = database_.run("BEGIN IMMEDIATE", kInserting);
    if (!status.ok()) return status;
    std::size_t first = 0;
    std::size_t refused = 0;
    const bool has_ledger = rows.origin != nullptr;
    if (has_ledger) status = ledger_.find(rows, &first);
    if (status.ok()) status = insert_from(rows, first, report, &refused);
    if (status.ok() && has_ledger && first < rows.row_count) {
      status = ledger_.store(rows);
    }
    if (status.ok()) status = database_.run("COMMIT", kInserting);
    if (status.ok()) {
      written_ += rows.row_count - refused;
      return {};
    }
    database_.rollback();
    ledger_.look_again();
    if (!is_whole(rows) || status.code() != Code::rejected) return status;
    written_ += first;
    for (std::size_t i = first; i < rows.row_count; ++i) {
      report.refuse(i, status.message());
    }
    return {};
  }

  // Of a batch with a row that is refused, none is stored. A queue on disk has
  // nobody who could hand the others over once more.
  bool is_whole(const RowBatch& rows) const noexcept {
    return whole_batches_ && rows.origin == nullptr;
  }

  // In a transaction, which goes on if it returns ok.
  Status insert_from(const RowBatch& rows, std::size_t first,
                     WriteReport& report, std::size_t* refused) {
    for (std::size_t i = first; i < rows.row_count; ++i) {
      if (!is_in_transaction()) return ended_transaction();
      const int result = rows_.insert(rows, i);
      if (result == SQLITE_DONE) continue;
      Status status = rows_.failure(result);
      if (status.code() != Code::rejected || is_whole(rows) ||
          !is_in_transaction()) {
        return status;
      }
      ++*refused;
      report.refuse(i, status.message());
    }
    return is_in_transaction() ? Status() : ended_transaction();
  }

  // After some failures SQLite ends a transaction by itself, also of a
  // statement that does without what it failed to find out. What follows would
  // be committed for itself.
  static Status ended_transaction() {
    return Status(Code::unavailable,
                  std::string(kInserting) +
                      ": SQLite has ended the transaction by itself");
  }
  bool is_in_transaction() const noexcept {
    return database_.is_open() &&
           sqlite3_get_autocommit(database_.connection()) == 0;
  }

  const std::string path_;
  const bool whole_batches_;
  SqliteDatabase database_;
  SqliteLedger ledger_;
  SqliteRows rows_;
  Time checked_;
  std::uint64_t written_ = 0;
};

void check_table_name(Options& options, const std::string& table) {
  if (!is_identifier(table)) {
    options.problem("table",
                    std::string(kIdentifierRule) + "; it is " + quoted(table));
  } else if (equal_ignoring_case(table.substr(0, 7), "sqlite_")) {
    options.problem("table", "must not begin with sqlite_");
  }
}

// Who may write to the index of the log, which is mapped, can cut it.
void warn_of_writers(Options& options, const SqliteSettings& settings) {
  if (settings.journal_mode != "WAL" || (settings.modes.file & S_IWGRP) == 0) {
    return;
  }
  options.warning("file_mode",
                  "lets a group write, and journal_mode is WAL: each user of "
                  "that group can end the programs that log here; set "
                  "journal_mode = \"DELETE\" if not all of them are trusted");
}

}  // namespace

Status make_sqlite_sink(Options& options, SinkPtr* sink) {
  const std::string path = read_path(options);
  const bool samples = options.for_samples();
  const std::string table(
      options.text("table", samples ? "samples" : "stogger_logs"));
  const bool create_table = options.boolean("create_table", true);
  check_table_name(options, table);
  // A table for log events that the sink makes has a column `id` as well.
  const std::vector<SchemaColumn> declared =
      samples ? read_declared_columns(options)
              : read_declared_columns(options, {"id"});
  SqliteSettings settings;
  settings.path = absolute_path(path);
  settings.modes = read_file_modes(options);
  settings.journal_mode =
      options.choice("journal_mode", {"WAL", "DELETE", "TRUNCATE"}, "WAL");
  settings.synchronous =
      options.choice("synchronous", {"OFF", "NORMAL", "FULL"}, "NORMAL");
  settings.busy_timeout_ms =
      options.integer("busy_timeout_ms", samples ? 5000 : 250, 0, 60000);
  settings.clock = options.clock();
  warn_of_writers(options, settings);
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new SqliteSink(path, std::move(settings), table, create_table,
                             declared,
                             samples ? kSqliteSamples : kSqliteEvents));
  return {};
}

}  // namespace stogger
