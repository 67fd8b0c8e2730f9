// Many rows at once, as batches of samples come: by COPY, or by unnest().
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

// The parameter: whether COPY is used.
class Batch : public PostgresTest, public ::testing::WithParamInterface<bool> {
 protected:
  void open(std::vector<Field> options = {}) {
    const std::string dsn = server().dsn();
    options.push_back({"dsn", dsn});
    options.push_back({"use_copy", GetParam()});
    sink_ = make_postgres(options);
    ASSERT_OK(sink_->open());
  }
  // Rows whose events are these.
  Status write(const std::vector<std::string>& events) {
    return write_to(*sink_, rows_of(events));
  }
  KeptReport said(const std::vector<std::string>& events) {
    return said_of(*sink_, rows_of(events));
  }
  static Rows rows_of(const std::vector<std::string>& events) {
    std::vector<TableRow> rows;
    for (const std::string& event : events) rows.push_back({.event = event});
    return table_rows(rows);
  }
  static std::vector<std::string> names(std::size_t count) {
    std::vector<std::string> events;
    for (std::size_t i = 0; i < count; ++i) {
      events.push_back("event-" + std::to_string(i));
    }
    return events;
  }
  Tally tally() const {
    Tally tally;
    EXPECT_TRUE(sink_->tally(&tally));
    return tally;
  }
  long long rows() {
    return server().number("SELECT count(*) FROM stogger_logs");
  }
  int errors() {
    const std::string log = server().log();
    int count = 0;
    for (std::size_t at = 0; (at = log.find("ERROR: ", at)) != log.npos; ++at) {
      ++count;
    }
    return count;
  }
  void refuse(const std::string& condition) {
    server().execute("ALTER TABLE stogger_logs ADD CHECK (NOT (" + condition +
                     "))");
  }

  SinkPtr sink_;
};

TEST_P(Batch, IsOneTransaction) {
  open();
  ASSERT_OK(write(names(1000)));
  EXPECT_EQ(rows(), 1000);
  EXPECT_EQ(tally().written, 1000u);
  // All rows have the transaction that made them in common.
  EXPECT_EQ(
      server().number("SELECT count(DISTINCT xmin::text) FROM stogger_logs"),
      1);
}

TEST_P(Batch, RowsThatAreRefusedDoNotTakeTheOthersWithThem) {
  open();
  refuse("event IN ('event-0', 'event-500', 'event-501', 'event-999')");
  std::vector<std::size_t> refused = said(names(1000)).refused_rows();
  std::sort(refused.begin(), refused.end());
  EXPECT_EQ(refused, (std::vector<std::size_t>{0, 500, 501, 999}));
  EXPECT_EQ(rows(), 996);
  EXPECT_EQ(tally().written, 996u);
  EXPECT_LE(errors(), 4 * 20);
  ASSERT_OK(write(names(0)));
  ASSERT_OK(write({"more", "rows"}));
  EXPECT_EQ(tally().written, 998u);
}

TEST_P(Batch, ManyRowsMayBeRefused) {
  open();
  refuse("substr(event, length(event)) = '7'");
  EXPECT_EQ(said(names(300)).refused.size(), 30u);
  EXPECT_EQ(rows(), 270);
  EXPECT_EQ(tally().written, 270u);
  EXPECT_LE(errors(), 30 * 20);
}

TEST_P(Batch, AllRowsMayBeRefused) {
  open();
  refuse("true");
  EXPECT_EQ(said(names(50)).refused.size(), 50u);
  EXPECT_EQ(rows(), 0);
}

TEST_P(Batch, ThatGetsNoAnswerIsInDoubtAndNotSentAgain) {
  open({{"batch_deadline_ms", 1000}});
  ASSERT_OK(write(names(100)));
  // The session is stopped when it has all rows, and has not committed.
  server().execute(
      "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "PERFORM pg_sleep(0.3); RETURN NULL; END$$;"
      "CREATE TRIGGER wait AFTER INSERT ON stogger_logs FOR EACH STATEMENT "
      "EXECUTE FUNCTION wait()");
  pid_t session = -1;
  std::thread stopper([&] {
    static_cast<void>(wait_until([&] {
      const std::vector<SqlRow> found = server().query(
          "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      if (found.empty()) return false;
      session = std::atoi(found[0][0].c_str());
      pause_process(session);
      return true;
    }));
  });
  const auto start = SteadyClock::now();
  KeptReport kept;
  EXPECT_EQ(sink_->write(rows_of(names(100)), kept).code(), Code::unavailable);
  EXPECT_EQ(kept.doubtful.size(), 100u);
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            1000 + in_milliseconds(kGrace + kNoise));
  stopper.join();
  static_cast<void>(sink_->close());
  ASSERT_NE(session, -1);
  resume_process(session);
  EXPECT_TRUE(wait_until([&] { return !process_runs(session); }));
  EXPECT_TRUE(wait_until([this] { return sink_->open().ok(); }));
  server().execute("DROP TRIGGER wait ON stogger_logs");
  ASSERT_OK(write(names(100)));
  EXPECT_EQ(tally().written, 200u);
  // The one in doubt is there once, or not at all.
  EXPECT_TRUE(rows() == 200 || rows() == 300) << rows();
}

