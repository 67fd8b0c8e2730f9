// Tables that many make at once, that change under the sink's feet, and that
// are not of its own making.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "stogger/testing.h"
#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

class Schema : public PostgresTest {
 protected:
  std::string one(const std::string& expression) {
    return server().one("SELECT " + expression + " FROM stogger_logs");
  }
  void expect_recovery() {
    EXPECT_TRUE(recovers()) << reports();
    log(3);
    EXPECT_FALSE(stats().failing) << reports();
  }
};

constexpr char kStandardColumns[] =
    "id BIGSERIAL PRIMARY KEY, timestamp TIMESTAMPTZ NOT NULL, level TEXT NOT "
    "NULL, event TEXT NOT NULL, func TEXT, scope TEXT, data JSONB NOT NULL "
    "DEFAULT '{}'";

std::string standard_table(const std::string& more = "") {
  return std::string("CREATE TABLE stogger_logs (") + kStandardColumns + more +
         ")";
}

TEST_F(Schema, ManyProcessesStartAtOnceOnAnEmptyDatabase) {
  constexpr int kProcesses = 20;
  constexpr int kRounds = kSanitized ? 4 : 20;
  const std::string dsn = server().dsn();
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_TRUE(in_children(kProcesses,
                            [&](int) {
                              LoggedSystem logged;
                              const Status opened =
                                  logged.add({{"dsn", dsn},
                                              {"start_wait_ms", 20000},
                                              {"deadline_ms", 5000},
                                              {"statement_timeout_ms", 4000}});
                              logged.log(2);
                              return opened.ok() && logged.stats().written == 2;
                            }))
        << "round " << round;
    EXPECT_EQ(server().one("SELECT count(*) FROM stogger_logs"), "40");
    EXPECT_EQ(server().one("SELECT count(*) FROM pg_indexes WHERE tablename = "
                           "'stogger_logs'"),
              "5");
    server().execute("DROP TABLE stogger_logs");
  }
  EXPECT_EQ(server().log().find("ERROR"), std::string::npos) << server().log();
}

TEST_F(Schema, DeclaredColumnsTakeWhatFitsThem) {
  const Json columns{R"({"service":"text","user_id":"bigint","ms":"double",
                         "ok":"bool","at":"timestamptz","more":"jsonb"})"};
  ASSERT_OK(
      add({{"deadline_ms", kTimeToConnect.count()}, {"columns", columns}}));
  system().logger().info("fits", {{"service", "shop"},
                                  {"user_id", 7},
                                  {"ms", 1.5},
                                  {"ok", true},
                                  {"at", kTestTime},
                                  {"more", Json{"[1]"}},
                                  {"other", 1}});
  system().logger().info("misfits", {{"service", 8},
                                     {"user_id", "seven"},
                                     {"ms", "slow"},
                                     {"ok", 2},
                                     {"at", 3},
                                     {"more", "text"}});
  EXPECT_EQ(server().one(
                "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER "
                "BY ordinal_position) FROM information_schema.columns WHERE "
                "table_name='stogger_logs' AND ordinal_position > 7"),
            "service text, user_id bigint, ms double precision, ok boolean, at "
            "timestamp with time zone, more jsonb");
  EXPECT_EQ(server().one(
                "SELECT concat_ws(' ', service, user_id, ms, ok, at AT TIME "
                "ZONE 'UTC', more, data) FROM stogger_logs WHERE event='fits'"),
            "shop 7 1.5 t 2026-11-21 01:39:28.656642 [1] {\"other\": 1}");
  EXPECT_EQ(
      server().one("SELECT concat_ws(' ', service, user_id, ms, ok, at, more, "
                   "data) FROM stogger_logs WHERE event='misfits'"),
      "8 \"text\" {\"at\": 3, \"ms\": \"slow\", \"ok\": 2, \"user_id\": "
      "\"seven\"}");
  EXPECT_EQ(reports(), "");
}

TEST_F(Schema, WrongDeclaredColumnsAreRefused) {
  const auto refused = [](const char* columns) {
    return postgres_refusal({{"dsn", "host=x"}, {"columns", Json{columns}}});
  };
  EXPECT_NE(refused(R"({"id":"integer"})"), "");
  EXPECT_NE(refused(R"({"Event":"text"})"), "");
  EXPECT_NE(refused(R"({"a":"uuid"})"), "");
  EXPECT_EQ(refused(R"({"a":"text"})"), "");
}

