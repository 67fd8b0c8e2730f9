// A server that stops, crashes, hangs, moves or refuses: no call takes longer
// than promised, nothing is lost without a count, and all is well again by
// itself.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fixture.h"
#include "tests/support/small_disk.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;

class Outage : public PostgresTest {
 protected:
  // That the sink fails, and neither the first call nor those after it take
  // longer than they may.
  void expect_outage() {
    expect_bounded();
    EXPECT_TRUE(stats().failing);
    expect_quick();
  }
  void expect_recovery() {
    EXPECT_TRUE(recovers()) << reports();
    log(5);
    EXPECT_FALSE(stats().failing) << reports();
  }
  // Of the sink's sessions, and of those it keeps in reserve.
  std::vector<pid_t> sessions() { return server().backends(); }
};

// Listens, but never takes a connection: the kernel does that.
class Hole {
 public:
  Hole() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 100) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) !=
            0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
  }
  ~Hole() { ::close(socket_); }
  Hole(const Hole&) = delete;
  Hole& operator=(const Hole&) = delete;
  std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

// Logs in the background from here to the end of its life.
class Load {
 public:
  explicit Load(LoggedSystem& logged) {
    thread_ = std::thread([this, &logged] {
      while (!end_) {
        logged.log_one();
        std::this_thread::sleep_for(200us);
      }
    });
  }
  ~Load() { stop(); }
  void stop() {
    end_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> end_{false};
  std::thread thread_;
};

// ---- Servers that hang

TEST_F(Outage, AHangingSessionIsWaitedForOnce) {
  ASSERT_OK(add());
  log(3);
  const std::vector<pid_t> stopped = sessions();
  for (const pid_t session : stopped) pause_process(session);
  const double taken = in_milliseconds(log_one());
  EXPECT_GE(taken, in_milliseconds(kDeadline) * 0.9);
  EXPECT_LE(taken, in_milliseconds(kDeadline + kGrace + kNoise));
  EXPECT_EQ(stats().in_doubt, 1u);
  expect_quick();
  // The server itself is well.
  expect_recovery();
  for (const pid_t session : stopped) resume_process(session);
  EXPECT_TRUE(wait_until([&] {
    for (const pid_t session : stopped) {
      if (process_runs(session)) return false;
    }
    return true;
  }));
  expect_balanced();
  // The event in doubt was stored late, and not sent again.
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs WHERE "
                            "(data->>'seq')::int = 3"),
            1);
  EXPECT_EQ(stats().in_doubt, 1u);
}

TEST_F(Outage, AHangingServerIsWaitedForOnce) {
  ASSERT_OK(add());
  log(3);
  server().pause();
  expect_outage();
  EXPECT_EQ(stats().in_doubt, 1u);
  std::this_thread::sleep_for(300ms);  // beyond the first back-off
  expect_quick();
  server().resume();
  expect_recovery();
  expect_balanced();
}

TEST_F(Outage, AServerThatHangsAtTheStartDelaysItALittle) {
  server().pause();
  const auto start = SteadyClock::now();
  EXPECT_FALSE(add({{"start_wait_ms", 300}}).ok());
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            300 + in_milliseconds(kGrace + kNoise));
  expect_quick();
  EXPECT_EQ(stats().dropped, 1000u);
  server().resume();
  expect_recovery();
  expect_balanced();
}

TEST_F(Outage, AServerThatTakesConnectionsAndNeverAnswersIsReportedAsThat) {
  const Hole hole;
  const std::string dsn =
      "host=127.0.0.1 port=" + hole.port() + " user=postgres dbname=postgres";
  const std::vector<Field> options = {
      {"dsn", dsn}, {"start_wait_ms", 50}, {"connect_timeout_ms", 300}};
  EXPECT_FALSE(add(options).ok());
  EXPECT_NE(reports().find("not connected yet"), std::string::npos)
      << reports();
  EXPECT_TRUE(wait_until([&] {
    log_one();
    return reports().find("no answer within 300 ms") != std::string::npos;
  })) << reports();
  class : public CheckFindings {
    void would_change(std::string_view) override {}
    void warn(std::string_view) override {}
  } findings;
  const Status status = make_postgres(options)->check(findings);
  EXPECT_NE(status.message().find("no answer within 300 ms"),
            std::string_view::npos)
      << status.message();
}

