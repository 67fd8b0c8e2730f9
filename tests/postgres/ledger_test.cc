// Rows of a queue that are handed over more than once: after a kill, or when
// the answer to a commit never came.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/cutting_proxy.h"
#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

using Positions = std::vector<std::uint64_t>;

constexpr std::uint8_t kQueue = 0xab;

// From the first up to the last.
Positions range(std::uint64_t first, std::uint64_t last) {
  Positions positions;
  for (std::uint64_t i = first; i <= last; ++i) positions.push_back(i);
  return positions;
}

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

std::uint64_t written(const Sink& sink) {
  Tally tally;
  EXPECT_TRUE(sink.tally(&tally));
  return tally.written;
}

enum class Way { copy, arrays, pooler };

class PostgresLedger : public PostgresTest,
                       public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped() || GetParam() != Way::pooler) return;
    SKIP_IF(PgBouncer::why_not());
  }
  // Where the sink connects to.
  int port() {
    if (GetParam() != Way::pooler) return server().port();
    if (!pooler_) pooler_ = std::make_unique<PgBouncer>(server());
    return std::stoi(pooler_->dsn().substr(pooler_->dsn().find("port=") + 5));
  }
  SinkPtr make(std::vector<Field> more = {}, const std::string& role = "",
               int port = 0) {
    const std::string dsn = "host=127.0.0.1 dbname=postgres port=" +
                            std::to_string(port == 0 ? this->port() : port) +
                            " user=" + (role.empty() ? "postgres" : role);
    more.push_back({"dsn", dsn});
    more.push_back({"use_copy", GetParam() == Way::copy});
    return make_postgres(more);
  }
  SinkPtr open(std::vector<Field> more = {}, const std::string& role = "",
               int port = 0) {
    SinkPtr sink = make(std::move(more), role, port);
    EXPECT_OK(sink->open());
    return sink;
  }
  // A sink whose session is gone gets another.
  static void reopen(Sink& sink) {
    static_cast<void>(sink.close());
    EXPECT_TRUE(wait_until([&] { return sink.open().ok(); }));
  }
  std::string stored() {
    return server().one(
        "SELECT string_agg(event, ' ' ORDER BY id) FROM stogger_logs");
  }
  std::string position() {
    return server().one("SELECT position FROM stogger_logs_ledger");
  }
  void refuse(const std::string& events) {
    server().execute("ALTER TABLE stogger_logs ADD CHECK (event NOT IN (" +
                     events + "))");
  }
  void expect_each_once(std::uint64_t count) {
    EXPECT_EQ(server().query("SELECT count(*), count(DISTINCT event) FROM "
                             "stogger_logs")[0],
              (SqlRow{std::to_string(count), std::to_string(count)}));
  }
  // The rows are stored all the same, and the notice, which is said once, has
  // that part.
  void expect_at_least_once(Sink& sink, const std::string& why) {
    const KeptReport said = said_of(sink, rows_at({1, 2}));
    ASSERT_EQ(said.notices.size(), 1u);
    EXPECT_NE(said.notices[0].find("may be stored twice"), std::string::npos);
    EXPECT_NE(said.notices[0].find(why), std::string::npos) << said.notices[0];
    EXPECT_TRUE(said.refused.empty());
    EXPECT_OK(write_to(sink, rows_at({2, 3})));
    EXPECT_EQ(stored(), "1 2 2 3");
    EXPECT_EQ(written(sink), 4u);
  }
  // A role that may write to the table. The pooler knows no roles.
  bool make_role() {
    if (GetParam() == Way::pooler) return false;
    server().execute(
        "CREATE ROLE app LOGIN; GRANT INSERT ON stogger_logs TO app; GRANT "
        "USAGE ON SEQUENCE stogger_logs_id_seq TO app");
    return true;
  }

  std::unique_ptr<PgBouncer> pooler_;
};

TEST_P(PostgresLedger, RowsThatAreStoredAreSkippedAndCountAsWritten) {
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

TEST_P(PostgresLedger, TheFirstPositionMayBeZero) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({0})));
  EXPECT_OK(write_to(*sink, rows_at({0, 1})));
  EXPECT_EQ(stored(), "0 1");
}

