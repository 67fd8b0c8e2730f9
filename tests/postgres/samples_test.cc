// Samples in a real server: what the sink makes of them, and what it says when
// it cannot.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/options.h"
#include "sinks/postgres/postgres.h"
#include "sinks/postgres/settings.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/same_values.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

// 2026-11-21T01:39:28.656642Z
constexpr Time kTime{1795225168656642000};

// One server for all tests, each with a table of its own.
class PostgresSamplesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::why_not().empty()) {
      server_holder() = std::make_unique<PostgresServer>();
    }
  }
  static void TearDownTestSuite() { server_holder().reset(); }
  void SetUp() override {
    SKIP_IF(PostgresServer::why_not());
    server().execute("DROP TABLE IF EXISTS samples");
  }

  static std::unique_ptr<PostgresServer>& server_holder() {
    static std::unique_ptr<PostgresServer> server;
    return server;
  }
  static PostgresServer& server() { return *server_holder(); }

  static Status make(std::vector<Field> options, SinkPtr* sink) {
    const std::string dsn = server().dsn();
    options.push_back({"dsn", dsn});
    return make_sample_sink("postgres", options, sink);
  }
  static SinkPtr make(const std::vector<Field>& options = {}) {
    SinkPtr sink;
    const Status status = make(options, &sink);
    EXPECT_TRUE(status.ok()) << status.message();
    return sink;
  }
  static SinkPtr make_creating(std::vector<Field> options = {}) {
    options.push_back({"create_table", true});
    return make(options);
  }

  static std::string types(const std::string& table = "samples") {
    return server().one(
        "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY "
        "ordinal_position) FROM information_schema.columns WHERE table_name='" +
        table + "'");
  }
  static std::string cell(const std::string& column,
                          const std::string& where = "true") {
    return server().one("SELECT coalesce((" + column +
                        ")::text,'null') FROM samples WHERE " + where);
  }

  // All sessions, until the server has ended them.
  static void lose_connection() {
    server().execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
        "application_name='test_postgres'");
  }

  std::string reports() const {
    std::string all;
    for (const std::string& line : diagnostics_.lines()) all += line + "\n";
    return all;
  }
  Diagnostics diagnostics_;
};

Status write(Sink& sink, const std::vector<Sample>& samples) {
  return pipe(samples, sink);
}

Sample sample(Fields fields) {
  return {.device = "mfc1",
          .unit_id = "A",
          .requested_at = kTime,
          .received_at = Time{kTime.ns + 1000000},
          .fields = fields};
}

// See contract/one_schema_test.cc.
TEST_F(PostgresSamplesTest, ATableStoresTheSameOfEventsAndSamples) {
  server().execute(
      "CREATE TYPE mood AS ENUM ('text', 'other');"
      "CREATE TABLE samples (timestamp timestamptz, level text, event text, "
      "func text, scope text, data jsonb, origin text, n int, as_int2 int2, "
      "as_int8 int8, as_real float4, as_double float8, as_numeric numeric, "
      "as_text text, as_varchar varchar(8), as_boolean boolean, as_time "
      "timestamptz, as_date date, as_json json, as_jsonb jsonb, as_uuid uuid, "
      "as_mood mood)");
  const std::vector<std::string_view> columns = {
      "as_int2", "as_int8",    "as_real",    "as_double", "as_numeric",
      "as_text", "as_varchar", "as_boolean", "as_time",   "as_date",
      "as_json", "as_jsonb",   "as_uuid",    "as_mood"};
  const std::string dsn = server().dsn();
  log_rows(make_postgres({{"dsn", dsn}, {"table", "samples"}}),
           same_rows(columns, "event"));
  push_rows(*make(), same_rows(columns, "sample"));
  for (const std::string_view column : columns) {
    const std::string name(column);
    EXPECT_EQ(
        server().one("SELECT count(*) FROM samples a JOIN samples b USING (n) "
                     "WHERE a.origin = 'event' AND b.origin = 'sample' AND a." +
                     name + "::text IS NOT DISTINCT FROM b." + name + "::text"),
        std::to_string(std::size(kSameValues)))
        << name;
  }
  EXPECT_EQ(server().one("SELECT count(*) FROM samples WHERE n = 1 AND as_int8 "
                         "= 1 AND as_text = 'true'"),
            "2");
}

TEST_F(PostgresSamplesTest, ATypeThatHasChangedIsFoundByTheNextSession) {
  server().execute("CREATE TABLE samples (device text, n int)");
  SinkPtr sink = make();
  const Field number[] = {{"n", 1}};
  const Field text[] = {{"n", "fast"}};
  EXPECT_OK(write(*sink, {sample(number), sample(text)}));
  server().execute("ALTER TABLE samples ALTER COLUMN n TYPE text");
  lose_connection();
  EXPECT_OK(write(*sink, {sample(number)}));
  EXPECT_OK(write(*sink, {sample(text)}));
  EXPECT_EQ(server().one("SELECT string_agg(coalesce(n, '-'), ' ' ORDER BY "
                         "ctid) FROM samples"),
            "1 - 1 fast");
}

