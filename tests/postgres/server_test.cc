// The servers that the other tests rely on do what they are told.
#include "tests/postgres/server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

#include "tests/support/processes.h"

namespace stogger {
namespace {

class PostgresServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string why_not = PostgresServer::why_not();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
  }
};

TEST_F(PostgresServerTest, AnswersOverBothWays) {
  const PostgresServer server;
  for (const std::string& dsn : {server.dsn(), server.socket_dsn()}) {
    PostgresClient client(dsn);
    EXPECT_EQ(client.query("SELECT 1, NULL, 'a' UNION ALL SELECT 2, 'x', 'b'"),
              (std::vector<SqlRow>{{"1", "(null)", "a"}, {"2", "x", "b"}}));
    EXPECT_THROW(client.execute("SELECT 1/0"), std::runtime_error);
  }
}

TEST_F(PostgresServerTest, KeepsItsDataHoweverItStops) {
  PostgresServer server;
  server.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
  server.restart();
  EXPECT_EQ(server.one("SELECT count(*) FROM t"), "1");
  server.stop_at_once();
  EXPECT_FALSE(server.is_up());
  server.start();
  EXPECT_EQ(server.one("SELECT count(*) FROM t"), "1");
  server.kill();
  EXPECT_FALSE(server.is_up());
  server.start();
  EXPECT_EQ(server.one("SELECT count(*) FROM t"), "1");
}

TEST_F(PostgresServerTest, SettingsAndAccessAreTheTests) {
  PostgresServer server(
      {.settings = {"work_mem = 65kB"},
       .access = {"host all bad all reject", "host all all all trust"}});
  EXPECT_EQ(server.one("SHOW work_mem"), "65kB");
  server.execute("CREATE ROLE bad LOGIN");
  EXPECT_THROW(PostgresClient(server.dsn("user=bad")), std::runtime_error);
  server.set("work_mem", "'66kB'");
  EXPECT_TRUE(
      wait_until([&] { return server.one("SHOW work_mem") == "66kB"; }));
}

TEST_F(PostgresServerTest, PausedItAnswersNobody) {
  const PostgresServer server;
  PostgresClient client(server.dsn("application_name=one"));
  EXPECT_EQ(server.backends("one").size(), 1u);
  server.pause();
  EXPECT_FALSE(in_child([&] {
    try {
      PostgresClient(server.dsn("connect_timeout=2"));
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }));
  server.resume();
  EXPECT_EQ(client.one("SELECT 1"), "1");
}

TEST_F(PostgresServerTest, NothingOfItStays) {
  pid_t backend = -1;
  pid_t guard = -1;
  std::string folder;
  {
    const PostgresServer server;
    PostgresClient client(server.dsn("application_name=one"));
    backend = server.backends("one").at(0);
    guard = server.guard();
    folder = server.socket_folder();
    pause_process(backend);
  }
  EXPECT_FALSE(process_runs(backend));
  EXPECT_FALSE(process_runs(guard));
  EXPECT_NE(::access(folder.c_str(), F_OK), 0);
}

TEST_F(PostgresServerTest, NothingOfItOutlivesAProcessThatIsKilled) {
  // A process that makes a server, tells of it, and waits to be killed.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  struct {
    pid_t backend, guard;
  } found = {-1, -1};
  const pid_t child = start_child([&] {
    const PostgresServer server;
    PostgresClient client(server.dsn("application_name=one"));
    found = {server.backends("one").at(0), server.guard()};
    pause_process(found.backend);
    static_cast<void>(::write(ends[1], &found, sizeof found));
    ::pause();
    return false;
  });
  ASSERT_EQ(::read(ends[0], &found, sizeof found),
            static_cast<ssize_t>(sizeof found));
  EXPECT_TRUE(process_runs(found.backend));
  kill_child(child);
  EXPECT_TRUE(wait_until([&] { return !process_runs(found.backend); }));
  EXPECT_TRUE(wait_until([&] { return !process_runs(found.guard); }));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(PostgresServerTest, AStandbyFollowsAndTakesOver) {
  PostgresServer primary;
  const PostgresServer standby({.primary = &primary});
  primary.execute("CREATE TABLE t (n int)");
  EXPECT_TRUE(wait_until([&] {
    return standby.one("SELECT to_regclass('t') IS NOT NULL") == "t";
  }));
  primary.stop();
  standby.execute("SELECT pg_promote()");
  standby.execute("INSERT INTO t VALUES (1)");
}

TEST_F(PostgresServerTest, PgBouncerPassesTransactionsOn) {
  const std::string why_not = PgBouncer::why_not();
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  const PostgresServer server;
  PgBouncer pooler(server);
  EXPECT_EQ(PostgresClient(pooler.dsn()).one("SELECT 1"), "1");
  EXPECT_THROW(PostgresClient(pooler.dsn("options='-c work_mem=70kB'")),
               std::runtime_error);
  pooler.command("PAUSE");
  pooler.command("RESUME");
  EXPECT_EQ(PostgresClient(pooler.dsn()).one("SELECT 1"), "1");
  pooler.kill();
  EXPECT_THROW(PostgresClient(pooler.dsn()), std::runtime_error);
  pooler.start();
  EXPECT_EQ(PostgresClient(pooler.dsn()).one("SELECT 1"), "1");
}

}  // namespace
}  // namespace stogger
