#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"

namespace stogger {
namespace {

using testing::Capture;
using testing::CapturedEvent;

// Changes with each use, as a counter of a program does.
struct Counter {
  mutable int count = 0;
};
void write_value(ValueWriter& out, const Counter& counter) {
  out.set(++counter.count);
}

class NullSink final : public Sink {
 public:
  Status write(const RowBatch&, WriteReport&) override { return {}; }
};

class LoggerTest : public ::testing::Test {
 protected:
  System system_;
};

TEST_F(LoggerTest, ANamedLoggerPutsItsNameOnEveryEvent) {
  const Capture capture(system_);
  const Logger log = system_.logger("http");
  log.info("a");
  log.with({{"b", 1}}).info("b");
  EXPECT_EQ(capture.events()[0].logger, "http");
  EXPECT_EQ(capture.events()[1].logger, "http");
}

TEST_F(LoggerTest, BoundFieldsAreCopied) {
  const Capture capture(system_);
  Logger log = system_.logger();
  {
    std::string key = "a-key-too-long-to-be-stored-in-place";
    std::string text = "a text too long to be stored in place";
    std::string json = "[\"json too long to be stored in place\"]";
    log = log.with({{key, text}, {"json", Json{json}}, {"number", 7}});
    key.assign(key.size(), 'x');
    text.assign(text.size(), 'x');
    json.assign(json.size(), 'x');
  }
  log.info("e");
  EXPECT_TRUE(
      capture.has(Level::info, "e",
                  {{"a-key-too-long-to-be-stored-in-place",
                    "a text too long to be stored in place"},
                   {"json", Json{"[\"json too long to be stored in place\"]"}},
                   {"number", 7}}));
}

TEST_F(LoggerTest, BoundObjectsAreWrittenOutOnce) {
  const Capture capture(system_);
  const Counter counter;
  const Logger log = system_.logger().with({{"count", counter}});
  EXPECT_EQ(counter.count, 1);
  log.info("a");
  log.info("b");
  EXPECT_EQ(counter.count, 1);
  EXPECT_TRUE(capture.has(Level::info, "b", {{"count", 1}}));
}

TEST_F(LoggerTest, EachLoggerHasItsOwnFields) {
  const Capture capture(system_);
  const Logger base = system_.logger().with({{"a", 1}});
  const Logger first = base.with({{"b", 2}});
  const Logger second = base.with({{"a", 3}});
  base.info("base");
  first.info("first");
  second.info("second");
  EXPECT_EQ(capture.events()[0].fields.size(), 1u);
  EXPECT_TRUE(capture.has(Level::info, "first", {{"a", 1}, {"b", 2}}));
  EXPECT_TRUE(capture.has(Level::info, "second", {{"a", 3}}));
  EXPECT_EQ(capture.events()[2].fields.size(), 1u);
}

TEST_F(LoggerTest, CopiesGoOnAfterTheOriginal) {
  const Capture capture(system_);
  auto original =
      std::make_unique<Logger>(system_.logger("o").with({{"a", 1}}));
  const Logger copy = *original;
  Logger assigned;
  assigned = *original;
  const Logger& same = assigned;
  assigned = same;
  original.reset();
  copy.info("copy");
  assigned.info("assigned");
  EXPECT_TRUE(capture.has(Level::info, "copy", {{"a", 1}, {"logger", "o"}}));
  EXPECT_TRUE(capture.has(Level::info, "assigned", {{"a", 1}}));
}

TEST_F(LoggerTest, AMovedLoggerIsThatOfTheDefaultSystem) {
  const Capture capture(system_);
  const Capture standard;
  Logger first = system_.logger().with({{"a", 1}});
  Logger second = std::move(first);
  second.info("second");
  first.info("first");
  EXPECT_TRUE(capture.has(Level::info, "second", {{"a", 1}}));
  EXPECT_EQ(standard.count("first"), 1u);
  first = std::move(second);
  first.info("again");
  EXPECT_TRUE(capture.has(Level::info, "again", {{"a", 1}}));
}

TEST_F(LoggerTest, ALoggerMayOutliveItsSystem) {
  Logger log;
  {
    System gone;
    log = gone.logger("left").with({{"a", 1}});
  }
  log.info("e", {{"b", 2}});
  const Logger other = log.with({{"c", 3}});
  other.error("e");
  { const Scope scope(other, "s"); }
}

TEST_F(LoggerTest, AnEventMayHaveHappenedAtAnotherTime) {
  const Capture capture(system_);
  const Logger log = system_.logger("http").with({{"a", 1}});
  log.log_at(Time{1'000'000'000}, Level::warning, "e", {{"b", 2}}, "b is {b}",
             {"function", "file.cc", 7});
  const CapturedEvent event = capture.events().at(0);
  EXPECT_EQ(event.time, Time{1'000'000'000});
  EXPECT_EQ(event.func, "function");
  EXPECT_EQ(event.logger, "http");
  EXPECT_EQ(event.message, "b is 2");
  EXPECT_TRUE(capture.has(Level::warning, "e", {{"a", 1}, {"b", 2}}));
}

TEST_F(LoggerTest, SaysWhichLevelsAreOn) {
  const Logger log = system_.logger();
  EXPECT_FALSE(log.enabled(Level::alert));  // no sink at all
  static_cast<void>(
      system_.add_sink("warnings", SinkPtr(new NullSink), Level::warning));
  EXPECT_FALSE(log.enabled(Level::info));
  EXPECT_TRUE(log.enabled(Level::warning));
  static_cast<void>(
      system_.add_sink("debugging", SinkPtr(new NullSink), Level::debug));
  EXPECT_TRUE(log.enabled(Level::debug));
  EXPECT_TRUE(log.with({{"a", 1}}).enabled(Level::debug));
  EXPECT_FALSE(log.enabled(Level::trace));
}

TEST_F(LoggerTest, EachSinkGetsTheLevelsItAskedFor) {
  static_cast<void>(
      system_.add_sink("warnings", SinkPtr(new NullSink), Level::warning));
  static_cast<void>(
      system_.add_sink("debugging", SinkPtr(new NullSink), Level::debug));
  static_cast<void>(
      system_.add_sink("none", SinkPtr(new NullSink), Level::off));
  const Logger log = system_.logger();
  log.trace("e");
  log.debug("e");
  log.info("e");
  log.warning("e");
  log.alert("e");
  log.log(Level::off, "e");  // not a level of events: the highest
  const Stats stats = system_.stats();
  EXPECT_EQ(stats.find("warnings")->accepted, 3u);
  EXPECT_EQ(stats.find("debugging")->accepted, 5u);
  EXPECT_EQ(stats.find("none")->accepted, 0u);
}

TEST_F(LoggerTest, TheMacroEvaluatesItsFieldsOnlyIfTheLevelIsOn) {
  int evaluated = 0;
  const auto count = [&] { return ++evaluated; };
  const Logger log = system_.logger();
  STOGGER_AT(log, Level::debug, "off", {{"n", count()}, {"m", count()}});
  EXPECT_EQ(evaluated, 0);

  const Capture capture(system_);
  STOGGER_AT(log, Level::debug, "on", {{"n", count()}}, "n is {n}");
  STOGGER_AT(system_.logger("temporary"), Level::info, "bare");
  EXPECT_EQ(evaluated, 1);
  EXPECT_TRUE(
      capture.has(Level::debug, "on",
                  {{"n", 1}, {"message", "n is 1"}, {"func", "TestBody"}}));
  EXPECT_TRUE(capture.has(Level::info, "bare", {{"logger", "temporary"}}));
}

TEST_F(LoggerTest, TheMacroIsOneStatement) {
  const Capture capture(system_);
  const Logger log = system_.logger();
  if (capture.events().empty())
    STOGGER_AT(log, Level::info, "then");
  else
    STOGGER_AT(log, Level::info, "else");
  EXPECT_EQ(capture.count("then"), 1u);
  EXPECT_EQ(capture.count("else"), 0u);
}

TEST_F(LoggerTest, OneLoggerServesManyThreads) {
  const Capture capture(system_);
  const Logger log = system_.logger("shared").with({{"bound", 1}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 200; ++i) {
        const Logger own = log.with({{"thread_number", t}});
        own.info("e", {{"i", i}}, "{thread_number} {i}");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(capture.events().size(), 800u);
  for (const CapturedEvent& event : capture.events()) {
    ASSERT_EQ(event.message,
              std::to_string(event.find("thread_number")->value().integer()) +
                  " " + std::to_string(event.find("i")->value().integer()));
  }
}

// --- The default system ------------------------------------------------------

TEST(DefaultLoggerTest, FreeFunctionsAndLoggersReachTheSameSystem) {
  const Capture capture;
  trace("e");
  debug("e");
  info("e", {{"a", 1}});
  warning("e", {}, "message");
  error("e");
  critical("e");
  alert("e");
  stogger::log(Level::info, "e");
  Logger().info("e");
  stogger::logger("named").info("e");
  stogger::logger().with({{"a", 2}}).info("e");
  EXPECT_EQ(capture.count("e"), 11u);
  EXPECT_TRUE(capture.has(Level::info, "e", {{"a", 1}}));
  EXPECT_TRUE(capture.has(Level::warning, "e", {{"message", "message"}}));
  EXPECT_TRUE(capture.has(Level::info, "e", {{"logger", "named"}}));
  EXPECT_TRUE(capture.has(Level::info, "e", {{"a", 2}}));
  for (const CapturedEvent& event : capture.events()) {
    EXPECT_EQ(event.func, "TestBody");
  }
}

}  // namespace
}  // namespace stogger