TEST_P(PostgresLedger, SurvivesTheProcess) {
  EXPECT_OK(write_to(*open(), rows_at(range(1, 1000))));
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at(range(501, 1500))));
  expect_each_once(1500);
  EXPECT_EQ(written(*sink), 1000u);
}

TEST_P(PostgresLedger, QueuesHavePositionsOfTheirOwn) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at({5}, 1)));
  EXPECT_OK(write_to(*sink, rows_at({1}, 2)));
  EXPECT_OK(write_to(*sink, rows_at({5, 6}, 1)));
  EXPECT_OK(write_to(*sink, rows_at({1}, 2)));
  EXPECT_EQ(stored(), "5 1 6");
  EXPECT_EQ(
      server().one("SELECT string_agg(queue || '=' || position, ' ' ORDER BY "
                   "queue) FROM stogger_logs_ledger"),
      "01010101-0101-0101-0101-010101010101=6 "
      "02020202-0202-0202-0202-020202020202=1");
}

TEST_P(PostgresLedger, ABatchIsOneTransactionWithItsPosition) {
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, rows_at(range(1, 1000))));
  EXPECT_EQ(server().one("SELECT count(DISTINCT l.xmin::text) || ' ' || "
                         "bool_and(l.xmin = p.xmin) FROM stogger_logs l, "
                         "stogger_logs_ledger p"),
            "1 true");
}

TEST_P(PostgresLedger, RowsThatLeaveOutOtherColumnsStayInOrder) {
  const SinkPtr sink = open();
  server().execute("ALTER TABLE stogger_logs ADD COLUMN n int DEFAULT 7");
  const SinkPtr other = open();
  const auto rows = [](const Positions& positions) {
    Rows made({{"timestamp", Kind::time},
               {"level", Kind::text},
               {"event", Kind::text},
               {"func", Kind::text},
               {"scope", Kind::text},
               {"n", Kind::integer},
               {"data", Kind::json}});
    for (const std::uint64_t position : positions) {
      made.add({kTestTime, "info", std::to_string(position), nullptr, nullptr,
                position % 3 == 0 ? Value(nullptr)
                                  : Value(static_cast<std::int64_t>(position)),
                Json{"{}"}});
    }
    made.from(kQueue, positions);
    return made;
  };
  EXPECT_OK(write_to(*other, rows(range(1, 10))));
  EXPECT_OK(write_to(*other, rows(range(3, 11))));
  EXPECT_EQ(stored(), "1 2 3 4 5 6 7 8 9 10 11");
  EXPECT_EQ(server().one("SELECT string_agg(n::text, ' ' ORDER BY id) FROM "
                         "stogger_logs"),
            "1 2 7 4 5 7 7 8 7 10 11");
}

// ---- Rows that are refused

TEST_P(PostgresLedger, RefusedRowsAreCoveredByTheNextTransaction) {
  const SinkPtr sink = open();
  refuse("'1', '5', '6', '10'");
  std::vector<std::size_t> refused =
      said_of(*sink, rows_at(range(1, 10))).refused_rows();
  std::sort(refused.begin(), refused.end());
  EXPECT_EQ(refused, (std::vector<std::size_t>{0, 4, 5, 9}));
  EXPECT_EQ(stored(), "2 3 4 7 8 9");
  EXPECT_EQ(position(), "9");
  // Only the last one is known to nobody.
  EXPECT_EQ(said_of(*sink, rows_at(range(5, 11))).refused_rows(),
            (std::vector<std::size_t>{5}));
  EXPECT_EQ(stored(), "2 3 4 7 8 9 11");
  EXPECT_EQ(position(), "11");
  EXPECT_OK(write_to(*sink, rows_at(range(1, 11))));
  EXPECT_EQ(written(*sink), 6u + 6u + 11u);
}

