// Events that a queue hands to a server in batches.

#include <string>
#include <thread>

#include "tests/postgres/fixture.h"

namespace stogger {
namespace {

class QueuedPostgres : public PostgresTest {
 protected:
  Status load() {
    Status status = system().load_text(
        "[stogger]\nlog_to_console = false\n[stogger.sinks.db]\ntype = "
        "\"postgres\"\ndelivery = \"async\"\ndeadline_ms = 5000\ndsn = \"" +
            server().dsn() + "\"\n",
        "test.toml");
    return status;
  }
  bool eventually_written(std::uint64_t count) {
    const auto until = SteadyClock::now() + std::chrono::seconds(60);
    while (stats().written != count && SteadyClock::now() < until) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return stats().written == count;
  }
};

TEST_F(QueuedPostgres, ManyEventsShareACommit) {
  ASSERT_OK(load());
  log(1);
  ASSERT_TRUE(eventually_written(1));
  const std::string kCommits =
      "SELECT count(DISTINCT xmin::text) FROM stogger_logs";
  log(5000);
  EXPECT_OK(system().flush());
  expect_balanced();
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs"), 5001);
  EXPECT_LT(server().number(kCommits), 2000);
}

TEST_F(QueuedPostgres, EventsWaitForAServerThatIsStopped) {
  ASSERT_OK(load());
  log(10);
  ASSERT_TRUE(eventually_written(10));
  server().stop();
  log(3000);
  EXPECT_EQ(stats().dropped, 0U);
  server().start();
  EXPECT_TRUE(eventually_written(3010)) << reports();
  EXPECT_EQ(server().number("SELECT count(DISTINCT data) FROM stogger_logs"),
            3010);
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs"), 3010);
}

TEST_F(QueuedPostgres, RefusedRowsDoNotHoldUpTheOthers) {
  ASSERT_OK(load());
  log(1);
  ASSERT_TRUE(eventually_written(1));
  server().execute(
      "ALTER TABLE stogger_logs ADD CHECK ((data->>'seq')::int % 100 <> 50)");
  log(1000);
  EXPECT_OK(system().flush());
  EXPECT_EQ(stats().dropped, 10U);
  expect_balanced();
}

// A trigger may raise what a server says that is of no more use.
TEST_F(QueuedPostgres, RowsThatBlameTheServerDoNotHoldUpTheOthers) {
  ASSERT_OK(load());
  log(1);
  ASSERT_TRUE(eventually_written(1));
  server().execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF "
      "(NEW.data->>'seq')::int % 100 < 2 THEN RAISE EXCEPTION 'no' USING "
      "ERRCODE = CASE (NEW.data->>'seq')::int % 100 WHEN 0 THEN '57P01' ELSE "
      "'28000' END; END IF; RETURN NEW; END$$; CREATE TRIGGER refuse BEFORE "
      "INSERT ON stogger_logs FOR EACH ROW EXECUTE FUNCTION refuse()");
  log(1000);
  EXPECT_OK(system().flush(60));
  EXPECT_EQ(stats().dropped, 20U);
  EXPECT_FALSE(stats().failing);
  expect_balanced();
}

}  // namespace
}  // namespace stogger
