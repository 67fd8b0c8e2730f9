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

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
    Status status = rows_.may_create() ? Status() : find_content();
    if (status.ok()) status = database_.open();
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
    refused_.assign(rows.row_count, false);
    const std::uint64_t before = written_;
    Status status = find_file(rows);
    if (status.ok()) status = write_locked(rows, report);
    for (int i = 0; is_to_be_repeated(status, written_ != before); ++i) {
      written_ = before;
      status = i < kMostFiles ? open_again(rows) : deleted_again();
      if (status.ok()) status = write_locked(rows, report);
    }
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
  // An empty file that is made for nothing would look like a database.
  Status find_content() {
    bool is_there = false;
    Status status = database_.look_for_content(&is_there);
    return status.ok() && !is_there ? rows_.no_table() : status;
  }

  // How often the rows of a write() are stored again.
  static constexpr int kMostFiles = 3;

  // A file that was moved would go on taking rows.
  Status find_file(const RowBatch& rows) {
    if (!is_check_due(rows.now, &checked_) || !database_.has_moved()) return {};
    return open_again(rows);
  }

  // True for rows that have just been stored in a file that was deleted before,
  // and for rows that SQLite did not store because the file is elsewhere.
  bool is_to_be_repeated(const Status& status, bool has_stored) const noexcept {
    if (!database_.is_open()) return false;
    return status.ok() ? has_stored && database_.is_deleted()
                       : database_.has_moved();
  }
  static Status deleted_again() {
    return Status(Code::unavailable,
                  "other programs keep deleting the file: let them rename it");
  }

  Status open_again(const RowBatch& rows) {
    database_.close();
    Status status = open();
    if (!status.ok() || rows_.has_all_of(rows)) return status;
    // Rows are made for the columns there were when the sink was opened.
    database_.close();
    return Status(Code::unavailable,
                  "the file was replaced by one with other columns");
  }

  // Less the rows that were refused before.
  Status write_locked(const RowBatch& rows, WriteReport& report) {
    Status status = database_.lock(SqliteDatabase::time_for(rows),
                                   report.waited_ns() / 1000000);
    if (!status.ok()) return status;
    status = rows_.match(rows);
    if (status.ok()) {
      const bool is_one = rows.row_count == 1 && rows.origin == nullptr &&
                          !rows_.may_leave_parts();
      status = is_one ? insert_one(rows, report) : insert_all(rows, report);
    }
    if (database_.is_open()) database_.checkpoint_if_due();
    database_.unlock();
    return status;
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

  // In one transaction. A row may end it, though, and then all before that row
  // is taken back: it is stored again in a transaction of its own, and what
  // follows the row in another one.
  Status insert_all(const RowBatch& rows, WriteReport& report) {
    std::size_t next = 0;
    std::size_t end = rows.row_count;
    while (next < rows.row_count) {
      std::size_t end_of_next = end;
      bool again = false;
      Status status = insert_part(rows, next, &end_of_next, report, &again);
      if (!status.ok()) return status;
      if (!again) next = end_of_next;
      end = again ? end_of_next : rows.row_count;
    }
    return {};
  }

  // The rows from `next` to `*end`, in one transaction. If one of them ends it,
  // *end is behind that row, which is refused, and the rest is to be inserted
  // again.
  Status insert_part(const RowBatch& rows, std::size_t next, std::size_t* end,
                     WriteReport& report, bool* again) {
    Status status = database_.run("BEGIN IMMEDIATE", kInserting);
    if (!status.ok()) return status;
    const bool has_ledger = rows.origin != nullptr;
    std::size_t first = next;
    if (has_ledger) status = ledger_.find(rows, &first);
    first = std::max(first, next);
    if (status.ok()) {
      status = insert_from(rows, first, end, report, again);
    }
    if (status.ok() && *again) {
      ledger_.look_again();
      return {};
    }
    if (status.ok() && has_ledger && first < *end) {
      status = ledger_.store(rows, *end - 1);
    }
    if (status.ok()) status = database_.run("COMMIT", kInserting);
    if (status.ok()) {
      written_ += static_cast<std::uint64_t>(
          std::count(place_of(next), place_of(*end), false));
      return {};
    }
    database_.rollback();
    ledger_.look_again();
    if (!is_whole(rows) || status.code() != Code::rejected) return status;
    for (std::size_t i = next; i < rows.row_count; ++i) {
      report.refuse(i, status.message());
    }
    *end = rows.row_count;
    return {};
  }
  std::vector<bool>::const_iterator place_of(std::size_t row) const noexcept {
    return refused_.begin() + static_cast<std::ptrdiff_t>(row);
  }

  // Of a batch with a row that is refused, none is stored. A queue on disk has
  // nobody who could hand the others over once more.
  bool is_whole(const RowBatch& rows) const noexcept {
    return whole_batches_ && rows.origin == nullptr;
  }

  // In a transaction, which goes on if it returns ok and not *again.
  Status insert_from(const RowBatch& rows, std::size_t first, std::size_t* end,
                     WriteReport& report, bool* again) {
    for (std::size_t i = first; i < *end; ++i) {
      if (refused_[i]) continue;
      if (!is_in_transaction()) return ended_transaction();
      const int result = rows_.insert(rows, i);
      if (result == SQLITE_DONE) continue;
      Status status = rows_.failure(result);
      if (status.code() != Code::rejected || is_whole(rows)) return status;
      report.refuse(i, status.message());
      refused_[i] = true;
      if (rows_.may_leave_parts()) database_.rollback();
      // RAISE(ROLLBACK) in a trigger, or ON CONFLICT ROLLBACK, ends it, too.
      if (is_in_transaction()) continue;
      *end = i + 1;
      *again = true;
      return {};
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
  std::vector<bool> refused_;  // of the batch that is being inserted
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
