// The recipe for glog, with glog itself.
#include <gtest/gtest.h>

#if defined(HAS_GLOG)

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "stogger/testing.h"
#include "tests/bridges/glog_sink.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using testing::Capture;
using testing::CapturedEvent;

class GlogBridge : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    google::InitGoogleLogging("test_bridges");
    // Everything to the bridge alone.
    FLAGS_stderrthreshold = google::NUM_SEVERITIES;
    for (int severity = 0; severity < google::NUM_SEVERITIES; ++severity) {
      google::SetLogDestination(severity, "");
    }
  }

  std::optional<Capture> capture_{std::in_place};
  GlogSink sink_;
};

TEST_F(GlogBridge, LevelTimeAndTextArrive) {
  const auto before = std::chrono::system_clock::now();
  LOG(WARNING) << "cannot read " << 42;
  const CapturedEvent event = capture_->events().at(0);
  EXPECT_EQ(event.level, Level::warning);
  EXPECT_EQ(event.event, "glog");
  EXPECT_EQ(event.logger, "glog");
  EXPECT_EQ(event.message, "cannot read 42");
  EXPECT_EQ(event.find("text")->value().text(), "cannot read 42");
  EXPECT_GE(event.time.ns / 1000,
            std::chrono::duration_cast<std::chrono::microseconds>(
                before.time_since_epoch())
                .count());
}

TEST_F(GlogBridge, FileAndLineArriveWhereTheyAreWanted) {
  capture_.reset();
  static_cast<void>(
      stogger::init_text("[stogger]\nlog_to_console = false\n"
                         "caller_info = true\n"
                         "[stogger.sinks.rows]\ntype = \"memory\"\n"));
  capture_.emplace();
  LOG(INFO) << "here";
  const CapturedEvent event = capture_->events().at(0);
  EXPECT_EQ(event.find("code_file")->value().text(), __FILE__);
  EXPECT_EQ(event.find("code_line")->value().integer(), __LINE__ - 3);
}

TEST_F(GlogBridge, EachSeverityHasItsLevel) {
  LOG(INFO) << "a";
  LOG(ERROR) << "b";
  EXPECT_TRUE(capture_->has(Level::info, "glog", {{"text", "a"}}));
  EXPECT_TRUE(capture_->has(Level::error, "glog", {{"text", "b"}}));
}

TEST_F(GlogBridge, ATextIsNoTemplate) {
  LOG(INFO) << "{text} {} {0:>999}";
  EXPECT_EQ(capture_->events().at(0).message, "{text} {} {0:>999}");
}

TEST_F(GlogBridge, AFatalOneIsWithItsTargetWhenTheProgramAborts) {
  const TempFolder folder;
  const std::string path = folder.file("events.jsonl");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(2);
    capture_.reset();
    static_cast<void>(stogger::init_text(
        "[stogger]\nlog_to_console = false\n[stogger.sinks.events]\n"
        "type = \"jsonl\"\npath = \"" +
        path + "\"\nflush = \"block\"\n"));
    LOG(FATAL) << "the end";
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_NE(read_file(path).find("\"message\":\"the end\""), std::string::npos)
      << read_file(path);
}

}  // namespace
}  // namespace stogger

#else

TEST(GlogBridge, LevelTimeAndTextArrive) {
  GTEST_SKIP() << "glog is not installed (libgoogle-glog-dev)";
}

#endif