// ---- Changes under load

class Drift : public Schema {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    server().execute(standard_table(", seq bigint, extra int"));
    ASSERT_OK(add({{"deadline_ms", kTimeToConnect.count()}}));
    log(3);
    EXPECT_EQ(server().one("SELECT max(seq) FROM stogger_logs"), "2");
  }
  // Rows are found by `seq`, in its column or in `data`.
  void expect_rows(const std::string& table = "stogger_logs",
                   const std::string& column = "seq") {
    const SqlRow counts =
        server().query("SELECT count(*), count(DISTINCT coalesce(" + column +
                       "::text, data->>'seq')) FROM " + table)[0];
    LoggedSystem::expect_balanced(std::stoull(counts[0]),
                                  std::stoull(counts[1]));
  }
  void change(const std::string& sql) {
    std::atomic<bool> end{false};
    std::thread load([&] {
      while (!end) {
        log_one();
        std::this_thread::sleep_for(200us);
      }
    });
    server().execute(sql);
    std::this_thread::sleep_for(50ms);
    end = true;
    load.join();
  }
};

TEST_F(Drift, AColumnThatIsAddedDoesNotDisturb) {
  change("ALTER TABLE stogger_logs ADD COLUMN more text");
  EXPECT_EQ(stats().written, stats().accepted) << reports();
  expect_rows();
}

TEST_F(Drift, AColumnThatIsRenamedIsMissedAndItsFieldGoesToData) {
  change("ALTER TABLE stogger_logs RENAME COLUMN seq TO number");
  expect_recovery();
  expect_rows("stogger_logs", "number");
  EXPECT_EQ(one("data->>'seq' IS NOT NULL"), "f");
  EXPECT_EQ(server().one("SELECT data->>'seq' IS NOT NULL FROM stogger_logs "
                         "ORDER BY id DESC LIMIT 1"),
            "t");
}

TEST_F(Drift, AColumnThatGetsAnotherTypeIsWrittenInIt) {
  change("ALTER TABLE stogger_logs ALTER COLUMN seq TYPE int");
  expect_recovery();
  change("ALTER TABLE stogger_logs ALTER COLUMN seq TYPE text");
  expect_recovery();
  change("ALTER TABLE stogger_logs ALTER COLUMN seq TYPE int8 USING seq::int8");
  expect_recovery();
  expect_rows();
}

TEST_F(Drift, AColumnThatIsDroppedLeavesItsFieldsToData) {
  change("ALTER TABLE stogger_logs DROP COLUMN seq");
  expect_recovery();
  EXPECT_EQ(server().one("SELECT data->>'seq' IS NOT NULL FROM stogger_logs "
                         "ORDER BY id DESC LIMIT 1"),
            "t");
  EXPECT_EQ(static_cast<std::uint64_t>(
                server().number("SELECT count(*) FROM stogger_logs")),
            stats().written);
}

TEST_F(Drift, AColumnThatMustBeFilledIsReportedUntilItNeedNot) {
  server().execute("ALTER TABLE stogger_logs ADD COLUMN tenant text");
  server().execute("UPDATE stogger_logs SET tenant = 'x'");
  server().execute("ALTER TABLE stogger_logs ALTER COLUMN tenant SET NOT NULL");
  for (int i = 0; i < 20; ++i) expect_bounded();
  EXPECT_EQ(stats().written, 3u);
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_TRUE(is_balanced(stats()));
  EXPECT_NE(reports().find("tenant"), std::string::npos) << reports();
  server().execute(
      "ALTER TABLE stogger_logs ALTER COLUMN tenant DROP NOT NULL");
  expect_recovery();
  expect_rows();
}

TEST_F(Drift, ATypeThatIsReplacedIsFoundAgain) {
  const std::string type =
      "CREATE TYPE mood AS ENUM ('good', 'bad'); ALTER TABLE stogger_logs ADD "
      "COLUMN mood mood";
  server().execute(type);
  LoggedSystem other;
  const std::string dsn = server().dsn();
  ASSERT_OK(other.add({{"dsn", dsn}}));
  other.log(1);
  server().execute("ALTER TABLE stogger_logs DROP COLUMN mood; DROP TYPE mood");
  server().execute(type);
  EXPECT_TRUE(other.recovers()) << reports();
  other.system().logger().info("event", {{"mood", "bad"}});
  EXPECT_EQ(server().one("SELECT mood FROM stogger_logs ORDER BY id DESC "
                         "LIMIT 1"),
            "bad");
}

