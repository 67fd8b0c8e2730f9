#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/options.h"
#include "sinks/builtin.h"
#include "sinks/sqlite/files.h"
#include "sinks/sqlite/table.h"
#include "stogger/testing.h"
#include "tests/support/kept_report.h"
#include "tests/support/mode_of.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

SinkPtr make(const std::string& path, const std::vector<Field>& more = {},
             Clock* clock = nullptr) {
  std::vector<Field> fields = {{"path", path}};
  fields.insert(fields.end(), more.begin(), more.end());
  Options options("sqlite", Fields(fields.data(), fields.size()));
  OptionsAccess::set_clock(options, clock);
  SinkPtr sink;
  EXPECT_OK(make_sqlite_sink(options, &sink));
  return sink;
}

std::uintmax_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

class SqliteSink : public ::testing::Test {
 protected:
  SinkPtr open(const std::vector<Field>& more = {}) {
    clock_.set(kTestTime);
    SinkPtr sink = make(path_, more, &clock_);
    EXPECT_OK(sink->open());
    return sink;
  }
  std::string one(const std::string& sql) {
    return SqliteQuery(path_).one(sql);
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("log.db");
  testing::ManualClock clock_;
};

std::string integrity(const std::string& path) {
  SqliteQuery query(path);
  return std::string(
      query.rows("PRAGMA integrity_check").at(0).at(0).value().text());
}

// ---- What is written

TEST_F(SqliteSink, WritesTheColumnsOfAnEvent) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{.scope = "checkout"}})));
  SqliteQuery query(path_);
  const auto rows = query.rows("SELECT * FROM stogger_logs");
  ASSERT_EQ(rows.size(), 1u);
  const OwnedRow& row = rows[0];
  ASSERT_EQ(row.size(), 7u);
  EXPECT_EQ(row[0].name(), "id");
  EXPECT_EQ(row[0].value().integer(), 1);
  const std::pair<std::string_view, std::string_view> texts[] = {
      {"timestamp", "2026-11-21T01:39:28.656642Z"},
      {"level", "info"},
      {"event", "user-login"},
      {"func", "handle"},
      {"scope", "checkout"},
      {"data", R"({"user_id":42})"}};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(row[i + 1].name(), texts[i].first);
    EXPECT_EQ(row[i + 1].value().text(), texts[i].second);
  }
  EXPECT_EQ(sink->target(), path_);
}

TEST_F(SqliteSink, MakesTheTableAndItsIndexes) {
  open();
  SqliteQuery query(path_);
  EXPECT_EQ(query.one("SELECT sql FROM sqlite_schema WHERE type = 'table'"),
            "CREATE TABLE \"stogger_logs\" (id INTEGER PRIMARY KEY, timestamp "
            "TEXT NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
            "TEXT, scope TEXT, data TEXT NOT NULL DEFAULT '{}')");
  EXPECT_EQ(query.one("SELECT group_concat(name) FROM (SELECT name FROM "
                      "sqlite_schema WHERE type = 'index' ORDER BY name)"),
            "idx_stogger_logs_event,idx_stogger_logs_level,"
            "idx_stogger_logs_timestamp");
}

TEST_F(SqliteSink, TheTimeOfAnEventHasSixDigits) {
  SinkPtr sink = open();
  TableRow row;
  row.timestamp.ns += 999;
  EXPECT_OK(write_to(*sink, table_rows({row})));
  EXPECT_EQ(one("SELECT timestamp FROM stogger_logs"),
            "2026-11-21T01:39:28.656642Z");
}

TEST_F(SqliteSink, SetsTheFileUp) {
  SinkPtr sink = open();
  SqliteQuery query(path_);
  EXPECT_EQ(query.rows("PRAGMA journal_mode")[0][0].value().text(), "wal");
  EXPECT_EQ(query.rows("PRAGMA page_size")[0][0].value().integer(), 4096);
  EXPECT_EQ(query.rows("PRAGMA auto_vacuum")[0][0].value().integer(), 2);
}

