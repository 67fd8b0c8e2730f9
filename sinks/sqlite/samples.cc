#include "sinks/sqlite/samples.h"

#include <sqlite3.h>

#include <cmath>
#include <utility>

#include "base/quote.h"
#include "sinks/common/columns.h"
#include "sinks/common/paths.h"
#include "sinks/sqlite/files.h"
#include "sinks/sqlite/table.h"

namespace stogger {
namespace {

constexpr std::string_view kAction = "the INSERT failed";

}  // namespace

SqliteSampleSink::SqliteSampleSink(std::string path, SqliteSettings settings,
                                   std::string table, bool create_table)
    : path_(std::move(path)),
      table_(std::move(table)),
      create_table_(create_table),
      database_(std::move(settings)),
      lock_({.ignore_case = true, .times_as_text = true}) {}

Status SqliteSampleSink::open() {
  if (database_.is_open()) return {};
  Status status = database_.open();
  if (!status.ok()) return status;
  const FileSizeSignal no_signal(database_.is_size_limited());
  status = database_.lock(SqliteDatabase::kOpeningMs);
  if (status.ok()) {
    bool exists = false;
    lock_.clear();
    status = find_table(&exists);
    if (status.ok() && !exists && !create_table_) {
      status = no_table();
    }
    database_.unlock();
  }
  if (!status.ok()) database_.close();
  return status;
}

Status SqliteSampleSink::check(CheckFindings& findings) {
  Status status = database_.look(findings);
  if (status.ok()) status = check_table(findings);
  database_.close();
  lock_.clear();
  return status;
}

Status SqliteSampleSink::check_table(CheckFindings& findings) {
  bool exists = false;
  if (database_.is_open()) {
    Status status = find_table(&exists);
    if (!status.ok() || exists) return status;
  }
  if (!create_table_) return no_table();
  findings.would_change("would create the table " + quoted(table_) +
                        " with the columns of the first batch");
  return {};
}

Status SqliteSampleSink::no_table() const {
  return Status(Code::invalid, "there is no table " + quoted(table_) +
                                   ": create it, or set create_table = true");
}

// If it is there, its columns are those to write to.
Status SqliteSampleSink::find_table(bool* exists) {
  std::vector<SqliteColumn> found;
  Status status = read_sqlite_columns(database_, table_, &found);
  *exists = !found.empty();
  if (!status.ok() || !*exists) return status;
  std::vector<SchemaColumn> columns;
  for (const SqliteColumn& column : found) {
    columns.push_back({column.name, column.kind});
  }
  status = lock_.set(std::move(columns));
  return status.ok() ? prepare_insert(std::move(found)) : status;
}

Status SqliteSampleSink::begin_table(const RowBatch& rows) {
  bool exists = false;
  Status status = find_table(&exists);
  if (!status.ok() || exists) return status;
  if (!create_table_) {
    return Status(Code::unavailable,
                  "the table " + quoted(table_) + " is gone");
  }
  status = lock_.set_from(rows);
  if (status.ok()) {
    status = create_sample_table(database_, table_, lock_.columns());
  }
  if (status.ok()) {
    std::vector<SqliteColumn> columns;
    for (const SchemaColumn& column : lock_.columns()) {
      columns.push_back({column.name, column.kind});
    }
    status = prepare_insert(std::move(columns));
  }
  if (!status.ok()) lock_.clear();
  return status;
}

Status SqliteSampleSink::prepare_insert(std::vector<SqliteColumn> columns) {
  row_.resize(columns.size());
  return insert_.prepare(database_, table_, std::move(columns));
}

// A file that was moved or deleted would go on taking rows.
Status SqliteSampleSink::find_file(Time now) {
  if (!is_check_due(now, &checked_) || !database_.has_moved()) return {};
  database_.close();
  return open();
}

Status SqliteSampleSink::write(const RowBatch& rows, WriteReport& report) {
  if (!database_.is_open()) {
    return Status(Code::unavailable,
                  "not open: open() was not called or failed");
  }
  if (rows.row_count == 0) return {};
  const FileSizeSignal no_signal(database_.is_size_limited());
  Status status = find_file(rows.now);
  if (status.ok()) status = database_.lock(SqliteDatabase::time_for(rows));
  if (!status.ok()) return status;
  if (!lock_.is_set()) status = begin_table(rows);
  if (status.ok()) lock_.match(rows);
  bool refused = false;
  if (status.ok()) {
    status = insert_all(rows);
    refused = status.code() == Code::rejected;
  }
  if (database_.is_open()) database_.checkpoint_if_due();
  database_.unlock();
  if (refused) {
    // None of the batch is stored, whichever row it was.
    refuse_all(rows, status.message(), report);
    return {};
  }
  if (!status.ok()) return status;
  written_ += rows.row_count;
  if (const std::string losses = lock_.take_report(); !losses.empty()) {
    report.notice(losses);
  }
  return {};
}

Status SqliteSampleSink::insert_all(const RowBatch& rows) {
  Status status = database_.run("BEGIN IMMEDIATE", kAction);
  if (!status.ok()) return status;
  const int result = insert_rows(rows);
  if (result == SQLITE_DONE) {
    status = database_.run("COMMIT", kAction);
  } else {
    status = insert_.failure(result, kAction);
  }
  if (!status.ok()) database_.rollback();
  return status;
}

int SqliteSampleSink::insert_rows(const RowBatch& rows) {
  for (std::size_t i = 0; i < rows.row_count; ++i) {
    for (std::size_t j = 0; j < row_.size(); ++j) {
      row_[j] = lock_.value(rows, i, j);
      // SQLite has none.
      if (row_[j].kind() == Kind::real && std::isnan(row_[j].real())) {
        row_[j] = nullptr;
      }
    }
    const int result = insert_.insert(row_.data());
    if (result != SQLITE_DONE) return result;
  }
  return SQLITE_DONE;
}

Status SqliteSampleSink::close() {
  database_.close();
  return {};
}

bool SqliteSampleSink::tally(Tally* tally) const noexcept {
  tally->written = written_;
  return true;
}

}  // namespace stogger
