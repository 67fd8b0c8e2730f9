// The flight recorder, from the TOML to the lines of a file.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "stogger/context.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "support/sinks.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class RecorderTest : public ::testing::Test {
 protected:
  // `more` stands before the sink of JSON lines, `of_sink` in it.
  void load(const std::string& recorder, const std::string& of_sink = {}) {
    ASSERT_OK(system_.load_text(
        "[stogger]\nlog_to_console = false\n[stogger.recorder]\n" + recorder +
            "\n[stogger.sinks.out]\ntype = \"jsonl\"\npath = \"" + path() +
            "\"\n" + of_sink,
        "c.toml"));
  }
  std::string path() const { return folder_.file("out"); }
  // The names of the events in a file, and deletes it.
  std::string events(const std::string& file) const {
    EXPECT_OK(system_.flush());
    std::string names;
    std::istringstream in(read_file(file));
    for (std::string line; std::getline(in, line);) {
      const auto object = nlohmann::json::parse(line);
      names += object["event"].get<std::string>() + " ";
    }
    return names;
  }
  std::string events() const { return events(path()); }

  TempFolder folder_;
  testing::ManualClock clock_;
  mutable System system_{&clock_};
};

TEST_F(RecorderTest, AnErrorBringsWhatItsThreadLoggedBefore) {
  load("level = \"debug\"");
  const Logger log = system_.logger("http");
  log.trace("too-low");
  log.debug("a", {{"n", 1}}, "n is {n}");
  log.info("b");
  clock_.advance(1);
  log.debug("c");
  EXPECT_EQ(events(), "b ");
  log.error("failed");
  log.error("again");
  EXPECT_EQ(events(), "b a c failed again ");
  std::istringstream in(read_file(path()));
  std::string line;
  std::getline(in, line);
  std::getline(in, line);
  const auto a = nlohmann::json::parse(line);
  EXPECT_EQ(a["level"], "debug");
  EXPECT_EQ(a["logger"], "http");
  EXPECT_EQ(a["message"], "n is 1");
  EXPECT_EQ(a["n"], 1);
  std::getline(in, line);
  EXPECT_GT(nlohmann::json::parse(line)["timestamp"], a["timestamp"])
      << "they keep their time";
}

TEST_F(RecorderTest, AScopeThatEndsWellTakesItsEventsWithIt) {
  load("level = \"debug\"");
  const Logger log = system_.logger();
  log.debug("before");
  {
    const Scope scope(log, "one");
    log.debug("a");
  }
  {
    const Scope scope(log, "two");
    log.debug("b");
    {
      const Scope inner(log, "inner");
      log.debug("c");
    }
    log.error("failed");
  }
  log.error("outside");
  EXPECT_EQ(events(), "b c scope-end failed outside ");
}

TEST_F(RecorderTest, AScopeThatFailsBringsItsEvents) {
  load("level = \"debug\"");
  const Logger log = system_.logger();
  try {
    const Scope scope(log, "request", {{"id", 7}});
    log.debug("a");
    throw std::runtime_error("no");
  } catch (const std::exception&) {
  }
  EXPECT_EQ(events(), "a scope-failed ");
}

TEST_F(RecorderTest, EachThreadHasItsOwn) {
  load("level = \"debug\"");
  const Logger log = system_.logger();
  std::thread([&] { log.debug("other"); }).join();
  log.debug("own");
  log.error("failed");
  EXPECT_EQ(events(), "own failed ");
}

TEST_F(RecorderTest, TheNewestAreKept) {
  load("level = \"trace\"\nevents = 3");
  const Logger log = system_.logger();
  for (const char* name : {"a", "b", "c", "d"}) log.trace(name);
  log.error("failed");
  EXPECT_EQ(events(), "b c d failed ");
}

// However long they are: a ring of bytes whose records have all lengths.
TEST_F(RecorderTest, LongEventsPushOutMoreOfTheOthers) {
  load("level = \"debug\"\nevents = 16");  // 4 KiB
  const Logger log = system_.logger();
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string text(i * 7 % 700, 'x');
    log.debug("e", {{"i", i}, {"text", text}});
    if (i % 37 != 0) continue;
    log.error("failed", {{"i", i}});
  }
  std::istringstream in(read_file(path()));
  std::size_t next = 0;
  std::size_t before_a_failure = 0;
  for (std::string line; std::getline(in, line);) {
    const auto object = nlohmann::json::parse(line);
    const auto i = object["i"].get<std::size_t>();
    if (object["event"] == "failed") {
      EXPECT_EQ(i, next - 1) << "the newest is always there";
      EXPECT_LE(before_a_failure, 16u);
      before_a_failure = 0;
      continue;
    }
    ++before_a_failure;
    EXPECT_EQ(object["text"].get<std::string>().size(), i * 7 % 700);
    if (before_a_failure > 1) {
      EXPECT_EQ(i, next);
    }
    next = i + 1;
  }
  log.debug("longer-than-all", {{"text", std::string(5000, 'x')}});
  log.debug("short");
  log.error("failed");
  EXPECT_TRUE(events().ends_with("short failed "));
  EXPECT_EQ(events().find("longer"), std::string::npos);
}

