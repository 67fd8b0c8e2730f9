// A server that does not keep to the protocol, or uses it against the sink.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sinks/postgres/introspection.h"
#include "tests/postgres/fake_server.h"
#include "tests/postgres/fixture.h"
#include "tests/postgres/frames.h"
#include "tests/support/kept_report.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;
using namespace frames;

// What a real server answers to a sink, turn by turn.
struct Recording {
  std::vector<std::string> turns;
  int insert = 0;  // turns: of one row
  int copy = 0;    // of several, up to where their data are wanted
  int copied = 0;
};

const Recording& recording() {
  static const Recording recorded = [] {
    const PostgresServer server;
    server.execute("CREATE TYPE mood AS ENUM ('fine', 'bad')");
    const std::string dsn = server.socket_dsn();
    EXPECT_OK(make_postgres({{"dsn", dsn}, {"start_wait_ms", 30000}})->open());
    server.execute("ALTER TABLE stogger_logs ADD mood mood");
    Recorder recorder(server.socket_folder(), server.port());
    {
      const SinkPtr sink =
          make_postgres({{"dsn", recorder.dsn()}, {"start_wait_ms", 30000}});
      EXPECT_OK(sink->open());
      EXPECT_OK(write_to(*sink, table_rows({{}})));
      EXPECT_OK(write_to(*sink, table_rows({{}, {}, {}})));
    }
    Recording result;
    result.turns = recorder.turns();
    result.copied = static_cast<int>(result.turns.size()) - 1;
    result.copy = result.copied - 1;
    result.insert = result.copied - 2;
    return result;
  }();
  return recorded;
}

// Seeds for the fuzzer of the protocol: run it by hand when the statements
// change, with STOGGER_SEEDS set to the folder of its corpus.
TEST(Protocol, DISABLED_WritesSeeds) {
  SKIP_IF(PostgresServer::why_not());
  const char* const folder = std::getenv("STOGGER_SEEDS");
  ASSERT_NE(folder, nullptr);
  const Recording& recorded = recording();
  std::string session;
  for (int i = 0; i < recorded.insert; ++i) {
    session += recorded.turns[static_cast<std::size_t>(i)];
  }
  const std::string insert =
      recorded.turns[static_cast<std::size_t>(recorded.insert)];
  const std::string copy =
      recorded.turns[static_cast<std::size_t>(recorded.copy)] +
      recorded.turns[static_cast<std::size_t>(recorded.copied)];
  const std::string pipeline = frame('2') + columns(1) + row({"x"}) +
                               complete("SELECT 1") + frame('1') + frame('2') +
                               frame('n') + complete("INSERT 0 1") + ready();
  const std::string path = folder;
  const auto seed = [&](const char* name, int flags, const std::string& more) {
    write_file(path + "/" + name,
               std::string{static_cast<char>(flags), '\0'} + session + more);
  };
  seed("insert", 0, insert + insert);
  seed("pipeline", 1 + 8, frame('1') + pipeline + frame('1') + pipeline);
  seed("copy", 2 + 16, copy + copy);
  seed("refused", 0, error("23505", "duplicate key") + ready() + insert);
}

// ---- Hostile servers.

struct Evil {
  std::string name;
  std::string bytes;
};

