// A database that someone else made, as the input says: DDL from a grammar, or
// bytes. The sink opens it, writes rows and closes it. It must not crash, no
// call may take longer than its deadline, and what it counts as written must be
// there.
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/builtin.h"
#include "stogger/row.h"
#include "stogger/sink.h"
#include "tests/support/kept_report.h"

namespace {

using stogger::Status;

constexpr std::int64_t kMillisecond = 1000000;
constexpr std::int64_t kTimeout = 30;  // ms, of the sink
// What a busy machine and a sanitizer may add. Opening may take 2 s by design.
constexpr std::int64_t kSlack = 700 * kMillisecond;
constexpr std::int64_t kOpening = 2200 * kMillisecond;

void check(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : data_(data), size_(size) {}

  unsigned byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  unsigned below(unsigned limit) { return byte() % limit; }
  bool is_empty() const { return size_ == 0; }
  std::string_view rest() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

template <std::size_t N>
const char* any(Input& input, const char* const (&texts)[N]) {
  return texts[input.below(N)];
}

constexpr const char* kTypes[] = {"",     "TEXT",    "INTEGER", "REAL",
                                  "BLOB", "NUMERIC", "ANY",     "BOOLEAN",
                                  "UUID", "DATETIME"};
constexpr const char* kFunctions[] = {"abs",
                                      "hex",
                                      "zeroblob",
                                      "randomblob",
                                      "length",
                                      "lower",
                                      "printf",
                                      "quote",
                                      "replace",
                                      "instr",
                                      "json_extract",
                                      "json",
                                      "json_group_array",
                                      "group_concat",
                                      "typeof",
                                      "total_changes",
                                      "last_insert_rowid",
                                      "load_extension",
                                      "fts3_tokenizer",
                                      "unknown",
                                      "max",
                                      "substr",
                                      "raise_",
                                      "like",
                                      "glob",
                                      "rtreecheck",
                                      "sum"};
constexpr const char* kValues[] = {"NULL",
                                   "0",
                                   "-1",
                                   "200000000",
                                   "9223372036854775807",
                                   "1e999",
                                   "'x'",
                                   "''",
                                   "x'00'",
                                   "'{\"a\":[1]}'",
                                   "new.event",
                                   "new.rowid",
                                   "timestamp",
                                   "data",
                                   "event",
                                   "id",
                                   "CURRENT_TIMESTAMP",
                                   "\"unknown\""};
constexpr const char* kOperators[] = {" + ",    " || ", " = ",
                                      " LIKE ", " -> ", " % ",
                                      " AND ",  " < ",  " COLLATE NOCASE = "};

std::string expression(Input& input, int depth) {
  switch (depth == 0 ? 0 : input.below(6)) {
    case 1: {
      std::string text = std::string(any(input, kFunctions)) + "(";
      for (unsigned i = 0, count = input.below(4); i < count; ++i) {
        text += (i == 0 ? "" : ", ") + expression(input, depth - 1);
      }
      return text + ")";
    }
    case 2: {
      std::string text = "(" + expression(input, depth - 1);
      text += any(input, kOperators);
      return text + expression(input, depth - 1) + ")";
    }
    case 3:
      return "(CASE WHEN " + expression(input, depth - 1) + " THEN " +
             expression(input, depth - 1) + " END)";
    case 4:
      return "(SELECT " + expression(input, depth - 1) + ")";
    default:
      return any(input, kValues);
  }
}

std::string column(Input& input, const std::string& name) {
  std::string text = name + " " + any(input, kTypes);
  switch (input.below(10)) {
    case 0:
      return text + " DEFAULT (" + expression(input, 3) + ")";
    case 1:
      return text + " DEFAULT (1 -- a comment\n)";
    case 2:
      return text + " NOT NULL";
    case 3:
      return text + " AS (" + expression(input, 3) + ") STORED";
    case 4:
      return text + " AS (" + expression(input, 2) + ")";
    case 5:
      return text + " CHECK (" + expression(input, 2) + ")";
    case 6:
      return text + " UNIQUE";
    case 7:
      return text + " DEFAULT 'd'";
    default:
      return text;
  }
}

constexpr const char* kNames[] = {
    "timestamp", "level", "event", "func",          "scope",    "data",
    "id",        "rowid", "extra", "\"we\"\"ird\"", "\"sql x\""};
constexpr const char* kTables[] = {"stogger_logs", "base", "found", "other",
                                   "seen"};

std::string columns(Input& input) {
  const unsigned count = 6 + input.below(std::size(kNames) - 5);
  std::string text;
  for (unsigned i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ", ") + column(input, kNames[i]);
  }
  if (input.below(8) == 0) text += ", PRIMARY KEY (event)";
  return text;
}

std::string statement(Input& input) {
  const std::string table = any(input, kTables);
  switch (input.below(14)) {
    case 0:
      return "DELETE FROM " + table + " WHERE " + expression(input, 2);
    case 1:
      return "UPDATE " + table + " SET event = " + expression(input, 3);
    case 2:
      return "SELECT RAISE(IGNORE) WHERE " + expression(input, 2);
    case 3:
      return "SELECT RAISE(ABORT, 'no') WHERE " + expression(input, 2);
    case 4:
      return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
             "SELECT " +
             expression(input, 2) + ", count(*) FROM n";
    case 5:
      return "WITH RECURSIVE n(i) AS (SELECT " + expression(input, 2) +
             " UNION SELECT " + expression(input, 3) +
             " FROM n) INSERT INTO other SELECT i FROM n";
    case 6:
      return "INSERT INTO stogger_logs SELECT * FROM " + table;
    case 7:
      return "INSERT INTO found(rowid, event) VALUES (new.rowid, new.event)";
    case 8:
      return "INSERT OR REPLACE INTO " + table + " VALUES (" +
             expression(input, 2) + ", 1, 2)";
    case 9:
      return "INSERT INTO base SELECT new.timestamp, new.level, new.event, "
             "new.func, new.scope, new.data";
    case 10:
      return "SELECT RAISE(" +
             std::string(input.below(2) == 0 ? "FAIL" : "ROLLBACK") + ", 'no')";
    case 11:
      return "UPDATE found_data SET block = x'00'";
    default:
      return "SELECT " + expression(input, 4) + " FROM " + table;
  }
}

std::string definition(Input& input) {
  switch (input.below(12)) {
    case 0:
      return "CREATE TABLE base (" + columns(input) + ")";
    case 1:
      return "CREATE VIEW stogger_logs AS SELECT * FROM base";
    case 2:
      return "CREATE TRIGGER t" + std::to_string(input.below(9)) +
             " INSTEAD OF INSERT ON stogger_logs BEGIN " + statement(input) +
             "; " + statement(input) + "; END";
    case 3:
      return "CREATE VIRTUAL TABLE found USING fts5(event, data)";
    case 4:
      return "CREATE VIRTUAL TABLE found USING rtree(event, low, high)";
    case 5:
      return "CREATE VIRTUAL TABLE stogger_logs USING fts5(timestamp, level, "
             "event, func, scope, data)";
    case 6:
      return "CREATE VIRTUAL TABLE found USING fts4(event, data)";
    case 7:
      return "CREATE INDEX i" + std::to_string(input.below(9)) +
             " ON stogger_logs (" + expression(input, 2) + ")";
    case 8:
      return "CREATE VIEW seen AS SELECT a.event, b.* FROM " +
             std::string(any(input, kTables)) + " a, " + any(input, kTables) +
             " b";
    case 9:
      return "CREATE TABLE other (x " + std::string(any(input, kTypes)) + ")";
    default: {
      constexpr const char* kWhen[] = {" BEFORE ", " AFTER "};
      std::string text = "CREATE TRIGGER t" + std::to_string(input.below(9));
      text += any(input, kWhen);
      text += "INSERT ON stogger_logs ";
      if (input.below(3) == 0) text += "WHEN " + expression(input, 2);
      return text + " BEGIN " + statement(input) + "; END";
    }
  }
}

// The maker's own statements may be as slow as the sink's.
int stop_when_late(void* steps) {
  return ++*static_cast<int*>(steps) > 200 ? 1 : 0;
}

void make_database(Input& input, const std::string& path) {
  sqlite3* maker = nullptr;
  check(sqlite3_open(path.c_str(), &maker) == SQLITE_OK, "cannot make it");
  sqlite3_limit(maker, SQLITE_LIMIT_LENGTH, 1000000);
  sqlite3_exec(maker, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY",
               nullptr, nullptr, nullptr);
  const auto run = [&](const std::string& sql) {
    int steps = 0;
    sqlite3_progress_handler(maker, 1000, &stop_when_late, &steps);
    sqlite3_exec(maker, sql.c_str(), nullptr, nullptr, nullptr);
  };
  if (input.below(4) != 0) {
    run("CREATE TABLE stogger_logs (" + columns(input) + ")" +
        (input.below(6) == 0 ? " STRICT" : ""));
  }
  for (int i = 0; i < 12 && !input.is_empty(); ++i) run(definition(input));
  sqlite3_close(maker);
}

// Bytes of the input over some of those of the file.
void damage(Input& input, const std::string& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<unsigned>(file.tellg());
  if (size == 0) return;
  for (int i = 0; i < 8 && !input.is_empty(); ++i) {
    const unsigned at = (input.byte() << 16 | input.byte() << 8 | input.byte());
    // Mostly in the first pages, where the schema is.
    file.seekp(static_cast<std::streamoff>(
        (input.below(2) == 0 ? at % 4096 : at) % size));
    for (unsigned j = 0, count = 1 + input.below(16); j < count; ++j) {
      file.put(static_cast<char>(input.byte()));
    }
  }
}

std::int64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * std::int64_t{1000000000} + time.tv_nsec;
}