TEST_P(PostgresLedger, ManyRowsMayBeRefused) {
  const SinkPtr sink = open();
  server().execute("ALTER TABLE stogger_logs ADD CHECK (event::int % 10 <> 7)");
  EXPECT_EQ(said_of(*sink, rows_at(range(1, 300))).refused.size(), 30u);
  EXPECT_OK(write_to(*sink, rows_at(range(201, 300))));
  expect_each_once(270);
  EXPECT_EQ(server().one("SELECT bool_and(ok) FROM (SELECT event::int > "
                         "lag(event::int, 1, 0) OVER (ORDER BY id) AS ok FROM "
                         "stogger_logs) AS o"),
            "t");
}

// ---- Connections and servers that end

TEST_P(PostgresLedger, AnAnswerThatNeverCameIsNoDoubt) {
  static_cast<void>(open());  // makes the table
  CuttingProxy proxy(port());
  const SinkPtr sink = open({}, "", proxy.port());
  ASSERT_OK(write_to(*sink, rows_at(range(1, 10))));
  for (const Positions& again :
       {range(11, 20), range(15, 25), range(26, 26), range(20, 30)}) {
    proxy.cut();
    KeptReport said;
    const Status status = sink->write(rows_at(again), said);
    ASSERT_TRUE(proxy.has_cut());
    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_TRUE(said.is_empty()) << said.text();
    reopen(*sink);
    ASSERT_OK(write_to(*sink, rows_at(again)));
  }
  expect_each_once(30);
  EXPECT_EQ(position(), "30");
}

TEST_P(PostgresLedger, AServerThatRestartsChangesNothing) {
  const SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, rows_at(range(1, 10))));
  server().restart();
  KeptReport said;
  static_cast<void>(sink->write(rows_at(range(5, 15)), said));
  EXPECT_TRUE(said.is_empty()) << said.text();
  EXPECT_TRUE(wait_until([&] {
    static_cast<void>(sink->close());
    return sink->open().ok() && write_to(*sink, rows_at(range(5, 15))).ok();
  }));
  expect_each_once(15);
}

