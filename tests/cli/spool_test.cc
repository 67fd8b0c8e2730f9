// Runs `stogger spool` on queues that processes have left.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "event/event_record.h"
#include "sample/sample_record.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "tests/support/made_queue.h"
#include "tests/support/processes.h"
#include "tests/support/program.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
namespace fs = std::filesystem;

class SpoolCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kProgram == nullptr) {
      GTEST_SKIP() << "the program is not built (STOGGER_BUILD_TOOLS is off)";
    }
  }

  int run(const std::string& arguments) {
    ProgramRun run = run_program(folder_, "spool " + arguments);
    out_ = std::move(run.out);
    err_ = std::move(run.err);
    return run.code;
  }

  // What a process leaves that is killed while its target is away. Its first
  // events are in segments, for they have no room in the ring.
  void leave(int count) {
    write_file(folder_.file("blocked"), "");
    ASSERT_FALSE(in_child([&] {
      System system;
      const std::string toml =
          "[stogger]\nlog_to_console = false\n[stogger.sinks.audit]\ntype = "
          "\"jsonl\"\npath = \"" +
          folder_.file("blocked/a.jsonl") +
          "\"\ndelivery = \"durable\"\nqueue_bytes = 65536\nblock_ms = "
          "10000\nspool_dir = \"" +
          spool_ + "\"\n";
      set_diagnostics([](std::string_view, void*) noexcept {}, nullptr);
      if (!system.load_text(toml, "test").ok()) return true;
      Logger log = system.logger("app");
      for (int i = 0; i < count; ++i) {
        log.info("event", {{"number", i}, {"data", Json{"[1, 2]"}}},
                 "number {number}");
      }
      return ::kill(::getpid(), SIGKILL) == 0;
    }));
    queue_ = only_queue();
    ASSERT_NE(queue_, "");
  }
  std::string only_queue() const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(spool_ + "/audit", error)) {
      return entry.path();
    }
    return {};
  }
  std::string first_segment() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(queue_)) {
      if (entry.path().extension() == ".segment") {
        paths.push_back(entry.path());
      }
    }
    std::sort(paths.begin(), paths.end());
    return paths.empty() ? "" : paths.front();
  }
  void flip(const std::string& path, std::size_t at) {
    std::string bytes = read_file(path);
    ASSERT_GT(bytes.size(), at);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    write_file(path, bytes);
  }

  static std::vector<int> numbers_in(const std::string& lines) {
    std::vector<int> numbers;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
      numbers.push_back(nlohmann::json::parse(line).at("number"));
    }
    return numbers;
  }
  static std::vector<int> numbers(int first, int count) {
    std::vector<int> numbers;
    for (int i = first; i < first + count; ++i) numbers.push_back(i);
    return numbers;
  }

  void configure(const std::string& sink) {
    write_file(
        folder_.file("c.toml"),
        "[stogger]\nlog_to_console = false\n[stogger.sinks.out]\n" + sink);
  }
  int replay(const std::string& sink, const std::string& queue) {
    configure(sink);
    return run("replay c.toml out '" + queue + "'");
  }

  const std::string jsonl_ = "type = \"jsonl\"\npath = \"out.jsonl\"\n";
  TempFolder folder_;
  std::string spool_ = folder_.file("spool");
  std::string queue_;
  std::string out_;
  std::string err_;
};

TEST_F(SpoolCommand, LsPrintsALineForEachQueue) {
  leave(1000);
  EXPECT_EQ(run("ls spool"), 0);
  EXPECT_THAT(
      out_, MatchesRegex(
                "sink=\"audit\" queue=" + fs::path(queue_).filename().string() +
                " program=\"[^\"]+\" type=\"jsonl\" state=left "
                "segment_bytes=[0-9]+ ring_bytes=[0-9]+ "
                "oldest=[-0-9]+T[:.0-9]+Z\n"));
  EXPECT_EQ(err_, "");
}

