// Roles that may do little, and secrets that nobody gets to see.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stogger/sample_sinks.h"
#include "tests/postgres/fixture.h"

namespace stogger {
namespace {

class Rights : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    server().execute("CREATE ROLE app LOGIN");
    dsn_ = "host=127.0.0.1 port=" + std::to_string(server().port()) +
           " user=app dbname=postgres";
  }
  void make_table() {
    server().execute(
        "CREATE TABLE stogger_logs (id BIGSERIAL PRIMARY KEY, timestamp "
        "TIMESTAMPTZ NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
        "TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}')");
  }
  Status add() { return PostgresTest::add({{"dsn", dsn_}}); }
  std::size_t count(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos;
         at += part.size()) {
      ++count;
    }
    return count;
  }
  // The statements in the reports that grant something.
  std::vector<std::string> grants() {
    std::vector<std::string> found;
    const std::string text = reports();
    for (std::size_t at = 0; (at = text.find("GRANT ", at)) != text.npos;) {
      const std::size_t end = text.find(';', at);
      if (end == text.npos) {
        ADD_FAILURE() << "not ready to be pasted: " << text;
        break;
      }
      found.push_back(text.substr(at, end - at));
      at = end;
    }
    return found;
  }

  std::string dsn_;
};

TEST_F(Rights, ARoleThatMayOnlyInsertIsEnough) {
  make_table();
  server().execute(
      "GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON SEQUENCE "
      "stogger_logs_id_seq TO app");
  const std::string before = server().log();
  ASSERT_OK(add());
  log(5);
  expect_balanced();
  // No statement that defines anything; see log_statement.
  EXPECT_EQ(server().log(), before);
}