TEST_F(Outage, ClosingWhileTheServerHangsIsBounded) {
  ASSERT_OK(add());
  log(3);
  server().pause();
  const auto start = SteadyClock::now();
  static_cast<void>(system().close());
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            1000 + in_milliseconds(kNoise));
  server().resume();
}

TEST_F(Outage, ClosingWhileConnectingIsBounded) {
  const Hole hole;
  const std::string dsn =
      "host=127.0.0.1 port=" + hole.port() + " user=postgres dbname=postgres";
  EXPECT_FALSE(add({{"dsn", dsn}, {"start_wait_ms", 50}}).ok());
  const auto start = SteadyClock::now();
  static_cast<void>(system().close());
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            1000 + in_milliseconds(kNoise));
}

TEST_F(Outage, ALockedTableIsGivenUpInTime) {
  ASSERT_OK(add());
  log(3);
  PostgresClient other(server().dsn());
  other.execute("BEGIN; LOCK TABLE stogger_logs IN ACCESS EXCLUSIVE MODE");
  expect_rarely_slow();
  EXPECT_EQ(stats().in_doubt, 0u) << "the server answered in time";
  other.execute("COMMIT");
  expect_recovery();
  expect_balanced();
}

// The second call waits for the first, and has the rest of its time.
TEST_F(Outage, WaitingForAnotherThreadCountsTowardsTheDeadline) {
  ASSERT_OK(add({{"deadline_ms", 3000}}));
  log(1);
  server().execute(
      "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "PERFORM pg_sleep(2); RETURN NEW; END$$; CREATE TRIGGER wait BEFORE "
      "INSERT ON stogger_logs FOR EACH ROW EXECUTE FUNCTION wait()");
  std::thread first([&] { log(1); });
  while (stats().pending == 0) std::this_thread::yield();
  EXPECT_LE(log_one(), 3000ms + kNoise);
  first.join();
  EXPECT_EQ(stats().written, 2u) << reports();
  EXPECT_EQ(stats().in_doubt, 1u) << reports();
  expect_balanced();
}

// ---- Servers that stop

TEST_F(Outage, AServerThatStopsIsFoundAgain) {
  ASSERT_OK(add());
  log(3);
  server().stop();
  expect_outage();
  EXPECT_EQ(stats().in_doubt, 0u) << "nothing had been sent";
  server().start();
  expect_recovery();
  expect_balanced();
  // One line when it failed, one when it worked again; in between, that the
  // server is starting, if it was found to be.
  EXPECT_NE(diagnostics_.lines().front().find("; next try in "),
            std::string::npos);
  EXPECT_NE(diagnostics_.lines().back().find("works again"), std::string::npos);
  EXPECT_LE(diagnostics_.lines().size(), 4u) << reports();
}

TEST_F(Outage, AServerThatIsNotThereAtTheStartIsFoundLater) {
  server().stop();
  const auto start = SteadyClock::now();
  EXPECT_FALSE(add().ok());
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            1000 + in_milliseconds(kNoise))
      << "a refused connection need not be waited for";
  expect_quick();
  server().start();
  expect_recovery();
  expect_balanced();
}

TEST_F(Outage, AServerThatStopsUnderLoadLosesNothingUncounted) {
  ASSERT_OK(add());
  for (int round = 0; round < 3; ++round) {
    {
      Load load(*this);
      ASSERT_TRUE(wait_until([&, before = stats().written] {
        return stats().written > before + 20;
      }));
      if (round == 0) server().stop();
      if (round == 1) server().stop_at_once();
      if (round == 2) server().kill();
      ASSERT_TRUE(wait_until([this] { return stats().failing; }));
      server().start();
    }
    expect_recovery();
    expect_balanced();
  }
}