const std::vector<Evil>& evils() {
  static const std::vector<Evil> all = [] {
    std::vector<Evil> list = {
        {"nothing", ""},
        {"no type", frame('\0')},
        {"CopyIn", copy_in()},
        {"CopyOut", copy_out()},
        {"CopyBoth", copy_both()},
        {"CopyIn with columns", frame('G', '\1' + int16(2) + int16(1))},
        {"CopyOut, data, end",
         copy_out() + frame('d', "x") + frame('c') + complete("COPY 1")},
        {"an empty query", frame('I')},
        {"a suspended portal", frame('s')},
        {"no data", frame('n')},
        {"parse complete", frame('1')},
        {"bind complete", frame('2')},
        {"close complete", frame('3')},
        {"a description of parameters", frame('t', int16(0))},
        {"a function's result", frame('V', int32(0))},
        {"a protocol version", frame('v', int32(0) + int32(0))},
        {"an authentication request", authentication(3)},
        {"authentication that is done", authentication_ok()},
        {"a request to go on", authentication(11, "r=x,s=eA==,i=4096")},
        {"a request for SASL", authentication(10, std::string(2, '\0'))},
        {"an unknown authentication", authentication(99)},
        {"a short key", frame('K', int16(1))},
        {"a long key", frame('K', std::string(1000, 'k'))},
        {"a parameter without an end", frame('S', "abc")},
        {"an encoding that is none", parameter("client_encoding", "none")},
        {"the end of a command", complete("INSERT 0 1")},
        {"the end of a select", complete("SELECT 0")},
        {"a tag that is none", complete(std::string(500, '9'))},
        {"an error", error("23505", "no")},
        {"an error without a state", error("", "no")},
        {"an error without fields", frame('E', std::string(1, '\0'))},
        {"an error without an end", frame('E', "Mabc")},
        {"a fatal error", error("57P01", "going")},
        {"a notice", notice("hear")},
        {"a notification", notification("hear")},
        {"no columns", columns(0)},
        {"a column", columns(1)},
        {"columns without rows", columns(8) + complete("SELECT 0")},
        {"rows without columns", row({"t"})},
        {"fewer cells than columns", columns(2) + row({"t"})},
        {"nulls", columns(1) + row({std::nullopt}) + complete("SELECT 1")},
        {"eight nulls", columns(8) + row(std::vector<Cell>(8, std::nullopt)) +
                            complete("SELECT 1")},
        {"four nulls", columns(4) + row(std::vector<Cell>(4, std::nullopt)) +
                           complete("SELECT 1")},
        {"eight texts", columns(8) + row(std::vector<Cell>(8, "\xFF x")) +
                            complete("SELECT 1")},
        {"a cell of a negative size",
         columns(1) + frame('D', int16(1) + int32(0xFFFFFFFE))},
        {"a cell that is longer than its row",
         columns(1) + frame('D', int16(1) + int32(1000) + "x")},
        {"a negative number of columns", frame('T', int16(0xFFFF))},
        {"70,000 bytes of columns", columns(3500)},
        {"ready", ready()},
        {"ready in a state that is none", ready('?')},
        {"text", "HTTP/1.1 400 Bad Request\r\n\r\n"},
    };
    for (const char type : std::string("RSKZTDCENAGHW12x")) {
      for (const std::uint32_t length :
           {0u, 3u, 4u, 30000u, 0x3FFFFFFFu, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        list.push_back({std::string("a length of ") + std::to_string(length) +
                            " for " + type,
                        frame_of_length(type, length)});
      }
    }
    return list;
  }();
  return all;
}

class Hostile : public PostgresTest {
 protected:
  static constexpr milliseconds kStartWait{150};
  // Many threads take part, on a machine that has other things to do.
  static constexpr milliseconds kBusy = kNoise * 3;
  // The connector is waited for, once.
  static constexpr milliseconds kStopWait{250};

  // Before a connection waits for an answer of it.
  void SetUp() override {
    PostgresTest::SetUp();
    // The fuzzer of the protocol sends such messages under sanitizers.
    if (kSanitized) {
      GTEST_SKIP() << "calls are timed here, and sanitizers make them slow";
    }
    if (!IsSkipped()) recording();
  }

  static Play right(int turn) {
    const Recording& recorded = recording();
    // After the first row, each turn is another one.
    if (turn > recorded.copied) turn = recorded.insert;
    return {.bytes = recorded.turns[static_cast<std::size_t>(turn)]};
  }
  static Play insert() { return right(recording().insert); }
  // All is right but the answer to one turn.
  static FakeServer::Script but(int number, const Play& play) {
    return [=](const Turn& turn) {
      return turn.number == number ? play : right_row(turn.number);
    };
  }
  // The same for rows that come one by one.
  static Play right_row(int turn) {
    return turn > recording().insert ? insert() : right(turn);
  }

  // Each by itself. Most of the time they wait, and so several do at once.
  static void for_each_evil(const std::function<void(const Evil& evil)>& call) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (;;) {
          const std::size_t mine = next++;
          if (mine >= evils().size()) return;
          SCOPED_TRACE(evils()[mine].name);
          call(evils()[mine]);
        }
      });
    }
  }

  // Logs a few events. No call takes longer than it may.
  static SinkStats log_against(const FakeServer& server, int events = 2) {
    auto logged = std::make_unique<LoggedSystem>();
    const std::string dsn = server.dsn();
    const auto start = std::chrono::steady_clock::now();
    static_cast<void>(logged->add({{"dsn", dsn},
                                   {"connect_timeout_ms", 60},
                                   {"start_wait_ms", kStartWait.count()}}));
    expect_time(start, kStartWait);
    return log_to(std::move(logged), events);
  }
  // The same with a server that is right until the first event comes.
  static SinkStats log_against_right_beginning(const FakeServer& server,
                                               int events = 2) {
    auto logged = std::make_unique<LoggedSystem>();
    const std::string dsn = server.dsn();
    EXPECT_OK(logged->add({{"dsn", dsn}}));
    return log_to(std::move(logged), events);
  }
  static SinkStats log_to(std::unique_ptr<LoggedSystem> logged, int events) {
    for (int i = 0; i < events; ++i) {
      EXPECT_LE(in_milliseconds(logged->log_one()),
                in_milliseconds(kDeadline + kGrace + kBusy));
    }
    SinkStats stats = logged->stats();
    stats.name = stats.type = {};  // views of what ends now
    logged->expect_balanced(stats.written, stats.written);
    const auto end = std::chrono::steady_clock::now();
    logged.reset();
    expect_time(end, kStopWait);
    return stats;
  }
  // The same with a batch, which goes by COPY.
  static void copy_against(const FakeServer& server) {
    constexpr milliseconds kBatchDeadline{300};
    const std::string dsn = server.dsn();
    SinkPtr sink = make_postgres({{"dsn", dsn},
                                  {"connect_timeout_ms", 60},
                                  {"batch_deadline_ms", kBatchDeadline.count()},
                                  {"start_wait_ms", kStartWait.count()}});
    if (!sink->open().ok()) return;
    const auto start = std::chrono::steady_clock::now();
    KeptReport kept;
    static_cast<void>(sink->write(table_rows({{}, {}, {}}), kept));
    expect_time(start, kBatchDeadline);
    Tally tally;
    ASSERT_TRUE(sink->tally(&tally));
    EXPECT_LE(tally.written + kept.doubtful.size(), 3u);
    const auto end = std::chrono::steady_clock::now();
    sink.reset();
    expect_time(end, kStopWait);
  }
  static void expect_time(std::chrono::steady_clock::time_point since,
                          milliseconds most) {
    EXPECT_LE(in_milliseconds(std::chrono::steady_clock::now() - since),
              in_milliseconds(most + kGrace + kBusy));
  }
};