TEST_F(SqliteSink, EveryKindOfValueIsBoundNatively) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp, level, "
      "event, func, scope, data, v)");
  SinkPtr sink = open();
  const auto stored = [&](const Value& value) {
    EXPECT_OK(write_to(*sink, field_rows({{{"event", "x"}, {"v", value}}})));
    SqliteQuery query(path_);
    return query.rows("SELECT v FROM stogger_logs ORDER BY id DESC LIMIT 1")
        .at(0)
        .at(0);
  };
  EXPECT_TRUE(stored(nullptr).value().is_null());
  EXPECT_EQ(stored(true).value().integer(), 1);
  EXPECT_EQ(stored(false).value().integer(), 0);
  EXPECT_EQ(stored(INT64_MIN).value().integer(), INT64_MIN);
  EXPECT_EQ(stored(INT64_MAX).value().integer(), INT64_MAX);
  EXPECT_EQ(stored(UINT64_MAX).value().text(), "18446744073709551615");
  EXPECT_EQ(stored(0.1).value().real(), 0.1);
  EXPECT_EQ(stored(14.7F).value().real(), 14.7);
  EXPECT_EQ(stored(5e-324).value().real(), 5e-324);
  EXPECT_EQ(stored(HUGE_VAL).value().real(), HUGE_VAL);
  EXPECT_EQ(stored(-HUGE_VAL).value().real(), -HUGE_VAL);
  EXPECT_EQ(stored(std::nan("")).value().text(), "NaN");
  EXPECT_EQ(stored("").value().text(), "");
  EXPECT_EQ(stored(std::string_view()).value().text(), "");
  EXPECT_EQ(stored("0012").value().text(), "0012");
  EXPECT_EQ(stored(std::string_view("a\0b\xff", 4)).value().text(),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(stored(Json{"[1,2]"}).value().text(), "[1,2]");
  EXPECT_EQ(stored(kTestTime).value().text(), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(stored(Time{kTestTime.ns + 999}).value().text(),
            "2026-11-21T01:39:28.656642Z");
}

TEST_F(SqliteSink, ManyTextsToFixInOneRow) {
  SinkPtr sink = open();
  const std::string bad(5000, '\xff');
  std::string mended;
  for (int i = 0; i < 5000; ++i) mended += "\xEF\xBF\xBD";
  EXPECT_OK(write_to(*sink, table_rows({{.level = bad,
                                         .event = bad,
                                         .func = bad,
                                         .scope = bad,
                                         .data = bad}})));
  for (const char* column : {"level", "event", "func", "scope", "data"}) {
    EXPECT_EQ(one(std::string("SELECT ") + column + " FROM stogger_logs"),
              mended);
  }
}

TEST_F(SqliteSink, AnInjectionIsStoredAsText) {
  SinkPtr sink = open();
  const std::string text = "'); DROP TABLE stogger_logs; --";
  EXPECT_OK(write_to(*sink, table_rows({{.event = text, .data = text}})));
  EXPECT_EQ(one("SELECT event FROM stogger_logs"), text);
  EXPECT_EQ(one(kCount), "1");
}

TEST_F(SqliteSink, NamesOfTablesAreChecked) {
  for (const std::string& table :
       {std::string("; DROP TABLE x"), std::string("1bad"), std::string("a b"),
        std::string("sam\"ples"), std::string(""), std::string("schema.table"),
        std::string(64, 'x'), std::string("SQLite_x")}) {
    Field fields[] = {{"path", path_}, {"table", table}};
    Options options("sqlite", fields);
    SinkPtr sink;
    EXPECT_EQ(make_sqlite_sink(options, &sink).code(), Code::invalid) << table;
  }
  for (const std::string& table :
       {std::string("samples"), std::string("_private"), std::string("order"),
        std::string(63, 'x')}) {
    SinkPtr sink = open({{"table", table}});
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_EQ(one("SELECT count(*) FROM \"" + table + "\""), "1");
  }
}

TEST_F(SqliteSink, SaysWhatIsWrongWithItsOptions) {
  EXPECT_EQ(refusal(make_sqlite_sink, {}), "test sink: \"path\" is required");
  EXPECT_EQ(refusal(make_sqlite_sink, {{"path", "x"}, {"journal_mode", "OFF"}}),
            "test sink: \"journal_mode\" must be \"WAL\", \"DELETE\" or "
            "\"TRUNCATE\", not \"OFF\"");
  EXPECT_NE(refusal(make_sqlite_sink, {{"path", "x"}, {"synchronous", 1}}), "");
  EXPECT_NE(refusal(make_sqlite_sink, {{"path", "x"}, {"busy_timeout_ms", -1}}),
            "");
}

TEST_F(SqliteSink, TheOtherJournalModesWorkToo) {
  for (const char* mode : {"DELETE", "TRUNCATE", "WAL", "DELETE"}) {
    SinkPtr sink = open({{"journal_mode", mode}, {"synchronous", "OFF"}});
    EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
    EXPECT_OK(sink->close());
    EXPECT_EQ(std::filesystem::exists(path_ + "-wal"), false);
  }
  EXPECT_EQ(one(kCount), "8");
}

TEST_F(SqliteSink, ClosingLeavesOneFile) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(sink->close());
  EXPECT_EQ(names_in(folder_.path()),
            (std::vector<std::string>{"log.db", "log.db.lock"}));
  EXPECT_EQ(one(kCount), "1");
}

TEST_F(SqliteSink, CreatesParentFolders) {
  SinkPtr sink = make(folder_.file("a/b/log.db"));
  EXPECT_OK(sink->open());
}

TEST_F(SqliteSink, RefusesWhatIsNoFile) {
  SinkPtr folder = make(folder_.path());
  EXPECT_EQ(folder->open().code(), Code::invalid);
  SinkPtr device = make("/dev/full");
  EXPECT_EQ(device->open().code(), Code::invalid);
}

// ---- Tables that are there already

