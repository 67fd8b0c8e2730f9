// PostgresTest: a server of the test's own, and a system whose sink `db` writes
// to it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/sink.h"
#include "stogger/system.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/postgres/server.h"
#include "tests/support/sanitizer.h"
#include "tests/support/sinks.h"

namespace stogger {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;
using Duration = SteadyClock::duration;

// What a log call may take at most unless the options say otherwise, and what
// is allowed on top of it: first by the promise, then by a machine that has
// other things to do.
inline constexpr milliseconds kDeadline{250};
inline constexpr milliseconds kGrace{20};
inline constexpr milliseconds kNoise{kSanitized ? 1500 : 200};
// The deadline of an event that needs another session and has to be written, on
// a machine that has other things to do.
inline constexpr milliseconds kTimeToConnect{5000};

// For tests whose child of a fork() connects by itself.
inline constexpr std::string_view kNoThreadsInChildren =
    kThreadsSanitized
        ? "ThreadSanitizer lets no thread start in a child after fork()"
        : "";

inline double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// A sink of type postgres that is not open yet. Throws if the options are
// wrong. Unless they say otherwise, opening it waits as long as a machine with
// other things to do may need to connect.
SinkPtr make_postgres(std::vector<Field> options);
// What is said of options that are wrong; empty if they are right.
std::string postgres_refusal(const std::vector<Field>& options);

// A system with one sink, and the events it has been given: numbered ones,
// {"seq", number}. Any thread may log.
class LoggedSystem {
 public:
  // Adds the sink, which is named `db`.
  // With the options of the sink, and `dead_letter`.
  Status add(std::vector<Field> options);

  // Logs the next event. How long that took.
  Duration log_one();
  void log(int count) {
    for (int i = 0; i < count; ++i) log_one();
  }
  // Logs until an event is written. False if that takes longer.
  bool recovers(milliseconds most = std::chrono::seconds(30));

  System& system() { return system_; }
  SinkStats stats() const { return stats_of(system_, "db"); }
  std::uint64_t logged() const { return logged_; }

  // That each event has one fate, and that the table has what was written:
  // each once. Events in doubt may be there, too.
  void expect_balanced(const PostgresServer& server,
                       const std::string& table = "stogger_logs") const;
  void expect_balanced(std::uint64_t rows, std::uint64_t distinct) const;

 private:
  System system_;
  Logger log_ = system_.logger();
  std::atomic<std::uint64_t> logged_{0};
};

class PostgresTest : public ::testing::Test, public LoggedSystem {
 protected:
  void SetUp() override;

  // Encrypts its connections, which others are not taken. The path of the
  // certificate to trust; empty if there can be none here.
  std::string start_server_with_tls();

  // The server, which starts when it is needed first.
  PostgresServer& server();
  void start_server(const PostgresServer::Plan& plan);

  // The sink writes to the server unless the options have dsn or host.
  Status add(std::vector<Field> options = {});

  // The next call keeps its deadline.
  void expect_bounded(milliseconds deadline = kDeadline);
  // Calls take no time, for the sink is known to be out of order.
  void expect_quick(int calls = 1000);

  // The target answers, but what it says is no: it is not asked all the time.
  void expect_rarely_slow();

  void expect_balanced(const std::string& table = "stogger_logs") {
    LoggedSystem::expect_balanced(server(), table);
  }

  // All that the library has reported, as one text.
  std::string reports() const;
  Diagnostics diagnostics_;

 private:
  TempFolder keys_;
  std::unique_ptr<PostgresServer> server_;
};

}  // namespace stogger

// As GTEST_SKIP() does, if there is a reason.
#define SKIP_IF(reason_)                           \
  do {                                             \
    const std::string why_not(reason_);            \
    if (!why_not.empty()) GTEST_SKIP() << why_not; \
  } while (false)