// What the evil message comes with.
enum class With { silence, ready, right_answer, end };

class HostileMessage : public Hostile,
                       public ::testing::WithParamInterface<With> {
 protected:
  static Play play(const Evil& evil, int turn) {
    switch (GetParam()) {
      case With::silence:
        return {.bytes = evil.bytes};
      case With::ready:
        return {.bytes = evil.bytes + ready()};
      case With::right_answer:
        return {.bytes = evil.bytes + right(turn).bytes};
      default:
        return {.bytes = evil.bytes, .closes = true};
    }
  }
};

TEST_P(HostileMessage, WhileTheTableIsLookedAt) {
  for (int turn = 0; turn < recording().insert; ++turn) {
    for_each_evil([&](const Evil& evil) {
      SCOPED_TRACE("turn " + std::to_string(turn));
      log_against(FakeServer(but(turn, play(evil, turn))), 1);
    });
  }
}

TEST_P(HostileMessage, InAnswerToARow) {
  for_each_evil([&](const Evil& evil) {
    log_against(
        FakeServer(but(recording().insert, play(evil, recording().insert))));
  });
}

TEST_P(HostileMessage, InAnswerToACopy) {
  const Recording& recorded = recording();
  // Without a row before it.
  const auto moved = [&](int turn) {
    return turn < recorded.insert ? right(turn) : right(turn + 1);
  };
  for (const int copy : {recorded.copy, recorded.copied}) {
    for_each_evil([&](const Evil& evil) {
      copy_against(FakeServer([&](const Turn& turn) {
        return turn.number == copy - 1 ? play(evil, copy) : moved(turn.number);
      }));
    });
  }
}

std::string name_of(const ::testing::TestParamInfo<With>& with) {
  constexpr std::string_view kNames[] = {"AndSilence", "AndReady",
                                         "AndTheRightAnswer", "AndTheEnd"};
  return std::string(kNames[static_cast<int>(with.param)]);
}

INSTANTIATE_TEST_SUITE_P(, HostileMessage,
                         ::testing::Values(With::silence, With::ready,
                                           With::right_answer, With::end),
                         name_of);

// ---- What has no end.

class Endless : public Hostile {
 protected:
  // What the kernel holds on both sides is counted, too.
  static constexpr std::size_t kMost = 3 * 1024 * 1024;

