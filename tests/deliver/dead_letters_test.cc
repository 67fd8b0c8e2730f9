// The file of refused rows, on a disk that takes only a part of one.
#include "deliver/dead_letters.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "deliver/counted_sink.h"
#include "os/descriptor.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class DeadLettersTest : public ::testing::Test {
 protected:
  Status add(const std::string& event) {
    return letters_.add(table_rows({{.event = event}}), 0, "why");
  }
  // On a disk that has room for that many bytes more.
  Status add_with_room(const std::string& event, std::uintmax_t bytes) {
    rlimit before;
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit = {std::filesystem::file_size(path_) + bytes,
                          before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Status status = add(event);
    ::setrlimit(RLIMIT_FSIZE, &before);
    return status;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.file("dead.jsonl");
  DeadLetters letters_{{path_}};
};

TEST_F(DeadLettersTest, ALetterThatTheDiskTakesAPartOfDoesNotStay) {
  ASSERT_OK(add("one"));
  const std::string one = read_file(path_);
  EXPECT_FALSE(add_with_room("two", 20).ok());
  EXPECT_EQ(read_file(path_), one);
  ASSERT_OK(add("one"));
  EXPECT_EQ(read_file(path_), one + one);
}

TEST_F(DeadLettersTest, ATornLetterOfAnotherProcessIsEndedFirst) {
  write_file(path_, "{\"event\":\"to");
  ASSERT_OK(add("one"));
  EXPECT_TRUE(read_file(path_).starts_with("{\"event\":\"to\n{"))
      << read_file(path_);
}

TEST_F(DeadLettersTest, ATornLetterInAPipeIsEndedByTheNextOne) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const Descriptor reader(
      ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader);
  std::string buffer(1 << 20, '\0');
  EXPECT_FALSE(add(std::string(buffer.size(), 'x')).ok());
  EXPECT_GT(::read(reader.get(), buffer.data(), buffer.size()), 0);
  ASSERT_OK(add("one"));
  const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
  ASSERT_GT(size, 0);
  EXPECT_TRUE(buffer.starts_with("\n{")) << buffer.substr(0, 20);
  EXPECT_EQ(buffer[static_cast<std::size_t>(size) - 1], '\n');
}

TEST_F(DeadLettersTest, ARefusedRowIsALineWithItsReason) {
  ASSERT_OK(add("one"));
  const auto letter = nlohmann::json::parse(read_file(path_));
  EXPECT_EQ(letter["event"], "one");
  EXPECT_EQ(letter["reason"], "why");
}

TEST_F(DeadLettersTest, AColumnNamedReasonKeepsItsName) {
  Rows rows({{"reason", Kind::text}});
  rows.add({"own"});
  ASSERT_OK(letters_.add(rows, 0, "why"));
  EXPECT_EQ(read_file(path_), "{\"reason\":\"own\",\"_reason\":\"why\"}\n");
}

TEST_F(DeadLettersTest, OfABatchTheRefusedRowsAreKeptWithoutWhatIsHidden) {
  const auto script = std::make_shared<Script>();
  Tally tally;
  script->on_tally = [&](Tally* out) { return *out = tally, true; };
  script->on_write = [&](const RowBatch&) {
    return tally.written += 1, Status();
  };
  script->on_report = [](WriteReport& report) {
    report.refuse(2, "the password is hunter2");
    report.refuse(0, "no");
  };
  ScriptedSink bare(script);
  const std::vector<HiddenValue> hidden = {{"hunter2", "${PASSWORD}"}};
  CountedSink sink(bare, hidden, {path_});
  ASSERT_OK(sink.open());
  sink.counters().accept(3);
  ASSERT_OK(
      sink.write(table_rows({{.event = "a"}, {.event = "b"}, {.event = "c"}})));
  SinkStats stats;
  sink.counters().add_to(&stats);
  EXPECT_EQ(stats.written, 1u);
  EXPECT_EQ(stats.dead_lettered, 2u);
  EXPECT_TRUE(is_balanced(stats));
  const std::string text = read_file(path_);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_EQ(text.find("hunter2"), text.npos) << text;
  EXPECT_NE(text.find("the password is ${PASSWORD}"), text.npos) << text;
}

