// The options of the postgres sink, connection strings above all.
#include "sinks/postgres/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "sinks/postgres/postgres.h"
#include "tests/support/sinks.h"
#include "tests/support/typed_options.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// Without the variables that libpq reads; those there were come back.
class PostgresSettingsTest : public ::testing::Test {
 protected:
  PostgresSettingsTest() {
    for (const char* const name :
         {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGSSLMODE",
          "PGGSSENCMODE", "PGTARGETSESSIONATTRS",
          "STOGGER_POSTGRES_PASSWORD"}) {
      set(name, nullptr);
    }
  }
  ~PostgresSettingsTest() override {
    for (const auto& [name, value] : before_) put(name.c_str(), value);
  }

  void set(const char* name, const char* value) {
    const char* const old = ::getenv(name);
    before_.emplace(name, old == nullptr ? std::optional<std::string>()
                                         : std::optional<std::string>(old));
    put(name, value == nullptr ? std::optional<std::string>()
                               : std::optional<std::string>(value));
  }

 private:
  static void put(const char* name, const std::optional<std::string>& value) {
    if (value) {
      ::setenv(name, value->c_str(), 1);
    } else {
      ::unsetenv(name);
    }
  }
  std::map<std::string, std::optional<std::string>> before_;
};

PostgresSettings read(Fields fields) {
  Options options("postgres", fields);
  OptionsAccess::set_identifier(options, "shop");
  PostgresSettings settings;
  EXPECT_OK(read_postgres_settings(options, &settings));
  return settings;
}

PostgresSettings read_dsn(std::string_view dsn) { return read({{"dsn", dsn}}); }

// All that is said of options that are wrong, a problem a line.
std::string problems_of(Fields fields) {
  Options options("postgres", fields);
  PostgresSettings settings;
  EXPECT_FALSE(read_postgres_settings(options, &settings).ok());
  std::string text;
  for (const OptionProblem& problem : OptionsAccess::problems(options)) {
    text += problem.text + "\n";
  }
  return text;
}

// What `stogger check` warns of, a line each.
std::string warnings_of(Fields fields) {
  Options options("postgres", fields);
  PostgresSettings settings;
  EXPECT_OK(read_postgres_settings(options, &settings));
  std::string text;
  for (const OptionProblem& warning : OptionsAccess::warnings(options)) {
    text += warning.text + "\n";
  }
  return text;
}

std::string parameter(const PostgresSettings& settings,
                      std::string_view keyword) {
  const auto count = std::count_if(
      settings.parameters.begin(), settings.parameters.end(),
      [&](const auto& parameter) { return parameter.first == keyword; });
  EXPECT_LE(count, 1) << keyword;
  return count == 0 ? "absent"
                    : std::string(find_parameter(settings.parameters, keyword));
}

std::vector<std::string> hosts_of(const PostgresSettings& settings) {
  std::vector<std::string> hosts;
  for (const PostgresHost& host : settings.hosts) {
    hosts.push_back(host.name + "|" + host.address + "|" + host.port);
  }
  return hosts;
}

// ---- Where the server is

TEST_F(PostgresSettingsTest, APasswordBehindAUrlIsNotShownAsADatabase) {
  const PostgresSettings settings =
      read_dsn("postgresql://db.example/logs password='s3cret'");
  EXPECT_THAT(settings.target, Not(HasSubstr("s3cret")));
}

TEST_F(PostgresSettingsTest, AUrlIsTakenApart) {
  const PostgresSettings settings = read_dsn(
      "postgresql://app:s3cr%40t@db.example:5433/logs?sslmode=verify-full");
  EXPECT_EQ(hosts_of(settings), std::vector<std::string>{"db.example||5433"});
  EXPECT_EQ(parameter(settings, "user"), "app");
  EXPECT_EQ(parameter(settings, "password"), "s3cr@t");
  EXPECT_EQ(parameter(settings, "dbname"), "logs");
  EXPECT_EQ(parameter(settings, "sslmode"), "verify-full");
  EXPECT_EQ(parameter(settings, "host"), "absent");
  EXPECT_EQ(parameter(settings, "port"), "absent");
  EXPECT_EQ(settings.target, "db.example:5433/logs");
}