  static std::vector<Evil> streams() {
    const std::string text(1000, 'x');
    return {
        {"rows", columns(1) + row({text})},
        {"errors", error("23505", text)},
        {"notices", notice(text)},
        {"notifications", notification(text)},
        {"parameters", parameter("a", text)},
        {"ends of commands", complete("INSERT 0 1")},
        {"copies", copy_in()},
        {"descriptions", frame('t', int16(1) + int32(25))},
        {"a long row", columns(1) + frame_of_length('D', 0x3FFFFFFF)},
        {"a long notice", frame_of_length('N', 0x3FFFFFFF)},
        {"passwords", authentication(5, "salt")},
        {"ready", ready()},
        {"zeroes", std::string(1000, '\0')},
    };
  }
  void expect_little_taken(const FakeServer& server) {
    EXPECT_LE(server.most_taken(), kMost);
  }
  // Long messages have their header once.
  static Play play(const Evil& evil, const std::string& before = {}) {
    if (!evil.name.starts_with("a long")) {
      return {.bytes = before, .endless = evil.bytes};
    }
    return {.bytes = before + evil.bytes, .endless = std::string(1000, 'x')};
  }
};

TEST_F(Endless, WhileTheTableIsLookedAt) {
  for (int turn = 0; turn < recording().insert; ++turn) {
    for (const Evil& evil : streams()) {
      SCOPED_TRACE("turn " + std::to_string(turn) + ", " + evil.name);
      FakeServer server(but(turn, play(evil)));
      log_against(server, 1);
      expect_little_taken(server);
    }
  }
}

TEST_F(Endless, InAnswerToARow) {
  for (const Evil& evil : streams()) {
    SCOPED_TRACE(evil.name);
    FakeServer server(but(recording().insert, play(evil)));
    log_against(server);
    expect_little_taken(server);
  }
}

TEST_F(Endless, AfterTheAnswerToARow) {
  for (const Evil& evil : streams()) {
    SCOPED_TRACE(evil.name);
    FakeServer server(but(recording().insert, play(evil, insert().bytes)));
    log_against(server, 5);
    expect_little_taken(server);
  }
}

TEST_F(Hostile, MoreColumnsThanATableHasAreNoAnswer) {
  std::string rows = columns(kIntrospectionCells);
  for (int i = 0; i < 1601; ++i) {
    rows += row(std::vector<Cell>(kIntrospectionCells, "1"));
  }
  for (int turn = 0; turn < recording().insert; ++turn) {
    SCOPED_TRACE("turn " + std::to_string(turn));
    FakeServer server(
        but(turn, Play{.bytes = rows + complete("SELECT 1601") + ready()}));
    log_against(server, 1);
  }
}

// 64 KiB of them with each answer.
TEST_F(Endless, NotificationsAndParametersDoNotFillTheMemory) {
  std::string more;
  for (int i = 0; i < 32; ++i) {
    more += notification(std::string(1000, 'x'));
    more += parameter("p" + std::to_string(i), std::string(1000, 'x'));
  }
  FakeServer server([&](const Turn& turn) {
    Play play = right_row(turn.number);
    if (turn.number >= recording().insert) play.bytes = more + play.bytes;
    return play;
  });
  const std::string dsn = server.dsn();
  LoggedSystem logged;
  ASSERT_OK(logged.add({{"dsn", dsn}}));
  logged.log(600);
  // Each connection was replaced in time, and no event was lost by that.
  EXPECT_EQ(logged.stats().written, 600u);
  EXPECT_GE(server.connections(), 2);
  EXPECT_LE(server.most_taken(), 36u * 1024 * 1024);
}

// ---- Time.

TEST_F(Hostile, ServersThatStopAtAnyByteCostTheirEventOnly) {
  const std::string answer = insert().bytes;
  for (std::size_t size = 0; size < answer.size(); ++size) {
    SCOPED_TRACE(size);
    FakeServer server(but(recording().insert,
                          {.bytes = answer.substr(0, size), .closes = true}));
    const SinkStats stats = log_against_right_beginning(server);
    // Whether the row is stored is not known until the session is ready.
    EXPECT_GE(stats.in_doubt, 1u);
    EXPECT_EQ(stats.written, 0u);
  }
}

TEST_F(Hostile, ServersThatStopAtAnyByteOfTheBeginning) {
  for (int turn = 0; turn < recording().insert; ++turn) {
    const std::string answer = right(turn).bytes;
    for (std::size_t size = 0; size < answer.size(); size += 23) {
      SCOPED_TRACE(std::to_string(turn) + ", " + std::to_string(size));
      const SinkStats stats = log_against(FakeServer(
          but(turn, {.bytes = answer.substr(0, size), .closes = true})));
      EXPECT_EQ(stats.written, 0u);
    }
  }
}

TEST_F(Hostile, ByteByByteAllIsUnderstood) {
  FakeServer server([](const Turn& turn) {
    Play play = right_row(turn.number);
    play.piece = 1;
    return play;
  });
  const std::string dsn = server.dsn();
  LoggedSystem logged;
  ASSERT_OK(logged.add({{"dsn", dsn}}));
  logged.log(3);
  EXPECT_EQ(logged.stats().written, 3u);
}