TEST_F(DeadLettersTest, LettersAreNoLongerThanTheyNeedBe) {
  const std::string reason(300000, 'x');
  ASSERT_OK(letters_.add(table_rows({{.event = "bad"}}), 0, reason));
  EXPECT_LT(std::filesystem::file_size(path_), 3000u);
  const std::string large = "{\"text\":\"" + std::string(6 << 20, 'y') + "\"}";
  ASSERT_OK(
      letters_.add(table_rows({{.event = "bad", .data = large}}), 0, reason));
  EXPECT_LT(std::filesystem::file_size(path_), 200000u);
  EXPECT_NE(read_file(path_).find("_truncated"), std::string::npos);
}

// Sinks of any type have them.
class DeadLettersOfASystem : public ::testing::Test {
 protected:
  void add_refusing(const std::string& letters) {
    script_->on_form = [] { return RowForm::table; };
    script_->on_report = [](WriteReport& report) { report.refuse(0, "no"); };
    ASSERT_OK(system_.add_sink("sink", SinkPtr(new ScriptedSink(script_)),
                               Level::trace, letters));
  }

  const TempFolder folder_;
  const std::string path_ = folder_.file("dead.jsonl");
  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
  Diagnostics diagnostics_;
  System system_;
};

TEST_F(DeadLettersOfASystem, EachRefusedRowIsKept) {
  add_refusing(path_);
  system_.logger().info("one", {{"n", 1}});
  system_.logger().info("two");
  EXPECT_EQ(stats_of(system_, "sink").dead_lettered, 2u);
  EXPECT_EQ(stats_of(system_, "sink").dropped, 0u);
  EXPECT_TRUE(is_balanced(stats_of(system_, "sink")));
  const std::string text = read_file(path_);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_NE(text.find("\"one\""), text.npos) << text;
  EXPECT_NE(text.find("\"two\""), text.npos) << text;
  ASSERT_FALSE(diagnostics_.lines().empty());
  EXPECT_NE(diagnostics_.lines()[0].find("no; the row is kept in " + path_),
            std::string::npos)
      << diagnostics_.lines()[0];
}

TEST_F(DeadLettersOfASystem, AFileThatCannotBeWrittenIsReported) {
  add_refusing("/dev/full");
  system_.logger().info("one");
  EXPECT_EQ(stats_of(system_, "sink").dead_lettered, 0u);
  EXPECT_EQ(stats_of(system_, "sink").dropped, 1u);
  ASSERT_FALSE(diagnostics_.lines().empty());
  const std::string line = diagnostics_.lines()[0];
  EXPECT_NE(line.find("/dev/full"), std::string::npos) << line;
  EXPECT_NE(line.find("\"one\""), std::string::npos) << line;
  EXPECT_NE(line.find("; 1 event dropped: {"), std::string::npos);
}

TEST_F(DeadLettersOfASystem, AFailureOfTheTargetIsNoRefusal) {
  add_refusing(path_);
  script_->on_report = {};
  script_->on_write = [](const RowBatch&) { return unavailable(); };
  system_.logger().info("one");
  EXPECT_EQ(stats_of(system_, "sink").dropped, 1u);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DeadLettersOfASystem, APathThatNamesNoFileIsRefused) {
  for (const char* path : {"folder/", "~/refused.jsonl"}) {
    const Status added = system_.add_sink(
        "sink", SinkPtr(new ScriptedSink(script_)), Level::trace, path);
    EXPECT_EQ(added.code(), Code::invalid) << path;
    EXPECT_EQ(system_.stats().find("sink"), nullptr);
  }
}

}  // namespace
}  // namespace stogger