TEST_F(SqliteSink, AWiderTableTakesFieldsByName) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, user_id BIGINT, "
      "Level VARCHAR(9), event TEXT, func TEXT, scope TEXT, data TEXT, "
      "timestamp TEXT, host TEXT DEFAULT 'here', ms DOUBLE, raw, seen "
      "DATETIME, ok BOOLEAN, len INT AS (length(event)), \"we\"\"ird\" TEXT)");
  SinkPtr sink = open();
  const RowBatch wanted = sink->columns();
  std::string names;
  for (std::size_t i = 0; i < wanted.column_count; ++i) {
    names += std::string(wanted.columns[i].name) + " " +
             std::to_string(static_cast<int>(wanted.columns[i].kind)) + " ";
  }
  EXPECT_EQ(names,
            "timestamp 6 level 5 event 5 func 5 scope 5 data 7 user_id 2 host "
            "5 ms 4 raw 0 seen 6 ok 1 we\"ird 5 ");
  EXPECT_OK(write_to(*sink, field_rows({{{"timestamp", kTestTime},
                                         {"level", "info"},
                                         {"event", "e"},
                                         {"user_id", 7},
                                         {"ok", true},
                                         {"we\"ird", "w"}},
                                        {{"timestamp", kTestTime},
                                         {"level", "info"},
                                         {"event", "f"},
                                         {"user_id", nullptr},
                                         {"ok", nullptr},
                                         {"we\"ird", nullptr}}})));
  EXPECT_EQ(one("SELECT group_concat(event || ifnull(user_id, '-') || "
                "ifnull(ok, '-') || host || len || ifnull(\"we\"\"ird\", '-'))"
                " FROM stogger_logs"),
            "e71here1w,f--here1-");
}

TEST_F(SqliteSink, WhatHasNoColumnIsLeftOutAndReportedOnce) {
  SinkPtr sink = open();
  const Rows rows = field_rows({{{"timestamp", kTestTime},
                                 {"level", "info"},
                                 {"event", "e"},
                                 {"host", "h"}}});
  const KeptReport said = said_of(*sink, rows);
  EXPECT_TRUE(said.refused.empty());
  ASSERT_EQ(said.notices.size(), 1u);
  EXPECT_TRUE(said.notices[0].starts_with("there is no column \"host\""));
  EXPECT_TRUE(said_of(*sink, rows).is_empty());
  EXPECT_EQ(one(kCount), "2");
}

TEST_F(SqliteSink, ColumnsOfUnknownTypesAreForEveryKind) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data, "
      "request UUID)");
  SinkPtr sink = open();
  EXPECT_EQ(sink->columns().columns[6].kind, Kind::null);
}

TEST_F(SqliteSink, APartOfThePrimaryKeyIsAColumnLikeAnyOther) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (run INTEGER, timestamp, level, event, func, "
      "scope, data, PRIMARY KEY (run, timestamp))");
  SinkPtr sink = open();
  EXPECT_EQ(sink->columns().columns[6].name, "run");
}

TEST_F(SqliteSink, WithoutCreateTableNothingIsMade) {
  const std::string path = folder_.file("folder/log.db");
  SinkPtr sink = make(path, {{"create_table", false}});
  EXPECT_EQ(sink->open().code(), Code::missing);
  EXPECT_TRUE(names_in(folder_.path()).empty());
  std::ofstream(path_).flush();
  sink = make(path_, {{"create_table", false}});
  EXPECT_EQ(sink->open().code(), Code::missing);
  EXPECT_EQ(size_of(path_), 0u);
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"log.db"});
  EXPECT_OK(make(path_)->open());
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
}

TEST_F(SqliteSink, MissingColumnsAreNamed) {
  SqliteQuery(path_).run("CREATE TABLE stogger_logs (id, timestamp, level)");
  SinkPtr sink = make(path_);
  const Status status = sink->open();
  EXPECT_EQ(status.code(), Code::invalid);
  EXPECT_EQ(status.message(),
            "the table \"stogger_logs\" has no column \"event\", \"func\", "
            "\"scope\" or \"data\": add what is missing, or choose another "
            "table");
}

TEST_F(SqliteSink, AMissingTableIsReportedIfItMayNotBeMade) {
  SinkPtr sink = make(path_, {{"create_table", false}});
  const Status status = sink->open();
  EXPECT_EQ(status.code(), Code::missing);
  EXPECT_NE(status.message().find("stogger_logs"), std::string_view::npos);
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data)");
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
}

TEST_F(SqliteSink, RowsThatTheTableRefusesAreLeftOut) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event CHECK (event <> "
      "'bad'), func, scope, data)");
  SinkPtr sink = open();
  Tally tally;
  KeptReport said = said_of(
      *sink, table_rows({{}, {.event = "bad"}, {}, {.event = "bad"}, {}}));
  ASSERT_EQ(said.refused_rows(), (std::vector<std::size_t>{1, 3}));
  EXPECT_TRUE(said.refused[0].reason.starts_with("the INSERT failed: "))
      << said.text();
  ASSERT_TRUE(sink->tally(&tally));
  EXPECT_EQ(tally.written, 3u);
  said = said_of(*sink, table_rows({{.event = "bad"}}));
  EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{0}));
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  ASSERT_TRUE(sink->tally(&tally));
  EXPECT_EQ(tally.written, 4u);
  EXPECT_EQ(one(kCount), "4");
}

TEST_F(SqliteSink, ATableThatWasDroppedIsMadeAgain) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  SqliteQuery(path_).run("DROP TABLE stogger_logs");
  const Status status = write_to(*sink, table_rows({{}}));
  EXPECT_EQ(status.code(), Code::unavailable) << status.message();
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(one(kCount), "1");
}

TEST_F(SqliteSink, AColumnThatWasAddedIsNoProblem) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  SqliteQuery(path_).run("ALTER TABLE stogger_logs ADD COLUMN host TEXT");
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->open());
  EXPECT_EQ(sink->columns().column_count, 7u);
}

