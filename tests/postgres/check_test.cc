// Sink::check(): what it says, and that it changes nothing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "sinks/postgres/catalogue.h"
#include "sinks/postgres/settings.h"
#include "sinks/postgres/sql.h"
#include "stogger/clock.h"
#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

class Found final : public CheckFindings {
 public:
  void would_change(std::string_view what) override {
    changes.emplace_back(what);
  }
  void warn(std::string_view what) override { warnings.emplace_back(what); }

  std::vector<std::string> changes;
  std::vector<std::string> warnings;
};

class Check : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    server().execute("CREATE ROLE app LOGIN; CREATE ROLE evil LOGIN");
    dsn_ = "host=127.0.0.1 port=" + std::to_string(server().port()) +
           " user=app dbname=postgres";
  }
  void make_table(const std::string& more = "") {
    server().execute(
        "CREATE TABLE stogger_logs (id BIGSERIAL PRIMARY KEY, timestamp "
        "TIMESTAMPTZ NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
        "TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}'" +
        more + ")");
  }
  void grant() {
    server().execute(
        "GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON SEQUENCE "
        "stogger_logs_id_seq TO app");
  }
  // All that the database holds, sequences too.
  std::string dump() {
    const std::string path = folder_.file("dump.sql");
    const std::string command =
        "pg_dump -h 127.0.0.1 -p " + std::to_string(server().port()) +
        " -U postgres postgres 2>/dev/null | grep -v restrict >" + path;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return read_file(path);
  }
  Status check(std::vector<Field> options = {}) {
    found_ = Found();
    options.push_back({"dsn", dsn_});
    options.push_back({"deadline_ms", 5000});
    return make_postgres(options)->check(found_);
  }
  std::size_t definitions() {
    const std::string log = server().log();
    const std::string mark = "LOG:  statement: ";
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find(mark, at)) != log.npos; ++at) {
      ++count;
    }
    return count;
  }
  // The check, and that nothing is different after it.
  Status check_without_change(std::vector<Field> options = {}) {
    const std::string before = dump();
    const std::size_t defined = definitions();
    Status status = check(std::move(options));
    EXPECT_EQ(dump(), before);
    // No statement that defines anything; see log_statement.
    EXPECT_EQ(definitions(), defined);
    return status;
  }

  TempFolder folder_;
  std::string dsn_;
  Found found_;
};

TEST_F(Check, OfATableThatIsRightSaysNothingAndChangesNothing) {
  make_table();
  grant();
  EXPECT_OK(check_without_change());
  EXPECT_TRUE(found_.changes.empty());
  EXPECT_TRUE(found_.warnings.empty()) << found_.warnings[0];
}

TEST_F(Check, FiresNoTriggerAndTakesNoNumberOfASequence) {
  make_table();
  grant();
  server().execute(
      "CREATE TABLE fired (n int); GRANT ALL ON fired TO app; CREATE FUNCTION "
      "f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'FIRED'; "
      "INSERT INTO fired VALUES (1); RETURN NEW; END$$; CREATE TRIGGER f "
      "BEFORE "
      "INSERT ON stogger_logs FOR EACH ROW EXECUTE FUNCTION f()");
  EXPECT_OK(check_without_change());
  EXPECT_EQ(server().log().find("LOG:  FIRED"), std::string::npos);
  EXPECT_EQ(server().one("SELECT is_called FROM stogger_logs_id_seq"), "f");
}

TEST_F(Check, ShowsTheStatementsThatWouldMakeTheTable) {
  server().execute("GRANT CREATE ON SCHEMA public TO app");
  EXPECT_OK(check_without_change());
  ASSERT_EQ(found_.changes.size(), 1u);
  EXPECT_NE(found_.changes[0].find("CREATE TABLE IF NOT EXISTS "
                                   "\"public\".\"stogger_logs\""),
            std::string::npos)
      << found_.changes[0];
  EXPECT_NE(found_.changes[0].find("USING GIN"), std::string::npos);
  EXPECT_EQ(server().one("SELECT to_regclass('stogger_logs') IS NULL"), "t");
}

TEST_F(Check, NamesDeclaredColumnsThatTheTableLacks) {
  make_table(", service TEXT");
  grant();
  EXPECT_OK(check_without_change(
      {{"columns", Json{R"({"service":"text","user_id":"integer"})"}}}));
  ASSERT_EQ(found_.warnings.size(), 1u);
  EXPECT_EQ(found_.warnings[0],
            "the table \"stogger_logs\" is there and has no column "
            "\"user_id\", which \"columns\" names: add it, or its values go to "
            "\"data\"");
}

