// The way of every day: events become rows of the table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "stogger/testing.h"
#include "tests/postgres/fixture.h"

namespace stogger {
namespace {

class MainPath : public PostgresTest {
 protected:
  // The columns of a table: name, type, whether it may be null, default.
  std::vector<SqlRow> columns(const std::string& table = "stogger_logs") {
    return server().query(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, "
        "pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef ON "
        "adrelid = attrelid AND adnum = attnum WHERE attrelid = '" +
        table + "'::regclass AND attnum > 0 ORDER BY attnum");
  }
  std::vector<SqlRow> indexes(const std::string& table = "stogger_logs") {
    return server().query(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '" +
        table + "' ORDER BY indexname");
  }
  std::vector<std::string> index_names(const std::string& table) {
    std::vector<std::string> names;
    for (const SqlRow& row : indexes(table)) names.push_back(row[0]);
    return names;
  }
  // What stands in the server's log since the last call.
  std::string new_in_log() {
    const std::string all = server().log();
    const std::string fresh = all.substr(read_);
    read_ = all.size();
    return fresh;
  }

 private:
  std::size_t read_ = 0;
};

// What Python's stogger makes.
constexpr char kSeedTable[] =
    "CREATE TABLE stogger_logs (id BIGSERIAL PRIMARY KEY, timestamp "
    "TIMESTAMPTZ NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
    "TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}');"
    "CREATE INDEX idx_stogger_logs_timestamp ON stogger_logs (timestamp DESC);"
    "CREATE INDEX idx_stogger_logs_level ON stogger_logs (level);"
    "CREATE INDEX idx_stogger_logs_event ON stogger_logs (event);"
    "CREATE INDEX idx_stogger_logs_data ON stogger_logs USING GIN (data);";

TEST_F(MainPath, AnEventIsARow) {
  testing::ManualClock clock(Time{1700000000123456789});
  System system(&clock);
  const std::string dsn = server().dsn();
  ASSERT_OK(system.add_sink("db", make_postgres({{"dsn", dsn}})));
  {
    const Scope scope(system.logger("http"), "checkout", {{"order", 7}});
    system.logger("http").warning(
        "user-login",
        {{"user_id", 42}, {"ip", "10.0.0.1"}, {"rate", 0.5}, {"ok", true}},
        "User {user_id}");
  }
  const std::vector<SqlRow> rows = server().query(
      "SELECT id, timestamp AT TIME ZONE 'UTC', level, event, func, scope, "
      "data FROM stogger_logs WHERE event = 'user-login'");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0][0], "1");
  EXPECT_EQ(rows[0][1], "2023-11-14 22:13:20.123456");
  EXPECT_EQ(rows[0][2], "warning");
  EXPECT_EQ(rows[0][3], "user-login");
  EXPECT_NE(rows[0][4].find("TestBody"), std::string::npos) << rows[0][4];
  EXPECT_EQ(rows[0][5], "checkout");
  EXPECT_EQ(nlohmann::json::parse(rows[0][6]),
            nlohmann::json::parse(
                R"({"message":"User 42","logger":"http","order":7,
                "user_id":42,"ip":"10.0.0.1","rate":0.5,"ok":true})"));
  const SinkStats stats = stats_of(system, "db");
  EXPECT_EQ(stats.written, 2u);  // and the end of the scope
  EXPECT_EQ(stats.accepted, 2u);
  EXPECT_EQ(reports(), "");
}

TEST_F(MainPath, FieldsWithTheNamesOfColumnsKeepTheirNamesInData) {
  ASSERT_OK(add());
  system().logger().info("e", {{"id", 1},
                               {"timestamp", 2},
                               {"level", "high"},
                               {"event", "big"},
                               {"func", 3},
                               {"scope", 4},
                               {"data", 5},
                               {"message", 6}});
  EXPECT_EQ(server().query("SELECT level, event, data FROM stogger_logs"),
            (std::vector<SqlRow>{
                {"info", "e",
                 "{\"id\": 1, \"data\": 5, \"func\": 3, \"event\": \"big\", "
                 "\"level\": \"high\", \"scope\": 4, \"message_\": 6, "
                 "\"timestamp\": 2}"}}))
      << reports();
}

