// Samples in SQLite databases, read back by Python.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stogger/sample_sinks.h"
#include "support/sqlite_query.h"
#include "tests/sinks/sample_sinks.h"

namespace stogger {
namespace {

using nlohmann::json;

TEST_F(SampleSinkTest, SqliteTableNamesAreChecked) {
  for (const std::string& name :
       {std::string("x; DROP TABLE x"), std::string("1bad"), std::string("a b"),
        std::string("sam\"ples"), std::string(80, 'a')}) {
    EXPECT_NE(refusal("sqlite", {{"path", path_}, {"table", name}}), "")
        << name;
  }
  for (const char* name : {"samples", "run_1", "_private"}) {
    EXPECT_EQ(refusal("sqlite", {{"path", path_}, {"table", name}}), "");
  }
  EXPECT_NE(refusal("sqlite", {{"path", path_}, {"busy_timeout_ms", -1}}), "");
}

TEST_F(SampleSinkTest, SqliteMakesTheTableFromTheFirstBatch) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("sqlite");
  const Field fields[] = {{"flow", 1.5},
                          {"n", 3},
                          {"open", true},
                          {"at", kTime},
                          {"none", nullptr}};
  const Field later[] = {{"flow", 2}, {"new", 1}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_EQ(
      query("SELECT group_concat(name || ' ' || type, ', ') FROM "
            "pragma_table_info('samples')")[0][0],
      "device TEXT, unit_id TEXT, requested_at TEXT, received_at TEXT, "
      "midpoint_at TEXT, latency_s REAL, flow REAL, n INTEGER, open INTEGER, "
      "at TEXT, none TEXT, status TEXT");
  EXPECT_EQ(query("SELECT flow, n, open, at, none, status, typeof(latency_s) "
                  "FROM samples ORDER BY rowid"),
            json::parse(R"([
              [1.5,3,1,"2026-11-21T01:39:28.656642Z",null,"","real"],
              [2.0,null,null,null,null,"","real"],
              [2.0,null,null,null,null,"","real"]])"));
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_NE(reports_[0].find("there is no column \"new\""), std::string::npos);
}

TEST_F(SampleSinkTest, SqliteUsesTheJournalThatIsAskedFor) {
  SKIP_WITHOUT_PYTHON();
  {
    SinkPtr sink = make("sqlite");
    EXPECT_OK(write(*sink, {sample({})}));
    EXPECT_EQ(query("PRAGMA journal_mode")[0][0], "wal");
  }
  path_ = folder_.file("other.db");
  SqliteConfig config;
  config.path = path_;
  config.journal_mode = "DELETE";
  config.table = "run_1";
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(config, &sink));
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(query("PRAGMA journal_mode")[0][0], "delete");
  EXPECT_EQ(query("SELECT count(*) FROM run_1")[0][0], 1);
}

TEST_F(SampleSinkTest, AMissingSqliteTableIsAnErrorIfItMayNotBeMade) {
  SinkPtr sink;
  const Status status = make_sample_sink(
      "sqlite", {{"path", path_}, {"create_table", false}}, &sink);
  EXPECT_EQ(status.code(), Code::missing);
  const std::string told(status.message());
  EXPECT_NE(told.find("there is no table \"samples\""), std::string::npos);
  EXPECT_NE(told.find(path_), std::string::npos);
}

TEST_F(SampleSinkTest, AnExistingSqliteTableKeepsItsColumns) {
  SKIP_WITHOUT_PYTHON();
  run_python(
      "c = sqlite3.connect(path)\n"
      "c.execute('CREATE TABLE samples (id INTEGER PRIMARY KEY, device TEXT,"
      " Mass_Flow REAL)')\nc.commit()\nprint('1')",
      path_);
  SinkPtr sink = make("sqlite", {{"create_table", false}});
  const Field fields[] = {{"mass_flow", 5}, {"other", 1}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(query("SELECT * FROM samples"),
            json::parse(R"([[1,"mfc1",5.0],[2,"mfc1",5.0]])"));
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_NE(reports_[0].find("\"other\""), std::string::npos);
}

TEST_F(SampleSinkTest, ValuesAndNamesAreNeverSql) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("sqlite");
  const std::string attack = "'; DROP TABLE samples; --";
  const Field fields[] = {{"a", attack},
                          {"x\" TEXT); DROP TABLE samples; --", 1},
                          {"with space", 2}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(query("SELECT a, \"x\"\" TEXT); DROP TABLE samples; --\", "
                  "\"with space\" FROM samples")[0],
            json::array({attack, 1, 2}));
}

TEST_F(SampleSinkTest, SqliteColumnsThatDifferInCaseAreTwo) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("sqlite");
  const Field fields[] = {{"t", 1}, {"T", 2}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(query("SELECT t, T_2 FROM samples")[0], json::array({1, 2}));
  EXPECT_TRUE(reports_.empty());
}

TEST_F(SampleSinkTest, NumbersThatSqliteHasNotAreNullOrText) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("sqlite");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Field fields[] = {
      {"x", std::nan("")}, {"y", kInfinity}, {"big", UINT64_MAX}, {"n", 1}};
  const Field later[] = {{"n", UINT64_MAX}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_EQ(query("SELECT x, y = 9e999, big, n FROM samples"),
            json::parse(R"([[null,1,"18446744073709551615",1],
                            [null,null,null,null]])"));
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_NE(reports_[0].find("the column \"n\" holds integers"),
            std::string::npos);
}

TEST_F(SampleSinkTest, ABatchOfSqliteIsAllOrNothing) {
  SKIP_WITHOUT_PYTHON();
  run_python(
      "c = sqlite3.connect(path)\nc.execute('CREATE TABLE samples (device TEXT,"
      " n INTEGER CHECK (n < 5))')\nc.commit()\nprint('1')",
      path_);
  SinkPtr sink = make("sqlite");
  const Field good[] = {{"n", 1}};
  const Field bad[] = {{"n", 9}};
  PipeSummary summary;
  const std::vector<Sample> samples = {sample(good), sample(good), sample(good),
                                       sample(bad)};
  const Status status = pipe(samples, *sink, {.batch_size = 2}, &summary);
  EXPECT_EQ(status.code(), Code::rejected);
  EXPECT_NE(status.message().find("INSERT"), std::string_view::npos);
  EXPECT_NE(status.message().find("CHECK"), std::string_view::npos);
  EXPECT_EQ(summary.samples_emitted, 2u);
  EXPECT_EQ(summary.samples_lost, 2u);
  EXPECT_EQ(query("SELECT count(*) FROM samples")[0][0], 2);
  // The transaction is not left open.
  EXPECT_OK(write(*sink, {sample(good)}));
}

TEST_F(SampleSinkTest, TheSecondRunGoesOnInTheTableOfTheFirst) {
  SKIP_WITHOUT_PYTHON();
  const Field fields[] = {{"open", true}, {"flow", 1}};
  for (int i = 0; i < 2; ++i) {
    SinkPtr sink = make("sqlite");
    EXPECT_OK(write(*sink, {sample(fields)}));
  }
  EXPECT_EQ(query("SELECT open, flow, requested_at FROM samples"),
            json::parse(R"([[1,1,"2026-11-21T01:39:28.656642Z"],
                            [1,1,"2026-11-21T01:39:28.656642Z"]])"));
  EXPECT_TRUE(reports_.empty());
}

TEST_F(SampleSinkTest, NamesThatDifferInCaseKeepTheirColumns) {
  SKIP_WITHOUT_PYTHON();
  const Field both[] = {{"flow", 1}, {"Flow", 2}, {"bad\xff", 3}};
  const Field upper[] = {{"Flow", 4}};
  for (int run = 0; run < 2; ++run) {
    SinkPtr sink = make("sqlite");
    EXPECT_OK(write(*sink, {sample(both)}));
    EXPECT_OK(write(*sink, {sample(upper)}));
  }
  EXPECT_EQ(query("SELECT flow, Flow_2, \"bad\xEF\xBF\xBD\" FROM samples"),
            json::parse("[[1,2,3],[null,4,null],[1,2,3],[null,4,null]]"));
  EXPECT_TRUE(reports_.empty()) << reports_[0];
}

TEST_F(SampleSinkTest, ColumnsOfTypesThatSqliteDoesNotKnowTakeAnything) {
  SKIP_WITHOUT_PYTHON();
  SqliteQuery(path_).run(
      "CREATE TABLE samples (device STRING, unit_id UUID, requested_at "
      "DATETIME, payload JSON, n NUMERIC, flow MONEY)");
  SinkPtr sink = make("sqlite");
  const Field fields[] = {
      {"payload", Json{"{\"a\":1}"}}, {"n", 1.5}, {"flow", 2}};
  const Field later[] = {{"flow", "fast"}, {"n", "fast"}};
  EXPECT_OK(write(*sink, {sample(fields), sample(later)}));
  EXPECT_EQ(query("SELECT * FROM samples"), json::parse(R"([
    ["mfc1","A","2026-11-21T01:39:28.656642Z","{\"a\":1}",1.5,2],
    ["mfc1","A","2026-11-21T01:39:28.656642Z",null,null,"fast"]])"));
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_NE(reports_[0].find("the column \"n\" holds reals"),
            std::string::npos);
  EXPECT_EQ(reports_[0].find("\"flow\""), std::string::npos);
}

TEST_F(SampleSinkTest, TheNumberThatSqliteGivesARowIsNotWritten) {
  SKIP_WITHOUT_PYTHON();
  const struct {
    const char* columns;
    int stored;
  } tables[] = {
      {"n INTEGER PRIMARY KEY, device", 1},
      {"n integer, device, PRIMARY KEY (n)", 1},
      {"n INTEGER, device, PRIMARY KEY (n DESC)", 1},
      // These are columns like any other.
      {"n INTEGER, device, PRIMARY KEY (device, n)", 7},
      {"n INTEGER PRIMARY KEY DESC, device", 7},
      {"n INT PRIMARY KEY, device", 7},
      {"n INTEGER UNIQUE, device", 7},
  };
  const Field fields[] = {{"n", 7}};
  for (const auto& table : tables) {
    for (const char* rest : {"", " WITHOUT ROWID"}) {
      const std::string definition =
          std::string("(") + table.columns + ")" + rest;
      if (definition.find("PRIMARY KEY") == std::string::npos && *rest != 0) {
        continue;
      }
      path_ = folder_.file(definition + ".db");
      SqliteQuery(path_).run("CREATE TABLE samples " + definition);
      SinkPtr sink = make("sqlite");
      EXPECT_OK(write(*sink, {sample(fields)}));
      EXPECT_EQ(query("SELECT n FROM samples")[0][0],
                *rest == 0 ? table.stored : 7)
          << definition;
    }
  }
}

TEST_F(SampleSinkTest, DefaultsOfASqliteTableStandInForWhatIsMissing) {
  SKIP_WITHOUT_PYTHON();
  SqliteQuery(path_).run(
      "CREATE TABLE samples (device, n INTEGER NOT NULL DEFAULT 7, note TEXT "
      "DEFAULT 'none', inserted_at TEXT NOT NULL DEFAULT current_timestamp)");
  SinkPtr sink = make("sqlite");
  const Field fields[] = {{"n", 1}, {"note", "x"}};
  EXPECT_OK(write(*sink, {sample(fields), sample({})}));
  EXPECT_EQ(query("SELECT n, note, inserted_at > '2000' FROM samples"),
            json::parse(R"([[1,"x",1],[7,"none",1]])"));
}

TEST_F(SampleSinkTest, ErrorsOfSqlNameTheInsert) {
  SinkPtr sink = make("sqlite");
  EXPECT_OK(write(*sink, {sample({})}));
  SqliteQuery(path_).run("DROP TABLE samples");
  const Status status = write(*sink, {sample({})});
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("the INSERT failed: "),
            std::string_view::npos);
  EXPECT_NE(status.message().find("no such table"), std::string_view::npos);
}

// The connection of the sink made last: each that is opened passes here.
sqlite3*& last_connection() {
  static sqlite3* connection = nullptr;
  return connection;
}

int keep_connection(sqlite3* connection, char**, const void*) {
  last_connection() = connection;
  return SQLITE_OK;
}

std::string pragma(const char* name) {
  std::string value;
  sqlite3_exec(
      last_connection(), (std::string("PRAGMA ") + name).c_str(),
      [](void* out, int, char** cells, char**) {
        *static_cast<std::string*>(out) = cells[0];
        return 0;
      },
      &value, nullptr);
  return value;
}

TEST_F(SampleSinkTest, TheConnectionOfSqliteIsAsItWasAskedFor) {
  auto* const hook = reinterpret_cast<void (*)()>(&keep_connection);
  ASSERT_EQ(sqlite3_auto_extension(hook), SQLITE_OK);
  {
    SinkPtr sink = make("sqlite");
    EXPECT_EQ(pragma("synchronous"), "1");  // NORMAL
  }
  {
    SinkPtr sink = make("sqlite", {{"synchronous", "FULL"}});
    EXPECT_EQ(pragma("synchronous"), "2");
  }
  sqlite3_cancel_auto_extension(hook);
}

}  // namespace
}  // namespace stogger