TEST_F(Outage, ACrashOfAllSessionsIsQuietAndHarmless) {
  ASSERT_OK(add());
  log(3);
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  // The postmaster ends all others, and starts anew.
  ::kill(sessions().at(0), SIGKILL);
  ASSERT_TRUE(wait_until([this] {
    return server().log().find("all server processes terminated") !=
           std::string::npos;
  }));
  expect_bounded();
  EXPECT_TRUE(recovers());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_TRUE(wait_until([this] { return server().is_up(); }));
  expect_recovery();
  expect_balanced();
}

// ---- Sessions that end while nothing happens

TEST_F(Outage, ASessionThatIsEndedWhileIdleCostsNoEvent) {
  ASSERT_OK(add({{"deadline_ms", kTimeToConnect.count()}}));
  log(3);
  for (int round = 0; round < 5; ++round) {
    for (const pid_t session : sessions()) {
      server().execute("SELECT pg_terminate_backend(" +
                       std::to_string(session) + ", 5000)");
    }
    expect_bounded(kTimeToConnect);
    EXPECT_EQ(stats().written, stats().accepted) << "round " << round;
  }
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_EQ(reports(), "");
  expect_balanced();
}

TEST_F(Outage, AServerThatEndsIdleSessionsCostsNoEvent) {
  start_server({.settings = {"idle_session_timeout = 1s"}});
  ASSERT_OK(add({{"deadline_ms", kTimeToConnect.count()}}));
  for (int round = 0; round < 3; ++round) {
    log(2);
    const std::vector<pid_t> before = sessions();
    ASSERT_TRUE(wait_until([&] {
      for (const pid_t session : before) {
        if (process_runs(session)) return false;
      }
      return true;
    }));
  }
  log(2);
  EXPECT_EQ(stats().written, 8u);
  EXPECT_EQ(stats().in_doubt, 0u);
  expect_balanced();
}

TEST_F(Outage, ARestartBetweenTwoEventsIsOverWithTheNextOnes) {
  ASSERT_OK(add());
  log(3);
  server().restart();
  expect_bounded();
  EXPECT_EQ(stats().in_doubt, 0u) << "nothing had been sent";
  expect_recovery();
  expect_balanced();
}

// ---- Several hosts

class Hosts : public Outage {
 protected:
  static std::string dsn(const std::string& first_port,
                         const std::string& second_port) {
    return "host=127.0.0.1,127.0.0.1 port=" + first_port + "," + second_port +
           " user=postgres dbname=postgres";
  }
  static std::string dsn(const PostgresServer& first,
                         const PostgresServer& second) {
    return dsn(std::to_string(first.port()), std::to_string(second.port()));
  }
};

TEST_F(Hosts, ASilentFirstHostIsPassedOver) {
  const Hole hole;
  const std::string dsn =
      Hosts::dsn(hole.port(), std::to_string(server().port()));
  const auto start = SteadyClock::now();
  static_cast<void>(add({{"dsn", dsn}, {"connect_timeout_ms", 1000}}));
  EXPECT_TRUE(recovers());
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            2500 + in_milliseconds(kNoise));
  log(5);
  expect_balanced();
}

TEST_F(Hosts, AFirstHostThatRefusesIsPassedOverAtOnce) {
  const ReservedPort nobody;
  const std::string dsn = Hosts::dsn(std::to_string(nobody.number()),
                                     std::to_string(server().port()));
  EXPECT_OK(add({{"dsn", dsn}}));
  log(5);
  EXPECT_EQ(stats().written, 5u);
  expect_balanced();
}