TEST_F(PostgresSettingsTest, AListOfKeywordsIsTakenApart) {
  const PostgresSettings settings = read_dsn(
      "host=/run/postgresql dbname = logs user='a b' password='it\\'s' "
      "passfile=/etc/pgpass");
  EXPECT_EQ(hosts_of(settings), std::vector<std::string>{"/run/postgresql||"});
  EXPECT_EQ(parameter(settings, "user"), "a b");
  EXPECT_EQ(parameter(settings, "password"), "it's");
  EXPECT_EQ(parameter(settings, "passfile"), "/etc/pgpass");
  EXPECT_EQ(settings.target, "/run/postgresql/logs");
}

TEST_F(PostgresSettingsTest, ServersMayBeGivenInParts) {
  const PostgresSettings settings = read({{"host", "db.example"},
                                          {"port", 5433},
                                          {"user", "app"},
                                          {"password", "x y"},
                                          {"database", "logs"}});
  EXPECT_EQ(hosts_of(settings), std::vector<std::string>{"db.example||5433"});
  EXPECT_EQ(parameter(settings, "user"), "app");
  EXPECT_EQ(parameter(settings, "password"), "x y");
  EXPECT_EQ(parameter(settings, "dbname"), "logs");
  EXPECT_EQ(settings.target, "db.example:5433/logs");
}

TEST_F(PostgresSettingsTest, HowTlsIsUsedMayBeGivenInParts) {
  const PostgresSettings settings = read({{"host", "db.example"},
                                          {"sslmode", "verify-full"},
                                          {"sslrootcert", "/etc/ca.pem"}});
  EXPECT_EQ(parameter(settings, "sslmode"), "verify-full");
  EXPECT_EQ(parameter(settings, "sslrootcert"), "/etc/ca.pem");
  EXPECT_EQ(settings.sslmode, "verify-full");
  EXPECT_THAT(problems_of({{"dsn", "host=db"}, {"sslmode", "require"}}),
              HasSubstr("\"sslmode\""));
}

TEST_F(PostgresSettingsTest, AServerThatIsNotAuthenticatedIsWarnedOf) {
  for (const char* const dsn :
       {"host=db.example", "host=db.example sslmode=require",
        "host=localhost,db.example sslmode=verify-ca",
        "hostaddr=192.0.2.1 sslmode=prefer"}) {
    EXPECT_THAT(warnings_of({{"dsn", dsn}}), HasSubstr("sslmode=verify-full"))
        << dsn;
  }
  EXPECT_THAT(warnings_of({{"host", "db.example"}}),
              HasSubstr("sslmode=verify-full"));
}

TEST_F(PostgresSettingsTest, AServerThatIsAuthenticatedOrLocalIsNot) {
  for (const char* const dsn :
       {"host=db.example sslmode=verify-full", "host=localhost",
        "host=127.0.0.1", "host=::1", "host=/run/postgresql", "dbname=logs",
        "service=central"}) {
    EXPECT_EQ(warnings_of({{"dsn", dsn}}), "") << dsn;
  }
}

TEST_F(PostgresSettingsTest, PartsAndADsnExcludeEachOther) {
  for (const std::string_view key : {"host", "user", "password", "database"}) {
    const std::string problems =
        problems_of({{"dsn", "host=db"}, {key, "value"}});
    EXPECT_THAT(problems, HasSubstr("\"dsn\""));
    EXPECT_THAT(problems, HasSubstr("\"" + std::string(key) + "\""));
  }
  EXPECT_THAT(problems_of({{"dsn", "host=db"}, {"port", 5432}}),
              HasSubstr("\"port\""));
}

TEST_F(PostgresSettingsTest, WithoutAnyLibpqDecides) {
  EXPECT_EQ(hosts_of(read({})), std::vector<std::string>{"||"});
  EXPECT_EQ(read({}).target, "local");
  set("PGHOST", "db.env");
  set("PGDATABASE", "logs");
  EXPECT_EQ(read({}).target, "db.env:5432/logs");
  set("PGPORT", "6000");
  EXPECT_EQ(read_dsn("host=other").target, "other:6000/logs");
  set("PGSERVICE", "central");
  EXPECT_EQ(read({}).target, "service central");
  EXPECT_EQ(read_dsn("service=own dbname=d").target, "service own/d");
}

