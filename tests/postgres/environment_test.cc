// Passwords, encryption, and programs that run with more rights than the user
// who started them.
#include "sinks/postgres/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "os/ownership.h"
#include "sinks/postgres/start_guard.h"
#include "tests/postgres/fake_server.h"
#include "tests/postgres/fixture.h"
#include "tests/postgres/frames.h"
#include "tests/support/processes.h"

namespace stogger {
namespace {

using namespace frames;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "hunter2word";

// Asks for the password, and says no more.
class Password : public PostgresTest {
 protected:
  void SetUp() override {}
  // What the sink says of a server that asks like this.
  std::string refusal_of(const FakeServer& server, const std::string& more) {
    const std::string dsn =
        server.dsn("password=" + std::string(kSecret) + " " + more);
    const SinkPtr sink = make_postgres(
        {{"dsn", dsn}, {"connect_timeout_ms", 300}, {"start_wait_ms", 5000}});
    return std::string(sink->open().message());
  }
};

TEST_F(Password, IsNotSentInClearOverTcp) {
  for (const std::string& before : {std::string(), authentication(5, "salt")}) {
    for (const std::size_t piece : {std::size_t{0}, std::size_t{1}}) {
      FakeServer server(
          [&](const Turn&) {
            return Play{.bytes = before + authentication(3), .piece = piece};
          },
          FakeServer::Way::tcp);
      EXPECT_THAT(refusal_of(server, ""), HasSubstr("as it is"));
      EXPECT_THAT(refusal_of(server, "sslmode=prefer"), HasSubstr("as it is"));
      EXPECT_THAT(server.heard(), Not(HasSubstr(kSecret)));
    }
  }
}

TEST_F(Password, IsSentInClearIfTheDsnAllowsIt) {
  const auto ask = [](const Turn&) { return Play{.bytes = authentication(3)}; };
  FakeServer server(ask, FakeServer::Way::tcp);
  refusal_of(server, "sslmode=disable");
  EXPECT_THAT(server.heard(), HasSubstr(kSecret));
  // Nobody else hears what goes through a Unix socket.
  FakeServer local(ask);
  refusal_of(local, "");
  EXPECT_THAT(local.heard(), HasSubstr(kSecret));
}

TEST(StartGuard, HashesAreNotComputedForHours) {
  using Verdict = StartGuard::Verdict;
  const auto verdict = [](const std::string& rounds) {
    return StartGuard().check(authentication(11, "r=abc,s=eA==,i=" + rounds),
                              false, true);
  };
  EXPECT_EQ(verdict("4096"), Verdict::fine);
  EXPECT_EQ(verdict("1000000"), Verdict::fine);
  EXPECT_EQ(verdict("1000001"), Verdict::wants_many_rounds);
  EXPECT_EQ(verdict("99999999999999999999999"), Verdict::wants_many_rounds);
  for (const char* const disguised :
       {"+2000000000", " 2000000000", "2000000000,i=1", "1,i=2000000000", "-1",
        "", "0x77359400", "4096\n"}) {
    EXPECT_EQ(verdict(disguised), Verdict::wants_many_rounds) << disguised;
  }
}

TEST(StartGuard, OnlyMessagesOfTheStartAreLetThrough) {
  using Verdict = StartGuard::Verdict;
  StartGuard guard;
  EXPECT_EQ(guard.check("N", true, true), Verdict::fine);
  EXPECT_EQ(guard.check(authentication_ok() + parameter("a", "b") +
                            backend_key() + notice("x"),
                        false, true),
            Verdict::fine);
  EXPECT_EQ(guard.check(frame('t', int16(0)), false, true), Verdict::unknown);
  EXPECT_EQ(StartGuard().check(frame_of_length('S', 3), false, true),
            Verdict::unknown);
  // Before the client has spoken.
  EXPECT_EQ(StartGuard().check("NR", true, true), Verdict::unknown);
  // TLS has begun: nothing can be seen.
  StartGuard encrypted;
  EXPECT_EQ(encrypted.check("S", true, true), Verdict::fine);
  EXPECT_EQ(encrypted.check(authentication(3), false, true), Verdict::fine);
}

// ---- More rights than the user.

// Run by the test below, as another user's program.
TEST(Privileged, DISABLED_Child) {
  const char* const dsn = ::getenv("STOGGER_TEST_DSN");
  ASSERT_NE(dsn, nullptr);
  if (!has_more_rights_than_caller()) ::_exit(9);
  const std::string text = dsn;
  const std::string refused = postgres_refusal({{"dsn", text}});
  if (refused.empty()) {
    const SinkPtr sink =
        make_postgres({{"dsn", text}, {"connect_timeout_ms", 300}});
    static_cast<void>(sink->open());
  }
  // Half of the exit status: whether it was refused.
  ::_exit(refused.empty() ? 0 : 1);
}

class PrivilegedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make such a program";
    struct statvfs system = {};
    ASSERT_EQ(::statvfs(folder_.path().c_str(), &system), 0);
    if ((system.f_flag & ST_NOSUID) != 0) {
      GTEST_SKIP() << "no set-user-ID programs in " << folder_.path();
    }
    program_ = folder_.file("program");
    std::filesystem::copy_file("/proc/self/exe", program_);
    ASSERT_EQ(::chmod(program_.c_str(), 04755), 0);
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  }
  // Its exit status, started by nobody with these variables.
  int run(const std::string& dsn, const std::string& variables) {
    const std::string command =
        "cd / && setpriv --reuid 65534 --regid 65534 --clear-groups env -i " +
        variables + " STOGGER_TEST_DSN='" + dsn + "' " + program_ +
        " --gtest_also_run_disabled_tests --gtest_filter=Privileged.*Child"
        " >/dev/null 2>&1";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TempFolder folder_;
  std::string program_;
};

TEST_F(PrivilegedTest, TheEnvironmentOfTheUserLeadsNowhere) {
  const auto ask = [](const Turn&) { return Play{.bytes = authentication(3)}; };
  FakeServer theirs(ask, FakeServer::Way::tcp);
  const std::string port = std::to_string(theirs.port());
  const std::string variables =
      "PGHOST=127.0.0.1 PGSSLMODE=disable PGPORT=" + port;
  // Host, user or sslmode are missing.
  EXPECT_EQ(run("password=hunter2word user=a dbname=b", variables), 1);
  EXPECT_EQ(run("password=hunter2word host=127.0.0.1 user=a", variables), 1);
  EXPECT_EQ(theirs.connections(), 0);
  // All is there. The port is not the user's.
  EXPECT_EQ(run("password=hunter2word host=127.0.0.1 user=a sslmode=disable",
                variables),
            0);
  EXPECT_EQ(theirs.connections(), 0);
  for (const std::string variable :
       {"PGSERVICE=x", "PGSERVICE=", "PGHOSTADDR=127.0.0.1",
        "PGOPTIONS=-csearch_path=evil", "PGPASSWORD=x", "PGREQUIREPEER=x",
        "PGLOCALEDIR=/tmp", "PGSYSCONFDIR=/tmp", "PGTZ=UTC", "PGNEW=x"}) {
    EXPECT_EQ(run("host=127.0.0.1 user=a sslmode=disable", variable), 1)
        << variable;
  }
  // Files that the user names are not read.
  EXPECT_EQ(run("host=127.0.0.1 user=a sslmode=verify-full", ""), 1);
  EXPECT_EQ(run("host=127.0.0.1 user=a service=x sslmode=disable", ""), 1);
  const std::string file = folder_.file("pgpass");
  write_file(file, "*:*:*:*:hunter2word\n");
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  run("host=127.0.0.1 user=a sslmode=disable port=" + port,
      "PGPASSFILE=" + file);
  EXPECT_GE(theirs.connections(), 1);
  EXPECT_THAT(theirs.heard(), Not(HasSubstr("hunter2word")));
}

}  // namespace
}  // namespace stogger
