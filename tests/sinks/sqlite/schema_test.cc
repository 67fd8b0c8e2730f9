// Tables that someone else made, in ways that a log does not expect: with
// triggers, views, defaults and virtual tables.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "base/options.h"
#include "sinks/builtin.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// What a call with a time limit of 100 ms may take. A sanitizer makes the steps
// between two looks at the clock several times longer.
constexpr std::int64_t kLongest = (kSanitized ? 1000 : 120) * kMillisecond;
constexpr const char* kTable =
    "CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp TEXT NOT "
    "NULL, level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, scope TEXT, "
    "data TEXT NOT NULL DEFAULT '{}');";

class SqliteSchema : public ::testing::Test {
 protected:
  void run(const std::string& sql) { SqliteQuery(path_).run(sql); }
  std::string one(const std::string& sql) {
    return SqliteQuery(path_).one(sql);
  }
  SinkPtr make(const std::vector<Field>& more = {}) {
    std::vector<Field> fields = {{"path", path_}};
    fields.insert(fields.end(), more.begin(), more.end());
    Options options("sqlite", Fields(fields.data(), fields.size()));
    SinkPtr sink;
    EXPECT_OK(make_sqlite_sink(options, &sink));
    return sink;
  }
  SinkPtr open(const std::vector<Field>& more = {}) {
    SinkPtr sink = make(more);
    EXPECT_OK(sink->open());
    return sink;
  }
  // The event "bad" is refused, and the one that follows is stored.
  void expect_that_only_bad_is_lost() {
    SinkPtr sink = open();
    EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(),
              1u);
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_EQ(written(*sink), 1u);
  }
  static std::uint64_t written(const Sink& sink) {
    Tally tally;
    EXPECT_TRUE(sink.tally(&tally));
    return tally.written;
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("log.db");
};

// ---- Virtual tables, which have statements of their own inside

const char* const kIndexes[] = {
    "CREATE VIRTUAL TABLE found USING fts5(event, data);"
    "CREATE TRIGGER fill AFTER INSERT ON stogger_logs BEGIN INSERT INTO "
    "found(rowid, event, data) VALUES (new.id, new.event, new.data); END;",
    "CREATE VIRTUAL TABLE found USING rtree(id, low, high);"
    "CREATE TRIGGER fill AFTER INSERT ON stogger_logs BEGIN INSERT INTO "
    "found VALUES (new.id, new.id, new.id + 1); END;",
    "CREATE VIRTUAL TABLE found USING fts4(event, data);"
    "CREATE TRIGGER fill AFTER INSERT ON stogger_logs BEGIN INSERT INTO "
    "found(docid, event, data) VALUES (new.id, new.event, new.data); END;"};

TEST_F(SqliteSchema, AnIndexOfTheUsersIsFilled) {
  for (const char* const index : kIndexes) {
    std::filesystem::remove(path_);
    run(std::string(kTable) + index);
    for (int i = 0; i < 2; ++i) {
      SinkPtr sink = open();
      EXPECT_OK(write_to(*sink, table_rows({{}})));
      EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
      EXPECT_EQ(written(*sink), 3u);
      EXPECT_OK(sink->close());
    }
    EXPECT_EQ(one("SELECT count(*) FROM found"), "6");
  }
}

TEST_F(SqliteSchema, AnIndexOfTheUsersSurvivesAMoveOfTheFile) {
  for (const char* const index : kIndexes) {
    std::filesystem::remove(path_);
    run(std::string(kTable) + index);
    SinkPtr sink = open();
    Time now = kTestTime;
    EXPECT_OK(write_to(*sink, table_rows({{}}, now)));
    std::filesystem::rename(path_, path_ + ".moved");
    now.ns += kSecond;
    EXPECT_OK(write_to(*sink, table_rows({{}}, now)));
    EXPECT_EQ(one(kCount), "1");
    EXPECT_EQ(SqliteQuery(path_ + ".moved").one("SELECT count(*) FROM found"),
              "1");
    EXPECT_OK(sink->close());
    std::filesystem::remove(path_ + ".moved");
  }
}

TEST_F(SqliteSchema, AnIndexOfTheUsersSurvivesAFailure) {
  for (const char* const index : kIndexes) {
    std::filesystem::remove(path_);
    run(std::string(kTable) + index);
    SinkPtr sink = open();
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    run("DROP TABLE found");
    EXPECT_FALSE(write_to(*sink, table_rows({{}})).ok());
    EXPECT_OK(sink->close());
    EXPECT_FALSE(sink->open().ok());
    run(std::string("DROP TRIGGER fill;") + index);
    EXPECT_OK(sink->open());
    EXPECT_OK(write_to(*sink, table_rows({{}})));
  }
}