TEST_F(PostgresSettingsTest, AnEmptyDsnIsAProblem) {
  EXPECT_THAT(problems_of({{"dsn", ""}}), HasSubstr("must not be empty"));
}

TEST_F(PostgresSettingsTest, AnEmptyPartIsAProblem) {
  for (const std::string_view key :
       {"host", "user", "database", "sslmode", "sslrootcert"}) {
    EXPECT_EQ(problems_of({{key, ""}}),
              "\"" + std::string(key) + "\" must not be empty\n");
  }
  read({{"host", "db"}, {"password", ""}});
}

TEST_F(PostgresSettingsTest, SeveralHostsAreTakenApart) {
  using List = std::vector<std::string>;
  const PostgresSettings settings = read_dsn("postgresql://a,b:5433/logs");
  EXPECT_EQ(hosts_of(settings), (List{"a||", "b||5433"}));
  EXPECT_EQ(settings.target, "a:5432,b:5433/logs");
  EXPECT_EQ(parameter(settings, "target_session_attrs"), "read-write");
  EXPECT_EQ(hosts_of(read_dsn("host=a,b,c port=6000")),
            (List{"a||6000", "b||6000", "c||6000"}));
  EXPECT_EQ(hosts_of(read_dsn("host=a,b port=1,2")), (List{"a||1", "b||2"}));
  EXPECT_EQ(hosts_of(read_dsn("host=a,,b port=1,,2")),
            (List{"a||1", "||", "b||2"}));
  EXPECT_EQ(hosts_of(read_dsn("host=a,b hostaddr=10.0.0.1,10.0.0.2")),
            (List{"a|10.0.0.1|", "b|10.0.0.2|"}));
  EXPECT_EQ(hosts_of(read_dsn("hostaddr=10.0.0.1,::1")),
            (List{"|10.0.0.1|", "|::1|"}));
  EXPECT_EQ(hosts_of(read({{"host", "a,b"}, {"port", 7}})),
            (List{"a||7", "b||7"}));
  EXPECT_EQ(read_dsn("hostaddr=10.0.0.1,::1 dbname=x").target,
            "10.0.0.1:5432,[::1]:5432/x");
}

TEST_F(PostgresSettingsTest, ListsOfDifferentLengthAreAProblem) {
  EXPECT_THAT(problems_of({{"dsn", "host=a,b,c port=1,2"}}),
              HasSubstr("2 values for port, but 3 for host"));
  EXPECT_THAT(problems_of({{"dsn", "host=a port=1,2"}}),
              HasSubstr("2 values for port, but 1 for host"));
  EXPECT_THAT(problems_of({{"dsn", "host=a,b hostaddr=10.0.0.1"}}),
              HasSubstr("2 values for host, but 1 for hostaddr"));
}

TEST_F(PostgresSettingsTest, PortsAreNumbers) {
  for (const std::string_view port : {"0", "65536", "x", "5432x", "-1"}) {
    EXPECT_THAT(problems_of({{"dsn", "host=a port=" + std::string(port)}}),
                HasSubstr("65535"))
        << port;
  }
  EXPECT_THAT(problems_of({{"host", "a"}, {"port", 0}}), HasSubstr("\"port\""));
}

TEST_F(PostgresSettingsTest, HostsAreShuffledIfWanted) {
  std::vector<std::string> first;
  for (const std::string_view dsn :
       {"host=a,b,c,d,e,f load_balance_hosts=random user=u",
        "postgresql://u@a,b,c,d,e,f/db?load_balance_hosts=random",
        "postgresql://u@a,b,c,d,e,f/?load_balance_hosts=random&dbname=db"}) {
    std::vector<std::vector<std::string>> orders;
    for (int i = 0; i < 20; ++i) {
      const PostgresSettings settings = read_dsn(dsn);
      EXPECT_EQ(parameter(settings, "user"), "u");
      orders.push_back(hosts_of(settings));
      auto sorted = orders.back();
      std::sort(sorted.begin(), sorted.end());
      EXPECT_EQ(sorted, (std::vector<std::string>{"a||", "b||", "c||", "d||",
                                                  "e||", "f||"}));
    }
    EXPECT_TRUE(std::any_of(
        orders.begin(), orders.end(),
        [&](const auto& order) { return order != orders.front(); }));
  }
  EXPECT_EQ(hosts_of(read_dsn("load_balance_hosts='disable' host=a,b")),
            (std::vector<std::string>{"a||", "b||"}));
  EXPECT_THAT(problems_of({{"dsn", "host=a load_balance_hosts=maybe"}}),
              HasSubstr("load_balance_hosts"));
}

