// What the sink makes of a server that refuses rows, or takes them and does not
// store them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stogger/sample.h"
#include "tests/postgres/fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

constexpr char kTable[] =
    "CREATE TABLE stogger_logs (id BIGSERIAL PRIMARY KEY, timestamp "
    "TIMESTAMPTZ "
    "NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, scope "
    "TEXT, "
    "data JSONB NOT NULL DEFAULT '{}')";

// A way for the server to refuse the event `bad`, in all of its ways of being
// inserted.
struct Refusal {
  const char* name;
  const char* made;
  const char* sqlstate;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

std::string raising(const std::string& what) {
  return "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
         "IF NEW.event = 'bad' THEN " +
         what +
         " END IF; RETURN NEW; END$$; CREATE TRIGGER refuse BEFORE INSERT ON "
         "stogger_logs FOR EACH ROW EXECUTE FUNCTION refuse()";
}

class Refusals : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    // English is not what the sink goes by.
    server().execute(std::string(kTable) +
                     "; CREATE ROLE app LOGIN; GRANT ALL ON stogger_logs TO "
                     "app; GRANT ALL ON SEQUENCE stogger_logs_id_seq TO app");
    dsn_ = "host=127.0.0.1 port=" + std::to_string(server().port()) +
           " user=app dbname=postgres";
  }
  Status open(std::vector<Field> more = {}) {
    letters_ = folder_.file("dead.jsonl");
    more.push_back({"dsn", dsn_});
    more.push_back({"dead_letter", letters_});
    more.push_back({"start_wait_ms", 20000});
    if (more[0].key != "deadline_ms") more.push_back({"deadline_ms", 5000});
    return LoggedSystem::add(more);
  }
  void log_event(const char* event) { system().logger().info(event); }
  long long rows() {
    return server().number("SELECT count(*) FROM stogger_logs");
  }
  std::size_t letters() {
    if (!std::filesystem::exists(letters_)) return 0;
    const std::string text = read_file(letters_);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  pid_t session() {
    return static_cast<pid_t>(server().number(
        "SELECT max(pid) FROM pg_stat_activity WHERE usename = 'app'"));
  }

  TempFolder folder_;
  std::string letters_;
  std::string dsn_;
};

class RefusedRow : public Refusals,
                   public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusedRow, IsSetAsideAndTheOthersAreStored) {
  server().execute(GetParam().made);
  ASSERT_OK(open());
  const pid_t before = session();
  for (const char* event : {"a", "bad", "a", "a", "bad", "a"}) {
    log_event(event);
  }
  EXPECT_EQ(rows(), 4);
  EXPECT_EQ(stats().written, 4u);
  EXPECT_EQ(stats().dead_lettered, 2u);
  EXPECT_EQ(stats().dropped, 0u);
  EXPECT_FALSE(stats().failing);
  EXPECT_EQ(letters(), 2u);
  EXPECT_NE(read_file(letters_).find(GetParam().sqlstate), std::string::npos)
      << read_file(letters_);
  const std::string_view state = GetParam().sqlstate;
  if (state != "42P01" && state != "XX000" && state != "08006") {
    EXPECT_EQ(session(), before);
  }
}

TEST_P(RefusedRow, OfABatchIsSetAsideAndTheOthersAreStored) {
  server().execute(GetParam().made);
  for (const bool use_copy : {true, false}) {
    const SinkPtr sink = make_postgres(
        {{"dsn", dsn_}, {"use_copy", use_copy}, {"start_wait_ms", 20000}});
    ASSERT_OK(sink->open());
    std::vector<TableRow> batch(40, {.event = "a"});
    batch[7].event = "bad";
    batch[30].event = "bad";
    std::vector<std::size_t> refused =
        said_of(*sink, table_rows(batch)).refused_rows();
    std::sort(refused.begin(), refused.end());
    EXPECT_EQ(refused, (std::vector<std::size_t>{7, 30}));
    Tally tally;
    EXPECT_TRUE(sink->tally(&tally));
    EXPECT_EQ(tally.written, 38u);
    EXPECT_EQ(rows(), 38);
    EXPECT_OK(sink->close());
    server().execute("TRUNCATE stogger_logs");
  }
}