// ---- Rows that are taken and not stored

struct Diverter {
  const char* what;
  const char* sql;
};

constexpr Diverter kDiverters[] = {
    {"before",
     "CREATE TRIGGER t BEFORE INSERT ON stogger_logs WHEN new.event "
     "= 'bad' BEGIN SELECT RAISE(IGNORE); END"},
    {"after",
     "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = "
     "'bad' BEGIN DELETE FROM stogger_logs WHERE id = new.id; END"},
    {"all",
     "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = "
     "'bad' BEGIN DELETE FROM stogger_logs; END"}};

TEST_F(SqliteSchema, ARowThatATriggerDoesAwayWithIsNotWritten) {
  for (const Diverter& diverter : kDiverters) {
    SCOPED_TRACE(diverter.what);
    std::filesystem::remove(path_);
    run(std::string(kTable) + diverter.sql);
    SinkPtr sink = open();
    const KeptReport said = said_of(*sink, table_rows({{.event = "bad"}}));
    ASSERT_EQ(said.refused.size(), 1u);
    EXPECT_NE(said.refused[0].reason.find("not stored"), std::string::npos)
        << said.text();
    EXPECT_EQ(written(*sink), 0u);
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_EQ(written(*sink), 1u);
    const KeptReport batch = said_of(
        *sink, table_rows({{.event = "bad"}, {}, {.event = "bad"}, {}}));
    EXPECT_EQ(batch.refused_rows(), (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(written(*sink), 3u);
    EXPECT_OK(sink->close());
  }
}

TEST_F(SqliteSchema, ARowThatAConstraintIgnoresIsNotWritten) {
  run("CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp, level, "
      "event TEXT NOT NULL UNIQUE ON CONFLICT IGNORE, func, scope, data)");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{.event = "a"}})));
  const KeptReport said = said_of(*sink, table_rows({{.event = "a"}}));
  ASSERT_EQ(said.refused.size(), 1u);
  EXPECT_NE(said.refused[0].reason.find("ON CONFLICT IGNORE"),
            std::string::npos)
      << said.text();
  const KeptReport batch = said_of(
      *sink, table_rows({{.event = "a"}, {.event = "b"}, {.event = "b"}}));
  EXPECT_EQ(batch.refused_rows(), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(written(*sink), 2u);
  EXPECT_EQ(one(kCount), "2");
}

// What ends the transaction of a batch, and takes back what came before.
const Diverter kEnders[] = {
    {"a trigger",
     "CREATE TRIGGER t BEFORE INSERT ON stogger_logs WHEN new.event = 'bad' "
     "BEGIN SELECT RAISE(ROLLBACK, 'no'); END"},
    {"a trigger behind the row",
     "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' "
     "BEGIN SELECT RAISE(ROLLBACK, 'no'); END"},
    {"a statement of a trigger",
     "CREATE TABLE other (x UNIQUE); INSERT INTO other VALUES (1); CREATE "
     "TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' BEGIN "
     "INSERT OR ROLLBACK INTO other VALUES (1); END"}};

TEST_F(SqliteSchema, ARowThatEndsTheTransactionCostsItselfOnly) {
  for (const Diverter& ender : kEnders) {
    SCOPED_TRACE(ender.what);
    std::filesystem::remove(path_);
    run(std::string(kTable) + ender.sql);
    SinkPtr sink = open();
    EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(),
              1u);
    const KeptReport said = said_of(*sink, table_rows({{.event = "bad"},
                                                       {.event = "a"},
                                                       {.event = "b"},
                                                       {.event = "bad"},
                                                       {.event = "bad"},
                                                       {.event = "c"},
                                                       {.event = "bad"}}));
    EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{0, 3, 4, 6}));
    EXPECT_TRUE(said.notices.empty()) << said.text();
    EXPECT_EQ(written(*sink), 3u);
    EXPECT_EQ(one("SELECT group_concat(event, ' ') FROM (SELECT event FROM "
                  "stogger_logs ORDER BY id)"),
              "a b c");
    EXPECT_OK(sink->close());
  }
}

