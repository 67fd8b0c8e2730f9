// Rows of a queue that are handed over more than once, as after a kill.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/options.h"
#include "sinks/builtin.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using Positions = std::vector<std::uint64_t>;

constexpr std::uint8_t kQueue = 0xab;
constexpr const char* kQueueText = "abababab-abab-abab-abab-abababababab";

// Rows whose events are their positions.
Rows rows_at(const Positions& positions, std::uint8_t queue = kQueue) {
  std::vector<std::string> events;
  for (const std::uint64_t position : positions) {
    events.push_back(std::to_string(position));
  }
  std::vector<TableRow> rows;
  for (const std::string& event : events) rows.push_back({.event = event});
  Rows made = table_rows(rows);
  made.from(queue, positions);
  return made;
}

class SqliteLedgerTest : public ::testing::Test {
 protected:
  SinkPtr open(std::vector<Field> more = {}) {
    more.push_back({"path", path_});
    SinkPtr sink = make_or_throw(make_sqlite_sink, more);
    EXPECT_OK(sink->open());
    return sink;
  }
  std::string one(const std::string& sql) {
    return SqliteQuery(path_).one(sql);
  }
  void run(const std::string& sql) { SqliteQuery(path_).run(sql); }
  std::string stored() {
    return one(
        "SELECT group_concat(event, ' ') FROM (SELECT event FROM stogger_logs "
        "ORDER BY id)");
  }
  std::string position() {
    return one("SELECT position FROM stogger_logs_ledger WHERE queue = '" +
               std::string(kQueueText) + "'");
  }
  // The rows are stored all the same, and the notice says why not once.
  void expect_at_least_once(Sink& sink, const std::string& why) {
    const std::uint64_t before = written(sink);
    const KeptReport said = said_of(sink, rows_at({1, 2}));
    ASSERT_EQ(said.notices.size(), 1u);
    EXPECT_NE(said.notices[0].find(why), std::string::npos) << said.notices[0];
    EXPECT_NE(said.notices[0].find("may be stored twice"), std::string::npos);
    EXPECT_TRUE(said.refused.empty());
    EXPECT_OK(write_to(sink, rows_at({2, 3})));
    EXPECT_EQ(stored(), "1 2 2 3");
    EXPECT_EQ(written(sink), before + 4);
  }
  static std::uint64_t written(const Sink& sink) {
    Tally tally;
    EXPECT_TRUE(sink.tally(&tally));
    return tally.written;
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("log.db");
};

TEST_F(SqliteLedgerTest, RowsThatAreStoredAreSkippedAndCountAsWritten) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1, 2, 3})));
  EXPECT_EQ(position(), "3");
  EXPECT_OK(write_to(*sink, rows_at({1, 2, 3})));
  EXPECT_OK(write_to(*sink, rows_at({2, 3, 4, 7})));
  EXPECT_OK(write_to(*sink, rows_at({7})));
  EXPECT_OK(write_to(*sink, rows_at({9})));
  EXPECT_EQ(stored(), "1 2 3 4 7 9");
  EXPECT_EQ(written(*sink), 12u);
  EXPECT_EQ(position(), "9");
}

TEST_F(SqliteLedgerTest, TheFirstPositionMayBeZero) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({0})));
  EXPECT_OK(write_to(*sink, rows_at({0, 1})));
  EXPECT_EQ(stored(), "0 1");
}

TEST_F(SqliteLedgerTest, SurvivesTheProcess) {
  EXPECT_OK(write_to(*open(), rows_at({1, 2})));
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1, 2, 3})));
  EXPECT_EQ(stored(), "1 2 3");
  EXPECT_EQ(written(*sink), 3u);
}

TEST_F(SqliteLedgerTest, QueuesHavePositionsOfTheirOwn) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({5}, 1)));
  EXPECT_OK(write_to(*sink, rows_at({1}, 2)));
  EXPECT_OK(write_to(*sink, rows_at({5, 6}, 1)));
  EXPECT_OK(write_to(*sink, rows_at({1}, 2)));
  EXPECT_EQ(stored(), "5 1 6");
  EXPECT_EQ(one("SELECT group_concat(position) FROM stogger_logs_ledger"),
            "6,1");
}