TEST_F(Check, ReportsWhatIsMissing) {
  Status status = check_without_change();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("GRANT USAGE, CREATE ON SCHEMA"),
            std::string_view::npos)
      << status.message();
  status = check_without_change({{"create_table", false}});
  EXPECT_NE(status.message().find("create_table is false"),
            std::string_view::npos)
      << status.message();
  status = check_without_change({{"schema", "none"}});
  EXPECT_NE(status.message().find("there is no schema \"none\""),
            std::string_view::npos)
      << status.message();
  make_table();
  status = check_without_change();
  EXPECT_NE(status.message().find("GRANT INSERT"), std::string_view::npos)
      << status.message();
  server().execute("GRANT INSERT ON stogger_logs TO app");
  status = check_without_change();
  EXPECT_NE(status.message().find("stogger_logs_id_seq"),
            std::string_view::npos)
      << status.message();
  grant();
  EXPECT_OK(check_without_change());
  server().execute("REVOKE USAGE ON SCHEMA public FROM public");
  status = check_without_change({{"schema", "public"}});
  EXPECT_NE(status.message().find("GRANT USAGE ON SCHEMA"),
            std::string_view::npos)
      << status.message();
}

TEST_F(Check, OfAViewThatTakesNoRowsSaysWhatToDo) {
  server().execute(
      "CREATE TABLE base (timestamp timestamptz, event text); CREATE VIEW "
      "stogger_logs AS SELECT DISTINCT timestamp, event FROM base; CREATE "
      "FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; "
      "END$$; CREATE TRIGGER f INSTEAD OF DELETE ON stogger_logs FOR EACH ROW "
      "EXECUTE FUNCTION f(); GRANT INSERT ON stogger_logs TO app");
  const Status status = check_without_change();
  EXPECT_NE(
      status.message().find("\"stogger_logs\" is a view that takes no rows: "),
      std::string_view::npos)
      << status.message();
  // No role needs rights for what nobody can do.
  EXPECT_EQ(status.message().find("GRANT"), std::string_view::npos);
}

TEST_F(Check, OfAViewOfTwoTablesSaysWhatToDo) {
  make_table();
  server().execute(
      "ALTER TABLE stogger_logs RENAME TO base; CREATE TABLE names (name "
      "text); CREATE VIEW stogger_logs AS SELECT base.* FROM base JOIN names "
      "ON name = event; GRANT ALL ON stogger_logs, base, names TO app");
  const Status checked = check_without_change();
  EXPECT_NE(checked.message().find("is a view that takes no rows: it has a "
                                   "JOIN"),
            std::string_view::npos)
      << checked.message();
  EXPECT_NE(checked.message().find("INSTEAD OF INSERT trigger"),
            std::string_view::npos);
  const SinkPtr sink = make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
  EXPECT_EQ(sink->open().message(), checked.message());
  server().execute(
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT "
      "INTO base (timestamp, level, event) VALUES (NEW.timestamp, NEW.level, "
      "NEW.event); RETURN NEW; END$$; CREATE TRIGGER f INSTEAD OF INSERT ON "
      "stogger_logs FOR EACH ROW EXECUTE FUNCTION f(); GRANT USAGE ON SEQUENCE "
      "stogger_logs_id_seq TO app");
  EXPECT_OK(check_without_change());
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(server().number("SELECT count(*) FROM base"), 1);
}

class PartitionCheck : public Check {
 protected:
  // Partitioned, without partitions.
  void make_partitioned(const std::string& by = "RANGE (timestamp)") {
    server().execute(
        "CREATE TABLE stogger_logs (id BIGSERIAL, timestamp TIMESTAMPTZ NOT "
        "NULL, level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, scope "
        "TEXT, data JSONB NOT NULL DEFAULT '{}') PARTITION BY " +
        by + "; GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON SEQUENCE " +
        "stogger_logs_id_seq TO app");
  }
  // From that many days on.
  void add_partition(const std::string& name, int from, int to,
                     const std::string& more = "") {
    server().execute("DO $$BEGIN EXECUTE format('CREATE TABLE " + name +
                     " PARTITION OF stogger_logs FOR VALUES FROM (%L) TO (%L)" +
                     more + "', now() + interval '" + std::to_string(from) +
                     " days', now() + interval '" + std::to_string(to) +
                     " days'); END$$");
  }
  std::string refusal() {
    const Status status = check_without_change();
    EXPECT_EQ(status.code(), Code::missing);
    return std::string(status.message());
  }
};

TEST_F(PartitionCheck, WithoutOneForNowSaysWhatToCreate) {
  make_partitioned();
  const std::string wanted =
      "the table \"public\".\"stogger_logs\" has no partition for an event of "
      "now, which the server refuses: create it with CREATE TABLE ... "
      "PARTITION OF \"public\".\"stogger_logs\" ..., and those of the days to "
      "come";
  EXPECT_EQ(refusal(), wanted);
  add_partition("old", -2, -1);
  add_partition("later", 1, 2);
  EXPECT_EQ(refusal(), wanted);
}

TEST_F(PartitionCheck, WithOneForNowWarnsOfTomorrow) {
  make_partitioned();
  add_partition("today", -1, 1, " PARTITION BY LIST (level)");
  EXPECT_NE(refusal(), "");
  server().execute(
      "CREATE TABLE today_info PARTITION OF today FOR VALUES IN ('info')");
  ASSERT_OK(check_without_change());
  ASSERT_EQ(found_.warnings.size(), 1u);
  EXPECT_NE(found_.warnings[0].find("no partition for the events of tomorrow"),
            std::string::npos)
      << found_.warnings[0];
  server().execute("CREATE TABLE rest PARTITION OF stogger_logs DEFAULT");
  ASSERT_OK(check_without_change());
  EXPECT_TRUE(found_.warnings.empty()) << found_.warnings[0];
}