const std::string kUserDefined =
    raising("RAISE EXCEPTION 'no' USING ERRCODE = 'U0001';");
const std::string kRaised = raising("RAISE EXCEPTION 'no';");
const std::string kViewCheck =
    raising("RAISE EXCEPTION 'no' USING ERRCODE = '44000';");
const std::string kNoRights = raising("PERFORM pg_read_file('/etc/passwd');");
const std::string kNoTable = raising("PERFORM 1 FROM missing;");
const std::string kInternal =
    raising("RAISE EXCEPTION 'no' USING ERRCODE = 'XX000';");
const std::string kTooLarge =
    raising("RAISE EXCEPTION 'no' USING ERRCODE = '54011';");
const std::string kEncoding =
    raising("RAISE EXCEPTION 'no' USING ERRCODE = '22P05';");
const std::string kSlow = raising("PERFORM pg_sleep(10);");
std::string raising_state(const char* sqlstate) {
  return raising("RAISE EXCEPTION 'no' USING ERRCODE = '" +
                 std::string(sqlstate) + "';");
}
// The text of the error looks as if another row were meant.
const std::string kMisleading = raising(
    "RAISE EXCEPTION 'COPY stogger_logs, line 1' USING ERRCODE = 'U0002';");

INSTANTIATE_TEST_SUITE_P(
    For, RefusedRow,
    ::testing::Values(
        Refusal{"ACheck", "ALTER TABLE stogger_logs ADD CHECK (event <> 'bad')",
                "23514"},
        Refusal{"RowLevelSecurity",
                "ALTER TABLE stogger_logs ENABLE ROW LEVEL SECURITY; CREATE "
                "POLICY p ON stogger_logs WITH CHECK (event <> 'bad')",
                "42501"},
        Refusal{"AnSqlstateOfTheUsers", kUserDefined.c_str(), "U0001"},
        Refusal{"ARaisedException", kRaised.c_str(), "P0001"},
        Refusal{"ACheckOption", kViewCheck.c_str(), "44000"},
        Refusal{"RightsOfATrigger", kNoRights.c_str(), "42501"},
        Refusal{"ATableOfATrigger", kNoTable.c_str(), "42P01"},
        Refusal{"AnInternalError", kInternal.c_str(), "XX000"},
        Refusal{"ALimit", kTooLarge.c_str(), "54011"},
        Refusal{"AnEncoding", kEncoding.c_str(), "22P05"},
        Refusal{"AMisleadingText", kMisleading.c_str(), "U0002"}),
    [](const auto& way) { return std::string(way.param.name); });

// What a server says when it, or the session, is of no more use; but here the
// session works on.
class BlamedTarget : public Refusals,
                     public ::testing::WithParamInterface<const char*> {
 protected:
  static std::vector<TableRow> batch_of(std::string_view events) {
    std::vector<TableRow> batch;
    for (const char event : events) {
      batch.push_back({.event = event == 'b' ? "bad" : "a"});
    }
    return batch;
  }
};

TEST_P(BlamedTarget, ARowAloneIsSetAside) {
  server().execute(raising_state(GetParam()));
  ASSERT_OK(open());
  for (const char* event : {"a", "bad", "a", "bad", "bad", "a"}) {
    log_event(event);
  }
  EXPECT_EQ(stats().written, 3u) << reports();
  EXPECT_EQ(stats().dead_lettered, 3u);
  EXPECT_FALSE(stats().failing);
  EXPECT_EQ(letters(), 3u);
}

TEST_P(BlamedTarget, RowsOfABatchAreRefusedIfOthersAreTaken) {
  server().execute(raising_state(GetParam()));
  for (const bool use_copy : {true, false}) {
    for (const bool has_origin : {false, true}) {
      const SinkPtr sink = make_postgres(
          {{"dsn", dsn_}, {"use_copy", use_copy}, {"start_wait_ms", 20000}});
      ASSERT_OK(sink->open());
      Rows rows = table_rows(batch_of("bbabaab"));
      if (has_origin) {
        rows.from(use_copy ? 1 : 2, {101, 102, 103, 104, 105, 106, 107});
      }
      std::vector<std::size_t> refused = said_of(*sink, rows).refused_rows();
      std::sort(refused.begin(), refused.end());
      EXPECT_EQ(refused, (std::vector<std::size_t>{0, 1, 3, 6}));
      EXPECT_EQ(this->rows(), 3);
      EXPECT_OK(sink->close());
      server().execute("TRUNCATE stogger_logs");
    }
  }
}