TEST(SqliteKind, FollowsTheRulesOfAffinity) {
  EXPECT_EQ(sqlite_kind("INTEGER"), Kind::integer);
  EXPECT_EQ(sqlite_kind("unsigned big int"), Kind::integer);
  EXPECT_EQ(sqlite_kind("nvarchar(100)"), Kind::text);
  EXPECT_EQ(sqlite_kind("CLOB"), Kind::text);
  EXPECT_EQ(sqlite_kind(""), Kind::null);
  EXPECT_EQ(sqlite_kind("BLOB"), Kind::null);
  EXPECT_EQ(sqlite_kind("double precision"), Kind::real);
  EXPECT_EQ(sqlite_kind("FLOAT"), Kind::real);
  EXPECT_EQ(sqlite_kind("DECIMAL(10,5)"), Kind::real);
  EXPECT_EQ(sqlite_kind("BOOLEAN"), Kind::boolean);
  EXPECT_EQ(sqlite_kind("TIMESTAMP"), Kind::time);
  EXPECT_EQ(sqlite_kind("numeric"), Kind::real);
  for (const char* unknown : {"STRING", "UUID", "JSON", "MONEY"}) {
    EXPECT_EQ(sqlite_kind(unknown), Kind::null) << unknown;
  }
}

// ---- Several processes

bool write_rows(const std::string& path, int process, int count) {
  SinkPtr sink = make(path, {{"busy_timeout_ms", 10000}});
  if (!sink->open().ok()) return false;
  const std::string event = "event " + std::to_string(process);
  for (int i = 0; i < count; ++i) {
    if (!write_to(*sink, table_rows({{.event = event, .scope = i}})).ok()) {
      return false;
    }
  }
  return sink->close().ok();
}

TEST_F(SqliteSink, SeveralProcessesMayWriteOneFile) {
  EXPECT_TRUE(in_children(
      4, [&](int process) { return write_rows(path_, process, 2000); }));
  EXPECT_EQ(one(kCount), "8000");
  EXPECT_EQ(one("SELECT count(*) FROM (SELECT DISTINCT event, scope FROM "
                "stogger_logs)"),
            "8000");
  EXPECT_EQ(integrity(path_), "ok");
}

TEST_F(SqliteSink, ManyProcessesMayStartAtOnce) {
  for (const char* mode : {"WAL", "DELETE"}) {
    const std::string path = folder_.file(mode);
    EXPECT_TRUE(in_children(8, [&](int) {
      SinkPtr sink = make(path, {{"journal_mode", mode},
                                 {"busy_timeout_ms", 10000},
                                 {"synchronous", "OFF"}});
      return sink->open().ok() && write_to(*sink, table_rows({{}})).ok();
    }));
    EXPECT_EQ(SqliteQuery(path).one(kCount), "8");
  }
}

TEST_F(SqliteSink, AWriterThatIsKilledHarmsNothing) {
  constexpr int kRounds = 8;
  const pid_t survivor =
      start_child([&] { return write_rows(path_, 99, 2000); });
  std::uint64_t confirmed = 0;
  for (int round = 0; round < kRounds; ++round) {
    Signal written;
    const pid_t child = start_child([&] {
      SinkPtr sink = make(path_, {{"busy_timeout_ms", 10000}});
      if (!sink->open().ok()) return false;
      while (write_to(*sink, table_rows({{}, {}})).ok()) written.give();
      return false;
    });
    for (int i = 0; i < 50 * (round + 1); ++i) {
      ASSERT_TRUE(written.take());
      confirmed += 2;
    }
    kill_child(child);
  }
  EXPECT_TRUE(succeeded(survivor));
  EXPECT_EQ(integrity(path_), "ok");
  EXPECT_EQ(one("SELECT count(*) FROM stogger_logs WHERE event = 'event 99'"),
            "2000");
  EXPECT_GE(std::stoull(one("SELECT count(*) FROM stogger_logs WHERE event = "
                            "'user-login'")),
            confirmed);
}

// What a call may take beyond its time limit, in milliseconds.
constexpr std::int64_t kSlack = kSanitized ? 500 : 20;

// How long a failing write takes. A machine may be busy: the best of some
// tries.
std::int64_t time_to_fail(Sink& sink, std::string_view message) {
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t before = Clock::real()->monotonic_ns();
    const Status status = write_to(sink, table_rows({{}}));
    const std::int64_t took = Clock::real()->monotonic_ns() - before;
    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_EQ(status.message(), message);
    best = std::min(best, took);
  }
  return best;
}

TEST_F(SqliteSink, ALockedDatabaseIsWaitedForNoLongerThanAllowed) {
  for (const char* mode : {"WAL", "DELETE"}) {
    const std::string path = folder_.file(mode);
    SinkPtr sink =
        make(path, {{"journal_mode", mode}, {"busy_timeout_ms", 60}});
    ASSERT_OK(sink->open());
    SqliteQuery other(path);
    other.run("BEGIN EXCLUSIVE");
    const std::int64_t took = time_to_fail(
        *sink,
        "another process has kept the database locked for 60 ms: end its "
        "transaction, or raise busy_timeout_ms");
    EXPECT_GE(took, 60 * kMillisecond);
    EXPECT_LT(took, (60 + kSlack) * kMillisecond);
    other.run("COMMIT");
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
    EXPECT_EQ(other.one(kCount), "3");
  }
}

