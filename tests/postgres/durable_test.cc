// Events that a queue on disk hands to a server, whatever becomes of the
// process and of the server.

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "stogger/sample.h"
#include "tests/postgres/fixture.h"
#include "tests/support/killed_writers.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class DurablePostgres : public PostgresTest {
 protected:
  std::string configuration(std::string_view keys = {}) {
    return "[stogger]\nlog_to_console = false\n[stogger.sinks.db]\ntype = "
           "\"postgres\"\ndelivery = \"durable\"\ndeadline_ms = 5000\n"
           "dsn = \"" +
           server().dsn() + "\"\nspool_dir = \"" + folder_.file("spool") +
           "\"\n" + std::string(keys);
  }
  std::size_t queues(const std::string& sink = "db") const {
    std::error_code error;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator it(folder_.file("spool/" + sink),
                                                error);
         it != std::filesystem::directory_iterator(); ++it) {
      ++count;
    }
    return count;
  }
  // Delivers what others have left.
  void deliver() {
    System system;
    ASSERT_OK(system.load_text(configuration(), "test"));
    const auto until = SteadyClock::now() + std::chrono::minutes(10);
    while (queues() > 1 && SteadyClock::now() < until) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_OK(system.close());
    EXPECT_EQ(queues(), 0U);
  }
  KilledWriters::Outcome judge(
      const KilledWriters& writers,
      const std::string& rows =
          "data->>'round', data->>'thread', data->>'i') "
          "FROM stogger_logs") {
    std::vector<KilledWriters::Key> stored;
    for (const auto& row : server().query("SELECT concat_ws(' ', " + rows)) {
      stored.push_back(KilledWriters::key_of(row.at(0)));
    }
    return writers.judge(stored);
  }

  TempFolder folder_;
};

TEST_F(DurablePostgres, AfterKillsEachEventIsThereOnce) {
  if (!kNoThreadsInChildren.empty()) GTEST_SKIP() << kNoThreadsInChildren;
  KilledWriters writers;
  const int kills = KilledWriters::kills(6);
  for (int i = 0; i < kills; ++i) {
    writers.run(configuration(i % 2 == 0 ? "batch_rows = 100\n" : ""),
                milliseconds(150));
  }
  deliver();
  const KilledWriters::Outcome outcome = judge(writers);
  EXPECT_EQ(outcome.lost, 0U) << "of " << outcome.all;
  EXPECT_EQ(outcome.twice, 0U);
}

TEST_F(DurablePostgres, AfterKillsEachSampleOfAPipeIsThereOnce) {
  if (!kNoThreadsInChildren.empty()) GTEST_SKIP() << kNoThreadsInChildren;
  const std::string dsn = server().dsn();
  const std::string spool = folder_.file("spool");
  const auto make_sink = [&](SinkPtr* sink) {
    return make_sample_sink("postgres", {{"dsn", dsn}, {"create_table", true}},
                            sink);
  };
  const PipeOptions options = {.flush_interval_s = 0.01,
                               .spool_dir = spool,
                               .drain_ms = 600000,
                               .on_failure = OnFailure::retry};
  KilledWriters writers;
  const int kills = KilledWriters::kills(4);
  for (int i = 0; i < kills; ++i) {
    const KilledWriters::MakeWrite make = [&] {
      return KilledWriters::to_pipe(make_sink, options);
    };
    writers.run(make, milliseconds(300));
  }
  SinkPtr sink;
  ASSERT_OK(make_sink(&sink));
  Pipe pipe(*sink, options);
  // There is a table even if they came to nothing.
  EXPECT_OK(KilledWriters::push(pipe, {UINT64_MAX >> 1, 0, 0}));
  EXPECT_OK(pipe.finish());
  EXPECT_OK(sink->close());
  EXPECT_EQ(queues("samples"), 0U);
  const KilledWriters::Outcome outcome =
      judge(writers, "round, thread, i) FROM samples");
  EXPECT_EQ(outcome.lost, 0U) << "of " << outcome.all;
  EXPECT_EQ(outcome.twice, 0U);
}

TEST_F(DurablePostgres, AServerThatIsKilledAndStartedAgainHasEachEventOnce) {
  ASSERT_OK(system().load_text(configuration(), "test"));
  log(2000);
  server().kill();
  log(2000);
  server().start();
  log(2000);
  const auto until = SteadyClock::now() + std::chrono::seconds(60);
  while (stats().pending != 0 && SteadyClock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(stats().written, 6000U);
  EXPECT_EQ(stats().dropped, 0U);
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs"), 6000);
  EXPECT_EQ(server().number("SELECT count(DISTINCT data->>'seq') "
                            "FROM stogger_logs"),
            6000);
  EXPECT_OK(system().close());
  EXPECT_EQ(queues(), 0U);
}

}  // namespace
}  // namespace stogger