TEST_F(PostgresSamplesTest, TheFirstBatchMakesTheTable) {
  SinkPtr sink = make_creating();
  EXPECT_EQ(server().one("SELECT to_regclass('samples') IS NULL"), "t");
  const Field fields[] = {{"pressure", 14.7},   {"count", 3},
                          {"open", true},       {"valve", "v1"},
                          {"more", Json{"{}"}}, {"mixed", 1}};
  const Field second[] = {{"mixed", "a"}, {"count", 4.5}};
  EXPECT_OK(write(*sink, {sample(fields), sample(second)}));
  EXPECT_EQ(types(),
            "device text, unit_id text, requested_at timestamp with time zone, "
            "received_at timestamp with time zone, midpoint_at timestamp with "
            "time zone, latency_s double precision, pressure double precision, "
            "count double precision, open boolean, valve text, more jsonb, "
            "mixed text, status text");
  EXPECT_EQ(
      server().one("SELECT count(*) FROM information_schema.columns WHERE "
                   "table_name='samples' AND is_nullable='NO'"),
      "0");
  EXPECT_EQ(cell("requested_at AT TIME ZONE 'UTC'", "open"),
            "2026-11-21 01:39:28.656642");
  EXPECT_EQ(cell("latency_s", "open"), "0.001");
  EXPECT_EQ(cell("status", "open"), "");
  EXPECT_EQ(cell("mixed", "open"), "1");
  EXPECT_EQ(cell("count", "open"), "3");
  EXPECT_EQ(cell("open", "mixed = 'a'"), "null");
  EXPECT_EQ(reports(), "");
}