TEST_F(Hostile, AnAnswerThatDripsIsWaitedForOnce) {
  FakeServer server([](const Turn& turn) {
    Play play = right_row(turn.number);
    if (turn.number == recording().insert) {
      play.piece = 1;
      play.pause = 30ms;
    }
    return play;
  });
  EXPECT_EQ(log_against_right_beginning(server, 1).in_doubt, 1u);
}

double cpu_seconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST_F(Hostile, TheConnectingThreadDoesNotSpin) {
  for (const std::string& bytes :
       {copy_in(), copy_out(), copy_both(), error("XX000", "no"), ready()}) {
    for (const int turn : {1, recording().insert - 1}) {
      FakeServer server(but(turn, {.bytes = bytes}));
      const std::string dsn = server.dsn();
      LoggedSystem logged;
      static_cast<void>(logged.add({{"dsn", dsn}, {"start_wait_ms", 0}}));
      const double before = cpu_seconds();
      std::this_thread::sleep_for(500ms);
      // A thread that spins would take half a second, and try hundreds of
      // times.
      EXPECT_LT(cpu_seconds() - before, kSanitized ? 0.4 : 0.2);
      EXPECT_LE(server.connections(), 20);
    }
  }
}

TEST_F(Hostile, SessionsThatEndAtOnceAreNotAskedForAllTheTime) {
  const int insert = recording().insert;
  Play ends = right(insert - 1);
  ends.closes = true;
  const FakeServer::Script scripts[] = {
      but(insert - 1, ends), but(insert, {.bytes = copy_in()}),
      but(insert, {.closes = true}), but(insert - 1, {.endless = ready()})};
  for (const FakeServer::Script& script : scripts) {
    FakeServer server(script);
    const std::string dsn = server.dsn();
    LoggedSystem logged;
    static_cast<void>(logged.add({{"dsn", dsn}, {"start_wait_ms", 0}}));
    const auto end = std::chrono::steady_clock::now() + 1s;
    while (std::chrono::steady_clock::now() < end) {
      EXPECT_LE(in_milliseconds(logged.log_one()),
                in_milliseconds(kDeadline + kGrace + kBusy));
      std::this_thread::sleep_for(1ms);
    }
    // Asking with every event would be hundreds.
    EXPECT_LE(server.connections(), 50);
    const SinkStats stats = logged.stats();
    logged.expect_balanced(stats.written, stats.written);
  }
}

// libpq would wait for room to answer in.
TEST_F(Hostile, AServerThatAsksAndNeverReadsIsLeft) {
  std::atomic<bool> is_right{false};
  FakeServer server([&](const Turn& turn) -> Play {
    if (is_right) return right_row(turn.number);
    return {.endless = authentication(5, "salt")};
  });
  const std::string dsn = server.dsn("password=secret-word");
  LoggedSystem logged;
  EXPECT_FALSE(logged.add({{"dsn", dsn}, {"connect_timeout_ms", 100}}).ok());
  is_right = true;
  EXPECT_TRUE(logged.recovers(10s)) << reports();
}

TEST_F(Hostile, LongTextsOfTheServerAreCut) {
  const std::string text(300'000, 'x');
  TempFolder folder;
  const std::string path = folder.file("dead.jsonl");
  FakeServer server(
      but(recording().insert, {.bytes = error("23505", text) + ready()}));
  const std::string dsn = server.dsn();
  LoggedSystem logged;
  ASSERT_OK(logged.add({{"dsn", dsn}, {"dead_letter", path}}));
  logged.log(1);
  EXPECT_EQ(logged.stats().dead_lettered, 1u);
  EXPECT_LT(read_file(path).size(), 2000u);
  EXPECT_LT(reports().size(), 5000u);
}

TEST_F(Hostile, ProcessesEnd) {
  for (const int turn : {0, 1, recording().insert}) {
    for (const std::string& bytes : {copy_in(), copy_out(), notice("x")}) {
      FakeServer server(but(turn, {.bytes = bytes, .endless = bytes}));
      const std::string dsn = server.dsn();
      const auto start = std::chrono::steady_clock::now();
      EXPECT_TRUE(in_child([&] {
        LoggedSystem logged;
        static_cast<void>(logged.add({{"dsn", dsn}, {"start_wait_ms", 100}}));
        logged.log(2);
        return true;
      }));
      EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    }
  }
}

}  // namespace
}  // namespace stogger