TEST_F(MainPath, TheRowIsThereWhenTheCallReturns) {
  ASSERT_OK(add());
  for (int i = 1; i <= 5; ++i) {
    log_one();
    EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs"), i);
  }
  expect_balanced();
}

TEST_F(MainPath, AnEventWithoutAnythingIsARow) {
  ASSERT_OK(add());
  system().logger().info("");
  EXPECT_EQ(server().query("SELECT event, scope, data FROM stogger_logs"),
            (std::vector<SqlRow>{{"", "(null)", "{}"}}));
}

TEST_F(MainPath, TableAndIndexesAreThoseOfPythonsStogger) {
  ASSERT_OK(add());
  const std::vector<SqlRow> made_columns = columns();
  const std::vector<SqlRow> made_indexes = indexes();
  server().execute("DROP TABLE stogger_logs");
  server().execute(kSeedTable);
  EXPECT_EQ(made_columns, columns());
  EXPECT_EQ(made_indexes, indexes());
  EXPECT_EQ(made_indexes.size(), 5u);
}

TEST_F(MainPath, OfATableThatExistsNothingIsChanged) {
  server().execute(kSeedTable);
  server().execute("DROP INDEX idx_stogger_logs_data");
  ASSERT_NE(new_in_log().find("CREATE TABLE"), std::string::npos);
  ASSERT_OK(add());
  log(3);
  expect_balanced();
  EXPECT_EQ(new_in_log(), "");  // log_statement is ddl
  EXPECT_EQ(indexes().size(), 4u);
}

TEST_F(MainPath, FewerIndexesIfWanted) {
  const std::string dsn = server().dsn();
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {"full",
       {"idx_full_data", "idx_full_event", "idx_full_level",
        "idx_full_timestamp", "full_pkey"}},
      {"minimal", {"idx_minimal_timestamp", "minimal_pkey"}},
      {"none", {"none_pkey"}}};
  for (const auto& [name, wanted] : cases) {
    System system;
    ASSERT_OK(system.add_sink(
        "db",
        make_postgres({{"dsn", dsn}, {"table", name}, {"indexes", name}})));
    EXPECT_THAT(index_names(name),
                ::testing::UnorderedElementsAreArray(wanted));
  }
}

TEST_F(MainPath, WithoutCreateTableAMissingOneIsReported) {
  EXPECT_FALSE(add({{"create_table", false}}).ok());
  EXPECT_NE(reports().find("stogger_logs"), std::string::npos) << reports();
  EXPECT_EQ(server().one("SELECT to_regclass('stogger_logs') IS NULL"), "t");
  server().execute(kSeedTable);
  EXPECT_TRUE(recovers());
  expect_balanced();
}

TEST_F(MainPath, TheTableMayBeInASchema) {
  server().execute("CREATE SCHEMA audit");
  ASSERT_OK(add({{"table", "audit.events"}}));
  log(2);
  expect_balanced("audit.events");
  System system;
  const std::string dsn = server().dsn();
  ASSERT_OK(system.add_sink(
      "db", make_postgres(
                {{"dsn", dsn}, {"schema", "audit"}, {"table", "events2"}})));
  EXPECT_EQ(server().one("SELECT count(*) FROM audit.events2"), "0");
}

TEST_F(MainPath, UnusualNamesAreQuoted) {
  const std::string dsn = server().dsn();
  const std::string long_name(60, 'l');
  const std::pair<std::string, std::string> names[] = {
      {"Upper Case", "\"Upper Case\""},
      {"select", "\"select\""},
      {"quo\"te'; DROP TABLE x; --", "\"quo\"\"te'; DROP TABLE x; --\""},
      {"\xc3\xbcml\xc3\xa4ut", "\"\xc3\xbcml\xc3\xa4ut\""},
      {long_name, "\"" + long_name + "\""}};
  for (const auto& [name, quoted] : names) {
    LoggedSystem logged;
    SCOPED_TRACE(name);
    ASSERT_OK(logged.add({{"dsn", dsn}, {"table", name}}));
    logged.log(2);
    logged.expect_balanced(server(), quoted);
    // A second start finds it.
    LoggedSystem again;
    EXPECT_OK(again.add({{"dsn", dsn}, {"table", name}}));
  }
  EXPECT_EQ(reports(), "");
}