TEST_F(PostgresSamplesTest, DeclaredColumnsHaveAPlaceForSamplesThatComeLate) {
  const std::string dsn = server().dsn();
  const Field columns[] = {{"b", "real"}, {"at", "time"}};
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(
      PostgresConfig{.dsn = dsn, .create_table = true, .columns = columns},
      &sink));
  const Field first[] = {{"a", 1}};
  const Field later[] = {{"a", 2}, {"b", 2.5}, {"at", kTime}};
  EXPECT_OK(write(*sink, {sample(first)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_TRUE(types().ends_with(
      "a bigint, status text, b double precision, at timestamp with time zone"))
      << types();
  EXPECT_EQ(cell("b", "a = 1"), "null");
  EXPECT_EQ(cell("b", "a = 2"), "2.5");
  EXPECT_EQ(cell("at AT TIME ZONE 'UTC'", "a = 2"),
            "2026-11-21 01:39:28.656642");
  EXPECT_EQ(reports(), "");
}

TEST_F(PostgresSamplesTest, CopyAndInsertStoreTheSame) {
  std::string stored[2];
  for (const bool use_copy : {true, false}) {
    server().execute("DROP TABLE IF EXISTS samples");
    SinkPtr sink = make_creating({{"use_copy", use_copy}});
    const Field fields[] = {{"x", -0.5},
                            {"nan", std::nan("")},
                            {"inf", -std::numeric_limits<double>::infinity()},
                            {"least", INT64_MIN},
                            {"text", "';\"\\ \t\n\xC3\xA4"},
                            {"none", nullptr}};
    EXPECT_OK(write(*sink, {sample(fields), sample({}), sample(fields)}));
    stored[use_copy ? 1 : 0] =
        server().one("SELECT string_agg(samples::text, '|') FROM samples");
  }
  EXPECT_EQ(stored[0], stored[1]);
  EXPECT_NE(stored[0].find("NaN,-Infinity,-9223372036854775808"),
            std::string::npos);
}

TEST_F(PostgresSamplesTest, AnExistingTableKeepsItsColumns) {
  server().execute(
      "CREATE TABLE samples (id bigserial PRIMARY KEY, device varchar(10),"
      " received_at timestamptz, flow real, n smallint, note text DEFAULT "
      "'x')");
  SinkPtr sink = make();
  const Field fields[] = {{"flow", 1.5}, {"n", 7}, {"extra", 1}};
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_EQ(server().number("SELECT count(*) FROM samples WHERE device='mfc1' "
                            "AND flow=1.5 AND n=7 AND note='x'"),
            2);
  const std::string told = reports();
  EXPECT_NE(told.find("there is no column "), std::string::npos);
  EXPECT_NE(told.find("\"extra\""), std::string::npos);
  EXPECT_NE(told.find("\"latency_s\""), std::string::npos);
  EXPECT_EQ(told.find("\"flow\""), std::string::npos);
}

TEST_F(PostgresSamplesTest, ColumnsOfEveryNumberAreWritten) {
  server().execute(
      "CREATE TABLE samples (a numeric, b decimal(6,2), c real, d smallint, "
      "e double precision, f integer, g bigint)");
  const Field fields[] = {{"a", 14.7},  {"b", 14.755}, {"c", 0.5}, {"d", 4},
                          {"e", 1e300}, {"f", 6.0},    {"g", 7}};
  const Field wrong[] = {{"a", "many"}, {"b", 10000}};
  for (const bool use_copy : {true, false}) {
    SinkPtr sink = make({{"use_copy", use_copy}});
    EXPECT_OK(write(*sink, {sample(fields), sample(wrong)}));
    EXPECT_OK(sink->close());
    EXPECT_EQ(
        server().query("SELECT * FROM samples ORDER BY e"),
        (std::vector<SqlRow>{{"14.7", "14.76", "0.5", "4", "1e+300", "6", "7"},
                             {"(null)", "(null)", "(null)", "(null)", "(null)",
                              "(null)", "(null)"}}));
    server().execute("TRUNCATE samples");
  }
  EXPECT_NE(reports().find("\"b\""), std::string::npos) << reports();
}

TEST_F(PostgresSamplesTest, DefaultsStandInForWhatIsMissing) {
  server().execute(
      "CREATE TABLE samples (device text, data jsonb NOT NULL DEFAULT '{}', "
      "run int NOT NULL DEFAULT 7)");
  for (const bool use_copy : {true, false}) {
    SinkPtr sink = make({{"use_copy", use_copy}});
    const Field fields[] = {{"data", Json{"[1]"}}};
    EXPECT_OK(write(*sink, {sample({}), sample(fields)}));
    EXPECT_OK(sink->close());
    EXPECT_EQ(server().query("SELECT * FROM samples ORDER BY data"),
              (std::vector<SqlRow>{{"mfc1", "[1]", "7"}, {"mfc1", "{}", "7"}}));
    server().execute("TRUNCATE samples");
  }
}

TEST_F(PostgresSamplesTest, UnknownColumnsAreReportedOnce) {
  SinkPtr sink = make_creating();
  const Field first[] = {{"a", 1}};
  const Field later[] = {{"a", 1}, {"b", 2}};
  EXPECT_OK(write(*sink, {sample(first)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  const std::vector<std::string> lines = diagnostics_.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("there is no column \"b\""), std::string::npos);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 3);
}

TEST_F(PostgresSamplesTest, ValuesThatDoNotFitBecomeNullAndAreReported) {
  server().execute(
      "CREATE TABLE samples (device text, unit_id text, requested_at text, "
      "received_at text, midpoint_at text, latency_s float8, status text, "
      "n smallint, short varchar(2), at timestamptz, flow float8)");
  SinkPtr sink = make();
  const Field fields[] = {
      {"n", 70000}, {"short", "abc"}, {"at", "noon"}, {"flow", "fast"}};
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_EQ(server().number("SELECT count(*) FROM samples WHERE num_nulls(n,"
                            "short,at,flow)=4"),
            2);
  const std::string told = reports();
  for (const char* name : {"\"n\"", "\"short\"", "\"at\"", "\"flow\""}) {
    EXPECT_NE(told.find(name), std::string::npos) << told;
  }
}

TEST_F(PostgresSamplesTest, ColumnsNamedLikeThoseOfLogsAreOrdinary) {
  SinkPtr sink = make_creating();
  const std::string text(3000, 'e');
  const Field fields[] = {{"event", text}, {"data", "d"}, {"level", 3}};
  EXPECT_OK(write(*sink, {sample(fields), sample({})}));
  EXPECT_EQ(cell("length(event)", "event IS NOT NULL"), "3000");
  EXPECT_EQ(cell("data", "event IS NOT NULL"), "d");
  EXPECT_EQ(cell("data", "event IS NULL"), "null");
  EXPECT_EQ(reports(), "");
}

TEST_F(PostgresSamplesTest, NamesOfAllKindsBecomeColumns) {
  SinkPtr sink = make_creating();
  const std::string longest(80, 'n');
  const std::string longer(81, 'n');
  const Field fields[] = {{"a\"b; DROP TABLE samples; --", 1},
                          {"with space", 2},
                          {"Temp", 3},
                          {"temp", 4},
                          {longest, 5},
                          {longer, 6}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(write(*sink, {sample(fields)}));
  // A later run finds the same columns.
  sink = make();
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(cell("sum(\"a\"\"b; DROP TABLE samples; --\")"), "3");
  EXPECT_EQ(cell("sum(\"with space\")"), "6");
  EXPECT_EQ(cell("sum(\"Temp\")"), "9");
  EXPECT_EQ(cell("sum(temp)"), "12");
  EXPECT_EQ(cell("sum(\"" + std::string(63, 'n') + "\")"), "15");
  EXPECT_EQ(cell("sum(\"" + std::string(61, 'n') + "_2\")"), "18");
  EXPECT_EQ(reports(), "");
}

TEST_F(PostgresSamplesTest, ValuesAreNeverSql) {
  const std::string attack = "'; DROP TABLE samples; --";
  for (const bool use_copy : {true, false}) {
    server().execute("DROP TABLE IF EXISTS samples");
    SinkPtr sink = make_creating({{"use_copy", use_copy}});
    const Field fields[] = {{"x", attack}};
    EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
    EXPECT_EQ(server().one("SELECT min(x) FROM samples"), attack);
  }
}

TEST_F(PostgresSamplesTest, TimesCanBeText) {
  SinkPtr sink = make_creating({{"times", "text"}});
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(cell("requested_at"), "2026-11-21T01:39:28.656642Z");
  EXPECT_NE(types().find("requested_at text"), std::string::npos);
}

TEST_F(PostgresSamplesTest, IntegersBeyondInt64KeepTheirDigits) {
  SinkPtr sink = make_creating();
  const Field first[] = {{"big", UINT64_MAX}, {"n", 1}};
  const Field later[] = {{"n", UINT64_MAX}};
  EXPECT_OK(write(*sink, {sample(first)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_EQ(cell("big", "big IS NOT NULL"), "18446744073709551615");
  EXPECT_EQ(cell("n", "big IS NULL"), "null");
  EXPECT_NE(reports().find("the column \"n\" holds integers"),
            std::string::npos);
}

TEST_F(PostgresSamplesTest, ABatchOfNullsMakesColumnsOfText) {
  SinkPtr sink = make_creating();
  const Field fields[] = {{"x", nullptr}, {"y", nullptr}};
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_NE(types().find("x text, y text"), std::string::npos);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples WHERE x IS NULL"), 2);
}

TEST_F(PostgresSamplesTest, AThousandColumnsAreStored) {
  SinkPtr sink = make_creating();
  std::vector<std::string> names;
  std::vector<Field> fields;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  for (int i = 0; i < 1000; ++i) {
    fields.emplace_back(names[static_cast<std::size_t>(i)], i);
  }
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_EQ(cell("sum(c999)"), "1998");
}

TEST_F(PostgresSamplesTest, ColumnsBeyondThoseOfATableAreLeftOutAndReported) {
  SinkPtr sink = make_creating();
  std::vector<std::string> names;
  std::vector<Field> fields;
  for (int i = 0; i < 1700; ++i) names.push_back("c" + std::to_string(i));
  // More than a thousand numbers would be too large a row for a page.
  for (const std::string& name : names) fields.emplace_back(name, true);
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_NE(reports().find("the first batch has 1707 columns, of which a table "
                           "takes 1600"),
            std::string::npos)
      << reports();
  EXPECT_EQ(server().number("SELECT count(*) FROM information_schema.columns "
                            "WHERE table_name='samples'"),
            1600);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples WHERE c1593"), 2);
}

TEST_F(PostgresSamplesTest, AMissingTableIsAnErrorWhenItIsOpened) {
  SinkPtr sink;
  const Status status = make({{"table", "nowhere"}}, &sink);
  EXPECT_EQ(status.code(), Code::missing);
  EXPECT_NE(status.message().find("there is no table \"public\".\"nowhere\", "
                                  "and create_table is false; create it"),
            std::string_view::npos)
      << status.message();
  EXPECT_FALSE(sink);
  // The connection was given back.
  EXPECT_TRUE(
      wait_until([&] { return server().backends("test_postgres").empty(); },
                 std::chrono::seconds(10)));
}

TEST_F(PostgresSamplesTest, AnEmptyBatchDoesNothing) {
  SinkPtr sink = make_creating();
  EXPECT_OK(write_to(*sink, {}));
  EXPECT_OK(pipe(std::vector<Sample>(), *sink));
  EXPECT_EQ(server().one("SELECT to_regclass('samples') IS NULL"), "t");
}

TEST_F(PostgresSamplesTest, OpeningAndClosingMayComeTwice) {
  SinkPtr sink = make_creating();
  EXPECT_OK(sink->open());
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->close());
  EXPECT_EQ(write(*sink, {sample({})}).code(), Code::unavailable);
  EXPECT_OK(sink->open());
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 2);
}

TEST_F(PostgresSamplesTest, WritingBeforeOpeningAndClosingWithoutIt) {
  const std::vector<Field> given = {{"host", "nowhere.invalid"}};
  Options options("postgres", given);
  OptionsAccess::set_for_samples(options);
  SinkPtr sink;
  ASSERT_OK(make_postgres_sink(options, &sink));
  EXPECT_EQ(write_to(*sink, {}).code(), Code::unavailable);
  EXPECT_OK(sink->close());
}

TEST_F(PostgresSamplesTest, TheServerSeesTheNameAndTheTimeOut) {
  server().execute("CREATE TABLE samples (device text)");
  server().execute(
      "CREATE OR REPLACE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$"
      " BEGIN NEW.device := current_setting('statement_timeout') || ' ' ||"
      " current_setting('application_name'); RETURN NEW; END $$;"
      "CREATE TRIGGER seen BEFORE INSERT ON samples FOR EACH ROW EXECUTE "
      "FUNCTION seen()");
  SinkPtr sink = make({{"statement_timeout_ms", 4321}});
  EXPECT_OK(write(*sink, {sample({}), sample({})}));
  EXPECT_EQ(server().one("SELECT min(device) FROM samples"),
            "4321ms test_postgres");
}

// As a fraction of the statement's, which is nine tenths of the batch's.
TEST_F(PostgresSamplesTest, ALockIsWaitedForAsLongAsAStatementMayTake) {
  server().execute("CREATE TABLE samples (device text)");
  for (const bool use_copy : {true, false}) {
    SinkPtr sink = make({{"command_timeout_s", 2.0}, {"use_copy", use_copy}});
    EXPECT_OK(write(*sink, {sample({})}));
    auto other = std::make_unique<PostgresClient>(server().dsn());
    other->execute("BEGIN; LOCK TABLE samples IN ACCESS EXCLUSIVE MODE");
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}}) {
      const auto begin = SteadyClock::now();
      const Status status =
          write(*sink, std::vector<Sample>(count, sample({})));
      const Duration taken = SteadyClock::now() - begin;
      EXPECT_NE(status.message().find("lock timeout"), std::string_view::npos)
          << status.message();
      EXPECT_GE(taken, milliseconds(1700)) << count << use_copy;
      EXPECT_LT(taken, milliseconds(2000) + kNoise) << count << use_copy;
      EXPECT_OK(sink->open());
    }
    // It goes on as soon as the lock is free.
    std::thread freeing([&] {
      EXPECT_TRUE(wait_until(
          [&] {
            return server().number(
                       "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0;
          },
          std::chrono::seconds(10)));
      other.reset();
    });
    EXPECT_OK(write(*sink, {sample({}), sample({})}));
    freeing.join();
  }
}

TEST_F(PostgresSamplesTest, AStatementThatTakesTooLongEndsThePipe) {
  server().execute(
      "CREATE TABLE samples (device text);"
      "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$"
      " BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;"
      "CREATE TRIGGER slow BEFORE INSERT ON samples FOR EACH ROW EXECUTE "
      "FUNCTION slow()");
  SinkPtr sink = make({{"command_timeout_s", 1.0}});
  const auto begin = SteadyClock::now();
  const Status status = write(*sink, {sample({}), sample({})});
  EXPECT_NE(status.message().find("statement timeout"), std::string_view::npos)
      << status.message();
  EXPECT_LT(SteadyClock::now() - begin, milliseconds(1000) + kNoise);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 0);
}

TEST_F(PostgresSamplesTest, AServerThatHangsEndsThePipeInTheTimeOfACommand) {
  SinkPtr sink = make_creating({{"command_timeout_s", 1.0}});
  EXPECT_OK(write(*sink, {sample({})}));
  server().pause();
  auto begin = SteadyClock::now();
  PipeSummary summary;
  const std::vector<Sample> samples(3, sample({}));
  const Status status = pipe(samples, *sink, {}, &summary);
  EXPECT_FALSE(status.ok());
  EXPECT_GE(SteadyClock::now() - begin, milliseconds(900));
  EXPECT_LT(SteadyClock::now() - begin, milliseconds(1000) + kNoise);
  EXPECT_EQ(summary.samples_emitted, 0u);
  EXPECT_EQ(summary.samples_lost, 3u);
  // Closing and destroying it waits for nothing.
  begin = SteadyClock::now();
  static_cast<void>(sink->close());
  sink.reset();
  EXPECT_LT(SteadyClock::now() - begin, milliseconds(500) + kNoise);
  server().resume();
}

TEST_F(PostgresSamplesTest, AServerThatStopsEndsThePipeAndNothingIsTwice) {
  SinkPtr sink = make_creating({{"command_timeout_s", 2.0}});
  PipeSummary summary;
  Status status;
  {
    Pipe to(*sink, {.batch_size = 8});
    for (int i = 0; i < 80; ++i) {
      ASSERT_OK(to.push(sample({})));
    }
    ASSERT_OK(to.flush());
    server().stop();
    const std::vector<Field> fields = {{"n", 1}};
    for (int i = 0; i < 16 && status.ok(); ++i) {
      status = to.push(sample(fields));
    }
    status = to.finish(&summary);
  }
  server().start();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(summary.samples_emitted, 80u);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 80);
  // A new pipe begins where that one ended.
  EXPECT_TRUE(
      wait_until([&] { return sink->open().ok(); }, std::chrono::seconds(10)));
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 81);
}