TEST_F(SqliteSchema, AConstraintThatEndsTheTransactionCostsItsRowOnly) {
  run("CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp, level, "
      "event TEXT NOT NULL UNIQUE ON CONFLICT ROLLBACK, func, scope, data)");
  SinkPtr sink = open();
  const KeptReport said = said_of(*sink, table_rows({{.event = "a"},
                                                     {.event = "b"},
                                                     {.event = "a"},
                                                     {.event = "c"},
                                                     {.event = "b"}}));
  EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{2, 4}));
  EXPECT_EQ(written(*sink), 3u);
  EXPECT_EQ(one(kCount), "3");
}

// Of RAISE(FAIL), what was done before would stay.
TEST_F(SqliteSchema, ARefusedRowLeavesNothing) {
  run(std::string(kTable) +
      "CREATE TABLE other (x); CREATE TRIGGER t AFTER INSERT ON stogger_logs "
      "WHEN new.event = 'bad' BEGIN INSERT INTO other VALUES (1); SELECT "
      "RAISE(FAIL, 'no'); END");
  SinkPtr sink = open();
  EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(), 1u);
  EXPECT_EQ(
      said_of(*sink, table_rows({{}, {.event = "bad"}, {.event = "bad"}, {}}))
          .refused_rows(),
      (std::vector<std::size_t>{1, 2}));
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(written(*sink), 3u);
  EXPECT_EQ(one(kCount), "3");
  EXPECT_EQ(one("SELECT count(*) FROM other"), "0");
}

TEST_F(SqliteSchema, ATriggerThatComesLaterIsSeen) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{.event = "bad"}})));
  for (const Diverter& diverter : kDiverters) {
    SCOPED_TRACE(diverter.what);
    run(diverter.sql);
    EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(),
              1u);
    run("DROP TRIGGER t");
    EXPECT_OK(write_to(*sink, table_rows({{.event = "bad"}})));
  }
  EXPECT_EQ(written(*sink), 4u);
}

TEST_F(SqliteSchema, ATriggerThatKeepsATableShortIsNoLoss) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN DELETE FROM "
      "stogger_logs WHERE id <= new.id - 2; END");
  SinkPtr sink = open();
  for (int i = 0; i < 5; ++i) EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(written(*sink), 5u);
  EXPECT_EQ(one(kCount), "2");
}

// Which cannot be told from one that deletes it.
TEST_F(SqliteSchema, ATriggerThatGivesARowAnotherNumberIsReported) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' "
      "BEGIN UPDATE stogger_logs SET id = new.id + 1000 WHERE id = new.id; "
      "END");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(), 1u);
  EXPECT_EQ(written(*sink), 1u);
}

TEST_F(SqliteSchema, TriggersThatCallEachOtherTooDeepCostTheirRowOnly) {
  std::string sql = std::string(kTable) + "CREATE TABLE t0 (x);";
  for (int i = 0; i < 40; ++i) {
    const std::string next = std::to_string(i + 1);
    sql += "CREATE TABLE t" + next + " (x); CREATE TRIGGER r" + next +
           " AFTER INSERT ON t" + std::to_string(i) + " BEGIN INSERT INTO t" +
           next + " VALUES (1); END;";
  }
  run(sql +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' "
      "BEGIN INSERT INTO t0 VALUES (1); END");
  expect_that_only_bad_is_lost();
}

TEST_F(SqliteSchema, ALongPatternOfATriggerCostsItsRowOnly) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' "
      "AND 'x' LIKE '" +
      std::string(1001, '%') + "' BEGIN SELECT 1; END");
  expect_that_only_bad_is_lost();
}

TEST_F(SqliteSchema, AFunctionOfATriggerThatFailsCostsItsRowOnly) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' "
      "BEGIN SELECT json_extract(new.event, '$.a'); END");
  SinkPtr sink = open();
  EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(), 1u);
  EXPECT_EQ(
      said_of(*sink, table_rows({{}, {.event = "bad"}, {}})).refused_rows(),
      (std::vector<std::size_t>{1}));
  EXPECT_EQ(written(*sink), 2u);
}

TEST_F(SqliteSchema, ATableThatIsGoneIsNotTheFaultOfTheRow) {
  run(kTable);
  SinkPtr sink = open();
  run("DROP TABLE stogger_logs");
  EXPECT_EQ(write_to(*sink, table_rows({{}})).code(), Code::unavailable);
}