TEST_P(PostgresLedger, ASessionThatStopsInTheMiddleStoresNothingLate) {
  const SinkPtr sink = open({{"batch_deadline_ms", 1000}});
  ASSERT_OK(write_to(*sink, rows_at({1})));
  server().execute(
      "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "PERFORM pg_sleep(0.3); RETURN NULL; END$$;"
      "CREATE TRIGGER wait AFTER INSERT ON stogger_logs FOR EACH STATEMENT "
      "EXECUTE FUNCTION wait()");
  pid_t session = -1;
  std::thread stopper([&] {
    static_cast<void>(wait_until([&] {
      const std::vector<SqlRow> found = server().query(
          "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      if (found.empty()) return false;
      session = std::atoi(found[0][0].c_str());
      pause_process(session);
      return true;
    }));
  });
  KeptReport said;
  EXPECT_EQ(sink->write(rows_at({2, 3}), said).code(), Code::unavailable);
  EXPECT_TRUE(said.is_empty()) << said.text();
  stopper.join();
  ASSERT_NE(session, -1);
  // It has moved the ledger, and has not committed: others wait for it, and no
  // row is refused for that.
  reopen(*sink);
  EXPECT_EQ(sink->write(rows_at({2, 3}), said).code(), Code::unavailable);
  EXPECT_TRUE(said.is_empty()) << said.text();
  resume_process(session);
  reopen(*sink);
  EXPECT_TRUE(wait_until([&] {
    static_cast<void>(sink->close());
    return sink->open().ok() && write_to(*sink, rows_at({2, 3})).ok();
  }));
  EXPECT_EQ(stored(), "1 2 3");
}

TEST_P(PostgresLedger, TwoWithTheSameQueueStoreEachRowOnce) {
  static_cast<void>(open());
  constexpr std::uint64_t kRows = 1000;
  const auto write_all = [&](std::uint64_t size) {
    const SinkPtr sink = open();
    for (std::uint64_t at = 1; at <= kRows; at += size) {
      const Rows rows = rows_at(range(at, std::min(at + size - 1, kRows)));
      // Those who are in each other's way too often try again.
      EXPECT_TRUE(wait_until([&] {
        if (write_to(*sink, rows).ok()) return true;
        static_cast<void>(sink->close());
        static_cast<void>(sink->open());
        return false;
      }));
    }
  };
  const int here = port();
  ASSERT_NE(here, 0);
  std::thread zombie([&] { write_all(7); });
  write_all(10);
  zombie.join();
  expect_each_once(kRows);
}

TEST_P(PostgresLedger, APositionThatAnotherMovedIsReadAgain) {
  const SinkPtr sink = open();
  const SinkPtr zombie = open();
  ASSERT_OK(write_to(*sink, rows_at({1, 2})));
  ASSERT_OK(write_to(*zombie, rows_at({1, 2, 3})));
  ASSERT_OK(write_to(*sink, rows_at({2, 3, 4})));
  ASSERT_OK(write_to(*zombie, rows_at({3, 4})));
  EXPECT_EQ(stored(), "1 2 3 4");
  EXPECT_EQ(written(*zombie), 5u);
}

// A queue that forgets what was acknowledged, cuts its batches as it likes, and
// whose process and connections end at any time.
TEST_P(PostgresLedger, WhateverHappensEachRowIsStoredOnceAndInOrder) {
  static_cast<void>(open());
  server().execute("ALTER TABLE stogger_logs ADD CHECK (event::int % 17 <> 0)");
  CuttingProxy proxy(port());
  SinkPtr sink = open({}, "", proxy.port());
  std::minstd_rand random(7);
  const auto below = [&](std::uint64_t end) { return random() % end; };
  constexpr std::uint64_t kRows = 400;
  for (std::uint64_t next = 1; next <= kRows;) {
    const std::uint64_t last = std::min(next + below(40), kRows);
    const bool cuts = below(4) == 0;
    if (cuts) proxy.cut();
    KeptReport said;
    const Status status = sink->write(rows_at(range(next, last)), said);
    EXPECT_TRUE(said.doubtful.empty());
    if (status.ok()) next = last + 1;
    if (below(10) == 0) next -= std::min(next - 1, below(60));
    if (below(10) == 0) {
      sink = open({}, "", proxy.port());
    } else if (!status.ok()) {
      reopen(*sink);
    }
  }
  expect_each_once(kRows - kRows / 17);
  EXPECT_EQ(server().one("SELECT bool_and(ok) FROM (SELECT event::int > "
                         "lag(event::int, 1, 0) OVER (ORDER BY id) AS ok FROM "
                         "stogger_logs) AS o"),
            "t");
}

// ---- The ledger itself

TEST_P(PostgresLedger, OfTablesWithLongNamesDoNotCollide) {
  const std::string first(63, 'a');
  const std::string second = std::string(62, 'a') + "b";
  for (const std::string& table : {first, second}) {
    const SinkPtr sink = open({{"table", table}});
    EXPECT_OK(write_to(*sink, rows_at({1, 2})));
    EXPECT_EQ(server().number("SELECT count(*) FROM " + table), 2);
  }
  EXPECT_EQ(server().number("SELECT count(*) FROM pg_class WHERE relname LIKE "
                            "'aaa%\\_ledger' AND relkind = 'r'"),
            2);
}

TEST_P(PostgresLedger, IsOnTheDiskWhenItIsCommitted) {
  for (const char* option : {"off", ""}) {
    if (*option == '\0') {
      server().set("synchronous_commit", "off");
    }
    const SinkPtr sink =
        *option == '\0' ? open() : open({{"synchronous_commit", option}});
    server().execute(
        "CREATE TABLE IF NOT EXISTS seen (v text); TRUNCATE seen;"
        "CREATE OR REPLACE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO seen VALUES "
        "(current_setting('synchronous_commit')); RETURN NEW; END$$;"
        "DROP TRIGGER IF EXISTS see ON stogger_logs;"
        "CREATE TRIGGER see BEFORE INSERT ON stogger_logs FOR EACH ROW EXECUTE "
        "FUNCTION see()");
    ASSERT_OK(write_to(*sink, rows_at({1}, *option == '\0' ? 1 : 2)));
    ASSERT_OK(write_to(*sink, table_rows({{}, {}})));
    EXPECT_EQ(server().one("SELECT string_agg(v, ' ') FROM seen"),
              "on off off");
  }
}

TEST_P(PostgresLedger, ThatIsDeletedIsMadeAgain) {
  const SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, rows_at({1, 2})));
  server().execute("DROP TABLE stogger_logs_ledger");
  ASSERT_OK(write_to(*sink, rows_at({2, 3})));
  server().execute("TRUNCATE stogger_logs_ledger");
  ASSERT_OK(write_to(*sink, rows_at({3, 4})));
  ASSERT_OK(write_to(*open(), rows_at({4, 5})));
  EXPECT_EQ(position(), "5");
  EXPECT_EQ(stored(), "1 2 3 4 5");
}