TEST_F(Drift, ATableThatIsReplacedIsWrittenTo) {
  const auto before = static_cast<std::uint64_t>(
      server().number("SELECT count(*) FROM stogger_logs"));
  std::uint64_t gone = 0;
  {
    std::atomic<bool> end{false};
    std::thread load([&] {
      while (!end) {
        log_one();
        std::this_thread::sleep_for(200us);
      }
    });
    for (int round = 0; round < 5; ++round) {
      PostgresClient client(server().dsn());
      client.execute("BEGIN; LOCK TABLE stogger_logs");
      gone += static_cast<std::uint64_t>(
          client.number("SELECT count(*) FROM stogger_logs"));
      client.execute("DROP TABLE stogger_logs; " + standard_table() +
                     "; COMMIT");
      std::this_thread::sleep_for(30ms);
    }
    end = true;
    load.join();
  }
  expect_recovery();
  EXPECT_GE(gone, before);
  const auto rows = static_cast<std::uint64_t>(
      server().number("SELECT count(*) FROM stogger_logs"));
  const SinkStats now = stats();
  EXPECT_TRUE(is_balanced(now));
  EXPECT_GE(rows + gone, now.written);
  EXPECT_LE(rows + gone, now.written + now.in_doubt);
}

// ---- Tables of others

TEST_F(Schema, FieldsGoToTheColumnsTheyFit) {
  server().execute(
      "CREATE TYPE mood AS ENUM ('good', 'bad');"
      "CREATE DOMAIN positive AS int CHECK (VALUE > 0);"
      "CREATE DOMAIN very_positive AS positive CHECK (VALUE > 10);");
  server().execute(standard_table(
      ", user_id int, small smallint, big bigint, ratio real, amount double "
      "precision, active boolean, mood mood, age positive, level2 "
      "very_positive, code varchar(5), request uuid, at timestamptz, local "
      "timestamp, day date, raw json, tags jsonb, \"Level\" text, total int "
      "GENERATED ALWAYS AS (user_id * 2) STORED, row_number bigint GENERATED "
      "ALWAYS AS IDENTITY, list int[]"));
  ASSERT_OK(add());
  const auto uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  system().logger().info("wide", {{"user_id", 42},
                                  {"small", -7},
                                  {"big", INT64_MAX},
                                  {"ratio", 0.5},
                                  {"amount", 1e300},
                                  {"active", true},
                                  {"mood", "bad"},
                                  {"age", 12},
                                  {"level2", 13},
                                  {"code", "abc\xc3\xa4\xc3\xb6"},
                                  {"request", uuid},
                                  {"at", Time{1700000000123456000}},
                                  {"local", Time{1700000000123456000}},
                                  {"day", Time{1700000000123456000}},
                                  {"raw", Json{R"({"a":1})"}},
                                  {"tags", Json{R"(["x"])"}},
                                  {"Level", "L"},
                                  {"total", 9},
                                  {"row_number", 9},
                                  {"list", Json{"[1]"}},
                                  {"rest", "r"}});
  EXPECT_EQ(stats().written, 1u) << reports();
  EXPECT_EQ(
      server().query(
          "SELECT user_id, small, big, ratio, amount, active, mood, age, "
          "level2, code, request, at AT TIME ZONE 'UTC', local, day, raw, "
          "tags, \"Level\", total, row_number, list FROM stogger_logs"),
      (std::vector<SqlRow>{{"42",
                            "-7",
                            "9223372036854775807",
                            "0.5",
                            "1e+300",
                            "t",
                            "bad",
                            "12",
                            "13",
                            "abc\xc3\xa4\xc3\xb6",
                            uuid,
                            "2023-11-14 22:13:20.123456",
                            "2023-11-14 22:13:20.123456",
                            "2023-11-14",
                            "{\"a\":1}",
                            "[\"x\"]",
                            "L",
                            "84",
                            "1",
                            "(null)"}}));
  // What only the server can set, or what is no type of the sink's, is left.
  EXPECT_EQ(nlohmann::json::parse(one("data")),
            nlohmann::json::parse(
                R"({"total":9,"row_number":9,"list":[1],"rest":"r"})"));
}