TEST_F(SqliteSink, TimeThatACallHasWaitedForOthersIsOver) {
  SinkPtr sink = open({{"busy_timeout_ms", 10000}});
  SqliteQuery other(path_);
  other.run("BEGIN IMMEDIATE");
  KeptReport said;
  said.waited = 9950 * kMillisecond;
  const std::int64_t start = Clock::real()->monotonic_ns();
  EXPECT_EQ(sink->write(table_rows({{}}), said).code(), Code::unavailable);
  EXPECT_LT(Clock::real()->monotonic_ns() - start, 5000 * kMillisecond);
  other.run("COMMIT");
}

TEST_F(SqliteSink, ALockThatEndsInTimeIsWaitedFor) {
  SinkPtr sink = open({{"busy_timeout_ms", 10000}});
  SqliteQuery other(path_);
  other.run("BEGIN IMMEDIATE");
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    other.run("COMMIT");
  });
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  release.join();
  EXPECT_EQ(one(kCount), "1");
}

TEST_F(SqliteSink, TheLockOfAnotherWriterIsWaitedForInTheSameTime) {
  SinkPtr sink = open({{"busy_timeout_ms", 50}});
  ProcessLock other;
  other.use(::open((path_ + ".lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(other.try_lock());
  const std::int64_t took = time_to_fail(
      *sink,
      "another process has kept the database locked for 50 ms: end its "
      "transaction, or raise busy_timeout_ms");
  EXPECT_GE(took, 50 * kMillisecond);
  EXPECT_LT(took, (50 + kSlack) * kMillisecond);
  EXPECT_OK(sink->close());
  EXPECT_EQ(sink->open().code(), Code::unavailable);
  other.unlock();
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
}

// The parent's connection takes itself for the last one, and would remove the
// log under a child that does not hold locks of its own.
TEST_F(SqliteSink, AChildIsSafeFromItsParentsClosing) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{.event = "parent"}})));
  Signal child_wrote;
  Signal parent_closed;
  const pid_t child = start_child([&] {
    sink->abandon();
    if (!sink->open().ok() || !write_to(*sink, table_rows({{}})).ok())
      return false;
    child_wrote.give();
    if (!parent_closed.take()) return false;
    return write_to(*sink, table_rows({{}})).ok();
  });
  ASSERT_TRUE(child_wrote.take());
  EXPECT_OK(write_to(*sink, table_rows({{.event = "parent"}})));
  EXPECT_OK(sink->close());
  parent_closed.give();
  EXPECT_TRUE(succeeded(child));
  EXPECT_EQ(one(kCount), "4");
  EXPECT_EQ(integrity(path_), "ok");
}

TEST_F(SqliteSink, AParentIsSafeFromItsChildsClosing) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_TRUE(in_child([&] {
    sink->abandon();
    const bool fine = sink->open().ok() &&
                      write_to(*sink, table_rows({{}})).ok() &&
                      sink->close().ok();
    sink.reset();
    return fine;
  }));
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(one(kCount), "3");
  EXPECT_EQ(integrity(path_), "ok");
}

// ---- Checkpoints

TEST_F(SqliteSink, TheLogStaysShort) {
  SinkPtr sink = open();
  const std::string data(2000, 'x');
  for (int i = 0; i < 3000; ++i) {
    ASSERT_OK(write_to(*sink, table_rows({{.data = data}})));
  }
  EXPECT_GT(size_of(path_ + "-wal"), 0u);
  EXPECT_LT(size_of(path_ + "-wal"), 6u * 1024 * 1024);
  EXPECT_GT(size_of(path_), 5u * 1024 * 1024);
}

TEST_F(SqliteSink, AReaderLetsTheLogGrowAndItShrinksLater) {
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  SqliteQuery reader(path_);
  reader.run("BEGIN");
  EXPECT_EQ(reader.one(kCount), "1");
  const std::string data(3000, 'x');
  const auto write_some = [&](int rows) {
    for (int i = 0; i < rows; ++i) {
      ASSERT_OK(write_to(*sink, table_rows({{.data = data}})));
    }
  };
  write_some(5000);
  EXPECT_EQ(reader.one(kCount), "1");
  const std::uintmax_t grown = size_of(path_ + "-wal");
  EXPECT_GT(grown, 20u * 1024 * 1024);
  reader.run("COMMIT");
  write_some(1000);
  EXPECT_LT(size_of(path_ + "-wal"), 8u * 1024 * 1024);
  EXPECT_EQ(reader.one(kCount), "6001");
  EXPECT_EQ(integrity(path_), "ok");
}

// ---- Disks

TEST_F(SqliteSink, AFullDiskHarmsNothingAndHeals) {
  SmallDisk disk(3 * 1024 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("log.db");
  SinkPtr sink = make(path);
  ASSERT_OK(sink->open());
  disk.fill();
  // The filler leaves no page: what the log has is all there is.
  const std::string data(2000, 'x');
  std::uint64_t written = 0;
  Status status;
  while ((status = write_to(*sink, table_rows({{.data = data}}))).ok())
    ++written;
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(
      status.message(),
      "the INSERT failed: the disk is full: make room on the database's file "
      "system");
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(sink->close());
    if (sink->open().ok()) {
      const bool fits = write_to(*sink, table_rows({{.data = data}})).ok();
      written += fits ? 1 : 0;
    }
  }
  EXPECT_OK(sink->close());
  disk.make_room();
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_EQ(SqliteQuery(path).one(kCount), std::to_string(written + 2));
  EXPECT_EQ(integrity(path), "ok");
  Tally tally;
  ASSERT_TRUE(sink->tally(&tally));
  EXPECT_EQ(tally.written, written + 2);
}