TEST_F(SpoolCommand, LsSaysWhatIsNoQueue) {
  leave(3);
  fs::create_directories(folder_.file("spool/audit/folder"));
  write_file(folder_.file("spool/file"), "");
  const std::string empty = "spool/audit/01a222b6-e1b9-787a-9403-964f55b9f218";
  fs::create_directories(folder_.file(empty));
  write_file(queue_ + "/lock", "stogger spool 2\n");
  EXPECT_EQ(run("ls spool"), 0);
  EXPECT_THAT(out_, HasSubstr("/spool/audit/folder\" state=foreign\n"));
  EXPECT_THAT(out_, HasSubstr("/spool/file\" state=foreign\n"));
  EXPECT_THAT(out_, HasSubstr("964f55b9f218\" state=foreign\n"));
  EXPECT_THAT(out_, HasSubstr("path=\"" + queue_ + "\" state=newer\n"));
  write_file(queue_ + "/lock", "");
  EXPECT_EQ(run("ls spool"), 0);
  EXPECT_THAT(out_,
              HasSubstr("path=\"" + queue_ + "\" state=damaged segment_bytes"));
  EXPECT_EQ(err_, "");
}

TEST_F(SpoolCommand, LsOfNoFolderIsUnavailable) {
  EXPECT_EQ(run("ls nowhere"), 69);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, HasSubstr("nowhere"));
  fs::create_directory(spool_);
  EXPECT_EQ(run("ls spool/"), 0);
  EXPECT_EQ(out_ + err_, "");
}

TEST_F(SpoolCommand, TextsOfOthersDriveNoTerminal) {
  leave(3);
  write_file(queue_ + "/lock",
             "stogger spool 1\nprogram a\x1b[31m\nsink \x07\ntype \xff\n");
  for (const std::string command : {"ls spool", "verify", "show"}) {
    run(command.starts_with("ls") ? command : command + " " + queue_);
    for (const char c : out_ + err_)
      EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ');
  }
}

TEST_F(SpoolCommand, VerifyCountsAllEvents) {
  leave(1000);
  EXPECT_EQ(run("verify " + queue_), 0);
  EXPECT_THAT(out_, MatchesRegex("1000 events, [0-9]+ bytes in segments, "
                                 "[0-9]+ bytes in the ring\n"));
}

TEST_F(SpoolCommand, VerifyPrintsEachDamage) {
  leave(1000);
  flip(first_segment(), 40 + 16 + 70);
  EXPECT_EQ(run("verify " + queue_), 1);
  EXPECT_THAT(out_, HasSubstr("damage: "));
  EXPECT_THAT(out_, HasSubstr("are damaged, and the events in them are lost"));
  EXPECT_THAT(out_, HasSubstr("999 events, "));
  fs::remove(queue_ + "/ring");
  EXPECT_EQ(run("verify " + queue_), 1);
  EXPECT_THAT(out_, HasSubstr("damage: there is no ring"));
}

TEST_F(SpoolCommand, VerifyOfWhatIsNoQueueIsBadData) {
  for (const char* command : {"verify", "show"}) {
    EXPECT_EQ(run(std::string(command) + " ."), 65);
    EXPECT_EQ(
        run(std::string(command) + " 01a222b6-e1b9-787a-9403-964f55b9f218"),
        69);
    EXPECT_EQ(out_, "");
  }
  leave(3);
  write_file(queue_ + "/lock", "stogger spool 2\n");
  EXPECT_EQ(run("verify " + queue_), 65);
  EXPECT_THAT(err_, HasSubstr("a later version"));
}

TEST_F(SpoolCommand, ARecordThatIsNoEventIsDamage) {
  MadeQueue queue(spool_);
  queue.add(as_bytes("no event"));
  queue.let_go();
  EXPECT_EQ(run("verify " + queue.path()), 1);
  EXPECT_THAT(out_, HasSubstr("damage: the record that ends at 16 is neither "
                              "an event nor a sample"));
  EXPECT_EQ(run("show " + queue.path()), 1);
  EXPECT_EQ(out_, "");
}

TEST_F(SpoolCommand, JsonThatIsNoneBecomesAText) {
  const Field field("data", Json{"1}\n{\"forged\":\"\x1b[2J\""});
  Event event;
  event.level = Level::info;
  event.fields = &field;
  event.field_count = 1;
  std::vector<std::byte> record(record_size(event));
  write_record(event, record.size(), record.data());
  MadeQueue queue(spool_);
  queue.add(record);
  queue.let_go();
  EXPECT_EQ(run("show " + queue.path()), 0);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1);
  EXPECT_TRUE(nlohmann::json::parse(out_).at("data").is_string()) << out_;
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
}