TEST_P(Batch, ThatCannotEvenBeSentIsBounded) {
  open({{"batch_deadline_ms", 500}});
  server().pause();
  // More than all buffers on the way can hold.
  const std::string large = "{\"text\":\"" + std::string(200000, 'x') + "\"}";
  const Rows rows = table_rows(std::vector<TableRow>(20, {.data = large}));
  const auto start = SteadyClock::now();
  EXPECT_EQ(write_to(*sink_, rows).code(), Code::unavailable);
  EXPECT_LE(in_milliseconds(SteadyClock::now() - start),
            500 + in_milliseconds(kGrace + kNoise));
  EXPECT_EQ(tally().written, 0u);
  server().resume();
}

TEST_P(Batch, AConnectionThatIsDeadBeforeItIsReplaced) {
  open();
  ASSERT_OK(write(names(10)));
  for (const pid_t session : server().backends()) {
    server().execute("SELECT pg_terminate_backend(" + std::to_string(session) +
                     ", 5000)");
  }
  ASSERT_OK(write(names(10)));
  EXPECT_EQ(tally().written, 20u);
  EXPECT_EQ(rows(), 20);
}

TEST_P(Batch, AServerThatDiesMeanwhileLeavesItInDoubtOrUndone) {
  open();
  ASSERT_OK(write(names(10)));
  // The session ends itself in the middle of the batch.
  server().execute(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF "
      "NEW.event = 'event-5' THEN PERFORM "
      "pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END$$;"
      "CREATE TRIGGER die BEFORE INSERT ON stogger_logs FOR EACH ROW EXECUTE "
      "FUNCTION die()");
  EXPECT_EQ(write(names(10)).code(), Code::unavailable);
  EXPECT_EQ(tally().written, 10u);
  EXPECT_EQ(rows(), 10);
}

TEST_P(Batch, RowLevelSecurityIsNoObstacle) {
  open();
  ASSERT_OK(write({"one", "two"}));
  server().execute(
      "CREATE ROLE app LOGIN; GRANT ALL ON stogger_logs TO app; GRANT USAGE ON "
      "SEQUENCE stogger_logs_id_seq TO app; ALTER TABLE stogger_logs ENABLE "
      "ROW LEVEL SECURITY; CREATE POLICY p ON stogger_logs FOR INSERT TO app "
      "WITH CHECK (true); CREATE POLICY r ON stogger_logs FOR SELECT TO app "
      "USING (false)");
  const std::string dsn =
      "host=127.0.0.1 port=" + std::to_string(server().port()) +
      " user=app dbname=postgres";
  sink_ = make_postgres({{"dsn", dsn}, {"use_copy", GetParam()}});
  ASSERT_OK(sink_->open());
  ASSERT_OK(write({"three", "four"}));
  ASSERT_OK(write({"five", "six"}));
  EXPECT_EQ(rows(), 6);
}

INSTANTIATE_TEST_SUITE_P(Copy, Batch, ::testing::Values(true));
INSTANTIATE_TEST_SUITE_P(Unnest, Batch, ::testing::Values(false));

TEST_F(PostgresTest, BatchesGoThroughAPoolerToo) {
  SKIP_IF(PgBouncer::why_not());
  PgBouncer pooler(server());
  const std::string dsn = pooler.dsn();
  const SinkPtr sink = make_postgres({{"dsn", dsn}});
  ASSERT_OK(sink->open());
  const std::vector<TableRow> events(1000);
  for (int i = 0; i < 3; ++i) ASSERT_OK(write_to(*sink, table_rows(events)));
  EXPECT_EQ(server().number("SELECT count(*) FROM stogger_logs"), 3000);
}

}  // namespace
}  // namespace stogger