// ---- Passwords

TEST_F(PostgresSettingsTest, ThePasswordMayComeFromTheEnvironment) {
  for (const char* const password :
       {"plain", "p@ss/w:rd?&#%25 ", "it's", "back\\slash", "a=b c'd\\'", "'",
        "gr\xC3\xBC\xC3\x9F", "%PASSWORD%", "\\"}) {
    set("STOGGER_POSTGRES_PASSWORD", password);
    for (const std::string_view dsn :
         {"postgresql://app:%PASSWORD%@db/logs",
          "postgres://app@db/logs?password=%PASSWORD%",
          "host=db user=app password=%PASSWORD% dbname=logs",
          "host=db user=app password='%PASSWORD%' dbname=logs",
          "host=db user=app dbname=logs password=%PASSWORD%"}) {
      const PostgresSettings settings = read_dsn(dsn);
      EXPECT_EQ(parameter(settings, "password"), password) << dsn;
      EXPECT_EQ(parameter(settings, "dbname"), "logs") << dsn;
      EXPECT_EQ(settings.target, "db:5432/logs");
    }
    const PostgresSettings settings =
        read({{"host", "db"}, {"password", "%PASSWORD%"}});
    EXPECT_EQ(parameter(settings, "password"), password);
  }
}

TEST_F(PostgresSettingsTest, WithoutThePasswordOfAVariableTheyAreUnusable) {
  for (const char* const value : {static_cast<const char*>(nullptr), ""}) {
    set("STOGGER_POSTGRES_PASSWORD", value);
    for (const std::string_view dsn :
         {"postgresql://app:%PASSWORD%@db/logs",
          "password=%PASSWORD% host=db dbname=logs"}) {
      const PostgresSettings settings = read_dsn(dsn);
      EXPECT_EQ(settings.unusable.code(), Code::config);
      EXPECT_THAT(
          std::string(settings.unusable.message()),
          HasSubstr(
              "the configuration has %PASSWORD%, but the environment variable "
              "STOGGER_POSTGRES_PASSWORD"));
      EXPECT_EQ(settings.target, "db:5432/logs");
    }
    EXPECT_THAT(
        std::string(read({{"password", "%PASSWORD%"}}).unusable.message()),
        HasSubstr("STOGGER_POSTGRES_PASSWORD"));
    // The rest is checked all the same.
    EXPECT_THAT(problems_of({{"dsn", "postgresql://a:%PASSWORD%@db:x/logs"}}),
                HasSubstr("dsn"));
  }
  // It is not needed otherwise.
  const PostgresSettings settings = read_dsn("host=db password=x");
  EXPECT_EQ(parameter(settings, "password"), "x");
  EXPECT_OK(settings.unusable);
}

TEST_F(PostgresSettingsTest, AMalformedDsnIsReportedWithoutAnyOfIt) {
  for (const std::string_view dsn :
       {"postgresql://app:s3cr3t@db:x1/logs",
        "postgresql://app:s3c%ZZr3t@db/logs",
        "postgresql://app:s3cr3t@[::1/logs", "postgresql://app:s3/cr3t@db/logs",
        "postgresql://app:12/s3cr3t@db/logs",
        "postgresql://app:s3@cr3t@db/logs",
        "postgresql://app:p?s3@cr3t@db/logs",
        "postgresql://app:s3cr3t@db/logs?nonsense=s3cr3t",
        "host=db password=s3 cr3t user=app", "host=db password='s3cr3t",
        "host=db s3cr3t=1", "s3cr3t", "password=x load_balance_hosts s3cr3t",
        "host=s3@cr3t port=1", "host=db port=s3cr3t",
        "host=s3@cr3t,cr3t port=s3,cr3t"}) {
    const std::string problems = problems_of({{"dsn", dsn}});
    EXPECT_THAT(problems, HasSubstr("\"dsn\" ")) << dsn;
    EXPECT_THAT(problems, HasSubstr("not shown")) << dsn;
    for (const std::string_view part : {"s3c", "cr3t", "ZZ", "x1"}) {
      EXPECT_THAT(problems, Not(HasSubstr(std::string(part)))) << dsn;
    }
  }
}