TEST_F(Rights, WhatIsMissingIsReportedAsGrantsThatWork) {
  make_table();
  EXPECT_FALSE(add().ok());
  const std::vector<std::string> missing = grants();
  EXPECT_FALSE(missing.empty()) << reports();
  expect_quick();
  // All of them in one message.
  EXPECT_EQ(diagnostics_.lines().size(), 1u) << reports();
  for (const std::string& grant : missing) server().execute(grant);
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

TEST_F(Rights, WithoutTheSequenceItIsNamed) {
  make_table();
  server().execute("GRANT INSERT ON stogger_logs TO app");
  static_cast<void>(add());
  for (int i = 0; i < 5; ++i) expect_bounded();
  EXPECT_EQ(stats().written, 0u);
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_NE(reports().find("stogger_logs_id_seq"), std::string::npos)
      << reports();
  for (const std::string& grant : grants()) server().execute(grant);
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

TEST_F(Rights, ATableThatMayNotBeMadeIsReportedAndUsedOnceItIsThere) {
  EXPECT_FALSE(add().ok());
  EXPECT_NE(reports().find("GRANT"), std::string::npos) << reports();
  EXPECT_EQ(diagnostics_.lines().size(), 1u) << reports();
  expect_quick();
  make_table();
  server().execute(
      "GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON SEQUENCE "
      "stogger_logs_id_seq TO app");
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

TEST_F(Rights, TheReportedGrantsLetTheRoleMakeTheTable) {
  EXPECT_FALSE(add().ok());
  for (const std::string& grant : grants()) {
    // Those that need the table cannot work yet.
    if (grant.find("SCHEMA") != grant.npos) server().execute(grant);
  }
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

TEST_F(Rights, RightsThatAreTakenAwayAreReportedOnce) {
  make_table();
  server().execute(
      "GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON SEQUENCE "
      "stogger_logs_id_seq TO app");
  ASSERT_OK(add());
  log(3);
  server().execute("REVOKE INSERT ON stogger_logs FROM app");
  expect_rarely_slow();
  EXPECT_EQ(stats().written, 3u);
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_EQ(diagnostics_.lines().size(), 1u) << reports();
  server().execute("GRANT INSERT ON stogger_logs TO app");
  EXPECT_TRUE(recovers()) << reports();
  expect_balanced();
}

// ---- The program

struct Printed {
  int code = -1;
  std::string text;
};

// `stogger check --connect` of a configuration with that dsn.
Printed check(const std::string& dsn) {
  Printed printed;
#if defined(STOGGER_PROGRAM)
  const TempFolder folder;
  write_file(folder.file("stogger.toml"),
             "[stogger]\n[stogger.sinks.db]\ntype = \"postgres\"\n"
             "start_wait_ms = 500\ndsn = " +
                 nlohmann::json(dsn).dump() + "\n");
  const std::string command = "STOGGER_MODULE_PATH=" POSTGRES_TEST_MODULES
                              " " STOGGER_PROGRAM " check --connect " +
                              folder.file("stogger.toml") + " >" +
                              folder.file("out") + " 2>&1";
  const int status = std::system(command.c_str());
  if (WIFEXITED(status)) printed.code = WEXITSTATUS(status);
  printed.text = read_file(folder.file("out"));
#else
  static_cast<void>(dsn);
#endif
  return printed;
}

#if defined(STOGGER_PROGRAM)
TEST_F(Rights, TheProgramProvesADsnAndItsRights) {
  constexpr int kUnavailable = 69;
  Printed printed = check(dsn_);
  EXPECT_EQ(printed.code, kUnavailable) << printed.text;
  EXPECT_NE(printed.text.find("GRANT"), std::string::npos) << printed.text;
  make_table();
  printed = check(dsn_);
  EXPECT_EQ(printed.code, kUnavailable) << printed.text;
  EXPECT_NE(printed.text.find("GRANT"), std::string::npos) << printed.text;
  server().execute(
      "GRANT INSERT ON stogger_logs TO app; GRANT USAGE ON SEQUENCE "
      "stogger_logs_id_seq TO app");
  printed = check(dsn_);
  EXPECT_EQ(printed.code, 0) << printed.text;
  server().stop();
  printed = check(dsn_);
  EXPECT_EQ(printed.code, kUnavailable) << printed.text;
  EXPECT_NE(printed.text.find("refused"), std::string::npos) << printed.text;
}
#endif

// ---- Secrets

constexpr char kPassword[] = "sw0rdfish-s3cr3t-qxqx";
// What a fragment of it would look like, wherever it was cut. None can be part
// of a number, such as that of a process in the server's log.
const std::vector<std::string> kFragments = {"sw0rd", "w0rdf", "fish", "s3cr",
                                             "cr3t",  "qxqx",  "-qxqx"};

class Secrets : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    ::setenv("STOGGER_POSTGRES_PASSWORD", kPassword, 1);
  }
  ~Secrets() override { ::unsetenv("STOGGER_POSTGRES_PASSWORD"); }

  static void expect_no_secret(const std::string& text) {
    for (const std::string& fragment : kFragments) {
      EXPECT_EQ(text.find(fragment), std::string::npos)
          << fragment << " in: " << text;
    }
  }
};

TEST_F(Secrets, AreNotInWhatIsSaidOfAServerThatRefusesThem) {
  start_server({.access = {"host all app all scram-sha-256",
                           "host all nobody all reject"}});
  server().execute(
      "CREATE ROLE app LOGIN PASSWORD 'another'; CREATE ROLE "
      "nobody LOGIN");
  const std::string port = std::to_string(server().port());
  const std::string place = "@127.0.0.1:" + port + "/";
  const std::string secret = kPassword;
  const std::vector<std::string> dsns = {
      "host=127.0.0.1 port=" + port +
          " user=app dbname=postgres password=" + secret,
      "host=127.0.0.1 port=" + port +
          " user=app dbname=postgres password=%PASSWORD%",
      "postgresql://app:" + secret + place + "postgres",
      "postgresql://app:%PASSWORD%" + place + "postgres",
      "postgresql://nobody:" + secret + place + "postgres",
      "postgresql://postgres:" + secret + place + "missing",
      "postgresql://app:" + secret + "@127.0.0.1:1/postgres",
      "postgresql://app:" + secret + "@no-such-host.invalid/postgres",
      "postgresql://app:" + secret + place + "postgres?sslmode=require",
      "postgresql://app" + place + "postgres?password=" + secret,
  };
  for (const std::string& dsn : dsns) {
    LoggedSystem logged;
    const Status status = logged.add({{"dsn", dsn}, {"start_wait_ms", 500}});
    EXPECT_FALSE(status.ok()) << dsn;
    expect_no_secret(std::string(status.message()));
    logged.log(3);
    expect_no_secret(check(dsn).text);
  }
  EXPECT_NE(reports(), "");
  expect_no_secret(reports());
  expect_no_secret(server().log());
}

TEST_F(Secrets, AreNotInWhatIsSaidOfSamplesThatAServerRefuses) {
  start_server({.access = {"host all app all scram-sha-256",
                           "host all nobody all reject"}});
  server().execute(
      "CREATE ROLE app LOGIN PASSWORD 'another'; CREATE ROLE nobody LOGIN");
  const std::string dsn = "postgresql://app:%PASSWORD%@127.0.0.1:" +
                          std::to_string(server().port()) + "/postgres";
  for (const std::string_view user : {"app", "nobody", ""}) {
    const PostgresConfig fields{.host = "127.0.0.1",
                                .port = server().port(),
                                .user = user,
                                .password = kPassword,
                                .database = "postgres",
                                .connect_timeout_s = 5};
    const PostgresConfig whole{.dsn = dsn, .connect_timeout_s = 5};
    SinkPtr sink;
    const Status status =
        make_sample_sink(user.empty() ? whole : fields, &sink);
    EXPECT_EQ(status.code(), Code::unavailable);
    EXPECT_NE(status.message(), "");
    expect_no_secret(std::string(status.message()));
  }
  expect_no_secret(reports());
  expect_no_secret(server().log());
}

TEST_F(Secrets, AreNotInWhatIsSaidOfADsnThatIsWrong) {
  const std::string secret = kPassword;
  const std::vector<std::string> dsns = {
      "password=" + secret + " nonsense",
      "host=h password='" + secret,
      "host=h password=sw0rdfish s3cr3t-qxqx",
      "postgresql://app:sw0rd%ZZfish-s3cr3t-qxqx@h/d",
      "postgresql://app:" + secret + "@h:port/d",
      "postgresql://app:" + secret + "@[::1/d",
      "postgresql://app:" + secret + "@h/d?nonsense=" + secret,
      "postgresql://app:sw0rdfish@s3cr3t@qxqx/d",
      "postgresql://app:" + secret,
      "http://app:" + secret + "@h/d",
      "password=" + secret + " port=99999",
      "hostt=h password=" + secret,
      secret,
      "host=h connect_timeout=x password=" + secret,
      "password=" + secret + " host=a,b port=1,2,3",
  };
  for (const std::string& dsn : dsns) {
    SCOPED_TRACE(dsn);
    try {
      LoggedSystem logged;
      const Status status = logged.add({{"dsn", dsn}, {"start_wait_ms", 300}});
      expect_no_secret(std::string(status.message()));
      logged.log(1);
    } catch (const std::runtime_error& refused) {
      expect_no_secret(refused.what());
    }
    System system;
    expect_no_secret(std::string(
        system
            .load_text("[stogger]\n[stogger.sinks.db]\ntype = \"postgres\"\n"
                       "start_wait_ms = 300\ndsn = " +
                           nlohmann::json(dsn).dump() + "\n",
                       "test.toml")
            .message()));
    expect_no_secret(check(dsn).text);
  }
  EXPECT_NE(reports(), "");
  expect_no_secret(reports());
}

TEST_F(Secrets, APasswordOfTheEnvironmentOpensTheDoor) {
  start_server({.access = {"host all app all scram-sha-256"}});
  // With all that has a meaning in a URL, in a dsn, or in SQL.
  const std::string hard = "a b'c\\d%41@:/?#&=\"e\xc3\xa4";
  ::setenv("STOGGER_POSTGRES_PASSWORD", hard.c_str(), 1);
  std::string quoted;
  for (const char c : hard) quoted.append(c == '\'' ? 2 : 1, c);
  server().execute("CREATE ROLE app LOGIN PASSWORD '" + quoted +
                   "'; GRANT CREATE ON SCHEMA public TO app");
  const std::string port = std::to_string(server().port());
  const std::string dsns[] = {
      "postgresql://app:%PASSWORD%@127.0.0.1:" + port + "/postgres",
      "host=127.0.0.1 port=" + port +
          " user=app dbname=postgres password=%PASSWORD%",
      "host=127.0.0.1 port=" + port +
          " user=app dbname=postgres password='%PASSWORD%'",
  };
  for (const std::string& dsn : dsns) {
    LoggedSystem logged;
    EXPECT_OK(logged.add({{"dsn", dsn}}));
    logged.log(1);
    EXPECT_EQ(logged.stats().written, 1u) << dsn;
  }
  LoggedSystem logged;
  EXPECT_OK(logged.add({{"host", "127.0.0.1"},
                        {"port", server().port()},
                        {"user", "app"},
                        {"database", "postgres"},
                        {"password", "%PASSWORD%"}}));
  EXPECT_EQ(reports(), "");
}

TEST_F(Secrets, TransportSecurityIsChecked) {
  const std::string certificate = start_server_with_tls();
  if (certificate.empty()) GTEST_SKIP() << "openssl does not run";
  const std::string trusting =
      server().dsn("sslmode=verify-full sslrootcert=" + certificate);
  ASSERT_OK(add({{"dsn", trusting}, {"deadline_ms", kTimeToConnect.count()}}));
  log(20);
  for (const pid_t session : server().backends()) {
    server().execute("SELECT pg_terminate_backend(" + std::to_string(session) +
                     ", 5000)");
  }
  log(20);
  EXPECT_EQ(stats().written, 40u) << reports();
  expect_balanced();
  EXPECT_EQ(server().one("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN "
                         "pg_stat_activity USING (pid) WHERE client_addr IS "
                         "NOT NULL"),
            "t");

  LoggedSystem doubting;
  const std::string other = server().dsn(
      "sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt");
  EXPECT_FALSE(doubting.add({{"dsn", other}}).ok());
}

}  // namespace
}  // namespace stogger
