// Exceptions that nobody handles, and crashes: what is in the targets then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/lifecycle/progress.h"
#include "tests/lifecycle/run.h"
#include "tests/support/sanitizer.h"
#include "tests/support/targets.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

class Unhandled : public ::testing::TestWithParam<const char*> {
 protected:
  // Of a scenario that ends with an abort.
  void expect_aborted(const std::string& scenario) {
    const Ending ending = run(scenario, config());
    EXPECT_EQ(ending.signal, SIGABRT) << ending;
    EXPECT_FALSE(ending.late);
  }

  std::string config() const {
    const std::string delivery = GetParam();
    std::string toml =
        "[stogger]\nlog_to_console = false\n[stogger.sinks.events]\n"
        "type = \"jsonl\"\npath = \"" +
        target() + "\"\ndelivery = \"" + delivery + "\"\n";
    if (delivery == "durable") {
      toml += "spool_dir = \"" + folder_.file("spool") + "\"\n";
    }
    const std::string path = folder_.file("stogger.toml");
    write_file(path, toml);
    return path;
  }
  std::string target() const { return folder_.file("events"); }

  // The events unhandled-exception.
  std::vector<nlohmann::json> events() const {
    std::vector<nlohmann::json> events;
    std::istringstream lines(read_file(target()));
    for (std::string line; std::getline(lines, line);) {
      events.push_back(nlohmann::json::parse(line));
      EXPECT_EQ(events.back()["level"], "critical");
      EXPECT_EQ(events.back()["event"], "unhandled-exception");
      events.back().erase("timestamp");
      events.back().erase("level");
      events.back().erase("event");
    }
    return events;
  }

  static nlohmann::json caught() {
    return {{"exception_class", "std::runtime_error"},
            {"exception_msg", "cannot save: cannot open: Permission denied"},
            {"error_code", "generic:13"}};
  }

  TempFolder folder_;
};

// A queue is flushed before the process ends.
INSTANTIATE_TEST_SUITE_P(, Unhandled,
                         ::testing::Values("sync", "async", "durable"),
                         [](const auto& one) {
                           return std::string(one.param);
                         });

TEST_P(Unhandled, AnExceptionThatLeavesMainIsAnEventInsideItsScopes) {
  expect_aborted("unhandled");
  nlohmann::json expected = caught();
  expected["scope"] = "work";
  expected["order"] = 7;
  EXPECT_THAT(events(), ::testing::ElementsAre(expected));
}

TEST_P(Unhandled, SoIsOneThatLeavesAThread) {
  expect_aborted("unhandled-in-thread");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

TEST_P(Unhandled, ThreadsThatFailAtOnceAbortOnce) {
  expect_aborted("unhandled-in-threads");
  EXPECT_THAT(events(), ::testing::Contains(caught()));
}

TEST_P(Unhandled, WithoutAnExceptionTheEventHasNoFields) {
  expect_aborted("unhandled-nothing");
  EXPECT_THAT(events(), ::testing::ElementsAre(nlohmann::json::object()));
}

TEST_P(Unhandled, OneThatLeavesADestructorAfterTheShutdownIsAnEvent) {
  expect_aborted("unhandled-in-destructor");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

TEST_P(Unhandled, TheHandlerBeforeGoesOnAndASecondCallDoesNothing) {
  const Ending ending = run("unhandled-handler", config());
  EXPECT_EQ(ending.code, 42) << ending;
  EXPECT_EQ(ending.err, "the handler before\n");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

TEST_P(Unhandled, AHandlerBeforeThatFailsIsTheEnd) {
  expect_aborted("unhandled-failing-handler");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

TEST_P(Unhandled, AHandlerThatWasSetLaterMayCallIt) {
  expect_aborted("unhandled-within-handler");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

TEST_P(Unhandled, OfOneWhoseMessageFailsTheFailureIsLogged) {
  expect_aborted("unhandled-no-message");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

TEST_P(Unhandled, OneThatEndsALogCallWhileItIsComposedIsAnEvent) {
  expect_aborted("unhandled-composing");
  EXPECT_THAT(events(), ::testing::ElementsAre(caught()));
}

// Inside of a sink nothing can be logged.
TEST_P(Unhandled, OneThatEndsASinkAborts) {
  expect_aborted("unhandled-in-sink");
}

TEST_P(Unhandled, ALockThatTheThreadHoldsItselfHoldsTheEndUpForALimitedTime) {
  expect_aborted("unhandled-lock-of-sink");
}

// No handler of signals is needed: what a call returned for is in the file that
// is the queue.
TEST(Crash, WithAQueueOnDiskLosesNoEventWhoseCallReturned) {
  Targets targets;
  targets.keep({"text-line", "json-block", "sqlite"});
  targets.deliver("durable");
  const std::string progress_path = targets.file("progress");
  Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  const Ending ending = run("crash", targets.config(), progress_path);
  // A sanitizer handles the signal, and exits.
  EXPECT_TRUE(ending.signal == SIGSEGV || (kSanitized && ending.code > 0))
      << ending;
  EXPECT_FALSE(ending.late);
  EXPECT_ENDED_WELL(run("return", targets.config()));
  for (const Target& target : targets.all()) {
    const auto counts = count_each(names_in(target.format, target.path, 1));
    for (int thread = 0; thread < 3; ++thread) {
      const std::uint64_t returned = progress->returned[thread];
      for (std::uint64_t i = 0; i < returned; ++i) {
        const std::string name =
            "thread" + std::to_string(thread) + "-" + std::to_string(i);
        ASSERT_TRUE(counts.contains(name))
            << target.sink << " lacks " << name << " of " << returned;
      }
    }
  }
  EXPECT_EQ(progress->returned[0], 1001U);
}

}  // namespace
}  // namespace stogger