TEST_F(MainPath, NamesThatCannotBeAreRefused) {
  using namespace std::string_view_literals;
  const std::string dsn = server().dsn();
  const std::string too_long(64, 'x');
  for (const std::string_view name : {""sv, std::string_view(too_long),
                                      "new\nline"sv, "nul\0"sv, "bad \xff"sv}) {
    EXPECT_NE(postgres_refusal({{"dsn", dsn}, {"table", name}}), "") << name;
    if (name.empty()) continue;  // then it is the role's own
    EXPECT_NE(postgres_refusal({{"dsn", dsn}, {"schema", name}}), "") << name;
  }
}

// ---- Where the server is

TEST_F(MainPath, TheServerIsNamedInPartsToo) {
  ASSERT_OK(add({{"host", "127.0.0.1"},
                 {"port", server().port()},
                 {"user", "postgres"},
                 {"database", "postgres"}}));
  log(2);
  expect_balanced();
}

TEST_F(MainPath, PartsAndADsnExcludeEachOther) {
  EXPECT_NE(postgres_refusal({{"dsn", "host=a"}, {"host", "b"}}), "");
  EXPECT_NE(postgres_refusal({{"dsn", "host=a"}, {"password", "b"}}), "");
}

TEST_F(MainPath, ADsnMayBeAUrl) {
  const std::string url =
      "postgresql://postgres@127.0.0.1:" + std::to_string(server().port()) +
      "/postgres";
  ASSERT_OK(add({{"dsn", url}}));
  log(2);
  expect_balanced();
}