TEST_F(PostgresSettingsTest, SecretsAreHiddenInMessages) {
  const PostgresSettings settings =
      read_dsn("host=db password=s3cr3t sslpassword=s3cr3t-too");
  EXPECT_EQ(hide_secrets(settings, "s3cr3t-too and s3cr3t, s3cr3ts"),
            "*** and ***, ***s");
  EXPECT_EQ(hide_secrets(read({}), "as it is"), "as it is");
}

TEST_F(PostgresSettingsTest, ShortSecretsDoNotMakeMessagesUnreadable) {
  const PostgresSettings settings = read_dsn("host=db password=a");
  EXPECT_EQ(hide_secrets(settings, "cannot reach a host, 'a' says"),
            "cannot reach *** host, '***' says");
}

TEST_F(PostgresSettingsTest, TheTargetShowsNoSecret) {
  set("STOGGER_POSTGRES_PASSWORD", "s3cr3t");
  for (const std::string_view dsn :
       {"postgresql://app:%PASSWORD%@db/logs",
        "postgresql://app:s3cr3t@db/logs", "password=s3cr3t host=db",
        "host=db dbname=s3cr3t password=s3cr3t"}) {
    EXPECT_THAT(read_dsn(dsn).target, Not(HasSubstr("s3cr3t")));
  }
}

// ---- What libpq is told besides

TEST_F(PostgresSettingsTest, WhatADsnLeavesOpenIsSetForLogging) {
  const PostgresSettings settings = read_dsn("host=db client_encoding=LATIN1");
  EXPECT_EQ(parameter(settings, "client_encoding"), "UTF8");
  EXPECT_EQ(parameter(settings, "fallback_application_name"), "shop");
  EXPECT_EQ(parameter(settings, "gssencmode"), "disable");
  EXPECT_EQ(parameter(settings, "keepalives_idle"), "15");
  EXPECT_EQ(parameter(settings, "keepalives_interval"), "5");
  EXPECT_EQ(parameter(settings, "keepalives_count"), "3");
  EXPECT_EQ(parameter(settings, "tcp_user_timeout"), "10000");
  EXPECT_EQ(parameter(settings, "target_session_attrs"), "absent");
}

TEST_F(PostgresSettingsTest, WhatADsnSaysStays) {
  const PostgresSettings settings = read_dsn(
      "host=a,b gssencmode=prefer keepalives_idle=1 tcp_user_timeout=7 "
      "target_session_attrs=any fallback_application_name=mine "
      "application_name=other options='-c search_path=x'");
  EXPECT_EQ(parameter(settings, "gssencmode"), "prefer");
  EXPECT_EQ(parameter(settings, "keepalives_idle"), "1");
  EXPECT_EQ(parameter(settings, "tcp_user_timeout"), "7");
  EXPECT_EQ(parameter(settings, "target_session_attrs"), "any");
  EXPECT_EQ(parameter(settings, "fallback_application_name"), "mine");
  EXPECT_EQ(parameter(settings, "application_name"), "other");
  EXPECT_EQ(settings.startup_options, "-c search_path=x");
  EXPECT_EQ(parameter(settings, "options"), "absent");
}

TEST_F(PostgresSettingsTest, VariablesOfLibpqStay) {
  set("PGGSSENCMODE", "prefer");
  set("PGTARGETSESSIONATTRS", "any");
  const PostgresSettings settings = read_dsn("host=a,b");
  EXPECT_EQ(parameter(settings, "gssencmode"), "absent");
  EXPECT_EQ(parameter(settings, "target_session_attrs"), "absent");
}

// ---- Times

TEST_F(PostgresSettingsTest, TimesHaveDefaults) {
  const PostgresSettings settings = read({});
  EXPECT_EQ(settings.deadline, milliseconds(250));
  EXPECT_EQ(settings.statement_timeout, milliseconds(200));
  EXPECT_EQ(settings.batch_deadline, milliseconds(8000));
  EXPECT_EQ(settings.connect_timeout, milliseconds(3000));
  EXPECT_EQ(settings.start_wait, milliseconds(1000));
}