// Of what depends on more than the time, nothing can be said.
TEST_F(PartitionCheck, ByOtherColumnsSaysNothing) {
  make_partitioned("LIST (scope)");
  server().execute(
      "CREATE TABLE a PARTITION OF stogger_logs FOR VALUES IN ('a')");
  EXPECT_OK(check_without_change());
  EXPECT_TRUE(found_.warnings.empty());
}

TEST_F(PartitionCheck, WithoutOneRowsAreRefusedUntilThereIsOne) {
  make_partitioned();
  add_partition("old", -2, -1);
  const SinkPtr sink = make_postgres(
      {{"dsn", dsn_}, {"start_wait_ms", 20000}, {"deadline_ms", 5000}});
  ASSERT_OK(sink->open());
  const Time now = Clock::real()->now();
  const KeptReport report = said_of(*sink, table_rows({{.timestamp = now}}));
  ASSERT_EQ(report.refused.size(), 1u) << report.text();
  EXPECT_NE(report.refused[0].reason.find("no partition"), std::string::npos)
      << report.text();
  server().execute("CREATE TABLE rest PARTITION OF stogger_logs DEFAULT");
  EXPECT_OK(write_to(*sink, table_rows({{.timestamp = now}})));
  EXPECT_EQ(server().number("SELECT count(*) FROM rest"), 1);
}

TEST_F(Check, OfAViewThatTakesEventsIsFine) {
  make_table();
  server().execute(
      "ALTER TABLE stogger_logs RENAME TO base; CREATE VIEW stogger_logs AS "
      "SELECT * FROM base; GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON "
      "SEQUENCE stogger_logs_id_seq TO app");
  EXPECT_OK(check_without_change());
}

TEST_F(Check, WarnsOfAColumnThatNotEveryEventFills) {
  make_table(
      ", service text NOT NULL, host text, region text NOT NULL DEFAULT 'x', n "
      "int NOT NULL GENERATED ALWAYS AS IDENTITY");
  grant();
  ASSERT_OK(check());
  ASSERT_EQ(found_.warnings.size(), 1u);
  EXPECT_NE(found_.warnings[0].find("the column \"service\" of the table"),
            std::string::npos)
      << found_.warnings[0];
  EXPECT_NE(found_.warnings[0].find("must not be null"), std::string::npos);
}

TEST_F(Check, WarnsOfARoleThatMayTooMuch) {
  make_table();
  server().execute("ALTER ROLE app SUPERUSER");
  EXPECT_OK(check());
  ASSERT_EQ(found_.warnings.size(), 1u);
  EXPECT_NE(found_.warnings[0].find("\"app\" is a superuser"),
            std::string::npos)
      << found_.warnings[0];
  server().execute("ALTER ROLE app NOSUPERUSER CREATEROLE");
  grant();
  EXPECT_OK(check());
  ASSERT_EQ(found_.warnings.size(), 1u);
  EXPECT_NE(found_.warnings[0].find("may create roles"), std::string::npos);
}

TEST_F(Check, WarnsOfATableWhoseOwnerIsNotTrusted) {
  make_table();
  grant();
  server().execute("ALTER TABLE stogger_logs OWNER TO evil");
  EXPECT_OK(check());
  ASSERT_EQ(found_.warnings.size(), 1u);
  EXPECT_NE(found_.warnings[0].find("\"evil\""), std::string::npos)
      << found_.warnings[0];
}

TEST_F(Check, SaysWhyThereIsNoConnection) {
  server().stop();
  const Status status = check();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("refused"), std::string_view::npos)
      << status.message();
}

// ---- The table is found and made without help of names

TEST_F(Check, ATemporaryTableOfThatNameIsNotTheTable) {
  make_table();
  PostgresClient client(server().dsn());
  client.execute("CREATE TEMP TABLE stogger_logs (n int)");
  client.execute("PREPARE f AS " + std::string(find_table_sql()));
  EXPECT_EQ(client.query("EXECUTE f(NULL, 'stogger_logs')")[0][0], "public");
  EXPECT_EQ(client.query("EXECUTE f(NULL, 'stogger_logs')")[0][1],
            client.one("SELECT 'public.stogger_logs'::regclass::oid"));
  client.execute("SET search_path = pg_temp, public");
  EXPECT_EQ(client.query("EXECUTE f(NULL, 'other')")[0][0], "public");
}

TEST_F(Check, ATableIsCreatedThoughSomebodyHoldsTheLock) {
  PostgresSettings settings;
  settings.table = "stogger_logs";
  server().execute("GRANT CREATE ON SCHEMA public TO app");
  PostgresClient holder(server().dsn());
  holder.execute("BEGIN; " + begin_creation_sql(settings, true).back());
  ASSERT_OK(
      add({{"dsn", dsn_}, {"start_wait_ms", 20000}, {"deadline_ms", 5000}}));
  log(20);
  EXPECT_EQ(stats().written, 20u) << reports();
}

}  // namespace
}  // namespace stogger