TEST_F(MainPath, AUnixSocketAndTheUserOfTheProcessWillDo) {
  const std::string user = ::geteuid() == 0 ? "root" : "";
  if (user.empty()) GTEST_SKIP() << "is written for root";
  start_server({.access = {"local all app peer map=test"}});
  server().execute("CREATE ROLE app LOGIN SUPERUSER");
  const std::string data = server().one("SHOW ident_file");
  write_file(data, "test root app\n");
  server().execute("SELECT pg_reload_conf()");
  const std::string dsn = "host=" + server().socket_folder() +
                          " port=" + std::to_string(server().port()) +
                          " user=app dbname=postgres";
  static_cast<void>(add({{"dsn", dsn}}));
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

// The form of the seed: no host, no password, the folder of the socket.
TEST_F(MainPath, TheDsnOfASocketMayHaveAnEmptyPassword) {
  const std::string dsn =
      "postgresql://postgres:@/postgres?host=" + server().socket_folder() +
      "&port=" + std::to_string(server().port());
  System system;
  ASSERT_OK(system.load_text(
      "[stogger]\nlog_to_console = false\nenable_postgres = true\n"
      "postgres_dsn = \"" +
          dsn + "\"\n",
      "test.toml"));
  system.logger().info("by-socket");
  EXPECT_EQ(server().one("SELECT event FROM stogger_logs"), "by-socket");
  EXPECT_EQ(reports(), "");
}

TEST_F(MainPath, TheEnvironmentOfLibpqSaysWhatTheDsnDoesNot) {
  const std::string port = std::to_string(server().port());
  ::setenv("PGHOST", server().socket_folder().c_str(), 1);
  ::setenv("PGPORT", port.c_str(), 1);
  EXPECT_OK(add({{"dsn", "user=postgres dbname=postgres"}}));
  ::unsetenv("PGHOST");
  ::unsetenv("PGPORT");
  log(2);
  expect_balanced();
}

TEST_F(MainPath, AServiceFileMayKnowTheServer) {
  const TempFolder folder;
  write_file(folder.file("services"),
             "[logs]\nhost=127.0.0.1\nport=" + std::to_string(server().port()) +
                 "\nuser=postgres\ndbname=postgres\n");
  ::setenv("PGSERVICEFILE", folder.file("services").c_str(), 1);
  EXPECT_OK(add({{"dsn", "service=logs"}}));
  ::unsetenv("PGSERVICEFILE");
  log(2);
  expect_balanced();
}

TEST_F(MainPath, OptionsOfNewerLibrariesDoNoHarm) {
  const std::string dsn = server().dsn("load_balance_hosts=random");
  ASSERT_OK(add({{"dsn", dsn}}));
  log(2);
  expect_balanced();
}

TEST_F(MainPath, TomlNamesItAsTheSinkOrInShort) {
  const std::string dsn = server().dsn();
  for (const std::string& toml :
       {"[stogger]\n[stogger.sinks.pg]\ntype = \"postgres\"\ndsn = \"" + dsn +
            "\"\ntable = \"one\"\n",
        "[stogger]\nenable_postgres = true\npostgres_dsn = \"" + dsn +
            "\"\npostgres_table = \"two\"\n"}) {
    System system;
    ASSERT_OK(system.load_text(toml, "test.toml"));
    system.logger().info("from-toml");
  }
  EXPECT_EQ(server().one("SELECT count(*) FROM one"), "1");
  EXPECT_EQ(server().one("SELECT count(*) FROM two"), "1");
}

TEST_F(MainPath, APasswordThatIsSetLaterWorksWithTheNextInit) {
  ::unsetenv("STOGGER_POSTGRES_PASSWORD");
  const std::string toml =
      "[stogger]\nlog_to_console = false\nenable_postgres = true\n"
      "postgres_dsn = \"postgresql://postgres:%PASSWORD%@127.0.0.1:" +
      std::to_string(server().port()) + "/postgres\"\n";
  System system;
  EXPECT_OK(system.load_text(toml, "test.toml"));
  system.logger().info("lost");
  SinkStats stats = stats_of(system, "postgres");
  EXPECT_EQ(stats.accepted, 1u);
  EXPECT_EQ(stats.dropped, 1u);
  const std::vector<std::string> lines = diagnostics_.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("STOGGER_POSTGRES_PASSWORD"), std::string::npos);
  EXPECT_NE(lines[0].find("next try when init() is called"), std::string::npos)
      << lines[0];
  ::setenv("STOGGER_POSTGRES_PASSWORD", "any", 1);
  EXPECT_OK(system.load_text(toml, "test.toml"));
  ::unsetenv("STOGGER_POSTGRES_PASSWORD");
  system.logger().info("stored");
  EXPECT_EQ(stats_of(system, "postgres").written, 1u);
  EXPECT_EQ(server().one("SELECT event FROM stogger_logs"), "stored");
}

TEST_F(MainPath, ProblemsOfTheThreeKeysNameThem) {
  System system;
  const Status status = system.load_text(
      "[stogger]\nenable_postgres = true\n"
      "postgres_dsn = \"postgresql://a:b:c@h:x/d\"\n"
      "postgres_table = \"\"\n",
      "test.toml");
  EXPECT_FALSE(status.ok());
  EXPECT_NE(reports().find("test.toml:3:1: \"postgres_dsn\" has a port"),
            std::string::npos)
      << reports();
  EXPECT_NE(
      reports().find("test.toml:4:1: \"postgres_table\" must not be empty"),
      std::string::npos)
      << reports();
  static_cast<void>(system.load_text(
      "[stogger]\nenable_postgres = true\npostgres_dsn = \"host=h\"\n"
      "postgres_table = \"a.b.c\"\n",
      "two.toml"));
  EXPECT_NE(reports().find("two.toml:4:1: \"postgres_table\" has more than "
                           "one dot: it is SCHEMA.TABLE; a name with a dot in "
                           "it needs a table [stogger.sinks.NAME]"),
            std::string::npos)
      << reports();
}