TEST_F(SqliteSchema, AColumnNamedRowidIsNoNumberOfARow) {
  run("CREATE TABLE stogger_logs (rowid TEXT, timestamp, level, event, func, "
      "scope, data);"
      "CREATE TABLE other (x);"
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN INSERT INTO other "
      "VALUES (1); END");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(written(*sink), 1u);
}

TEST_F(SqliteSchema, ATableWithoutRowidIsJudgedByWhatWasInserted) {
  run("CREATE TABLE stogger_logs (timestamp, level, event PRIMARY KEY, func, "
      "scope, data) WITHOUT ROWID;"
      "CREATE TRIGGER t BEFORE INSERT ON stogger_logs WHEN new.event = 'bad' "
      "BEGIN SELECT RAISE(IGNORE); END");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(said_of(*sink, table_rows({{.event = "bad"}})).refused.size(), 1u);
  EXPECT_EQ(written(*sink), 1u);
}

int times_connected = 0;

// As a program makes a virtual table of its own known to all connections.
int add_their_module(sqlite3* connection, char**, const void*) {
  static constexpr sqlite3_module kTheirs = [] {
    sqlite3_module module = {};
    module.xConnect = [](sqlite3*, void*, int, const char* const*,
                         sqlite3_vtab**, char**) {
      ++times_connected;
      return SQLITE_ERROR;
    };
    return module;
  }();
  return sqlite3_create_module(connection, "theirs", &kTheirs, nullptr);
}

TEST_F(SqliteSchema, VirtualTablesOfTheProgramAreNotForASchema) {
  const auto extension = reinterpret_cast<void (*)()>(&add_their_module);
  ASSERT_EQ(sqlite3_auto_extension(extension), SQLITE_OK);
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN SELECT * FROM "
      "theirs; END");
  times_connected = 0;
  SinkPtr sink = make();
  if (sink->open().ok()) {
    EXPECT_FALSE(write_to(*sink, table_rows({{}})).ok());
  }
  EXPECT_EQ(times_connected, 0);
  ASSERT_EQ(sqlite3_cancel_auto_extension(extension), 1);
}

// ---- Views

constexpr const char* kView =
    "CREATE TABLE base (id INTEGER PRIMARY KEY, timestamp TEXT NOT NULL, level "
    "TEXT, event TEXT, func TEXT, scope TEXT, data TEXT);"
    "CREATE VIEW stogger_logs AS SELECT * FROM base;";

TEST_F(SqliteSchema, AViewMayPutRowsElsewhere) {
  run(std::string(kView) +
      "CREATE TRIGGER t INSTEAD OF INSERT ON stogger_logs BEGIN INSERT INTO "
      "base VALUES (new.id, new.timestamp, new.level, new.event, new.func, "
      "new.scope, new.data); END");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_EQ(written(*sink), 3u);
  EXPECT_EQ(one("SELECT count(*) || max(id) FROM base"), "33");
}

TEST_F(SqliteSchema, AViewThatPutsRowsNowhereHasNotStoredThem) {
  run(std::string(kView) +
      "CREATE TRIGGER t INSTEAD OF INSERT ON stogger_logs BEGIN SELECT 1; "
      "END");
  SinkPtr sink = open();
  EXPECT_EQ(said_of(*sink, table_rows({{}})).refused.size(), 1u);
  EXPECT_EQ(written(*sink), 0u);
}

TEST_F(SqliteSchema, AViewWithoutATriggerIsRefused) {
  run(kView);
  EXPECT_FALSE(make()->open().ok());
}

TEST_F(SqliteSchema, AFullTextTableCanBeTheLog) {
  run("CREATE VIRTUAL TABLE stogger_logs USING fts5(timestamp, level, event, "
      "func, scope, data)");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_EQ(written(*sink), 2u);
  EXPECT_EQ(one(kCount), "2");
}

// ---- Defaults

TEST_F(SqliteSchema, ADefaultIsLeftToSqlite) {
  run("CREATE TABLE stogger_logs (id TEXT PRIMARY KEY NOT NULL DEFAULT "
      "(lower(hex(randomblob(8)))), timestamp, level, event, func TEXT DEFAULT "
      "('x' -- a comment\n), scope TEXT DEFAULT /* one more */ 'y', data, "
      "\"end\" DEFAULT 'z')");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{.func = nullptr, .scope = nullptr},
                                        {.func = "f", .scope = "s"}})));
  EXPECT_OK(write_to(*sink, table_rows({{.func = nullptr, .scope = "s"}})));
  EXPECT_OK(write_to(
      *sink, field_rows({{{"event", "e"}, {"id", "mine"}, {"end", "0"}}})));
  EXPECT_EQ(one("SELECT group_concat(func || scope || \"end\" || (id = 'mine'))"
                " FROM (SELECT * FROM stogger_logs ORDER BY rowid)"),
            "xyz0,fsz0,xsz0,xy01");
}