TEST_P(PostgresLedger, ATableThatIsDeletedMeanwhileIsMadeAgain) {
  const SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, rows_at({1, 2})));
  server().execute("DROP TABLE stogger_logs");
  ASSERT_OK(write_to(*sink, rows_at({2, 3, 4})));
  EXPECT_EQ(stored(), "3 4");
}

TEST_P(PostgresLedger, WithoutTheRightToMakeItTheNoticeHasTheSql) {
  static_cast<void>(open());
  if (!make_role()) GTEST_SKIP() << "the pooler has one role";
  const SinkPtr sink = open({}, "app");
  const std::string notice = said_of(*sink, rows_at({1, 2})).notices.at(0);
  EXPECT_OK(write_to(*sink, rows_at({2, 3})));
  EXPECT_EQ(stored(), "1 2 2 3");
  const std::size_t begin = notice.find("CREATE TABLE");
  ASSERT_NE(begin, std::string::npos) << notice;
  server().execute(notice.substr(begin));
  // The next session uses it.
  const SinkPtr next = open({}, "app");
  EXPECT_OK(write_to(*next, rows_at({4, 5})));
  EXPECT_OK(write_to(*next, rows_at({4, 5})));
  EXPECT_EQ(stored(), "1 2 2 3 4 5");
}

TEST_P(PostgresLedger, WithoutTheRightToUseItTheNoticeHasTheGrant) {
  static_cast<void>(write_to(*open(), rows_at({7}, 1)));
  server().execute("DELETE FROM stogger_logs");
  if (!make_role()) GTEST_SKIP() << "the pooler has one role";
  server().execute("GRANT SELECT, INSERT ON stogger_logs_ledger TO app");
  const SinkPtr sink = open({}, "app");
  expect_at_least_once(*sink,
                       "run: GRANT SELECT, INSERT, UPDATE ON "
                       "\"public\".\"stogger_logs_ledger\" TO \"app\";");
}

TEST_P(PostgresLedger, ARightThatIsTakenAwayRefusesNoRow) {
  static_cast<void>(write_to(*open(), rows_at({7}, 1)));
  if (!make_role()) GTEST_SKIP() << "the pooler has one role";
  server().execute(
      "GRANT SELECT, INSERT, UPDATE ON stogger_logs_ledger TO app");
  const SinkPtr sink = open({}, "app");
  EXPECT_OK(write_to(*sink, rows_at({1, 2})));
  server().execute("REVOKE UPDATE ON stogger_logs_ledger FROM app");
  const KeptReport said = said_of(*sink, rows_at({3, 4}));
  EXPECT_TRUE(said.refused.empty()) << said.text();
  EXPECT_EQ(said.notices.size(), 1u);
  EXPECT_EQ(stored(), "7 1 2 3 4");
}

TEST_P(PostgresLedger, RowLevelSecurityOfTheTableIsNoObstacle) {
  static_cast<void>(write_to(*open(), rows_at({7}, 1)));
  if (!make_role()) GTEST_SKIP() << "the pooler has one role";
  server().execute(
      "GRANT SELECT, INSERT, UPDATE ON stogger_logs_ledger TO app; ALTER TABLE "
      "stogger_logs ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON stogger_logs "
      "FOR INSERT TO app WITH CHECK (event <> '2')");
  const SinkPtr sink = open({}, "app");
  EXPECT_EQ(said_of(*sink, rows_at({1, 2, 3})).refused_rows(),
            (std::vector<std::size_t>{1}));
  EXPECT_OK(write_to(*sink, rows_at({2, 3, 4})));
  EXPECT_EQ(stored(), "7 1 3 4");
}