TEST_F(SqliteSink, ABatchThatDoesNotFitLeavesNothing) {
  SmallDisk disk(2 * 1024 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("log.db");
  SinkPtr sink = make(path);
  ASSERT_OK(sink->open());
  const std::string data(10000, 'x');
  EXPECT_EQ(
      write_to(*sink, table_rows(std::vector<TableRow>(1000, {.data = data})))
          .code(),
      Code::unavailable);
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(SqliteQuery(path).one(kCount), "1");
  EXPECT_EQ(integrity(path), "ok");
}

TEST_F(SqliteSink, ALimitOfFileSizesIsNoDeadlySignal) {
  EXPECT_TRUE(in_child([&] {
    const rlimit limit = {1024 * 1024, 1024 * 1024};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
    SinkPtr sink = make(path_);
    const std::string data(10000, 'x');
    if (!sink->open().ok()) return false;
    for (int i = 0; i < 1000; ++i) {
      const Status status = write_to(*sink, table_rows({{.data = data}}));
      if (!status.ok()) return status.code() == Code::unavailable;
    }
    return false;
  }));
  EXPECT_EQ(integrity(path_), "ok");
}

TEST_F(SqliteSink, AReadOnlyDiskIsReported) {
  SmallDisk disk(2 * 1024 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  SinkPtr sink = make(disk.file("log.db"));
  ASSERT_OK(sink->open());
  ASSERT_OK(sink->close());
  disk.set_read_only(true);
  const Status status = sink->open();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("Read-only"), std::string_view::npos)
      << status.message();
  disk.set_read_only(false);
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
}

TEST_F(SqliteSink, MissingRightsAreReported) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_OK(open()->close());
  ::chmod(folder_.path().c_str(), 0755);
  EXPECT_TRUE(in_child([&] {
    if (::setuid(65534) != 0) return false;
    SinkPtr there = make(path_);
    SinkPtr missing = make(folder_.file("new.db"));
    SinkPtr hidden = make(folder_.file("sub/new.db"));
    for (SinkPtr* sink : {&there, &missing, &hidden}) {
      const Status status = (*sink)->open();
      if (status.code() != Code::unavailable) return false;
      if (status.message().find("right") == std::string_view::npos) {
        return false;
      }
    }
    return true;
  }));
}

TEST(SqliteFiles, NetworkFilesystemsAreKnown) {
  EXPECT_TRUE(is_network_filesystem(0x6969));
  EXPECT_TRUE(is_network_filesystem(static_cast<std::int32_t>(0xFF534D42)));
  EXPECT_FALSE(is_network_filesystem(0xEF53));      // ext4
  EXPECT_FALSE(is_network_filesystem(0x01021994));  // tmpfs
}

// True once someone has queued up for the lock.
bool is_queue_taken(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock queue = {};
  queue.l_type = F_WRLCK;
  queue.l_whence = SEEK_SET;
  const bool known = ::fcntl(file, F_OFD_GETLK, &queue) == 0;
  ::close(file);
  return known && queue.l_type != F_UNLCK;
}

int open_lock(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

TEST(ProcessLock, WhoTakesItAgainAndAgainLetsOthersHaveIt) {
  const TempFolder folder;
  const std::string path = folder.file("lock");
  ProcessLock greedy;
  ProcessLock patient;
  greedy.use(open_lock(path));
  patient.use(open_lock(path));
  BoundedWait long_wait(60000);
  ASSERT_TRUE(greedy.lock(long_wait));
  std::atomic<bool> had_it = false;
  std::thread other([&] {
    BoundedWait wait(60000);
    had_it = patient.lock(wait);
    patient.unlock();
  });
  while (!is_queue_taken(path)) std::this_thread::yield();
  for (int i = 0; i < 16; ++i) {
    greedy.unlock();
    long_wait.restart();
    EXPECT_TRUE(greedy.lock(long_wait));
  }
  EXPECT_TRUE(had_it);
  greedy.unlock();
  other.join();
}

TEST(ProcessLock, OneThatIsStoppedInTheQueueDoesNotHoldUpTheOthers) {
  const TempFolder folder;
  const std::string path = folder.file("lock");
  ProcessLock lock;
  lock.use(open_lock(path));
  const int stopped = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock queue = {};
  queue.l_type = F_WRLCK;
  queue.l_whence = SEEK_SET;
  ASSERT_EQ(::fcntl(stopped, F_OFD_SETLK, &queue), 0);
  for (int i = 0; i < 32; ++i) {
    BoundedWait wait(60000);
    EXPECT_TRUE(lock.lock(wait));
    lock.unlock();
  }
  ::close(stopped);
}

// ---- Damage

TEST_F(SqliteSink, AFileThatIsNoDatabaseIsLeftAsItIs) {
  for (const std::string& content :
       {std::string("listen = 80\n"), std::string(10000, 'x'), std::string("x"),
        std::string("SQLite format 3")}) {
    write_file(path_, content);
    SinkPtr sink = make(path_);
    const Status status = sink->open();
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_NE(status.message().find(path_), std::string_view::npos)
        << status.message();
    EXPECT_OK(sink->close());
    EXPECT_EQ(read_file(path_), content);
    EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"log.db"});
  }
}