TEST_F(MainPath, EventsGoThroughTheModuleThatIsLoaded) {
  // By another name, that is not registered here.
  const TempFolder folder;
  std::filesystem::copy_file(POSTGRES_TEST_MODULES "/stogger_postgres.so",
                             folder.file("stogger_postgres_loaded.so"));
  ::setenv("STOGGER_MODULE_PATH", folder.path().c_str(), 1);
  System system;
  EXPECT_OK(
      system.load_text("[stogger]\nlog_to_console = false\n[stogger.sinks.pg]\n"
                       "type = \"postgres_loaded\"\ndsn = \"" +
                           server().dsn() + "\"\n",
                       "test.toml"));
  ::unsetenv("STOGGER_MODULE_PATH");
  system.logger("shop").info("order-placed", {{"order", 7}});
  system.logger("shop").warning("stock-low", {{"left", 0.5}});
  EXPECT_EQ(
      server().query("SELECT level, event, data->>'order', "
                     "data->>'left', data->>'logger' FROM stogger_logs "
                     "ORDER BY id"),
      (std::vector<SqlRow>{{"info", "order-placed", "7", "(null)", "shop"},
                           {"warning", "stock-low", "(null)", "0.5", "shop"}}));
  EXPECT_EQ(stats_of(system, "pg").written, 2u);
  EXPECT_EQ(reports(), "");
}

TEST_F(MainPath, SessionsAreNamedAndSetUp) {
  ASSERT_OK(
      add({{"synchronous_commit", "off"}, {"statement_timeout_ms", 123}}));
  log(1);
  const std::vector<SqlRow> sessions = server().query(
      "SELECT application_name FROM pg_stat_activity WHERE backend_type = "
      "'client backend' AND pid <> pg_backend_pid()");
  ASSERT_FALSE(sessions.empty());
  for (const SqlRow& session : sessions) EXPECT_NE(session[0], "");
  // What a trigger sees is what the session has.
  server().execute(
      "CREATE TABLE seen (a text, b text, c text);"
      "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "INSERT INTO seen VALUES (current_setting('synchronous_commit'), "
      "current_setting('statement_timeout'), "
      "current_setting('client_encoding')); RETURN NEW; END$$;"
      "CREATE TRIGGER see BEFORE INSERT ON stogger_logs FOR EACH ROW EXECUTE "
      "FUNCTION see()");
  log(1);
  EXPECT_EQ(server().query("SELECT * FROM seen"),
            (std::vector<SqlRow>{{"off", "123ms", "UTF8"}}));
}

TEST_F(MainPath, LookingAtTheTableHasTheTimeOfConnecting) {
  ASSERT_OK(add({{"statement_timeout_ms", 1}}));
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs"), 0);
}

// ---- Many events

TEST_F(MainPath, AnyNumberOfThreadsMayLog) {
  // Time enough for all to take their turn, on a machine with other things to
  // do.
  ASSERT_OK(add({{"deadline_ms", 20000}}));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { log(100); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stats().written, 800u);
  expect_balanced();
}

TEST_F(MainPath, AnAddedSystemHasASessionOfItsOwnAndGivesItBack) {
  ASSERT_OK(add());
  log(1);
  const std::size_t before = server().backends().size();
  {
    LoggedSystem other;
    const std::string dsn = server().dsn();
    ASSERT_OK(other.add({{"dsn", dsn}}));
    other.log(1);
    EXPECT_GT(server().backends().size(), before);
  }
  EXPECT_TRUE(wait_until([&] { return server().backends().size() == before; }));
}

TEST_F(MainPath, NothingIsLeftOfSystemsThatAreClosed) {
  const std::string dsn = server().dsn();
  const auto entries = [](const char* folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(folder)) {
      ++count;
    }
    return count;
  };
  const auto use_one = [&] {
    LoggedSystem logged;
    EXPECT_OK(logged.add({{"dsn", dsn}}));
    logged.log(1);
  };
  use_one();
  const std::size_t descriptors = entries("/proc/self/fd");
  const std::size_t threads = entries("/proc/self/task");
  for (int i = 0; i < 20; ++i) use_one();
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
  EXPECT_TRUE(
      wait_until([&] { return entries("/proc/self/task") == threads; }));
  EXPECT_TRUE(wait_until([this] { return server().backends().empty(); }));
}