TEST_F(PostgresSettingsTest, TheStatementTimeoutFollowsTheDeadline) {
  EXPECT_EQ(read({{"deadline_ms", 100}}).statement_timeout, milliseconds(80));
  EXPECT_EQ(read({{"deadline_ms", 5000}}).statement_timeout,
            milliseconds(4000));
  // None at all would be 0.
  EXPECT_EQ(read({{"deadline_ms", 1}}).statement_timeout, milliseconds(1));
  EXPECT_EQ(read({{"deadline_ms", 100}, {"statement_timeout_ms", 99}})
                .statement_timeout,
            milliseconds(99));
  EXPECT_THAT(problems_of({{"statement_timeout_ms", 250}}),
              HasSubstr("below deadline_ms"));
  EXPECT_THAT(problems_of({{"deadline_ms", 0}}), HasSubstr("\"deadline_ms\""));
  EXPECT_THAT(problems_of({{"deadline_ms", 60001}}),
              HasSubstr("\"deadline_ms\""));
}

TEST_F(PostgresSettingsTest, TheConnectTimeoutOfADsnStandsIn) {
  const PostgresSettings settings = read_dsn("host=db connect_timeout=7");
  EXPECT_EQ(settings.connect_timeout, milliseconds(7000));
  EXPECT_EQ(parameter(settings, "connect_timeout"), "absent");
  EXPECT_EQ(read_dsn("host=db connect_timeout=0").connect_timeout,
            milliseconds(3000));
  EXPECT_EQ(read({{"dsn", "connect_timeout=7"}, {"connect_timeout_ms", 50}})
                .connect_timeout,
            milliseconds(50));
}

// ---- The table, and the rest

TEST_F(PostgresSettingsTest, TheTableMayHaveItsSchemaWithIt) {
  EXPECT_EQ(read({}).table, "stogger_logs");
  EXPECT_EQ(read({}).schema, "");
  const PostgresSettings settings = read({{"table", "app.events"}});
  EXPECT_EQ(settings.schema, "app");
  EXPECT_EQ(settings.table, "events");
  EXPECT_EQ(read({{"schema", "a.b"}, {"table", "events"}}).schema, "a.b");
  EXPECT_THAT(problems_of({{"schema", "app"}, {"table", "a.b"}}),
              HasSubstr("\"schema\""));
}

TEST_F(PostgresSettingsTest, NamesThatPostgresCannotHaveAreAProblem) {
  for (const std::string& name :
       {std::string(), std::string(64, 'x'), std::string("a\nb"),
        std::string("\xFF"), std::string(".x"), std::string("x.")}) {
    EXPECT_THAT(problems_of({{"table", name}}), HasSubstr("\"table\""));
  }
  EXPECT_THAT(problems_of({{"schema", ""}}), HasSubstr("\"schema\""));
}

TEST_F(PostgresSettingsTest, TheRestIsReadAndChecked) {
  const PostgresSettings settings = read({{"create_table", false},
                                          {"indexes", "none"},
                                          {"synchronous_commit", "off"},
                                          {"pool_size", 1},
                                          {"use_copy", false}});
  EXPECT_FALSE(settings.create_table);
  EXPECT_EQ(settings.indexes, PostgresIndexes::none);
  EXPECT_EQ(settings.synchronous_commit, "off");
  EXPECT_FALSE(settings.use_copy);
  EXPECT_EQ(read({}).synchronous_commit, "");
  EXPECT_EQ(read({}).indexes, PostgresIndexes::full);
  EXPECT_THAT(problems_of({{"pool_size", 4}}), HasSubstr("never overlap"));
  EXPECT_THAT(problems_of({{"indexes", "some"}}), HasSubstr("\"minimal\""));
  EXPECT_THAT(problems_of({{"synchronous_commit", "maybe"}}),
              HasSubstr("\"remote_apply\""));
  EXPECT_THAT(problems_of({{"tabel", "x"}}), HasSubstr("\"table\""));
}

TEST_F(PostgresSettingsTest, TheTypedFormHasEveryOption) {
  expect_all_in(options_of(PostgresConfig()), "postgres", &make_postgres_sink,
                {"pool_size"});  // pool_max_size
}

}  // namespace
}  // namespace stogger