TEST_P(PostgresLedger, IsNotMadeWithoutCreateTable) {
  static_cast<void>(open());
  const SinkPtr sink = open({{"create_table", false}});
  expect_at_least_once(*sink, "create_table is false");
  EXPECT_EQ(server().one("SELECT to_regclass('stogger_logs_ledger') IS NULL"),
            "t");
}

TEST_P(PostgresLedger, WithoutOneAnAnswerThatNeverCameIsNoDoubtEither) {
  static_cast<void>(open());
  CuttingProxy proxy(port());
  const SinkPtr sink = open({{"create_table", false}}, "", proxy.port());
  EXPECT_EQ(said_of(*sink, rows_at({1})).notices.size(), 1u);
  proxy.cut();
  KeptReport said;
  EXPECT_EQ(sink->write(rows_at({2, 3}), said).code(), Code::unavailable);
  EXPECT_TRUE(said.is_empty()) << said.text();
  reopen(*sink);
  ASSERT_OK(write_to(*sink, rows_at({2, 3})));
  EXPECT_EQ(stored(), "1 2 3 2 3");
}

TEST_P(PostgresLedger, SomethingElseOfThatNameIsNotUsed) {
  const std::string columns =
      "(queue uuid PRIMARY KEY, position bigint NOT NULL, updated_at "
      "timestamptz NOT NULL DEFAULT now())";
  const SinkPtr first = open();
  for (const std::string& sql :
       {std::string("CREATE TABLE stogger_logs_ledger (a int)"),
        std::string("CREATE TABLE stogger_logs_ledger (queue uuid, position "
                    "bigint NOT NULL, updated_at timestamptz NOT NULL)"),
        std::string("CREATE TABLE stogger_logs_ledger (queue uuid PRIMARY KEY, "
                    "position int NOT NULL, updated_at timestamptz NOT NULL)"),
        std::string("CREATE TABLE stogger_logs_ledger (queue uuid PRIMARY KEY, "
                    "position bigint NOT NULL, other timestamptz NOT NULL)"),
        std::string("CREATE VIEW stogger_logs_ledger AS SELECT "
                    "'abababab-abab-abab-abab-abababababab'::uuid AS queue, "
                    "99::bigint AS position, now() AS updated_at"),
        "CREATE UNLOGGED TABLE stogger_logs_ledger " + columns,
        "CREATE TABLE stogger_logs_ledger " + columns +
            "; ALTER TABLE stogger_logs_ledger ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE stogger_logs_ledger " + columns +
            "; CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RETURN NULL; END$$; CREATE TRIGGER t BEFORE INSERT ON "
            "stogger_logs_ledger FOR EACH ROW EXECUTE FUNCTION never()",
        "CREATE TABLE stogger_logs_ledger " + columns +
            "; CREATE RULE r AS ON INSERT TO stogger_logs_ledger DO INSTEAD "
            "NOTHING"}) {
    SCOPED_TRACE(sql);
    server().execute("TRUNCATE stogger_logs; " + sql);
    const SinkPtr sink = open();
    expect_at_least_once(*sink, "no plain table");
    server().execute(std::string("DROP ") +
                     (sql.find("VIEW") != sql.npos ? "VIEW" : "TABLE") +
                     " stogger_logs_ledger");
  }
}

TEST_P(PostgresLedger, OneThatTakesNoPositionIsNotUsed) {
  static_cast<void>(open());
  server().execute(
      "CREATE TABLE stogger_logs_ledger (queue uuid PRIMARY KEY, position "
      "bigint NOT NULL CHECK (position < 0), updated_at timestamptz NOT NULL "
      "DEFAULT now())");
  const SinkPtr sink = open();
  expect_at_least_once(*sink, "violates check constraint");
}