TEST_F(Schema, FieldsThatDoNotFitGoToData) {
  server().execute(standard_table(
      ", user_id int, small smallint, ratio real, active boolean, code "
      "varchar(5), request uuid, at timestamptz, day date"));
  ASSERT_OK(add());
  system().logger().info("unfit", {{"user_id", INT64_MAX},
                                   {"small", 40000},
                                   {"ratio", 0.1},
                                   {"active", 1},
                                   {"code", "abcdef"},
                                   {"request", "no uuid"},
                                   {"at", "no time"},
                                   {"day", 20260101}});
  EXPECT_EQ(stats().written, 1u) << reports();
  EXPECT_EQ(server().query("SELECT user_id, small, active, code, request, at, "
                           "day FROM stogger_logs"),
            (std::vector<SqlRow>{SqlRow(7, "(null)")}));
  const auto data = nlohmann::json::parse(one("data"));
  EXPECT_EQ(data.value("user_id", INT64_C(0)), INT64_MAX);
  EXPECT_EQ(data.value("small", 0), 40000);
  EXPECT_EQ(data.value("active", 0), 1);
  EXPECT_EQ(data.value("code", ""), "abcdef");
  EXPECT_EQ(data.value("request", ""), "no uuid");
  EXPECT_EQ(data.value("at", ""), "no time");
  EXPECT_EQ(data.value("day", 0), 20260101);
}

TEST_F(Schema, ALabelThatAnEnumLacksCostsItsEventOnly) {
  server().execute("CREATE TYPE mood AS ENUM ('good', 'bad')");
  server().execute(standard_table(", mood mood"));
  ASSERT_OK(add());
  system().logger().info("e", {{"mood", "good"}});
  system().logger().info("e", {{"mood", "ugly"}});
  system().logger().info("e", {{"mood", "bad"}});
  const SinkStats now = stats();
  EXPECT_TRUE(is_balanced(now));
  EXPECT_EQ(now.written + now.dropped, 3u) << reports();
  EXPECT_EQ(static_cast<std::uint64_t>(
                server().number("SELECT count(*) FROM stogger_logs")),
            now.written);
  EXPECT_EQ(server().one("SELECT count(*) FROM stogger_logs WHERE mood IN "
                         "('good', 'bad')"),
            "2");
}

TEST_F(Schema, ATableWithoutDataLosesWhatHasNoColumnAndItIsReported) {
  server().execute(
      "CREATE TABLE stogger_logs (id bigserial, timestamp timestamptz, event "
      "text, user_id int)");
  ASSERT_OK(add());
  system().logger().info("e", {{"user_id", 7}, {"other", 1}});
  EXPECT_EQ(server().query("SELECT event, user_id FROM stogger_logs"),
            (std::vector<SqlRow>{{"e", "7"}}));
  EXPECT_NE(reports().find("there is no column \"data\""), std::string::npos);
  const std::string once = reports();
  system().logger().info("e", {{"user_id", "no number"}});
  EXPECT_EQ(reports(), once);
  EXPECT_EQ(stats().written, 2u);
  EXPECT_EQ(stats().dropped, 0u);
}

TEST_F(Schema, ATableThatCannotBeWrittenIsReportedByTheNameOfTheColumn) {
  server().execute(standard_table(", place point NOT NULL"));
  EXPECT_FALSE(add().ok());
  EXPECT_NE(reports().find("place"), std::string::npos) << reports();
  server().execute("ALTER TABLE stogger_logs DROP COLUMN place");
  expect_recovery();
  expect_balanced();
}

TEST_F(Schema, APartitionThatIsMissingIsReportedAndUsedOnceItIsThere) {
  server().execute(
      "CREATE TABLE stogger_logs (id BIGSERIAL, timestamp TIMESTAMPTZ NOT "
      "NULL, level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, scope TEXT, "
      "data JSONB NOT NULL DEFAULT '{}', PRIMARY KEY (id, timestamp)) "
      "PARTITION BY RANGE (timestamp)");
  server().execute(
      "CREATE TABLE old PARTITION OF stogger_logs FOR VALUES FROM (MINVALUE) "
      "TO ('2020-01-01')");
  ASSERT_OK(add());
  for (int i = 0; i < 20; ++i) expect_bounded();
  EXPECT_EQ(stats().written, 0u);
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_NE(reports().find("partition"), std::string::npos) << reports();
  server().execute(
      "CREATE TABLE new PARTITION OF stogger_logs FOR VALUES FROM "
      "('2020-01-01') TO (MAXVALUE)");
  expect_recovery();
  expect_balanced();
}