TEST_P(BlamedTarget, NoRowOfABatchIsRefusedIfNoneIsTaken) {
  server().execute(raising_state(GetParam()));
  const SinkPtr sink = make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
  ASSERT_OK(sink->open());
  for (const std::size_t count : {2u, 300u}) {
    KeptReport said;
    EXPECT_FALSE(
        sink->write(table_rows(batch_of(std::string(count, 'b'))), said).ok());
    EXPECT_TRUE(said.is_empty()) << said.text();
    static_cast<void>(sink->close());
    ASSERT_OK(sink->open());
  }
  EXPECT_OK(write_to(*sink, table_rows(batch_of("aa"))));
}

INSTANTIATE_TEST_SUITE_P(Refusals, BlamedTarget,
                         ::testing::Values("28000", "08006", "57P01", "53400",
                                           "25006", "25P02", "26000", "42P05",
                                           "3D000"));

// That is no row's fault, and the session works on.
TEST_F(Refusals, AServerThatBecomesReadOnlyRefusesNoRow) {
  const SinkPtr one = make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
  const SinkPtr some = make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
  ASSERT_OK(one->open());
  ASSERT_OK(some->open());
  server().set("default_transaction_read_only", "on");
  for (const auto& [sink, count] :
       {std::pair(one.get(), 1u), std::pair(some.get(), 3u)}) {
    // The session hears of it a little later.
    KeptReport said;
    EXPECT_TRUE(eventually([&, to = sink, rows = count] {
      return !to->write(table_rows(std::vector<TableRow>(rows)), said).ok();
    }));
    EXPECT_TRUE(said.is_empty()) << said.text();
  }
}

TEST_F(Refusals, AServerWithoutRoomRefusesNoRow) {
  server().execute(raising_state("53100"));
  const SinkPtr sink = make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
  ASSERT_OK(sink->open());
  KeptReport said;
  EXPECT_FALSE(sink->write(table_rows({{.event = "bad"}, {}}), said).ok());
  EXPECT_TRUE(said.is_empty()) << said.text();
}

TEST_F(Refusals, ARowThatTakesTooLongIsSetAside) {
  server().execute(kSlow);
  ASSERT_OK(open());
  for (const char* event : {"a", "bad", "a", "a"}) log_event(event);
  EXPECT_EQ(stats().written, 3u);
  EXPECT_EQ(stats().dead_lettered, 1u);
  EXPECT_FALSE(stats().failing);
}