TEST_F(MainPath, ClosingWhileThreadsLogIsSafe) {
  ASSERT_OK(add());
  std::atomic<bool> end{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!end) log_one();
    });
  }
  EXPECT_TRUE(wait_until([this] { return stats().written > 100; }));
  EXPECT_OK(system().close());
  EXPECT_TRUE(wait_until([this, before = stats().accepted] {
    return stats().accepted > before + 10;
  }));
  end = true;
  for (std::thread& thread : threads) thread.join();
  expect_balanced();
}

TEST_F(MainPath, SignalsDoNotDisturb) {
  ASSERT_OK(add());
  struct sigaction action = {};
  action.sa_handler = [](int) {};  // and no SA_RESTART
  struct sigaction before = {};
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const itimerval often = {{0, 500}, {0, 500}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  log(300);
  const itimerval never = {};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  EXPECT_EQ(stats().written, 300u) << reports();
  expect_balanced();
}

TEST_F(MainPath, AfterCloseAnEventStillArrives) {
  ASSERT_OK(add());
  log(1);
  EXPECT_OK(system().close());
  log(2);
  EXPECT_EQ(stats().written, 3u);
  expect_balanced();
  EXPECT_TRUE(wait_until([&] { return server().backends().empty(); }));
}

// ---- What is in them

TEST_F(MainPath, NumbersKeepTheirValue) {
  ASSERT_OK(add());
  system().logger().info(
      "numbers", {{"least", INT64_MIN},
                  {"most", UINT64_MAX},
                  {"tenth", 0.1},
                  {"tiny", std::numeric_limits<double>::denorm_min()},
                  {"huge", std::numeric_limits<double>::max()},
                  {"nan", std::numeric_limits<double>::quiet_NaN()},
                  {"infinity", -std::numeric_limits<double>::infinity()},
                  {"json", Json{"[1.5,{\"a\":null}]"}},
                  {"time", Time{1700000000123456789}}});
  const auto get = [&](const std::string& expression) {
    return server().one("SELECT " + expression + " FROM stogger_logs");
  };
  EXPECT_EQ(get("data->>'least'"), "-9223372036854775808");
  EXPECT_EQ(get("data->>'most'"), "18446744073709551615");
  EXPECT_EQ(get("data->>'tenth'"), "0.1");
  EXPECT_EQ(get("(data->>'tiny')::float8 = 5e-324"), "t");
  EXPECT_EQ(get("(data->>'huge')::float8 = 1.7976931348623157e308"), "t");
  EXPECT_EQ(get("data->>'nan'"), "NaN");
  EXPECT_EQ(get("data->>'infinity'"), "-Infinity");
  EXPECT_EQ(get("jsonb_typeof(data->'most')"), "number");
  EXPECT_EQ(get("data->'json'"), "[1.5, {\"a\": null}]");
  EXPECT_EQ(get("data->>'time'"), "2023-11-14T22:13:20.123456789Z");
}

// Events that PostgreSQL would refuse if they came as they are.
TEST_F(MainPath, PoisonIsMadeHarmless) {
  using namespace std::string_view_literals;
  ASSERT_OK(add());
  const Logger logger = system().logger();
  std::string random(3000, ' ');
  unsigned state = 1;
  for (char& c : random) {
    state = state * 1103515245 + 12345;
    c = static_cast<char>('!' + (state >> 16) % 90);
  }
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const std::string large(10 << 20, 'x');
  logger.info("nul", {{"text", "a\0b"sv}, {"k\0ey"sv, 1}});
  logger.info("bad-utf8", {{"text", "\xff\xc0\xaf\xed\xa0\x80"}});
  logger.info("surrogate", {{"json", Json{R"("\ud800")"}}});
  logger.info("escaped-nul", {{"json", Json{R"({"a":"\u0000"})"}}});
  logger.info("nan", {{"n", std::numeric_limits<double>::quiet_NaN()}});
  logger.info("large-number", {{"json", Json{"1e400"}}});
  logger.info("small-number", {{"json", Json{"1e-99999"}}});
  logger.info("number-bomb", {{"json", Json{"[1e131071]"}}});
  logger.info("large", {{"text", large}});
  logger.info("deep", {{"json", Json{deep}}});
  logger.info(random);
  logger.info("nul\0in-event"sv);
  logger.info("repeated", {{"json", Json{R"({"a":1,"a":2})"}}, {"x", 1}});
  EXPECT_EQ(stats().written, 13u) << reports();
  EXPECT_EQ(server().one("SELECT count(*) FROM stogger_logs"), "13");
  EXPECT_EQ(server().log().find("ERROR"), std::string::npos) << server().log();
  EXPECT_EQ(server().one("SELECT data->>'text' FROM stogger_logs WHERE event = "
                         "'nul'"),
            "a\xef\xbf\xbd"
            "b");
  const std::vector<SqlRow> cut = server().query(
      "SELECT event, data->>'_event_full' FROM stogger_logs WHERE "
      "octet_length(event) > 1000");
  ASSERT_EQ(cut.size(), 1u);
  EXPECT_EQ(cut[0][0], random.substr(0, 2000));
  EXPECT_EQ(cut[0][1], random);
}

// What the server refuses all the same is set aside, and nothing else is.
TEST_F(MainPath, ARowThatIsRefusedIsSetAside) {
  server().execute(kSeedTable);
  server().execute("ALTER TABLE stogger_logs ADD CHECK (event <> 'unwanted')");
  const TempFolder folder;
  const std::string letters = folder.file("dead.jsonl");
  ASSERT_OK(add({{"dead_letter", letters}}));
  log(2);
  system().logger().info("unwanted", {{"reason", "none"}, {"number", 7}});
  const SinkStats stats = this->stats();
  EXPECT_EQ(stats.written, 2u);
  EXPECT_EQ(stats.dead_lettered, 1u);
  EXPECT_EQ(stats.dropped, 0u);
  EXPECT_EQ(stats.in_doubt, 0u);
  EXPECT_FALSE(stats.failing);
  EXPECT_TRUE(is_balanced(stats));
  log(1);
  EXPECT_EQ(this->stats().written, 3u);
  EXPECT_EQ(server().one("SELECT count(*) FROM stogger_logs"), "3");

  const std::string text = read_file(letters);
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  const auto letter = nlohmann::json::parse(text, nullptr, false);
  ASSERT_TRUE(letter.is_object()) << text;
  EXPECT_NE(text.find("unwanted"), std::string::npos) << text;
  EXPECT_NE(text.find("23514"), std::string::npos) << text;
}

TEST_F(MainPath, WithoutAFileForThemRefusedRowsAreDropped) {
  server().execute(kSeedTable);
  server().execute("ALTER TABLE stogger_logs ADD CHECK (event <> 'unwanted')");
  ASSERT_OK(add());
  for (int i = 0; i < 30; ++i) system().logger().info("unwanted");
  log(1);
  EXPECT_EQ(stats().dropped, 30u);
  EXPECT_EQ(stats().dead_lettered, 0u);
  EXPECT_EQ(stats().written, 1u);
  EXPECT_TRUE(is_balanced(stats()));
  ASSERT_FALSE(diagnostics_.lines().empty());
  EXPECT_LE(diagnostics_.lines().size(), 10u) << reports();
  const std::string first = diagnostics_.lines().front();
  EXPECT_NE(first.find("\"event\":\"unwanted\""), std::string::npos) << first;
  EXPECT_NE(first.find("1 event dropped: {\"timestamp\""), std::string::npos)
      << first;
}

}  // namespace
}  // namespace stogger