TEST_F(SqliteLedgerTest, SaysWhenAQueueWasLastHeardOf) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1})));
  EXPECT_EQ(one("SELECT updated_at FROM stogger_logs_ledger"),
            "2026-11-21T01:39:28.656642Z");
}

TEST_F(SqliteLedgerTest, IsNotMadeForRowsWithoutAnOrigin) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_EQ(one("SELECT count(*) FROM sqlite_master WHERE name LIKE '%ledger'"),
            "0");
}

TEST_F(SqliteLedgerTest, RefusedRowsAreCovered) {
  const SinkPtr sink = open();
  run("CREATE TRIGGER no BEFORE INSERT ON stogger_logs WHEN new.event IN "
      "('2', '4') BEGIN SELECT RAISE(ABORT, 'unwanted'); END");
  EXPECT_EQ(said_of(*sink, rows_at({1, 2, 3, 4})).refused_rows(),
            (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(position(), "4");
  EXPECT_OK(write_to(*sink, rows_at({2, 3, 4})));
  EXPECT_EQ(said_of(*sink, rows_at({3, 4})).refused.size(), 0u);
  EXPECT_EQ(stored(), "1 3");
  EXPECT_EQ(written(*sink), 2u + 3u + 2u);
}

// A trigger may end the transaction that its row is in.
TEST_F(SqliteLedgerTest, RowsAroundOneThatEndsItsTransactionAreStoredOnce) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1})));
  run("CREATE TRIGGER no BEFORE INSERT ON stogger_logs WHEN new.event IN "
      "('3', '5', '8') BEGIN SELECT RAISE(ROLLBACK, 'unwanted'); END");
  KeptReport said = said_of(*sink, rows_at({1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(said.refused_rows(), (std::vector<std::size_t>{2, 4}));
  EXPECT_TRUE(said.notices.empty()) << said.text();
  EXPECT_EQ(position(), "6");
  EXPECT_EQ(stored(), "1 2 4 6");
  EXPECT_EQ(written(*sink), 1u + 4u);
  EXPECT_EQ(said_of(*sink, rows_at({6, 7, 8})).refused_rows(),
            (std::vector<std::size_t>{2}));
  EXPECT_EQ(position(), "8");
  EXPECT_EQ(said_of(*sink, rows_at({7, 8})).refused_rows().size(), 0u);
  EXPECT_EQ(stored(), "1 2 4 6 7");
}

TEST_F(SqliteLedgerTest, ABatchThatFailsMovesNothing) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1})));
  run("ALTER TABLE stogger_logs RENAME TO away");
  KeptReport said;
  EXPECT_FALSE(sink->write(rows_at({2, 3}), said).ok());
  EXPECT_TRUE(said.doubtful.empty());
  EXPECT_EQ(position(), "1");
  run("ALTER TABLE away RENAME TO stogger_logs");
  static_cast<void>(sink->close());
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, rows_at({2, 3})));
  EXPECT_EQ(stored(), "1 2 3");
}

TEST_F(SqliteLedgerTest, TwoWithTheSameQueueStoreEachRowOnce) {
  constexpr std::uint64_t kRows = 300;
  const auto write_all = [&](std::uint64_t size) {
    const SinkPtr sink = open({{"busy_timeout_ms", 20000}});
    for (std::uint64_t at = 0; at < kRows; at += size) {
      Positions positions;
      for (std::uint64_t i = at; i < std::min(at + size, kRows); ++i) {
        positions.push_back(i);
      }
      EXPECT_OK(write_to(*sink, rows_at(positions)));
    }
    EXPECT_EQ(written(*sink), kRows);
  };
  static_cast<void>(open());
  std::thread zombie([&] { write_all(7); });
  write_all(10);
  zombie.join();
  EXPECT_EQ(one("SELECT count(*) FROM stogger_logs"), "300");
  EXPECT_EQ(one("SELECT count(DISTINCT event) FROM stogger_logs"), "300");
}

// ---- What is not a ledger