TEST_F(PostgresSamplesTest, TheSessionEndsWithTheSink) {
  for (const bool closes : {true, false}) {
    SinkPtr sink = make_creating();
    EXPECT_OK(write(*sink, {sample({})}));
    EXPECT_EQ(server().backends("test_postgres").size(), 1u);
    if (closes) {
      EXPECT_OK(sink->close());
    } else {
      sink.reset();
    }
    EXPECT_TRUE(
        wait_until([&] { return server().backends("test_postgres").empty(); },
                   std::chrono::seconds(10)));
  }
}

TEST_F(PostgresSamplesTest, CopyIsUsedUnlessItIsTurnedOff) {
  server().execute("CREATE TABLE samples (device text)");
  server().set("log_statement", "'all'");
  for (const bool use_copy : {true, false}) {
    const std::size_t begin = server().log().size();
    SinkPtr sink = make({{"use_copy", use_copy}});
    EXPECT_OK(write(*sink, {sample({}), sample({})}));
    const std::string said = server().log().substr(begin);
    const bool copies =
        said.find("COPY \"public\".\"samples\"") != std::string::npos;
    EXPECT_EQ(copies, use_copy) << said;
  }
  server().set("log_statement", "'ddl'");
}

TEST_F(PostgresSamplesTest, ItsColumnsAreThoseOfTheTable) {
  SinkPtr sink = make_creating();
  EXPECT_EQ(sink->columns().column_count, 0u);
  const Field fields[] = {{"flow", 1.5}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  ASSERT_EQ(sink->columns().column_count, 8u);
  EXPECT_EQ(sink->columns().columns[6].name, "flow");
  EXPECT_EQ(sink->columns().columns[6].kind, Kind::real);
  sink = make();
  ASSERT_EQ(sink->columns().column_count, 8u);
  EXPECT_EQ(sink->columns().columns[6].name, "flow");
}

TEST_F(PostgresSamplesTest, OddTextIsMendedOnEveryWay) {
  SinkPtr sink = make_creating();
  const std::string large(std::size_t{20} << 20, 'x');
  const Field fields[] = {{"text", std::string_view("a\0b\xFF", 4)},
                          {"large", large}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_EQ(server().number("SELECT count(*) FROM samples WHERE text = "
                            "U&'a\\FFFDb\\FFFD' AND length(large) = 20971520"),
            3);
}

TEST_F(PostgresSamplesTest, ABatchIsOneTransaction) {
  SinkPtr sink = make_creating();
  EXPECT_OK(write(*sink, {sample({}), sample({}), sample({})}));
  EXPECT_EQ(server().number("SELECT count(DISTINCT xmin::text) FROM samples"),
            1);
}

TEST_F(PostgresSamplesTest, RowsThatTheTableRefusesEndThePipe) {
  server().execute("CREATE TABLE samples (device text, n int CHECK (n < 5))");
  SinkPtr sink = make();
  const Field good[] = {{"n", 1}};
  const Field bad[] = {{"n", 9}};
  PipeSummary summary;
  const std::vector<Sample> samples = {sample(good), sample(bad), sample(good)};
  const Status status = pipe(samples, *sink, {}, &summary);
  EXPECT_EQ(status.code(), Code::rejected);
  EXPECT_NE(status.message().find("samples_n_check"), std::string_view::npos);
  EXPECT_EQ(summary.samples_emitted, 2u);
  EXPECT_EQ(summary.samples_lost, 1u);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 2);
}

TEST_F(PostgresSamplesTest, ADeletedTableEndsThePipeWithTheReason) {
  SinkPtr sink = make({{"create_table", true}});
  EXPECT_OK(write(*sink, {sample({})}));
  server().execute("DROP TABLE samples");
  const Status status = write(*sink, {sample({}), sample({})});
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("samples"), std::string_view::npos);
}

