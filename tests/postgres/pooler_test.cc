// Behind PgBouncer in transaction mode, where a session belongs to a client
// for one transaction only.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fixture.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

class Pooler : public PostgresTest {
 protected:
  void SetUp() override {
    SKIP_IF(PostgresServer::why_not());
    SKIP_IF(PgBouncer::why_not());
  }
  void start_pooler(const std::vector<std::string>& settings = {}) {
    pooler_ = std::make_unique<PgBouncer>(server(), settings);
  }
  Status add(const std::vector<Field>& options = {}) {
    std::vector<Field> all = options;
    const std::string dsn = pooler_->dsn();
    all.push_back({"dsn", dsn});
    return LoggedSystem::add(all);
  }
  // The server was never asked for a statement that its session did not have,
  // nor to name one twice.
  void expect_no_mixed_up_statements() {
    EXPECT_EQ(server().log().find("26000"), std::string::npos);
    EXPECT_EQ(server().log().find("42P05"), std::string::npos);
  }
  void expect_outage_and(const std::function<void()>& mend) {
    expect_bounded();
    EXPECT_TRUE(stats().failing);
    expect_quick();
    mend();
    EXPECT_TRUE(recovers()) << reports();
    log(5);
    expect_balanced();
  }
  // Nothing of what clients did is left behind.
  void expect_idle_pools() {
    EXPECT_TRUE(wait_until([this] {
      for (const SqlRow& pool : pooler_->command("SHOW POOLS")) {
        if (pool.at(0) == "pgbouncer") continue;
        // cl_waiting, sv_active
        if (pool.at(3) != "0" || pool.at(6) != "0") return false;
      }
      return true;
    }));
  }

  std::unique_ptr<PgBouncer> pooler_;
};

TEST_F(Pooler, IsDetectedWithoutAnOption) {
  start_pooler();
  ASSERT_OK(add());
  log(50);
  EXPECT_EQ(stats().written, 50u);
  EXPECT_EQ(reports(), "");
  expect_balanced();
  expect_no_mixed_up_statements();
  expect_idle_pools();
}

TEST_F(Pooler, ThatIgnoresOptionsIsDetectedToo) {
  start_pooler({"ignore_startup_parameters = options"});
  ASSERT_OK(add());
  std::vector<std::unique_ptr<LoggedSystem>> others;
  const std::string dsn = pooler_->dsn();
  for (int i = 0; i < 5; ++i) {
    others.push_back(std::make_unique<LoggedSystem>());
    const std::string table = "other" + std::to_string(i);
    ASSERT_OK(others.back()->add({{"dsn", dsn}, {"table", table}}));
  }
  std::vector<std::thread> threads;
  threads.emplace_back([this] { log(100); });
  for (auto& other : others) {
    threads.emplace_back([&other] { other->log(100); });
  }
  for (std::thread& thread : threads) thread.join();
  expect_balanced();
  EXPECT_EQ(stats().written, 100u) << reports();
  for (std::size_t i = 0; i < others.size(); ++i) {
    others[i]->expect_balanced(server(), "other" + std::to_string(i));
    EXPECT_EQ(others[i]->stats().written, 100u) << reports();
  }
}

TEST_F(Pooler, ManyClientsShareTwoSessions) {
  start_pooler();
  constexpr int kClients = 20;
  constexpr int kEvents = 50;
  const std::string dsn = pooler_->dsn();
  std::vector<std::unique_ptr<LoggedSystem>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<LoggedSystem>());
    // Two programs, each with a table of its own.
    const std::string table = i % 2 == 0 ? "even" : "odd";
    ASSERT_OK(clients.back()->add(
        {{"dsn", dsn}, {"table", table}, {"deadline_ms", 5000}}));
  }
  std::vector<std::thread> threads;
  for (auto& client : clients) {
    threads.emplace_back([&client] { client->log(kEvents); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& client : clients) {
    EXPECT_EQ(client->stats().written, static_cast<std::uint64_t>(kEvents))
        << reports();
  }
  EXPECT_EQ(server().number("SELECT count(*) FROM even"),
            kClients / 2 * kEvents);
  EXPECT_EQ(server().number("SELECT count(*) FROM odd"),
            kClients / 2 * kEvents);
  expect_no_mixed_up_statements();
  expect_idle_pools();
  // No setting stays in a session that others will use.
  PostgresClient other(dsn);
  for (const char* name :
       {"statement_timeout", "lock_timeout", "synchronous_commit"}) {
    EXPECT_EQ(other.one(std::string("SHOW ") + name),
              server().one(std::string("SHOW ") + name));
  }
}

TEST_F(Pooler, TimeOutsHoldAllTheSame) {
  start_pooler();
  ASSERT_OK(add({{"statement_timeout_ms", 100}}));
  log(3);
  PostgresClient other(server().dsn());
  other.execute("BEGIN; LOCK TABLE stogger_logs IN ACCESS EXCLUSIVE MODE");
  expect_bounded();
  EXPECT_EQ(stats().in_doubt, 0u) << "the server answers before the deadline";
  EXPECT_EQ(stats().dropped, 1u);
  other.execute("COMMIT");
  EXPECT_TRUE(recovers());
  expect_balanced();
}

TEST_F(Pooler, ThatHangsIsWaitedForOnce) {
  start_pooler();
  ASSERT_OK(add());
  log(3);
  pooler_->pause_process();
  expect_outage_and([this] { pooler_->resume_process(); });
  expect_idle_pools();
}

TEST_F(Pooler, ThatDiesIsFoundAgain) {
  start_pooler();
  ASSERT_OK(add());
  log(3);
  pooler_->kill();
  expect_outage_and([this] { pooler_->start(); });
  EXPECT_EQ(stats().in_doubt, 0u);
}

TEST_F(Pooler, ThatIsPausedIsWaitedForOnce) {
  start_pooler({"query_wait_timeout = 1"});
  ASSERT_OK(add());
  log(3);
  pooler_->command("PAUSE");
  expect_bounded();
  EXPECT_TRUE(stats().failing);
  // The pooler takes connections, so that now and then a call looks again.
  const auto end = std::chrono::steady_clock::now() + 1500ms;
  while (std::chrono::steady_clock::now() < end) {
    expect_bounded();
    std::this_thread::sleep_for(1ms);
  }
  pooler_->command("RESUME");
  EXPECT_TRUE(recovers()) << reports();
  log(5);
  expect_balanced();
  expect_idle_pools();
}

TEST_F(Pooler, WhoseServerRestartsIsWaitedFor) {
  start_pooler();
  ASSERT_OK(add());
  log(3);
  server().stop();
  expect_bounded();
  server().start();
  EXPECT_TRUE(recovers()) << reports();
  log(5);
  expect_balanced();
}

}  // namespace
}  // namespace stogger
