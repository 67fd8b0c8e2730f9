// Processes that split while they log to a server.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fixture.h"
#include "tests/support/processes.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

class PostgresFork : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (!IsSkipped()) SKIP_IF(kNoThreadsInChildren);
  }
  long long rows(const std::string& event) {
    return server().number("SELECT count(*) FROM stogger_logs WHERE event = '" +
                           event + "'");
  }
  // How a child ends that logs: the way of a program, or at once.
  static pid_t start_logging(System& system, bool cleanly) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const Logger logger = system.logger();
    for (int i = 0; i < 5; ++i) logger.info("child", {{"n", i}});
    const SinkStats stats = stats_of(system, "db");
    const int code = stats.written == 5 && stats.accepted == 5 ? 0 : 1;
    if (!cleanly) ::_exit(code);
    static_cast<void>(system.close());
    std::exit(code);
  }
};

TEST_F(PostgresFork, AChildHasASessionOfItsOwnAndLeavesTheParentsAlone) {
  ASSERT_OK(add({{"deadline_ms", kTimeToConnect.count()}}));
  log(3);
  const std::vector<pid_t> before = server().backends();
  for (const bool cleanly : {false, true}) {
    EXPECT_TRUE(succeeded(start_logging(system(), cleanly)));
    log(3);
    EXPECT_EQ(server().backends(), before) << "sessions of the parent";
  }
  EXPECT_EQ(rows("child"), 10);
  EXPECT_EQ(rows("event"), 9);
  EXPECT_EQ(stats().written, 9u);
  EXPECT_EQ(reports(), "");
}

TEST_F(PostgresFork, AChildThatLogsNothingDisturbsNothing) {
  ASSERT_OK(add({{"deadline_ms", kTimeToConnect.count()}}));
  log(3);
  const std::vector<pid_t> before = server().backends();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(in_child([] { return true; }));
    EXPECT_TRUE(in_child([]() -> bool { std::exit(0); }));
    EXPECT_TRUE(in_child([this] { return system().close().ok(); }));
  }
  log(3);
  EXPECT_EQ(server().backends(), before);
  EXPECT_EQ(stats().written, 6u);
  expect_balanced();
}

TEST_F(PostgresFork, ChildrenOfChildrenLogToo) {
  ASSERT_OK(add({{"deadline_ms", kTimeToConnect.count()}}));
  log(1);
  EXPECT_TRUE(in_child([this] {
    system().logger().info("child");
    const bool fine = in_child([this] {
      system().logger().info("grandchild");
      return stats().written == 1;
    });
    system().logger().info("child");
    return fine && stats().written == 2;
  }));
  log(1);
  EXPECT_EQ(rows("child"), 2);
  EXPECT_EQ(rows("grandchild"), 1);
  EXPECT_EQ(rows("event"), 2);
}

TEST_F(PostgresFork, WhileThreadsLogNothingHangsAndNothingIsLost) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  ASSERT_OK(add({{"deadline_ms", 5000}, {"statement_timeout_ms", 4000}}));
  std::atomic<bool> end{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!end) log_one();
    });
  }
  constexpr int kRounds = 20;
  int fine = 0;
  for (int round = 0; round < kRounds; ++round) {
    fine += succeeded(start_logging(system(), round % 2 == 0)) ? 1 : 0;
  }
  end = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fine, kRounds);
  EXPECT_EQ(rows("child"), kRounds * 5);
  EXPECT_EQ(rows("event"), static_cast<long long>(stats().written));
  EXPECT_EQ(stats().written, logged()) << reports();
  EXPECT_TRUE(is_balanced(stats()));
}

TEST_F(PostgresFork, WithTransportSecurityToo) {
  const std::string certificate = start_server_with_tls();
  if (certificate.empty()) GTEST_SKIP() << "openssl does not run";
  const std::string dsn =
      server().dsn("sslmode=verify-full sslrootcert=" + certificate);
  ASSERT_OK(add({{"dsn", dsn}, {"deadline_ms", kTimeToConnect.count()}}));
  log(3);
  const std::vector<pid_t> before = server().backends();
  for (const bool cleanly : {false, true}) {
    // What OpenSSL has for threads of the parent would be taken for leaks.
    if (cleanly && kSanitized) break;
    EXPECT_TRUE(succeeded(start_logging(system(), cleanly)));
    log(3);
    EXPECT_EQ(server().backends(), before) << "sessions of the parent";
  }
  EXPECT_EQ(rows("child"), kSanitized ? 5 : 10);
  EXPECT_EQ(stats().written, kSanitized ? 6u : 9u);
}

TEST_F(PostgresFork, DuringAnOutageBothRecover) {
  ASSERT_OK(add());
  log(3);
  server().stop();
  log(1);
  Signal is_up;
  const pid_t child = start_child([&] {
    system().logger().info("child");
    if (!is_up.take()) return false;
    return wait_until([this] {
      system().logger().info("child");
      return stats().written > 0;
    });
  });
  server().start();
  is_up.give();
  EXPECT_TRUE(succeeded(child));
  EXPECT_TRUE(recovers());
  EXPECT_GE(rows("child"), 1);
  EXPECT_EQ(rows("event"), static_cast<long long>(stats().written));
}

}  // namespace
}  // namespace stogger