TEST_F(SqliteSchema, ManySetsOfColumnsAreNoProblem) {
  std::string sql =
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data";
  for (int i = 0; i < 12; ++i) sql += ", c" + std::to_string(i) + " DEFAULT 7";
  run(sql + ")");
  SinkPtr sink = open();
  int sevens = 0;
  for (unsigned set = 0; set < 300; ++set) {
    std::vector<std::string> names;
    for (int i = 0; i < 12; ++i) names.push_back("c" + std::to_string(i));
    std::vector<Field> row = {{"event", "e"}};
    for (unsigned i = 0; i < 12; ++i) {
      const bool given = (set * 37 >> i & 1) != 0;
      if (!given) ++sevens;
      row.push_back({names[i], given ? Value(1) : Value(nullptr)});
    }
    EXPECT_OK(write_to(*sink, field_rows({row})));
  }
  std::string sum;
  for (int i = 0; i < 12; ++i) {
    sum += (i == 0 ? "" : " + ") + ("(c" + std::to_string(i) + " = 7)");
  }
  EXPECT_EQ(one("SELECT sum(" + sum + ") FROM stogger_logs"),
            std::to_string(sevens));
}

TEST_F(SqliteSchema, ABlobColumnOfAStrictTableIsLeftToOthers) {
  run("CREATE TABLE stogger_logs (timestamp TEXT, level TEXT, event TEXT, func "
      "TEXT, scope TEXT, data TEXT, raw BLOB, whatever ANY) STRICT");
  SinkPtr sink = open();
  EXPECT_EQ(sink->columns().column_count, 7u);
  EXPECT_EQ(sink->columns().columns[6].name, "whatever");
  EXPECT_EQ(sink->columns().columns[6].kind, Kind::null);
}

TEST_F(SqliteSchema, TextForABlobColumnOfAStrictTableIsInData) {
  run("CREATE TABLE stogger_logs (timestamp TEXT, level TEXT, event TEXT, func "
      "TEXT, scope TEXT, data TEXT, raw BLOB) STRICT");
  System system;
  ASSERT_OK(system.add_sink("s", make()));
  system.logger().info("e", {{"raw", "text"}, {"n", 1}});
  EXPECT_OK(system.flush());
  EXPECT_EQ(one("SELECT data FROM stogger_logs WHERE raw IS NULL"),
            "{\"raw\":\"text\",\"n\":1}");
}

TEST_F(SqliteSchema, NotANumberDoesNotCostTheRowOfAStrictTable) {
  run("CREATE TABLE stogger_logs (timestamp TEXT, level TEXT, event TEXT, func "
      "TEXT, scope TEXT, data TEXT, ms REAL, whatever ANY) STRICT");
  SinkPtr sink = open();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const KeptReport report =
      said_of(*sink, field_rows({{{"event", "e"}, {"ms", nan}}}));
  EXPECT_OK(write_to(*sink, field_rows({{{"event", "e"}, {"whatever", nan}}})));
  EXPECT_EQ(report.refused.size(), 0u) << report.text();
  ASSERT_EQ(report.notices.size(), 1u);
  EXPECT_NE(report.notices[0].find("\"ms\""), std::string::npos);
  EXPECT_EQ(one("SELECT group_concat(coalesce(ms, whatever, 'null')) FROM "
                "stogger_logs"),
            "null,NaN");
}

TEST_F(SqliteSchema, AStrictTableThatTakesNoTimeAsTextIsRefusedAtTheStart) {
  for (const std::string type : {"INTEGER", "REAL", "BLOB"}) {
    std::filesystem::remove(path_);
    run("CREATE TABLE stogger_logs (timestamp " + type +
        ", level TEXT, event ANY, func TEXT, scope TEXT, data " + type +
        ") STRICT");
    const Status status = make()->open();
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_NE(status.message().find(
                  "the table \"stogger_logs\" is STRICT and takes no text for "
                  "\"timestamp\" or \"data\": declare them TEXT or ANY, or "
                  "choose another table"),
              std::string_view::npos)
        << status.message();
  }
}