template <typename Call>
Status timed(const char* what, std::int64_t most, const Call& call) {
  const std::int64_t before = now_ns();
  Status status = call();
  check(now_ns() - before < most, what);
  return status;
}

stogger::Tally tally_of(const stogger::Sink& sink) {
  stogger::Tally tally;
  check(sink.tally(&tally), "the sink does not count");
  return tally;
}

Status write_rows(stogger::Sink& sink, Input& input, std::size_t count,
                  std::size_t* refused) {
  using stogger::Column;
  using stogger::Value;
  // The columns that the sink wants, as the renderer gives them.
  const stogger::RowBatch wanted = sink.columns();
  std::string text(input.below(2) == 0 ? 3 : 5000, 'x');
  std::vector<Value> values;
  for (std::size_t i = 0; i < count * wanted.column_count; ++i) {
    const std::size_t column = i % wanted.column_count;
    if (column == 0) {
      values.emplace_back(stogger::Time{1795225168656642000});
    } else if (column < 6) {
      values.emplace_back(std::string_view(text));
    } else if (input.below(2) == 0) {
      values.emplace_back(nullptr);
    } else {
      values.emplace_back(static_cast<std::int64_t>(input.byte()));
    }
  }
  stogger::RowBatch rows;
  rows.columns = wanted.columns;
  rows.column_count = wanted.column_count;
  rows.values = values.data();
  rows.row_count = count;
  rows.now = stogger::Time{1795225168656642000};
  stogger::KeptReport said;
  Status status = sink.write(rows, said);
  *refused = said.refused.size();
  return status;
}