TEST_F(Hosts, AStandbyTakesOver) {
  const PostgresServer standby({.primary = &server()});
  // What is written is with both.
  server().set("synchronous_standby_names", "'*'");
  const std::string dsn = Hosts::dsn(server(), standby);
  ASSERT_TRUE(wait_until([&] {
    return server().one(
               "SELECT count(*) FROM pg_stat_replication WHERE "
               "sync_state = 'sync'") == "1";
  }));
  ASSERT_OK(add({{"dsn", dsn}}));
  log(20);
  server().stop();
  expect_outage();
  standby.execute("ALTER SYSTEM RESET synchronous_standby_names");
  standby.execute("SELECT pg_promote()");
  expect_recovery();
  LoggedSystem::expect_balanced(standby);
}

TEST_F(Hosts, AServerThatBecomesReadOnlyIsLeftForAnother) {
  const PostgresServer other;
  const std::string dsn = Hosts::dsn(server(), other);
  ASSERT_OK(add({{"dsn", dsn}, {"deadline_ms", kTimeToConnect.count()}}));
  log(5);
  server().set("default_transaction_read_only", "on");
  // Every session has to see it before it is logged again.
  ASSERT_TRUE(wait_until([this] {
    return server().one("SHOW default_transaction_read_only") == "on";
  }));
  for (int i = 0; i < 100 && stats().written == stats().accepted; ++i) {
    expect_bounded(kTimeToConnect);
    if (other.one("SELECT to_regclass('stogger_logs') IS NOT NULL") == "t" &&
        other.number("SELECT count(*) FROM stogger_logs") > 0) {
      break;
    }
  }
  log(5);
  EXPECT_EQ(stats().written, stats().accepted) << reports();
  const auto here = server().number("SELECT count(*) FROM stogger_logs");
  const auto there = other.number("SELECT count(*) FROM stogger_logs");
  EXPECT_GT(there, 0);
  EXPECT_EQ(static_cast<std::uint64_t>(here + there), stats().written);
}

TEST_F(Outage, AReadOnlyServerWithoutAnotherIsWaitedFor) {
  ASSERT_OK(add());
  log(3);
  server().set("default_transaction_read_only", "on");
  ASSERT_TRUE(wait_until([this] {
    expect_bounded();
    return stats().failing;
  }));
  expect_rarely_slow();
  EXPECT_EQ(stats().in_doubt, 0u);
  server().set("default_transaction_read_only", "off");
  expect_recovery();
  expect_balanced();
}

// ---- What the operator does

TEST_F(Outage, APasswordThatIsChangedIsReadAgain) {
  start_server({.settings = {"password_encryption = 'scram-sha-256'"},
                .access = {"host all app all scram-sha-256"}});
  server().execute(
      "CREATE ROLE app LOGIN PASSWORD 'first-word'; GRANT CREATE ON SCHEMA "
      "public TO app");
  const TempFolder folder;
  const std::string passwords = folder.file("passwords");
  const auto write_password = [&](const std::string& password) {
    write_file(passwords, "*:*:*:app:" + password + "\n");
    std::filesystem::permissions(passwords,
                                 std::filesystem::perms::owner_read |
                                     std::filesystem::perms::owner_write);
  };
  write_password("first-word");
  const std::string dsn =
      "host=127.0.0.1 port=" + std::to_string(server().port()) +
      " user=app dbname=postgres passfile=" + passwords;
  ASSERT_OK(add({{"dsn", dsn}}));
  log(3);
  server().execute("ALTER ROLE app PASSWORD 'second-word'");
  server().execute(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
      "usename = 'app'");
  expect_outage();
  write_password("second-word");
  expect_recovery();
  expect_balanced();
  EXPECT_EQ(reports().find("-word"), std::string::npos) << reports();
}

TEST_F(Outage, ATableThatIsDroppedIsMadeAgain) {
  ASSERT_OK(add());
  log(3);
  server().execute("DROP TABLE stogger_logs");
  expect_bounded();
  expect_recovery();
  EXPECT_TRUE(is_balanced(stats()));
  EXPECT_EQ(stats().in_doubt, 0u);
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs") + 3,
            static_cast<long long>(stats().written));
  EXPECT_EQ(server().one("SELECT count(*) FROM pg_indexes WHERE tablename = "
                         "'stogger_logs'"),
            "5");
}