TEST_F(SqliteSink, AFileThatIsOverwrittenByAnotherProgramIsLeftAsItIs) {
  SinkPtr sink = open({{"journal_mode", "DELETE"}});
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file << std::string(8192, 'x');
  }
  const std::string content = read_file(path_);
  EXPECT_EQ(write_to(*sink, table_rows({{}})).code(), Code::invalid);
  EXPECT_EQ(read_file(path_), content);
}

TEST_F(SqliteSink, DamageFoundWhileWritingSetsTheFileAside) {
  {
    SinkPtr sink = open();
    ASSERT_OK(write_to(*sink, table_rows(std::vector<TableRow>(2000))));
  }
  // All pages but the first: the schema can be read, the table cannot.
  const std::string whole = read_file(path_);
  write_file(path_,
             whole.substr(0, 4096) + std::string(whole.size() - 4096, '\xee'));
  ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
  SinkPtr sink = make(path_, {}, &clock_);
  Status status = sink->open();
  if (status.ok()) status = write_to(*sink, table_rows({{}}));
  EXPECT_EQ(status.code(), Code::corrupt) << status.message();
  EXPECT_FALSE(write_to(*sink, table_rows({{}})).ok());
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(one(kCount), "1");
  EXPECT_EQ(size_of(path_ + ".corrupt-2026-11-21T013928Z"), whole.size());
  EXPECT_EQ(mode_of(path_), 0604u);
}

TEST_F(SqliteSink, TwoWritersSetADamagedFileAsideOnce) {
  ASSERT_OK(write_to(*open(), table_rows(std::vector<TableRow>(2000))));
  SinkPtr first = open();
  SinkPtr second = open();
  const std::string whole = read_file(path_);
  {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096);
    file << std::string(whole.size() - 4096, '\xee');
  }
  EXPECT_EQ(write_to(*first, table_rows({{}})).code(), Code::corrupt);
  EXPECT_OK(write_to(*second, table_rows({{}})));
  for (SinkPtr* sink : {&first, &second}) {
    EXPECT_OK((*sink)->close());
    EXPECT_OK((*sink)->open());
    EXPECT_OK(write_to(**sink, table_rows({{}})));
  }
  EXPECT_EQ(one(kCount), "3");
  const std::string kept = path_ + ".corrupt-2026-11-21T013928Z";
  EXPECT_EQ(size_of(kept), whole.size());
  EXPECT_FALSE(std::filesystem::exists(kept + "-2"));
}

// ---- Files that change under it

TEST_F(SqliteSink, AMovedFileIsNoticedWithinASecond) {
  SinkPtr sink = open();
  Time now = kTestTime;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
  const std::string moved = folder_.file("moved.db");
  std::filesystem::rename(path_, moved);
  now.ns += kSecond / 10;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  now.ns += kSecond;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  EXPECT_EQ(one(kCount), "1");
  EXPECT_EQ(SqliteQuery(moved).one(kCount), "2");
  EXPECT_EQ(mode_of(path_), 0604u);
  EXPECT_EQ(integrity(path_), "ok");
  EXPECT_EQ(integrity(moved), "ok");
}

TEST_F(SqliteSink, ClosingAMovedFileLeavesTheNewOneAlone) {
  SinkPtr old = open();
  ASSERT_OK(write_to(*old, table_rows({{}, {}, {}})));
  std::filesystem::rename(path_, folder_.file("moved.db"));
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(old->close());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(one(kCount), "2");
  EXPECT_EQ(SqliteQuery(folder_.file("moved.db")).one(kCount), "3");
}

TEST_F(SqliteSink, ADeletedFileIsMadeAgain) {
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, table_rows({{}, {}})));
  std::filesystem::remove_all(folder_.path());
  ASSERT_OK(write_to(*sink, table_rows({{}}, Time{kTestTime.ns + kSecond})));
  EXPECT_EQ(one(kCount), "1");
  EXPECT_EQ(integrity(path_), "ok");
}

// Whatever of it is deleted, and whoever puts something in its place.
TEST_F(SqliteSink, WhatIsLoggedAfterAFileIsDeletedIsInTheNext) {
  const auto remove_all = [&] {
    for (const char* const part : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path_ + part);
    }
  };
  const auto remove_one = [&] { std::filesystem::remove(path_); };
  const auto replace = [&] {
    SqliteQuery(folder_.file("new.db"))
        .run(
            "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, "
            "data)");
    std::filesystem::rename(folder_.file("new.db"), path_);
  };
  for (const std::vector<Field>& how :
       std::vector<std::vector<Field>>{{}, {{"journal_mode", "DELETE"}}}) {
    for (const std::function<void()>& remove :
         std::vector<std::function<void()>>{remove_all, remove_one, replace}) {
      SinkPtr sink = open(how);
      ASSERT_OK(write_to(*sink, table_rows({{}, {}})));
      remove();
      ASSERT_OK(write_to(*sink, table_rows({{}})));
      EXPECT_EQ(one(kCount), "1");
      Rows queued = table_rows({{}, {}, {}});
      queued.from(1, {1, 2, 3});
      ASSERT_OK(write_to(*sink, queued));
      EXPECT_EQ(one(kCount), "4");
      remove();
      ASSERT_OK(write_to(*sink, queued));
      EXPECT_EQ(one(kCount), "3");
      Tally tally;
      EXPECT_TRUE(sink->tally(&tally));
      EXPECT_EQ(tally.written, 9u);
      EXPECT_EQ(integrity(path_), "ok");
      EXPECT_OK(sink->close());
      remove_all();
    }
  }
}

