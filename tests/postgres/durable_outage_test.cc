// What befalls a server while threads log to it through a queue on disk: no
// event is lost, none is stored twice, and no call waits.
//
//   STOGGER_TEST_OUTAGE_MS  how long the server is away (default: 700)
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/postgres/cutting_proxy.h"
#include "tests/postgres/fixture.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

// Threads that log, and how long their calls took.
class TimedLoad {
 public:
  static constexpr std::size_t kThreads = 4;

  explicit TimedLoad(LoggedSystem& logged) {
    for (std::vector<Duration>& times : times_) {
      threads_.emplace_back([this, &logged, &times] {
        while (!end_) {
          times.push_back(logged.log_one());
          std::this_thread::sleep_for(100us);
        }
      });
    }
  }
  ~TimedLoad() { stop(); }
  TimedLoad(const TimedLoad&) = delete;
  TimedLoad& operator=(const TimedLoad&) = delete;

  void stop() {
    end_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  // After stop(): all times, the shortest first.
  std::vector<Duration> times() const {
    std::vector<Duration> all;
    for (const std::vector<Duration>& some : times_) {
      all.insert(all.end(), some.begin(), some.end());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::atomic<bool> end_{false};
  std::vector<Duration> times_[kThreads];
  std::vector<std::thread> threads_;
};

class DurableOutage : public PostgresTest {
 protected:
  static milliseconds length() {
    const char* const given = std::getenv("STOGGER_TEST_OUTAGE_MS");
    return milliseconds(given == nullptr ? 700 : std::atoi(given));
  }
  static void wait() { std::this_thread::sleep_for(length()); }

  Status load(const std::string& dsn) {
    return system().load_text(
        "[stogger]\nlog_to_console = false\n[stogger.sinks.db]\ntype = "
        "\"postgres\"\ndelivery = \"durable\"\ndsn = \"" +
            dsn + "\"\nspool_dir = \"" + folder_.file("spool") + "\"\n",
        "test");
  }
  // Threads log before, during and after it. Calls keep the bound that is
  // promised for all of them, and are mostly as short as without it.
  void under_load(const std::function<void()>& harm) {
    TimedLoad calm(*this);
    std::this_thread::sleep_for(500ms);
    calm.stop();
    TimedLoad load(*this);
    std::this_thread::sleep_for(200ms);
    harm();
    std::this_thread::sleep_for(200ms);
    load.stop();
    report("calm", calm.times());
    report("harm", load.times());
    EXPECT_LE(load.times().back(), kGrace + kNoise);
  }
  static void report(std::string_view name,
                     const std::vector<Duration>& times) {
    const auto at = [&](std::size_t per_mille) {
      return std::chrono::duration<double, std::micro>(
                 times[(times.size() - 1) * per_mille / 1000])
          .count();
    };
    std::cout << name << ": " << times.size() << " calls, p50 " << at(500)
              << " us, p99 " << at(990) << " us, p99.9 " << at(999)
              << " us, longest " << at(1000) << " us" << std::endl;
  }
  void expect_all_there_once(const PostgresServer& at) {
    const auto until = SteadyClock::now() + 60s;
    while (stats().pending != 0 && SteadyClock::now() < until) {
      std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(stats().written, logged()) << reports();
    EXPECT_EQ(stats().dropped, 0U);
    EXPECT_EQ(stats().in_doubt, 0U);
    EXPECT_FALSE(stats().failing) << reports();
    EXPECT_EQ(at.number("SELECT count(*) FROM stogger_logs"),
              static_cast<long long>(logged()));
    expect_balanced(at, "stogger_logs");
    EXPECT_OK(system().close());
    EXPECT_TRUE(std::filesystem::is_empty(folder_.file("spool/db")));
  }
  using LoggedSystem::expect_balanced;

  TempFolder folder_;
};

TEST_F(DurableOutage, AServerThatIsStoppedLosesNothing) {
  ASSERT_OK(load(server().dsn()));
  under_load([this] {
    server().stop();
    wait();
    server().start();
  });
  expect_all_there_once(server());
}

TEST_F(DurableOutage, AServerThatIsKilledLosesNothing) {
  ASSERT_OK(load(server().dsn()));
  under_load([this] {
    server().kill();
    wait();
    server().start();
  });
  expect_all_there_once(server());
}

TEST_F(DurableOutage, AServerThatHangsLosesNothing) {
  ASSERT_OK(load(server().dsn()));
  under_load([this] {
    server().pause();
    wait();
    server().resume();
  });
  expect_all_there_once(server());
}

TEST_F(DurableOutage, SessionsThatAreEndedLoseNothing) {
  ASSERT_OK(load(server().dsn()));
  under_load([this] {
    const auto until = SteadyClock::now() + length();
    while (SteadyClock::now() < until) {
      server().execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
          "backend_type = 'client backend' AND pid <> pg_backend_pid()");
      std::this_thread::sleep_for(20ms);
    }
  });
  expect_all_there_once(server());
}

// The rows are stored, and the sink cannot know.
TEST_F(DurableOutage, AnswersThatNeverComeStoreNothingTwice) {
  CuttingProxy proxy(server().port());
  std::string dsn = server().dsn();
  const std::string port = std::to_string(server().port());
  dsn.replace(dsn.find(port), port.size(), std::to_string(proxy.port()));
  ASSERT_OK(load(dsn));
  int cuts = 0;
  under_load([&] {
    const auto until = SteadyClock::now() + length();
    while (SteadyClock::now() < until) {
      proxy.cut();
      while (!proxy.has_cut() && SteadyClock::now() < until) {
        std::this_thread::sleep_for(1ms);
      }
      if (proxy.has_cut()) ++cuts;
    }
  });
  EXPECT_GT(cuts, 0);
  expect_all_there_once(server());
}

TEST_F(DurableOutage, AServerWhoseDiskIsFullLosesNothing) {
  // It has to take all that comes during the outage afterwards.
  const auto seconds = static_cast<std::size_t>(length() / 1s);
  SmallDisk disk((80 + 64 * seconds) << 20);
  SKIP_IF(disk.why_not());
  give_to(unprivileged_user(),
          std::filesystem::path(disk.file("x")).parent_path().string());
  start_server({.data = disk.file("data")});
  ASSERT_OK(load(server().dsn()));
  under_load([&] {
    disk.fill();
    wait();
    disk.make_room();
    // A server that cannot write its log of changes gives up altogether.
    if (!server().is_up()) {
      server().stop_at_once();
      server().start();
    }
  });
  expect_all_there_once(server());
}

TEST_F(DurableOutage, AStandbyThatTakesOverHasEverything) {
  const PostgresServer standby({.primary = &server()});
  // What is written is with both, and so is the ledger.
  server().set("synchronous_standby_names", "'*'");
  const auto until = SteadyClock::now() + 30s;
  while (server().one("SELECT count(*) FROM pg_stat_replication WHERE "
                      "sync_state = 'sync'") != "1") {
    ASSERT_LT(SteadyClock::now(), until);
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_OK(
      load("host=127.0.0.1,127.0.0.1 port=" + std::to_string(server().port()) +
           "," + std::to_string(standby.port()) +
           " user=postgres dbname=postgres sslmode=disable"));
  under_load([&] {
    server().kill();
    wait();
    standby.execute("ALTER SYSTEM RESET synchronous_standby_names");
    standby.execute("SELECT pg_promote()");
  });
  expect_all_there_once(standby);
}

TEST_F(DurableOutage, ALedgerThatIsTakenAwayStoresNothingTwice) {
  ASSERT_OK(load(server().dsn()));
  under_load([this] {
    const auto until = SteadyClock::now() + length();
    while (SteadyClock::now() < until) {
      server().execute("DROP TABLE IF EXISTS stogger_logs_ledger");
      std::this_thread::sleep_for(50ms);
    }
  });
  expect_all_there_once(server());
}

TEST_F(DurableOutage, WithoutTheRightToALedgerNothingIsLost) {
  server().execute(
      "CREATE ROLE shop LOGIN;"
      "CREATE TABLE stogger_logs (id BIGSERIAL PRIMARY KEY, timestamp "
      "TIMESTAMPTZ NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
      "TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}');"
      "GRANT INSERT, SELECT ON stogger_logs TO shop;"
      "GRANT USAGE ON SEQUENCE stogger_logs_id_seq TO shop");
  ASSERT_OK(load("host=127.0.0.1 port=" + std::to_string(server().port()) +
                 " user=shop dbname=postgres sslmode=disable"));
  under_load([this] {
    server().stop();
    wait();
    server().start();
  });
  expect_all_there_once(server());
}

}  // namespace
}  // namespace stogger