TEST_F(SqliteSchema, ASampleForABlobColumnOfAStrictTableIsRefusedWithARemedy) {
  run("CREATE TABLE samples (device TEXT, raw BLOB) STRICT");
  const Field given[] = {{"path", path_}};
  Options options("sqlite", Fields(given, 1));
  OptionsAccess::set_for_samples(options);
  SinkPtr sink;
  ASSERT_OK(make_sqlite_sink(options, &sink));
  ASSERT_OK(sink->open());
  Rows rows({{"device", Kind::text}, {"raw", Kind::text}});
  rows.add({"mfc1", nullptr});
  EXPECT_OK(write_to(*sink, rows));
  EXPECT_EQ(one("SELECT count(*) FROM samples"), "1");
  const KeptReport report = said_of(*sink, rows.add({"mfc1", "text"}));
  ASSERT_EQ(report.refused.size(), 2u) << report.text();
  EXPECT_TRUE(report.notices.empty()) << report.text();
  EXPECT_NE(report.refused[0].reason.find("samples.raw"), std::string::npos);
  EXPECT_TRUE(report.refused[0].reason.ends_with(
      ": the table is STRICT; declare the column TEXT or ANY, or leave the "
      "value out"))
      << report.text();
}

// ---- Time and memory

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
    "count(*) FROM n";

std::int64_t thread_time() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

// How much of this thread's time a write takes that fails: on a busy machine,
// it is less than the time that goes by. The best of some tries.
std::int64_t effort_to_fail(Sink& sink, std::string_view reason) {
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t before = thread_time();
    const Status status = write_to(sink, table_rows({{}}));
    best = std::min(best, thread_time() - before);
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(reason), std::string_view::npos)
        << status.message();
    EXPECT_OK(sink.close());
    EXPECT_OK(sink.open());
  }
  return best;
}

TEST_F(SqliteSchema, AnEndlessTriggerEndsWithTheDeadline) {
  for (const char* const when : {"BEFORE", "AFTER"}) {
    std::filesystem::remove(path_);
    run(std::string(kTable) + "CREATE TRIGGER t " + when +
        " INSERT ON stogger_logs BEGIN " + kEndless + "; END");
    SinkPtr sink = open({{"busy_timeout_ms", 100}});
    const std::int64_t took =
        effort_to_fail(*sink, "took longer than 100 ms (busy_timeout_ms)");
    EXPECT_LT(took, kLongest);
    EXPECT_EQ(written(*sink), 0u);
    run("DROP TRIGGER t");
    EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
    EXPECT_EQ(one(kCount), "2");
    EXPECT_OK(sink->close());
  }
}

TEST_F(SqliteSchema, ALoopOfSlowFunctionsEndsWithTheDeadline) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN WITH RECURSIVE n(i) "
      "AS (SELECT 1 UNION ALL SELECT length(hex(zeroblob(1000000 + i % 9))) "
      "FROM n) SELECT count(*) FROM n; END");
  SinkPtr sink = open({{"busy_timeout_ms", 100}});
  EXPECT_LT(effort_to_fail(*sink, "took longer"), kLongest);
}

TEST_F(SqliteSchema, AnEndlessBatchEndsToo) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs WHEN new.event = 'bad' "
      "BEGIN " +
      kEndless + "; END");
  SinkPtr sink = open({{"busy_timeout_ms", 100}});
  const std::int64_t before = Clock::real()->monotonic_ns();
  EXPECT_EQ(write_to(*sink, table_rows({{}, {.event = "bad"}, {}})).code(),
            Code::unavailable);
  EXPECT_LT(Clock::real()->monotonic_ns() - before, kSecond);
  EXPECT_EQ(written(*sink), 0u);
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(one(kCount), "1");
}

TEST_F(SqliteSchema, AHugeDefaultIsRefused) {
  run("CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data, "
      "more DEFAULT (hex(zeroblob(200000000))))");
  SinkPtr sink = open();
  const std::int64_t before = Clock::real()->monotonic_ns();
  const KeptReport said = said_of(*sink, table_rows({{}}));
  EXPECT_LT(Clock::real()->monotonic_ns() - before,
            (kSanitized ? 1000 : 270) * kMillisecond);
  EXPECT_EQ(said.refused.size(), 1u);
  EXPECT_EQ(written(*sink), 0u);
  EXPECT_EQ(one(kCount), "0");
}