TEST_F(SpoolCommand, SamplesAreShownAndNotReplayed) {
  const Field fields[] = {{"flow", 1.5}, {"data", Json{"{\n"}}};
  const Sample sample = {.device = "mfc1",
                         .requested_at = Time{1000000000},
                         .received_at = Time{3000000000},
                         .fields = fields,
                         .status = "HLD"};
  std::vector<std::byte> record(record_size(sample));
  write_record(sample, record.size(), record.data());
  MadeQueue queue(spool_);
  queue.add(record);
  queue.let_go();
  EXPECT_EQ(run("ls spool"), 0);
  EXPECT_THAT(out_, HasSubstr(" oldest=1970-01-01T00:00:01"));
  EXPECT_EQ(run("verify " + queue.path()), 0);
  EXPECT_EQ(run("show " + queue.path()), 0);
  EXPECT_EQ(out_,
            "{\"device\":\"mfc1\",\"unit_id\":\"\",\"requested_at\":"
            "\"1970-01-01T00:00:01.000000Z\",\"received_at\":\"1970-01-01T00:"
            "00:03.000000Z\",\"midpoint_at\":\"1970-01-01T00:00:02.000000Z\","
            "\"latency_s\":2.0,\"flow\":1.5,\"data\":\"{\\n\",\"status\":"
            "\"HLD\"}\n");
  EXPECT_EQ(replay(jsonl_, queue.path()), 65);
  EXPECT_THAT(err_, HasSubstr("has samples, which the next pipe of its "
                              "program delivers"));
  EXPECT_TRUE(fs::exists(queue.path()));
}

TEST_F(SpoolCommand, ShowPrintsTheOldestEventsFirst) {
  leave(1000);
  EXPECT_EQ(run("show " + queue_), 0);
  EXPECT_EQ(numbers_in(out_), numbers(0, 1000));
  EXPECT_THAT(out_.substr(0, out_.find('\n')),
              MatchesRegex("\\{\"timestamp\":\"[^\"]+\",\"level\":\"info\","
                           "\"event\":\"event\",.*\"message\":\"number 0\","
                           "\"logger\":\"app\",\"number\":0,"
                           "\"data\":\\[1,2\\]\\}"));
  EXPECT_EQ(run("show --limit 3 " + queue_), 0);
  EXPECT_EQ(numbers_in(out_), numbers(0, 3));
}

TEST_F(SpoolCommand, LookingChangesNothing) {
  leave(1000);
  flip(first_segment(), 40 + 16 + 70);
  const auto before = tree_of(spool_);
  run("ls spool");
  run("verify " + queue_);
  run("show " + queue_);
  EXPECT_EQ(tree_of(spool_), before);
}

TEST_F(SpoolCommand, OfAQueueInUseOnlySegmentsAreReadAndNothingIsReplayed) {
  leave(1000);
  SpoolFolder owner("", "");
  SpoolOwner whose;
  ASSERT_EQ(owner.take_over_any(queue_, &whose), SpoolFolder::Taken::yes);
  EXPECT_EQ(run("ls spool"), 0);
  EXPECT_THAT(out_, HasSubstr(" state=in-use segment_bytes="));
  EXPECT_THAT(out_, Not(HasSubstr("ring_bytes")));
  EXPECT_EQ(run("show " + queue_), 0);
  EXPECT_THAT(err_, HasSubstr("in use: its ring is not read"));
  EXPECT_FALSE(numbers_in(out_).empty());
  EXPECT_EQ(replay(jsonl_, queue_), 1);
  EXPECT_THAT(err_, HasSubstr("is in use"));
  EXPECT_FALSE(fs::exists(folder_.file("out.jsonl")));
}