TEST_P(PostgresLedger, OneOfARoleThatIsNotTrustedIsNotUsed) {
  static_cast<void>(open());
  if (!make_role()) GTEST_SKIP() << "the pooler has one role";
  server().execute(
      "CREATE ROLE evil LOGIN; CREATE TABLE stogger_logs_ledger (queue uuid "
      "PRIMARY KEY, position bigint NOT NULL, updated_at timestamptz NOT NULL "
      "DEFAULT now()); ALTER TABLE stogger_logs_ledger OWNER TO evil; GRANT "
      "ALL ON stogger_logs_ledger TO app");
  {
    const SinkPtr sink = open({}, "app");
    expect_at_least_once(*sink, "evil");
  }
  {
    const SinkPtr sink = open({{"trust_table", true}}, "app");
    EXPECT_OK(write_to(*sink, rows_at({1})));
    EXPECT_OK(write_to(*sink, rows_at({1})));
  }
  EXPECT_EQ(stored(), "1 2 2 3 1");
  // As well as the table itself.
  server().execute(
      "ALTER TABLE stogger_logs OWNER TO evil; GRANT INSERT ON stogger_logs TO "
      "app");
  const SinkPtr sink = open({}, "app");
  EXPECT_OK(write_to(*sink, rows_at({1, 2})));
  EXPECT_OK(write_to(*sink, rows_at({1, 2})));
  EXPECT_EQ(stored(), "1 2 2 3 1 2");
}

TEST_P(PostgresLedger, NothingOfTheSearchPathIsRunForIt) {
  static_cast<void>(open());
  if (!make_role()) GTEST_SKIP() << "the pooler has one role";
  server().execute(
      "CREATE SCHEMA traps; CREATE FUNCTION traps.trap(int8, int8) RETURNS "
      "bool LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'SPR%', 'UNG'; RETURN true; "
      "END$$;"
      "CREATE FUNCTION traps.trap(uuid, uuid) RETURNS bool LANGUAGE plpgsql AS "
      "$$BEGIN RAISE LOG 'SPR%', 'UNG'; RETURN true; END$$;"
      "CREATE FUNCTION traps.now() RETURNS timestamptz LANGUAGE plpgsql AS "
      "$$BEGIN RAISE LOG 'SPR%', 'UNG'; RETURN NULL; END$$;"
      "CREATE OPERATOR traps.= (LEFTARG=int8, RIGHTARG=int8, "
      "FUNCTION=traps.trap);"
      "CREATE OPERATOR traps.= (LEFTARG=uuid, RIGHTARG=uuid, "
      "FUNCTION=traps.trap);"
      "GRANT USAGE ON SCHEMA traps TO app; GRANT CREATE ON SCHEMA public TO "
      "app; ALTER ROLE app SET search_path = traps, pg_catalog, public");
  const SinkPtr sink = open({{"schema", "public"}}, "app");
  EXPECT_OK(write_to(*sink, rows_at({1, 2})));
  EXPECT_OK(write_to(*sink, rows_at({2, 3})));
  EXPECT_OK(write_to(*open({{"schema", "public"}}, "app"), rows_at({3, 4})));
  EXPECT_EQ(stored(), "1 2 3 4");
  EXPECT_EQ(server().log().find("SPRUNG"), std::string::npos) << server().log();
}

// ---- Without a queue

TEST_P(PostgresLedger, WithoutAnOriginNothingIsSentForIt) {
  start_server({.settings = {"log_statement = all"}});
  const SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  const std::string log = server().log();
  EXPECT_EQ(log.find("ledger"), std::string::npos) << log;
  EXPECT_EQ(log.find("current_setting('synchronous_commit')"),
            std::string::npos);
  EXPECT_NE(log.find(GetParam() == Way::copy
                         ? "set_config('lock_timeout','2500ms',true);COPY "
                         : "set_config('lock_timeout','2500ms',true)"),
            std::string::npos)
      << log;
}

INSTANTIATE_TEST_SUITE_P(Copy, PostgresLedger, ::testing::Values(Way::copy));
INSTANTIATE_TEST_SUITE_P(Arrays, PostgresLedger,
                         ::testing::Values(Way::arrays));
INSTANTIATE_TEST_SUITE_P(Pooler, PostgresLedger,
                         ::testing::Values(Way::pooler));

}  // namespace
}  // namespace stogger