TEST_F(PostgresSamplesTest, ATableDeletedDuringAnOutageEndsThePipeToo) {
  SinkPtr sink = make_creating();
  EXPECT_OK(write(*sink, {sample({})}));
  server().execute("DROP TABLE samples");
  lose_connection();
  const Status status = write(*sink, {sample({}), sample({})});
  EXPECT_NE(status.message().find("was deleted"), std::string_view::npos)
      << status.message();
  EXPECT_EQ(server().one("SELECT to_regclass('samples') IS NULL"), "t");
}

TEST_F(PostgresSamplesTest, ASampleAloneIsStoredAsOneOfSeveral) {
  SinkPtr sink = make_creating();
  const Field fields[] = {{"x", -0.5}, {"text", "\t"}, {"none", nullptr}};
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(server().one("SELECT count(DISTINCT samples::text) || ' of ' || "
                         "count(*) FROM samples"),
            "1 of 3");
}

TEST_F(PostgresSamplesTest, AConnectionThatWasLostIsReplaced) {
  SinkPtr sink = make_creating();
  EXPECT_OK(write(*sink, {sample({})}));
  lose_connection();
  EXPECT_OK(write(*sink, {sample({}), sample({})}));
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 3);
}

TEST_F(PostgresSamplesTest, AServerThatIsStoppedIsWaitedFor) {
  SinkPtr sink = make_creating();
  Pipe pipe(*sink, {.batch_size = 10, .flush_interval_s = 60});
  const Sample one = sample({});
  for (int i = 0; i < 10; ++i) EXPECT_OK(pipe.push(one));
  EXPECT_OK(pipe.flush());
  server().stop();
  for (int i = 0; i < 15; ++i) EXPECT_OK(pipe.push(one));
  std::thread starter([] { server().start(); });
  EXPECT_OK(pipe.finish());
  starter.join();
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 25);
}