TEST_F(SpoolCommand, ReplayDeliversAllAndRemovesTheQueue) {
  leave(1000);
  EXPECT_EQ(replay(jsonl_, queue_), 0) << err_;
  EXPECT_EQ(out_, "written=1000 dead_lettered=0 dropped=0 in_doubt=0 left=0\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(numbers_in(read_file(folder_.file("out.jsonl"))), numbers(0, 1000));
  EXPECT_EQ(only_queue(), "");
}

TEST_F(SpoolCommand, ReplayWorksForADatabaseAndLeavesNothingElsewhere) {
  leave(1000);
  const std::string passing = folder_.file("tmp");
  fs::create_directory(passing);
  ::setenv("TMPDIR", passing.c_str(), 1);
  EXPECT_EQ(replay("type = \"sqlite\"\npath = \"out.db\"\n", queue_), 0)
      << err_;
  ::unsetenv("TMPDIR");
  EXPECT_TRUE(fs::is_empty(passing));
  SqliteQuery query(folder_.file("out.db"));
  EXPECT_EQ(query.rows(kCount)[0].at(0).value().integer(), 1000);
  EXPECT_EQ(only_queue(), "");
}

TEST_F(SpoolCommand, ReplayDeliversACopy) {
  leave(1000);
  const std::string copy = folder_.file(fs::path(queue_).filename().string());
  fs::copy(queue_, copy);
  fs::remove_all(queue_);
  EXPECT_EQ(replay(jsonl_, copy + "/"), 0) << err_;
  EXPECT_EQ(numbers_in(read_file(folder_.file("out.jsonl"))), numbers(0, 1000));
  EXPECT_FALSE(fs::exists(copy));
}

TEST_F(SpoolCommand, ReplayWithATargetThatFailsLosesNothing) {
  leave(1000);
  write_file(folder_.file("file"), "");
  EXPECT_EQ(replay("type = \"jsonl\"\npath = \"file/x\"\ndelivery = "
                   "\"async\"\ndrain_ms = 50\n",
                   queue_),
            69);
  EXPECT_EQ(out_, "written=0 dead_lettered=0 dropped=0 in_doubt=0 left=1000\n");
  EXPECT_THAT(err_, HasSubstr("file/x"));
  EXPECT_EQ(replay(jsonl_, queue_), 0) << err_;
  EXPECT_EQ(numbers_in(read_file(folder_.file("out.jsonl"))), numbers(0, 1000));
}

TEST_F(SpoolCommand, ReplaySetsDamageAsideAndDeliversTheRest) {
  leave(1000);
  flip(first_segment(), 40 + 16 + 70);
  EXPECT_EQ(replay(jsonl_, queue_), 1);
  EXPECT_THAT(out_, HasSubstr("written=999 "));
  EXPECT_THAT(err_, HasSubstr("are damaged; they are kept as"));
  EXPECT_THAT(err_, HasSubstr(" stays: "));
  bool is_kept = false;
  for (const auto& entry : fs::directory_iterator(queue_)) {
    is_kept |= entry.path().extension() == ".damaged";
  }
  EXPECT_TRUE(is_kept);
}

TEST_F(SpoolCommand, ReplayReportsWhatTheTargetRefuses) {
  leave(10);
  SqliteQuery(folder_.file("out.db"))
      .run(
          "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, "
          "data TEXT CHECK (data NOT LIKE '%\"number\":7%'))");
  EXPECT_EQ(replay("type = \"sqlite\"\npath = \"out.db\"\n", queue_), 1);
  EXPECT_EQ(out_, "written=9 dead_lettered=0 dropped=1 in_doubt=0 left=0\n");
  EXPECT_EQ(only_queue(), "");
}

TEST_F(SpoolCommand, ReplayWithAWrongConfigurationTouchesNothing) {
  leave(10);
  const auto before = tree_of(spool_);
  EXPECT_EQ(replay(jsonl_ + "x = 1\n", queue_), 78);
  EXPECT_THAT(err_, HasSubstr("unknown key \"x\""));
  configure(jsonl_);
  EXPECT_EQ(run("replay c.toml other " + queue_), 78);
  EXPECT_EQ(err_, "c.toml: there is no sink \"other\"\n");
  EXPECT_EQ(run("replay none.toml out " + queue_), 78);
  EXPECT_EQ(run("replay c.toml out ."), 65);
  EXPECT_EQ(tree_of(spool_), before);
}

TEST_F(SpoolCommand, WrongUsageExitsWithTwo) {
  for (const char* arguments : {"", "ls", "show", "verify a b", "replay a b",
                                "mend a", "show --limit x a"}) {
    EXPECT_EQ(run(arguments), 2) << arguments;
  }
}

}  // namespace
}  // namespace stogger