TEST_F(RecorderTest, TheyGoToTheSinksThatTakeTheFailure) {
  const std::string errors = folder_.file("errors");
  const std::string orders = folder_.file("orders");
  load("level = \"debug\"",
       "level = \"warning\"\nnot_events = [\"failed\"]\n"
       "[stogger.sinks.errors]\ntype = \"jsonl\"\nlevel = \"error\"\npath = "
       "\"" +
           errors +
           "\"\n[stogger.sinks.orders]\ntype = \"jsonl\"\n"
           "level = \"warning\"\nnot_events = [\"noise\"]\npath = \"" +
           orders + "\"\n");
  const Logger log = system_.logger();
  log.debug("order");
  log.debug("noise");
  log.error("failed");
  EXPECT_EQ(events(errors), "order noise failed ");
  EXPECT_EQ(events(orders), "order failed ");
  EXPECT_EQ(events(), "");
}

TEST_F(RecorderTest, RulesForLoggersDoNotHideWhatIsRecorded) {
  load("level = \"debug\"\n[stogger.levels]\nhttp = \"error\"\nno = \"off\"");
  system_.logger("http").debug("a");
  system_.logger("no").alert("b");
  system_.logger("http").error("failed");
  EXPECT_EQ(events(), "a failed ");
  EXPECT_TRUE(system_.logger("http").enabled(Level::debug));
  EXPECT_FALSE(system_.logger("no").enabled(Level::alert));
}

TEST_F(RecorderTest, LimitsDoNotHoldForWhatIsRecorded) {
  load("level = \"debug\"\n[[stogger.limits]]\nper_second = 1");
  const Logger log = system_.logger();
  log.debug("a");
  log.debug("b");
  log.error("failed");
  EXPECT_EQ(events(), "a b failed ");
  EXPECT_EQ(system_.stats().suppressed(), 0u);
}

TEST_F(RecorderTest, SecretsAreHiddenBeforeTheyAreKept) {
  load("level = \"debug\"");
  system_.logger().debug("a", {{"password", "hunter2"}});
  system_.logger().error("failed");
  EXPECT_EQ(read_file(path()).find("hunter2"), std::string::npos);
  EXPECT_NE(read_file(path()).find("[REDACTED]"), std::string::npos);
}

TEST_F(RecorderTest, SystemsDoNotMix) {
  load("level = \"debug\"");
  System other(&clock_);
  const std::string path = folder_.file("other");
  ASSERT_OK(
      other.load_text("[stogger]\nlog_to_console = false\n[stogger.recorder]\n"
                      "[stogger.sinks.out]\ntype = \"jsonl\"\npath = \"" +
                          path + "\"\n",
                      "c.toml"));
  system_.logger().debug("a");
  other.logger().error("failed");
  EXPECT_OK(other.close());
  EXPECT_EQ(events(path), "failed ");
}

TEST_F(RecorderTest, WithoutATableNothingIsRecorded) {
  ASSERT_OK(system_.load_text(
      "[stogger]\nlog_to_console = false\n[stogger.sinks.out]\n"
      "type = \"jsonl\"\npath = \"" +
          path() + "\"\n",
      "c.toml"));
  EXPECT_FALSE(system_.logger().enabled(Level::debug));
  // Nor any longer when it is taken away.
  load("");
  EXPECT_TRUE(system_.logger().enabled(Level::debug));
  system_.logger().debug("a");
  load("level = \"off\"");
  EXPECT_FALSE(system_.logger().enabled(Level::debug));
  system_.logger().error("failed");
  EXPECT_EQ(events(), "failed ");
}

// The thread's memory goes with it, and a value that logs while it is written
// out is no trouble.
TEST_F(RecorderTest, ThreadsComeAndGoWhileOthersFail) {
  load("level = \"debug\"\nevents = 64");
  const Logger log = system_.logger();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&log, i] {
      for (int j = 0; j < 200; ++j) {
        log.debug("d", {{"thread", i}});
        if (j % 50 == 49) log.error("failed", {{"thread", i}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream in(events());
  int debugs = 0;
  int failures = 0;
  for (std::string name; in >> name;) ++(name == "d" ? debugs : failures);
  EXPECT_EQ(debugs, 8 * 200);
  EXPECT_EQ(failures, 8 * 4);
}

}  // namespace
}  // namespace stogger