void use(Input& input, const std::string& path) {
  const stogger::Field fields[] = {
      {"path", path},
      {"busy_timeout_ms", kTimeout},
      {"synchronous", "OFF"},
      {"journal_mode", input.below(3) == 0 ? "DELETE" : "WAL"}};
  stogger::Options options("sqlite", fields);
  stogger::SinkPtr sink;
  check(stogger::make_sqlite_sink(options, &sink).ok(), "no sink");
  for (int i = 0; i < 2; ++i) {
    if (!timed("open() is slow", kOpening, [&] { return sink->open(); }).ok()) {
      continue;
    }
    for (const std::size_t count : {1u, 3u, 1u}) {
      const std::uint64_t before = tally_of(*sink).written;
      std::size_t refused = 0;
      const Status status =
          timed("write() is slow", kTimeout * kMillisecond + kSlack,
                [&] { return write_rows(*sink, input, count, &refused); });
      const std::uint64_t written = tally_of(*sink).written - before;
      check(written <= count, "more rows than were given");
      check(!status.ok() || written + refused == count,
            "ok, and other rows are missing than those refused");
      check(status.ok() || written < count, "not ok, and all are there");
      if (!status.ok()) break;
    }
    static_cast<void>(
        timed("close() is slow", kSlack, [&] { return sink->close(); }));
  }
}

void remove_all(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::filesystem::remove_all(entry.path(), error);
  }
}

// Never destroyed: it is used at exit.
const std::string& folder() {
  static const std::string* const path = [] {
    char name[] = "/tmp/stogger-fuzz-XXXXXX";
    check(::mkdtemp(name) != nullptr, "no folder");
    std::atexit([] {
      remove_all(folder());
      ::rmdir(folder().c_str());
    });
    return new std::string(name);
  }();
  return *path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  Input input(data, size);
  const std::string path = folder() + "/log.db";
  remove_all(folder());
  const unsigned kind = input.below(8);
  if (kind == 0) {
    std::ofstream(path, std::ios::binary) << input.rest();
  } else {
    make_database(input, path);
    if (kind < 3) damage(input, path);
  }
  use(input, path);
  return 0;
}