// What an encoding lacks becomes a question mark.
class OtherEncoding : public PostgresTest {
 protected:
  void create(const std::string& encoding) {
    server().execute(
        "CREATE DATABASE other TEMPLATE template0 LOCALE 'C' ENCODING " +
        encoding);
    dsn_ = "host=127.0.0.1 port=" + std::to_string(server().port()) +
           " user=postgres dbname=other client_encoding=UTF8";
  }
  std::string stored(const std::string& what) {
    return PostgresClient(dsn_).one("SELECT string_agg(" + what +
                                    ", ' ' ORDER BY id) FROM stogger_logs");
  }

  std::string dsn_;
};

TEST_F(OtherEncoding, WhatItLacksBecomesAQuestionMark) {
  create("LATIN1");
  ASSERT_OK(add({{"dsn", dsn_}}));
  const Logger logger = system().logger();
  logger.info("\xc3\xa4", {{"text", "\xc3\xb6\xe2\x98\x83"}});
  EXPECT_EQ(diagnostics_.lines().size(), 1u) << reports();
  logger.info("snow\xe2\x98\x83man\xff", {{"text", "\xf0\x9f\x98\x80."}});
  // A mark of direction, which is escaped in JSON; and one that looks like it.
  logger.info("esc\u202e", {{"text", "\u202e\\u202e\u00e4"}});
  logger.info("json",
              {{"text", Json{R"({"\u00e4":"\ud83d\ude00\u00e4\\u2603"})"}}});
  logger.info("last");
  EXPECT_EQ(stats().written, 5u) << reports();
  EXPECT_EQ(diagnostics_.lines().size(), 1u) << reports();
  EXPECT_NE(reports().find("LATIN1"), std::string::npos) << reports();
  EXPECT_EQ(stored("event"), "\xc3\xa4 snow?man? esc? json last");
  EXPECT_EQ(
      stored("data->>'text'"),
      "\xc3\xb6? ?. ?\\u202e\xc3\xa4 {\"\xc3\xa4\": \"?\xc3\xa4\\\\u2603\"}");
}

TEST_F(OtherEncoding, SoItDoesInBatches) {
  create("WIN1252");
  for (const bool use_copy : {true, false}) {
    const SinkPtr sink = make_postgres({{"dsn", dsn_}, {"use_copy", use_copy}});
    ASSERT_OK(sink->open());
    const KeptReport said = said_of(
        *sink,
        table_rows({{.event = "\xe2\x82\xac"}, {.event = "\xe2\x98\x83"}}));
    EXPECT_EQ(said.refused.size(), 0u) << said.text();
    EXPECT_EQ(said.notices.size(), 1u) << said.text();
  }
  EXPECT_EQ(stored("event"), "\xe2\x82\xac ? \xe2\x82\xac ?");
}

TEST_F(OtherEncoding, OfSeveralBytesWorksToo) {
  create("EUC_JP");
  ASSERT_OK(add({{"dsn", dsn_}}));
  system().logger().info("\xe6\x97\xa5\xe2\x98\x83", {{"a", "\xe6\x9c\xac"}});
  EXPECT_EQ(stats().written, 1u) << reports();
  EXPECT_EQ(stored("event || (data->>'a')"), "\xe6\x97\xa5?\xe6\x9c\xac");
}

TEST_F(OtherEncoding, OneThatLooksAtNoTextTakesAll) {
  create("SQL_ASCII");
  ASSERT_OK(add({{"dsn", dsn_}}));
  system().logger().info("snow\xe2\x98\x83man");
  EXPECT_EQ(stats().written, 1u) << reports();
  EXPECT_EQ(stored("event"), "snow\xe2\x98\x83man");
  EXPECT_EQ(reports(), "");
}

TEST_F(Schema, TheFirstSchemaOfTheSearchPathIsTheDefault) {
  server().execute(
      "CREATE SCHEMA mine; CREATE ROLE app LOGIN; "
      "ALTER ROLE app SET search_path = mine, public; "
      "GRANT ALL ON SCHEMA mine TO app");
  const std::string dsn =
      "host=127.0.0.1 port=" + std::to_string(server().port()) +
      " user=app dbname=postgres";
  ASSERT_OK(add({{"dsn", dsn}}));
  log(2);
  expect_balanced("mine.stogger_logs");
}

}  // namespace
}  // namespace stogger