// Such as one whose keys fill an index.
TEST_F(Refusals, LargeRowsThatTakeTooLongLeaveTheTableToOthers) {
  server().execute(kSlow);
  ASSERT_OK(open({{"deadline_ms", 2000}, {"statement_timeout_ms", 300}}));
  const std::string text(100'000, 'x');
  for (int i = 0; i < 4; ++i) system().logger().info("bad", {{"text", text}});
  EXPECT_EQ(stats().dead_lettered, 4u) << reports();
  EXPECT_FALSE(stats().failing) << reports();
  log_event("bad");
  EXPECT_FALSE(stats().failing) << "one small row proves nothing";
  log_event("a");
  EXPECT_EQ(stats().written, 1u) << reports();
}

TEST_F(Refusals, ATableThatIsTooSlowForAnyRowIsLeftInPeace) {
  server().execute(kSlow);
  ASSERT_OK(open({{"deadline_ms", 2000}, {"statement_timeout_ms", 300}}));
  for (int i = 0; i < 2; ++i) log_event("bad");
  EXPECT_TRUE(stats().failing) << reports();
  expect_quick(200);
  EXPECT_EQ(stats().dead_lettered, 2u);
}

TEST_F(Refusals, ATableThatIsTooSlowForTenLargeRowsIsLeftInPeace) {
  server().execute(kSlow);
  ASSERT_OK(open({{"deadline_ms", 2000}, {"statement_timeout_ms", 300}}));
  const std::string text(100'000, 'x');
  for (int i = 0; i < 10; ++i) system().logger().info("bad", {{"text", text}});
  EXPECT_TRUE(stats().failing) << reports();
  EXPECT_EQ(stats().dead_lettered, 10u);
}

TEST_F(Refusals, WaitingForALockIsNoFaultOfALargeRow) {
  ASSERT_OK(open({{"deadline_ms", 2000}, {"statement_timeout_ms", 600}}));
  PostgresClient other(server().dsn());
  other.execute("BEGIN; LOCK TABLE stogger_logs IN ACCESS EXCLUSIVE MODE");
  const std::string text(100'000, 'x');
  for (int i = 0; i < 2; ++i) system().logger().info("e", {{"text", text}});
  EXPECT_TRUE(stats().failing) << reports();
  other.execute("COMMIT");
}

TEST_F(Refusals, ManyNumbersInOneValueAreStoredAsText) {
  server().execute("CREATE INDEX ON stogger_logs USING GIN (data)");
  ASSERT_OK(open());
  std::string body = "[";
  for (int i = 1; i < 80'000; ++i) {
    body += (i == 1 ? "" : ",") + std::to_string(i) + "e-307";
  }
  body += "]";
  system().logger().info("e", {{"n", 7}, {"body", Json{body}}});
  EXPECT_EQ(stats().written, 1u) << reports();
  EXPECT_EQ(server().query("SELECT data->'n', jsonb_typeof(data->'body'), "
                           "data->>'body' FROM stogger_logs"),
            (std::vector<SqlRow>{{"7", "string", body}}));
}

TEST_F(Refusals, ATableThatTakesNothingIsLeftInPeaceAfterAWhile) {
  ASSERT_OK(open());
  log(3);
  server().execute(
      "ALTER TABLE stogger_logs ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON "
      "stogger_logs WITH CHECK (false)");
  log(12);
  EXPECT_TRUE(stats().failing) << reports();
  EXPECT_EQ(stats().dead_lettered, 10u);
  expect_quick(200);
  server().execute(
      "DROP POLICY p ON stogger_logs; CREATE POLICY p ON "
      "stogger_logs WITH CHECK (true)");
  EXPECT_TRUE(recovers()) << reports();
  EXPECT_TRUE(is_balanced(stats()));
}

TEST_F(Refusals, RightsThatAreMissingAreNoFaultOfTheRow) {
  ASSERT_OK(open());
  log(1);
  server().execute("REVOKE INSERT ON stogger_logs FROM app");
  log(1);
  EXPECT_TRUE(stats().failing);
  EXPECT_EQ(letters(), 0u);
  EXPECT_NE(reports().find("GRANT INSERT"), std::string::npos) << reports();
}

TEST_F(Refusals, AConflictIsTriedAgainUntilItIsOver) {
  // Fails twice for each event. A sequence is not rolled back.
  server().execute(
      "CREATE SEQUENCE tries; GRANT ALL ON SEQUENCE tries TO app; CREATE "
      "FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF "
      "nextval('tries') % 7 <> 0 THEN RAISE EXCEPTION 'no' USING ERRCODE = "
      "'40001'; END IF; RETURN NEW; END$$; CREATE TRIGGER conflict BEFORE "
      "INSERT ON stogger_logs FOR EACH ROW EXECUTE FUNCTION conflict()");
  ASSERT_OK(open({{"deadline_ms", 2000}}));
  log(10);
  EXPECT_EQ(stats().written, 10u) << reports();
  EXPECT_EQ(rows(), 10);
}

// Whatever is tried again, and how often.
class Conflicts : public Refusals,
                  public ::testing::WithParamInterface<const char*> {
 protected:
  std::string always() const {
    return raising("RAISE EXCEPTION 'no' USING ERRCODE = '" +
                   std::string(GetParam()) + "';");
  }
};

TEST_P(Conflicts, ARowThatAlwaysHasOneIsSetAsideAlone) {
  server().execute(always());
  ASSERT_OK(open({{"deadline_ms", 1000}}));
  const pid_t before = session();
  for (const char* event : {"a", "bad", "a", "bad", "a"}) log_event(event);
  EXPECT_EQ(stats().written, 3u) << reports();
  EXPECT_EQ(stats().dead_lettered, 2u);
  EXPECT_FALSE(stats().failing);
  EXPECT_EQ(rows(), 3);
  EXPECT_EQ(session(), before);
}

TEST_P(Conflicts, OfABatchARowThatAlwaysHasOneIsRefusedAlone) {
  server().execute(always());
  for (const bool use_copy : {true, false}) {
    const SinkPtr sink = make_postgres({{"dsn", dsn_},
                                        {"use_copy", use_copy},
                                        {"batch_deadline_ms", 60000},
                                        {"start_wait_ms", 20000}});
    ASSERT_OK(sink->open());
    std::vector<TableRow> batch(1000, {.event = "a"});
    batch[7].event = "bad";
    batch[300].event = "bad";
    const auto start = SteadyClock::now();
    std::vector<std::size_t> refused =
        said_of(*sink, table_rows(batch)).refused_rows();
    EXPECT_LT(SteadyClock::now() - start, std::chrono::seconds(20));
    std::sort(refused.begin(), refused.end());
    EXPECT_EQ(refused, (std::vector<std::size_t>{7, 300}));
    EXPECT_EQ(rows(), 998);
    EXPECT_OK(sink->close());
    server().execute("TRUNCATE stogger_logs");
  }
}

INSTANTIATE_TEST_SUITE_P(Refusals, Conflicts,
                         ::testing::Values("40001", "40P01"));

// ---- Locks

// Two programs whose triggers update the same two rows, one after the other,
// in the order that the event says.
class Deadlocks : public Refusals {
 protected:
  void SetUp() override {
    Refusals::SetUp();
    if (IsSkipped()) return;
    server().execute(
        "CREATE TABLE counts (k text PRIMARY KEY, n int); INSERT INTO counts "
        "VALUES ('a', 0), ('b', 0); GRANT ALL ON counts TO app; CREATE "
        "FUNCTION count_event() RETURNS trigger LANGUAGE plpgsql AS $$DECLARE "
        "other "
        "text := CASE NEW.event WHEN 'a' THEN 'b' ELSE 'a' END; BEGIN UPDATE "
        "counts SET n = n + 1 WHERE k = NEW.event; PERFORM pg_sleep(0.005); "
        "UPDATE counts SET n = n + 1 WHERE k = other; RETURN NEW; END$$; "
        "CREATE TRIGGER count BEFORE INSERT ON stogger_logs FOR EACH ROW "
        "EXECUTE FUNCTION count_event()");
  }
};

TEST_F(Deadlocks, OfSingleRowsAreOverBeforeTheServerLooksForThem) {
  constexpr std::uint64_t kEvents = 60;
  LoggedSystem one;
  LoggedSystem two;
  for (LoggedSystem* const program : {&one, &two}) {
    ASSERT_OK(program->add(
        {{"dsn", dsn_}, {"deadline_ms", 10000}, {"start_wait_ms", 20000}}));
  }
  const auto log_all = [](LoggedSystem& program, const char* event) {
    const Logger log = program.system().logger();
    for (std::uint64_t i = 0; i < kEvents; ++i) log.info(event);
  };
  std::thread other([&] { log_all(two, "b"); });
  log_all(one, "a");
  other.join();
  const std::uint64_t written = one.stats().written + two.stats().written;
  EXPECT_EQ(written, kEvents * 2) << reports();
  EXPECT_EQ(written, static_cast<std::uint64_t>(rows()));
  EXPECT_EQ(server().number("SELECT min(n) FROM counts"), rows());
}

TEST_F(Deadlocks, OfBatchesLoseNoRow) {
  constexpr std::size_t kBatches = 5;
  std::vector<std::thread> programs;
  for (const char* event : {"a", "b"}) {
    programs.emplace_back([this, event] {
      const SinkPtr sink =
          make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
      ASSERT_OK(sink->open());
      for (std::size_t i = 0; i < kBatches; ++i) {
        EXPECT_OK(write_to(
            *sink, table_rows(std::vector<TableRow>(10, {.event = event}))));
      }
    });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_EQ(rows(), 100);
}

// None of its rows is refused, and none is in doubt.
TEST_F(Refusals, ABatchThatWaitsForALockIsToBeHandedOverAgain) {
  for (const bool use_copy : {true, false}) {
    const SinkPtr sink = make_postgres({{"dsn", dsn_},
                                        {"use_copy", use_copy},
                                        {"batch_deadline_ms", 4000},
                                        {"start_wait_ms", 20000}});
    ASSERT_OK(sink->open());
    PostgresClient other(server().dsn());
    other.execute("BEGIN; LOCK TABLE stogger_logs IN ACCESS EXCLUSIVE MODE");
    KeptReport said;
    EXPECT_FALSE(sink->write(table_rows(std::vector<TableRow>(20)), said).ok());
    EXPECT_TRUE(said.is_empty()) << said.text();
    other.execute("COMMIT");
    EXPECT_EQ(rows(), 0);
  }
}

// ---- Rows that are taken and not stored

TEST_F(Refusals, RowsThatATriggerDropsAreCountedAsDroppedAndReportedOnce) {
  ASSERT_OK(open());
  log_event("a");
  server().execute(raising("RETURN NULL;"));
  const pid_t before = session();
  for (int i = 0; i < 20; ++i) log_event("bad");
  EXPECT_EQ(stats().dropped, 20u);
  EXPECT_EQ(stats().written, 1u);
  EXPECT_FALSE(stats().failing);
  EXPECT_EQ(diagnostics_.lines().size(), 1u) << reports();
  EXPECT_NE(reports().find("a trigger or a rule"), std::string::npos);
  log_event("a");
  log_event("bad");
  EXPECT_EQ(diagnostics_.lines().size(), 2u) << reports();
  EXPECT_EQ(stats().written, 2u);
  EXPECT_EQ(stats().written, static_cast<std::uint64_t>(rows()));
  EXPECT_EQ(session(), before);
  EXPECT_EQ(letters(), 0u);
}

TEST_F(Refusals, RowsThatATriggerDropsOutOfABatchAreCountedAsDropped) {
  server().execute(raising("RETURN NULL;"));
  for (const bool use_copy : {true, false}) {
    const SinkPtr sink = make_postgres(
        {{"dsn", dsn_}, {"use_copy", use_copy}, {"start_wait_ms", 20000}});
    ASSERT_OK(sink->open());
    std::vector<TableRow> batch(10, {.event = "a"});
    batch[3].event = "bad";
    const KeptReport said = said_of(*sink, table_rows(batch));
    EXPECT_EQ(said.notices.size(), 1u) << said.text();
    Tally tally;
    EXPECT_TRUE(sink->tally(&tally));
    EXPECT_EQ(tally.written, 9u);
    EXPECT_EQ(rows(), 9);
    server().execute("TRUNCATE stogger_logs");
  }
}

TEST_F(Refusals, RowsThatARulePutsNowhereAreCountedAsDropped) {
  server().execute(
      "CREATE RULE r AS ON INSERT TO stogger_logs DO INSTEAD NOTHING");
  ASSERT_OK(open());
  log(2);
  EXPECT_EQ(stats().dropped, 2u) << reports();
  EXPECT_EQ(rows(), 0);
}

TEST_F(Refusals, AViewOverATableWithASerialIdTakesEvents) {
  server().execute(
      "ALTER TABLE stogger_logs RENAME TO base; ALTER TABLE base ADD COLUMN at "
      "timestamptz NOT NULL DEFAULT now(); CREATE VIEW stogger_logs AS SELECT "
      "*, upper(event) AS shout FROM base; GRANT ALL ON stogger_logs TO app");
  ASSERT_OK(open());
  log(2);
  system().logger().info("e", {{"shout", "no"}, {"seq", 2}});
  EXPECT_EQ(stats().written, 3u) << reports();
  EXPECT_EQ(server().number("SELECT count(DISTINCT id) FROM base WHERE at "
                            "IS NOT NULL"),
            3);
  const SinkPtr sink = make_postgres({{"dsn", dsn_}, {"start_wait_ms", 20000}});
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows(std::vector<TableRow>(5))));
  EXPECT_EQ(rows(), 8);
}

TEST_F(Refusals, DefaultsAreTheServersForEachSetOfColumns) {
  server().execute(
      "ALTER TABLE stogger_logs ADD COLUMN a int DEFAULT 7, ADD COLUMN b text "
      "NOT NULL DEFAULT 'x', ADD COLUMN c int");
  ASSERT_OK(open());
  const Logger log = system().logger();
  log.info("none");
  log.info("a", {{"a", 1}});
  log.info("b", {{"b", "y"}});
  log.info("c", {{"c", 1}});
  log.info("all", {{"a", 2}, {"b", "z"}, {"c", 3}});
  log.info("unfit", {{"a", "no number"}});
  EXPECT_EQ(stats().written, 6u) << reports();
  EXPECT_EQ(server().query("SELECT a, b, c FROM stogger_logs ORDER BY id"),
            (std::vector<SqlRow>{{"7", "x", "(null)"},
                                 {"1", "x", "(null)"},
                                 {"7", "y", "(null)"},
                                 {"7", "x", "1"},
                                 {"2", "z", "3"},
                                 {"7", "x", "(null)"}}));
}

TEST_F(Refusals, MoreSetsOfColumnsThanAreKeptAreWrittenToo) {
  std::string columns;
  for (int i = 0; i < 6; ++i) {
    columns += std::string(i == 0 ? "" : ", ") + "ADD COLUMN c" +
               std::to_string(i) + " int DEFAULT 0";
  }
  server().execute("ALTER TABLE stogger_logs " + columns);
  ASSERT_OK(open());
  const std::string_view names[] = {"c0", "c1", "c2", "c3", "c4", "c5"};
  for (int round = 0; round < 2; ++round) {
    for (unsigned set = 0; set < 64; ++set) {
      std::vector<Field> fields;
      for (unsigned i = 0; i < 6; ++i) {
        if ((set >> i & 1) != 0) fields.push_back({names[i], 1});
      }
      system().logger().info("e", fields);
    }
  }
  EXPECT_EQ(stats().written, 128u) << reports();
  EXPECT_EQ(server().number("SELECT count(DISTINCT (c0, c1, c2, c3, c4, c5)) "
                            "FROM stogger_logs"),
            64);
}

// ---- Samples

TEST_F(Refusals, OfSamplesEachReportIsMade) {
  server().execute(
      "CREATE TABLE samples (device text, n smallint, k int CHECK (k < 5)); "
      "GRANT ALL ON samples TO app");
  SinkPtr sink;
  ASSERT_OK(make_sample_sink("postgres", {{"dsn", dsn_}}, &sink));
  const Field good[] = {{"n", 1}, {"k", 1}};
  const Field unfit[] = {{"n", 70000}, {"k", 1}};
  const Field bad[] = {{"n", 1}, {"k", 9}};
  const std::vector<Sample> samples = {{.device = "d", .fields = good},
                                       {.device = "d", .fields = unfit},
                                       {.device = "d", .fields = bad}};
  PipeSummary summary;
  const Status status = pipe(samples, *sink, {}, &summary);
  EXPECT_FALSE(status.ok());
  const std::string said = std::string(status.message()) + reports();
  EXPECT_NE(said.find("samples_k_check"), std::string::npos) << said;
  EXPECT_NE(said.find("\"n\""), std::string::npos) << said;
  EXPECT_EQ(summary.samples_lost, 1u);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 2);
}

TEST_F(Refusals, OfSamplesOnlyTheOneThatATriggerRefusesIsLost) {
  server().execute(
      "CREATE TABLE samples (device text, n int); GRANT ALL ON samples TO app; "
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF "
      "NEW.n "
      "= 9 THEN RAISE EXCEPTION 'no' USING ERRCODE = 'U0001'; END IF; RETURN "
      "NEW; END$$; CREATE TRIGGER f BEFORE INSERT ON samples FOR EACH ROW "
      "EXECUTE FUNCTION f()");
  SinkPtr sink;
  ASSERT_OK(make_sample_sink("postgres", {{"dsn", dsn_}}, &sink));
  const Field good[] = {{"n", 1}};
  const Field bad[] = {{"n", 9}};
  const std::vector<Sample> samples = {{.device = "d", .fields = good},
                                       {.device = "d", .fields = bad},
                                       {.device = "d", .fields = good}};
  PipeSummary summary;
  EXPECT_EQ(pipe(samples, *sink, {}, &summary).code(), Code::rejected);
  EXPECT_EQ(summary.samples_lost, 1u);
  EXPECT_EQ(server().number("SELECT count(*) FROM samples"), 2);
}

}  // namespace
}  // namespace stogger
