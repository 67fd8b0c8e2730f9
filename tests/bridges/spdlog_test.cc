// stogger/spdlog.h, with spdlog itself.
#include <gtest/gtest.h>

#if defined(HAS_SPDLOG)

#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "stogger/spdlog.h"
#include "stogger/testing.h"

namespace stogger {
namespace {

using testing::Capture;
using testing::CapturedEvent;

class SpdlogBridge : public ::testing::Test {
 protected:
  System system_;
  Capture capture_{system_};
  std::shared_ptr<SpdlogSink> sink_ = std::make_shared<SpdlogSink>(system_);
  spdlog::logger http_{"http", sink_};
};

TEST_F(SpdlogBridge, LevelLoggerSourceTimeAndTextArrive) {
  const spdlog::log_clock::time_point time{std::chrono::seconds(1234567890)};
  http_.log(time, {"server.cc", 42, "serve"}, spdlog::level::warn,
            "slow: 12.3 ms");
  const CapturedEvent event = capture_.events().at(0);
  EXPECT_EQ(event.time, Time{1234567890'000'000'000});
  EXPECT_EQ(event.level, Level::warning);
  EXPECT_EQ(event.event, "spdlog");
  EXPECT_EQ(event.logger, "http");
  EXPECT_EQ(event.func, "serve");
  EXPECT_EQ(event.message, "slow: 12.3 ms");
  ASSERT_EQ(event.fields.size(), 1U);
  EXPECT_EQ(event.find("text")->value().text(), "slow: 12.3 ms");
}

TEST_F(SpdlogBridge, FileAndLineArriveWhereTheyAreWanted) {
  ASSERT_TRUE(system_
                  .load_text("[stogger]\nlog_to_console = false\n"
                             "caller_info = true\n"
                             "[stogger.sinks.rows]\ntype = \"memory\"\n",
                             "test")
                  .ok());
  const Capture capture(system_);
  SPDLOG_LOGGER_INFO(&http_, "here");
  const CapturedEvent event = capture.events().at(0);
  EXPECT_EQ(event.find("code_file")->value().text(), __FILE__);
  EXPECT_EQ(event.find("code_line")->value().integer(), __LINE__ - 3);
  EXPECT_EQ(event.func, "TestBody");
}

TEST_F(SpdlogBridge, EachLevelHasItsOwn) {
  http_.set_level(spdlog::level::trace);
  for (const auto level :
       {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
        spdlog::level::warn, spdlog::level::err, spdlog::level::critical,
        spdlog::level::off}) {
    http_.log(level, "e");
  }
  std::vector<Level> levels;
  for (const CapturedEvent& event : capture_.events()) {
    levels.push_back(event.level);
  }
  EXPECT_EQ(levels, (std::vector<Level>{Level::trace, Level::debug, Level::info,
                                        Level::warning, Level::error,
                                        Level::critical, Level::info}));
}

TEST_F(SpdlogBridge, ATextIsNoTemplate) {
  const std::string text = "{text} {} {0:>999} %s {";
  http_.info(fmt::runtime("{}"), text);
  http_.info("");
  EXPECT_EQ(capture_.events().at(0).message, text);
  EXPECT_EQ(capture_.events().at(0).find("text")->value().text(), text);
  EXPECT_EQ(capture_.events().at(1).find("text")->value().text(), "");
}

TEST_F(SpdlogBridge, LoggersShareItAndTheNameOfTheEventCanBeChosen) {
  const auto sink = std::make_shared<SpdlogSink>(system_, "legacy");
  spdlog::logger named("db", sink);
  spdlog::logger unnamed("", sink);
  named.info("a");
  unnamed.info("b");
  EXPECT_TRUE(capture_.has(Level::info, "legacy",
                           {{"logger", "db"}, {"message", "a"}}));
  EXPECT_TRUE(capture_.has(Level::info, "legacy",
                           {{"logger", nullptr}, {"message", "b"}}));
}

TEST_F(SpdlogBridge, ScopesOfTheThreadGoWithIt) {
  const Scope scope(system_.logger(), "request", {{"id", 7}});
  http_.info("inside");
  EXPECT_TRUE(
      capture_.has(Level::info, "spdlog", {{"scope", "request"}, {"id", 7}}));
}

TEST_F(SpdlogBridge, ManyLoggersAndThreadsUseItAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 1500; ++i) {
        spdlog::logger log(std::to_string(thread) + "-" + std::to_string(i),
                           sink_);
        log.info("e");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(capture_.count("spdlog"), 6000U);
  EXPECT_TRUE(capture_.has(Level::info, "spdlog", {{"logger", "3-1499"}}));
}

TEST_F(SpdlogBridge, ALongTextIsShortenedLikeAnyOther) {
  http_.info(std::string(3'000'000, 'x'));
  const CapturedEvent event = capture_.events().at(0);
  EXPECT_LT(event.find("text")->value().text().size(), 1'100'000U);
  EXPECT_TRUE(event.find("_truncated")->value().boolean());
}

TEST(SpdlogBridgeOfTheDefaultSystem, FilesOfBothKindsLogToTheSameSinks) {
  const Capture capture;
  const auto sink = std::make_shared<stogger::SpdlogSink>();
  spdlog::default_logger()->sinks() = {sink};
  spdlog::info("User {} logged in", 42);
  stogger::info("user-login", {{"user_id", 43}}, "User {user_id} logged in");
  spdlog::default_logger()->flush();
  EXPECT_EQ(capture.events().at(0).message, "User 42 logged in");
  EXPECT_EQ(capture.events().at(1).message, "User 43 logged in");
  spdlog::default_logger()->sinks().clear();
}

}  // namespace
}  // namespace stogger

#else

TEST(SpdlogBridge, LevelLoggerSourceTimeAndTextArrive) {
  GTEST_SKIP() << "spdlog is not installed (libspdlog-dev)";
}

#endif