TEST_F(Outage, TooManyConnectionsAreWaitedOut) {
  start_server(
      {.settings = {"max_connections = 6", "superuser_reserved_connections = 3",
                    "max_wal_senders = 0"}});
  server().execute("CREATE ROLE app LOGIN SUPERUSER");
  server().execute(
      "ALTER ROLE app NOSUPERUSER; GRANT CREATE ON SCHEMA public "
      "TO app");
  const std::string dsn = server().dsn("user=app");
  std::vector<std::unique_ptr<PostgresClient>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::make_unique<PostgresClient>(dsn));
  }
  EXPECT_FALSE(add({{"dsn", dsn}}).ok());
  expect_quick();
  others.clear();
  expect_recovery();
  expect_balanced();
}

TEST_F(Outage, AServerThatIsSlowerThanTheDeadlineIsNotOverrun) {
  ASSERT_OK(add({{"deadline_ms", 30}, {"statement_timeout_ms", 25}}));
  log(3);
  server().execute(
      "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "PERFORM pg_sleep(0.1); RETURN NEW; END$$; CREATE TRIGGER wait BEFORE "
      "INSERT ON stogger_logs FOR EACH ROW EXECUTE FUNCTION wait()");
  expect_rarely_slow();
  // One at most is at it, and it has been told to stop.
  EXPECT_TRUE(wait_until([this] {
    return server().number(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event = "
               "'PgSleep'") == 0;
  }));
  EXPECT_LE(sessions().size(), 3u);
  server().execute("DROP TRIGGER wait ON stogger_logs");
  expect_recovery();
  expect_balanced();
}

TEST_F(Outage, ATriggerThatFailsCostsItsEventsOnly) {
  ASSERT_OK(add());
  log(3);
  server().execute(
      "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "RAISE NOTICE 'a notice'; RAISE EXCEPTION E'first line\nsecond line'; "
      "END$$; CREATE TRIGGER fail BEFORE INSERT ON stogger_logs FOR EACH ROW "
      "EXECUTE FUNCTION fail()");
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i) expect_bounded();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_NE(reports().find("first line"), std::string::npos) << reports();
  EXPECT_EQ(stats().dropped, 20u);
  server().execute("DROP TRIGGER fail ON stogger_logs");
  log(3);
  EXPECT_EQ(stats().written, 6u);
  expect_balanced();
}

TEST_F(Outage, AFullDiskIsWaitedOut) {
  SmallDisk disk(80 << 20);
  SKIP_IF(disk.why_not());
  give_to(unprivileged_user(),
          std::filesystem::path(disk.file("x")).parent_path().string());
  start_server({.data = disk.file("data")});
  ASSERT_OK(add());
  log(3);
  disk.fill();
  const Logger logger = system().logger();
  const std::string filler(8000, 'x');
  std::uint64_t extra = 0;
  ASSERT_TRUE(wait_until([&] {
    logger.info("filler", {{"seq", 1000000 + extra++}, {"text", filler}});
    return stats().failing;
  }));
  expect_bounded();
  disk.make_room();
  // A server that cannot write its log of changes gives up altogether.
  if (!server().is_up()) {
    server().stop_at_once();
    server().start();
  }
  expect_recovery();
  const SinkStats now = stats();
  EXPECT_TRUE(is_balanced(now));
  EXPECT_EQ(now.accepted, logged() + extra);
  const auto rows = static_cast<std::uint64_t>(
      server().number("SELECT count(*) FROM stogger_logs"));
  EXPECT_GE(rows, now.written);
  EXPECT_LE(rows, now.written + now.in_doubt);
}

}  // namespace
}  // namespace stogger