TEST_F(PostgresSamplesTest,
       AServerThatStaysAwayIsWaitedForAsLongAsABatchMayTake) {
  SinkPtr sink = make_creating({{"command_timeout_s", 0.5}});
  EXPECT_OK(write(*sink, {sample({})}));
  server().stop();
  const auto start = std::chrono::steady_clock::now();
  const Status status = write(*sink, {sample({}), sample({})});
  const auto took = std::chrono::steady_clock::now() - start;
  server().start();
  EXPECT_EQ(status.code(), Code::unavailable) << status.message();
  EXPECT_NE(status.message().find("efused"), std::string_view::npos)
      << status.message();
  EXPECT_GT(took, std::chrono::milliseconds(400));
}

TEST_F(PostgresSamplesTest, AServerThatSaysNoIsNotWaitedFor) {
  server().execute("CREATE TABLE samples (device text)");
  SinkPtr sink = make({{"command_timeout_s", 60.0}});
  EXPECT_OK(write(*sink, {sample({})}));
  server().execute("DROP TABLE samples");
  lose_connection();
  const auto start = std::chrono::steady_clock::now();
  const Status status = write(*sink, {sample({}), sample({})});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_NE(status.message().find("there is no table"), std::string_view::npos)
      << status.message();
}

TEST(PostgresSampleOpening, TheTimeOutOfTheDsnHoldsAndIsNamed) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, any, size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, any, &size), 0);
  const std::string dsn =
      "host=127.0.0.1 user=u dbname=d connect_timeout=1 port=" +
      std::to_string(ntohs(address.sin_port));
  PostgresConfig config;
  config.dsn = dsn;
  SinkPtr sink;
  const auto start = std::chrono::steady_clock::now();
  const Status status = make_sample_sink(config, &sink);
  EXPECT_EQ(status.code(), Code::unavailable) << status.message();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(status.message().find("goes on"), std::string_view::npos)
      << status.message();
  ::close(listener);
}