TEST_F(SqliteLedgerTest, ThatMayNotBeMadeIsReportedWithItsSql) {
  static_cast<void>(open());
  const SinkPtr sink = open({{"create_table", false}});
  expect_at_least_once(
      *sink,
      "run CREATE TABLE \"stogger_logs_ledger\" (queue TEXT PRIMARY KEY NOT "
      "NULL, position INTEGER NOT NULL, updated_at TEXT)");
}

TEST_F(SqliteLedgerTest, ThatIsMadeMeanwhileIsUsed) {
  static_cast<void>(open());
  const SinkPtr sink = open({{"create_table", false}});
  const std::string notice = said_of(*sink, rows_at({1})).notices.at(0);
  run(notice.substr(notice.find("CREATE TABLE")));
  EXPECT_OK(write_to(*sink, rows_at({2})));
  EXPECT_OK(write_to(*sink, rows_at({2})));
  EXPECT_EQ(stored(), "1 2");
}

TEST_F(SqliteLedgerTest, ThatIsDeletedIsMadeAgain) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1})));
  run("DROP TABLE stogger_logs_ledger");
  EXPECT_OK(write_to(*sink, rows_at({2})));
  EXPECT_OK(write_to(*sink, rows_at({2, 3})));
  EXPECT_EQ(stored(), "1 2 3");
}

TEST_F(SqliteLedgerTest, AnotherTableOfThatNameIsLeftAlone) {
  for (const char* sql :
       {"CREATE TABLE stogger_logs_ledger (a)",
        "CREATE TABLE stogger_logs_ledger (queue TEXT PRIMARY KEY, position "
        "TEXT, updated_at TEXT)",
        "CREATE TABLE stogger_logs_ledger (queue TEXT, position INTEGER, "
        "updated_at TEXT)",
        "CREATE TABLE stogger_logs_ledger (queue TEXT PRIMARY KEY, position "
        "INTEGER AS (9), updated_at TEXT)",
        "CREATE VIEW stogger_logs_ledger AS SELECT 'abababab-abab-abab-abab-"
        "abababababab' AS queue, 99 AS position, '' AS updated_at",
        "CREATE VIRTUAL TABLE stogger_logs_ledger USING fts5 (queue, position, "
        "updated_at)"}) {
    SCOPED_TRACE(sql);
    const SinkPtr sink = open();
    run("DELETE FROM stogger_logs");
    run(sql);
    expect_at_least_once(*sink, "something else of that name");
    run(std::string("DROP ") +
        (std::string_view(sql).starts_with("CREATE VIEW") ? "VIEW" : "TABLE") +
        " stogger_logs_ledger");
  }
}

TEST_F(SqliteLedgerTest, OneWithATriggerIsNotUsed) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({0})));
  run("DELETE FROM stogger_logs; CREATE TRIGGER t AFTER UPDATE ON "
      "stogger_logs_ledger BEGIN UPDATE stogger_logs_ledger SET position = "
      "1000; END");
  expect_at_least_once(*sink, "a trigger on it");
}

TEST_F(SqliteLedgerTest, OneThatTakesNoPositionIsNotUsed) {
  const SinkPtr sink = open();
  run("CREATE TABLE stogger_logs_ledger (queue TEXT PRIMARY KEY, position "
      "INTEGER CHECK (position < 0), updated_at TEXT)");
  expect_at_least_once(*sink, "CHECK constraint failed");
}

TEST_F(SqliteLedgerTest, OneThatEndsTheTransactionIsNotUsed) {
  const SinkPtr sink = open();
  run("CREATE TABLE stogger_logs_ledger (queue TEXT PRIMARY KEY, position "
      "INTEGER UNIQUE ON CONFLICT ROLLBACK, updated_at TEXT); INSERT INTO "
      "stogger_logs_ledger VALUES ('another', 2, ''), ('a third', 3, '')");
  expect_at_least_once(*sink, "ON CONFLICT");
}

TEST_F(SqliteLedgerTest, APositionThatIsNoIntegerIsNone) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({1})));
  run("UPDATE stogger_logs_ledger SET position = 'x'");
  EXPECT_OK(write_to(*sink, rows_at({2})));
  EXPECT_OK(write_to(*sink, rows_at({2})));
  EXPECT_EQ(stored(), "1 2");
}

}  // namespace
}  // namespace stogger