TEST_F(SqliteSink, ARowThatIsRefusedStaysSoInTheNextFile) {
  SinkPtr sink = open();
  SqliteQuery(path_).run(
      "CREATE TRIGGER t BEFORE INSERT ON stogger_logs WHEN new.event = 'bad' "
      "BEGIN SELECT RAISE(ABORT, 'no'); END");
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  std::filesystem::remove(path_);
  const KeptReport said =
      said_of(*sink, table_rows({{}, {.event = "bad"}, {.event = "a"}}));
  EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{1}));
  EXPECT_EQ(one(kCount), "2");
}

// Not as written.
TEST_F(SqliteSink, WhatCannotBeStoredInAnotherFileIsLost) {
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(write_to(*sink, table_rows({{}, {}})).ok());
  Tally tally;
  EXPECT_TRUE(sink->tally(&tally));
  EXPECT_EQ(tally.written, 1u);
}

TEST_F(SqliteSink, SeveralWritersSurviveAMove) {
  SinkPtr first = open({{"busy_timeout_ms", 10000}});
  SinkPtr second = open({{"busy_timeout_ms", 10000}});
  const pid_t third = start_child([&] {
    first->abandon();
    second->abandon();
    SinkPtr sink = make(path_, {{"busy_timeout_ms", 10000}});
    Time now = kTestTime;
    if (!sink->open().ok()) return false;
    for (int i = 0; i < 3000; ++i) {
      now.ns += 10 * kMillisecond;
      if (!write_to(*sink, table_rows({{}}, now)).ok()) return false;
    }
    return sink->close().ok();
  });
  Time now = kTestTime;
  for (int i = 0; i < 2000; ++i) {
    now.ns += 10 * kMillisecond;
    if (i == 1000) {
      std::filesystem::rename(path_, folder_.file("moved.db"));
    }
    ASSERT_OK(write_to(*first, table_rows({{}}, now)));
    if (i % 2 == 0) {
      ASSERT_OK(write_to(*second, table_rows({{}}, now)));
    }
  }
  EXPECT_TRUE(succeeded(third));
  ASSERT_OK(first->close());
  ASSERT_OK(second->close());
  EXPECT_EQ(integrity(path_), "ok");
  EXPECT_EQ(integrity(folder_.file("moved.db")), "ok");
  EXPECT_EQ(std::stoi(one(kCount)) +
                std::stoi(SqliteQuery(folder_.file("moved.db")).one(kCount)),
            6000);
}

// As if its writer had died and someone had moved the file without its log.
TEST_F(SqliteSink, ALogWithoutItsFileIsKeptApart) {
  ASSERT_TRUE(in_child([&] {
    Sink* const never_closed = make(path_).release();
    return never_closed->open().ok() &&
           write_to(*never_closed, table_rows({{}})).ok();
  }));
  const std::string log = read_file(path_ + "-wal");
  ASSERT_FALSE(log.empty());
  std::filesystem::remove(path_);
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_EQ(one(kCount), "2");
  EXPECT_EQ(read_file(path_ + ".orphan-2026-11-21T013928Z-wal"), log);
}

TEST_F(SqliteSink, AReplacedFileWithOtherColumnsIsOpenedAgain) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data, "
      "host)");
  SinkPtr sink = open();
  const Rows rows =
      field_rows({{{"event", "e"}, {"host", "h"}}}, Time{kTestTime.ns});
  ASSERT_OK(write_to(*sink, rows));
  std::filesystem::remove(path_);
  const Rows later = field_rows({{{"event", "e"}, {"host", "h"}}},
                                Time{kTestTime.ns + kSecond});
  EXPECT_EQ(write_to(*sink, later).code(), Code::unavailable);
  EXPECT_OK(sink->open());
  EXPECT_EQ(sink->columns().column_count, 6u);
  EXPECT_OK(write_to(*sink, table_rows({{}})));
}

TEST_F(SqliteSink, APathStaysWhatItWasWhenTheFolderChanges) {
  EXPECT_TRUE(in_child([&] {
    if (::chdir(folder_.path().c_str()) != 0) return false;
    SinkPtr sink = make("log.db");
    return ::chdir("/") == 0 && sink->open().ok() &&
           write_to(*sink, table_rows({{}})).ok();
  }));
  EXPECT_EQ(one(kCount), "1");
}

TEST_F(SqliteSink, ALinkLeadsToTheSameLock) {
  const std::string link = folder_.file("link.db");
  SinkPtr sink = open();
  std::filesystem::create_symlink(path_, link);
  SinkPtr other = make(link);
  ASSERT_OK(other->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(write_to(*other, table_rows({{}}, Time{kTestTime.ns + kSecond})));
  EXPECT_FALSE(std::filesystem::exists(link + ".lock"));
  EXPECT_EQ(one(kCount), "2");
}

}  // namespace
}  // namespace stogger