TEST_F(PostgresSamplesTest, TheModuleTakesSamplesToo) {
  // By another name, that is not registered here.
  SinkPtr sink;
  const TempFolder folder;
  std::filesystem::copy_file(POSTGRES_TEST_MODULES "/stogger_postgres.so",
                             folder.file("stogger_postgres_copy.so"));
  ::setenv("STOGGER_MODULE_PATH", folder.path().c_str(), 1);
  const std::string dsn = server().dsn();
  ASSERT_OK(make_sample_sink("postgres_copy",
                             {{"dsn", dsn}, {"create_table", true}}, &sink));
  ::unsetenv("STOGGER_MODULE_PATH");
  const Field fields[] = {{"flow", 1.5}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(cell("flow"), "1.5");
  EXPECT_EQ(sink->columns().column_count, 8u);
  const Field later[] = {{"b", 1.5}};
  EXPECT_OK(write(*sink, {sample(later)}));
  EXPECT_NE(reports().find("there is no column \"b\""), std::string::npos);
}

// --- options -----------------------------------------------------------------

std::string refusal_of(const std::vector<Field>& options) {
  Options read("postgres", options);
  OptionsAccess::set_for_samples(read);
  SinkPtr sink;
  return std::string(make_postgres_sink(read, &sink).message());
}

TEST(PostgresSampleOptionsTest, ADsnOrAHostIsNeeded) {
  EXPECT_NE(refusal_of({}).find("\"dsn\" or \"host\" is required"),
            std::string::npos);
  EXPECT_NE(refusal_of({{"dsn", "host=a"}, {"host", "b"}})
                .find("cannot both be given"),
            std::string::npos);
}

TEST(PostgresSampleOptionsTest, NamesAreIdentifiersAsInSqlite) {
  for (const std::string& name :
       {std::string(), std::string(64, 't'), std::string("a\nb"),
        std::string("1bad"), std::string("a b"), std::string("sam\"ples"),
        std::string("x; DROP TABLE x"), std::string("\xC3\xA4")}) {
    for (const char* const key : {"schema", "table"}) {
      EXPECT_EQ(refusal_of({{"host", "h"}, {key, name}}),
                "postgres sink: \"" + std::string(key) +
                    "\" must be at most 63 letters, digits and _, not "
                    "beginning with a digit")
          << name;
    }
  }
  EXPECT_NE(refusal_of({{"host", "h"}, {"table", "lab.1bad"}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"table", "1lab.runs"}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"table", "a.b.c"}}), "");
  for (const std::string& name :
       {std::string("_a"), std::string("Runs_2"), std::string(63, 't')}) {
    EXPECT_EQ(refusal_of({{"host", "h"}, {"table", name}}), "") << name;
  }
}

TEST(PostgresSampleOptionsTest, TheVariableOfAPasswordHasToBeSet) {
  EXPECT_NE(refusal_of({{"dsn", "postgresql://app:%PASSWORD%@db/logs"}})
                .find("STOGGER_POSTGRES_PASSWORD"),
            std::string::npos);
}