TEST_F(SqliteSchema, ViewsOfViewsDoNotHoldUpTheOpening) {
  std::string sql = "CREATE TABLE t (a); CREATE VIEW v0 AS SELECT a FROM t;";
  for (int i = 1; i <= 14; ++i) {
    const std::string before = "v" + std::to_string(i - 1);
    sql += "CREATE VIEW v" + std::to_string(i) + " AS SELECT x.a FROM " +
           before + " x, " + before + " y;";
  }
  run(sql + kTable +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN SELECT * FROM v14; "
      "END");
  SinkPtr sink = make();
  const std::int64_t before = Clock::real()->monotonic_ns();
  const Status status = sink->open();
  EXPECT_LT(Clock::real()->monotonic_ns() - before, 10 * kSecond);
  EXPECT_FALSE(status.ok());
}

// ---- What a schema may not do

TEST_F(SqliteSchema, ASchemaLoadsNoExtension) {
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN SELECT "
      "load_extension('/tmp/none.so'); END");
  EXPECT_FALSE(make()->open().ok());
}

int calls = 0;

void count_call(sqlite3_context* context, int, sqlite3_value**) {
  ++calls;
  sqlite3_result_int(context, 1);
}

int give_functions(sqlite3* connection, const char**, const void*) {
  const auto give = [&](const char* name, int flags) {
    sqlite3_create_function(connection, name, -1, SQLITE_UTF8 | flags, nullptr,
                            &count_call, nullptr, nullptr);
  };
  give("harmful", 0);
  give("direct", SQLITE_DIRECTONLY);
  give("harmless", SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC);
  return SQLITE_OK;
}

// As a program may do for all of its connections.
class Extension {
 public:
  Extension() { sqlite3_auto_extension(kEntry); }
  ~Extension() { sqlite3_cancel_auto_extension(kEntry); }

 private:
  static inline const auto kEntry =
      reinterpret_cast<void (*)()>(&give_functions);
};

TEST_F(SqliteSchema, FunctionsOfTheProgramAreNotForASchema) {
  const Extension extension;
  for (const char* const name : {"harmful", "direct"}) {
    const std::string call = std::string(name) + "(1)";
    for (const std::string& sql :
         {std::string(kTable) +
              "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN SELECT " +
              call + "; END",
          "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, "
          "data, more DEFAULT (" +
              call + "))"}) {
      std::filesystem::remove(path_);
      run(sql);
      SinkPtr sink = make();
      EXPECT_FALSE(sink->open().ok() && write_to(*sink, table_rows({{}})).ok())
          << sql;
      EXPECT_OK(sink->close());
    }
  }
  EXPECT_EQ(calls, 0);
  std::filesystem::remove(path_);
  run(std::string(kTable) +
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN SELECT harmless(1); "
      "END");
  EXPECT_OK(write_to(*open(), table_rows({{}})));
  EXPECT_EQ(calls, 1);
}

// As a later release of SQLite may have written it.
TEST_F(SqliteSchema, ADefinitionThatIsNotUnderstoodIsNoDamage) {
  run(std::string(kTable) +
      "CREATE TABLE other (x); PRAGMA writable_schema = ON; UPDATE "
      "sqlite_schema SET sql = 'CREATE TABLE other (x) FUTURE' WHERE name = "
      "'other'");
  SinkPtr sink = make();
  const Status status = sink->open();
  EXPECT_EQ(status.code(), Code::unavailable) << status.message();
  EXPECT_NE(status.message().find("FUTURE"), std::string_view::npos)
      << status.message();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SqliteSchema, JsonFunctionsWorkInTriggersAndColumns) {
  run("CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp, level, "
      "event, func, scope, data, user AS (json_extract(data, '$.user_id')));"
      "CREATE INDEX by_user ON stogger_logs (user);"
      "CREATE TABLE seen (x);"
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN INSERT INTO seen "
      "VALUES (json_extract(new.data, '$.user_id')); END");
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(one("SELECT user || x FROM stogger_logs, seen"), "4242");
}

TEST_F(SqliteSchema, AShadowTableIsNotWrittenTo) {
  run(std::string(kTable) +
      "CREATE VIRTUAL TABLE found USING fts5(x);"
      "CREATE TRIGGER t AFTER INSERT ON stogger_logs BEGIN UPDATE found_data "
      "SET block = x'00'; END");
  EXPECT_FALSE(make()->open().ok());
}

}  // namespace
}  // namespace stogger