// Those of the seed.
TEST(PostgresSampleOptionsTest, TheDefaultsAreThoseOfTheSeed) {
  const PostgresConfig config;
  EXPECT_EQ(config.dsn, "");
  EXPECT_EQ(config.host, "");
  EXPECT_EQ(config.port, 5432);
  EXPECT_EQ(config.user, "");
  EXPECT_EQ(config.password, "");
  EXPECT_EQ(config.database, "");
  EXPECT_EQ(config.schema, "public");
  EXPECT_EQ(config.table, "samples");
  EXPECT_EQ(config.pool_min_size, 1);
  EXPECT_EQ(config.pool_max_size, 4);
  EXPECT_EQ(config.statement_timeout_ms, 30000);
  EXPECT_EQ(config.command_timeout_s, 10);
  EXPECT_EQ(config.connect_timeout_s, 30);
  EXPECT_EQ(config.close_timeout_s, 10);
  EXPECT_FALSE(config.create_table);
  EXPECT_TRUE(config.use_copy);
  const SqliteConfig sqlite;
  EXPECT_EQ(sqlite.table, "samples");
  EXPECT_TRUE(sqlite.create_table);
  EXPECT_EQ(sqlite.journal_mode, "WAL");
  EXPECT_EQ(sqlite.synchronous, "NORMAL");
  EXPECT_EQ(sqlite.busy_timeout_ms, 5000);
  const ParquetConfig parquet;
  EXPECT_EQ(parquet.compression, "zstd");
  EXPECT_TRUE(parquet.use_dictionary);
  EXPECT_EQ(parquet.row_group_rows, 0);
  const PipeOptions pipe;
  EXPECT_EQ(pipe.batch_size, 64u);
  EXPECT_EQ(pipe.flush_interval_s, 1.0);
}

// The same without the structure.
TEST(PostgresSampleOptionsTest, OptionsNotGivenHaveTheDefaultsOfTheStructure) {
  const Field given[] = {{"host", "h"}};
  Options options("postgres", given);
  OptionsAccess::set_for_samples(options);
  PostgresSettings settings;
  ASSERT_OK(read_postgres_settings(options, &settings));
  EXPECT_EQ(settings.schema, "public");
  EXPECT_EQ(settings.table, "samples");
  EXPECT_FALSE(settings.create_table);
  EXPECT_TRUE(settings.use_copy);
  EXPECT_EQ(settings.batch_deadline, milliseconds(10000));
  EXPECT_EQ(settings.statement_timeout, milliseconds(9000));
  EXPECT_EQ(settings.batch_statement_timeout, milliseconds(9000));
  EXPECT_EQ(settings.connect_timeout, milliseconds(30000));
  EXPECT_EQ(settings.open_wait, milliseconds(30000));
}

TEST(PostgresSampleOptionsTest, BoundsAreChecked) {
  EXPECT_NE(refusal_of({{"host", "h"}, {"pool_min_size", 0}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"pool_max_size", 0}}), "");
  EXPECT_NE(
      refusal_of({{"host", "h"}, {"pool_min_size", 5}, {"pool_max_size", 2}})
          .find("must not be above pool_max_size"),
      std::string::npos);
  EXPECT_NE(refusal_of({{"host", "h"}, {"pool_min_size", 2}})
                .find("one connection serves them all"),
            std::string::npos);
  EXPECT_NE(refusal_of({{"host", "h"}, {"statement_timeout_ms", -1}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"command_timeout_s", 0}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"connect_timeout_s", 0}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"close_timeout_s", -1}}), "");
  EXPECT_NE(refusal_of({{"host", "h"}, {"times", "roman"}}), "");
  // Only the table of log events has them.
  EXPECT_NE(refusal_of({{"host", "h"}, {"indexes", "full"}}), "");
}

std::string target_of(const std::vector<Field>& options) {
  Options read("postgres", options);
  OptionsAccess::set_for_samples(read);
  SinkPtr sink;
  EXPECT_OK(make_postgres_sink(read, &sink));
  return sink ? std::string(sink->target()) : std::string();
}

TEST(PostgresSampleOptionsTest, TheTargetHasNoPassword) {
  EXPECT_EQ(target_of({{"dsn", "postgresql://u:secret@db:5432/prod"}}),
            "db:5432/prod.public.samples");
  EXPECT_EQ(target_of({{"host", "db"},
                       {"user", "u"},
                       {"password", "secret"},
                       {"database", "prod"},
                       {"table", "lab.runs"}}),
            "db:5432/prod.lab.runs");
}

TEST(PostgresSampleOptionsTest, ATypedConfigIsTheSame) {
  PostgresConfig config;
  config.host = "127.0.0.1";
  config.port = 1;
  config.password = "hunter2secret";
  config.connect_timeout_s = 5;
  SinkPtr sink;
  const Status status = make_sample_sink(config, &sink);
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("127.0.0.1:1"), std::string_view::npos)
      << status.message();
  EXPECT_EQ(status.message().find("hunter2secret"), std::string_view::npos);
  config.pool_min_size = 2;
  EXPECT_EQ(make_sample_sink(config, &sink).code(), Code::invalid);
}

}  // namespace
}  // namespace stogger
