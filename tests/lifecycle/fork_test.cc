// Processes that split while they log, with and without other threads.

#include <gtest/gtest.h>

#include <string_view>

#include "tests/lifecycle/progress.h"
#include "tests/lifecycle/run.h"
#include "tests/support/sanitizer.h"
#include "tests/support/targets.h"

namespace stogger {
namespace {

class ForkOfThreads : public ::testing::Test {
 protected:
  void expect_all(const std::string& scenario,
                  const std::vector<std::string>& names,
                  const std::string& argument = "") {
    const Ending ending = run(scenario, targets_.config(), argument);
    EXPECT_ENDED_WELL(ending);
    EXPECT_EQ(ending.err, "");
    targets_.expect_each_once(names);
  }
  // The names that threads log, as many as the program says there were. Looks
  // them up in the target given.
  std::vector<std::string> names_of_threads(const Ending& ending,
                                            const Target& target) {
    std::vector<std::string> names;
    for (const std::string& name : names_in(target.format, target.path)) {
      if (name.starts_with("thread")) names.push_back(name);
    }
    EXPECT_EQ(names.size(), std::strtoul(ending.out.c_str(), nullptr, 10))
        << target.sink;
    return names;
  }

  Targets targets_;
};

// With each way of delivery.
class Fork : public ForkOfThreads,
             public ::testing::WithParamInterface<const char*> {
 protected:
  Fork() { targets_.deliver(GetParam()); }
  // A queue has a thread, which may be anywhere.
  void SetUp() override {
    if (kSanitized && std::string_view(GetParam()) != "sync") {
      GTEST_SKIP() << kAllocatorMayHang;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, Fork, ::testing::Values("sync", "async", "durable"),
                         [](const auto& one) {
                           return std::string(one.param);
                         });

TEST_P(Fork, ParentAndChildBothLog) {
  expect_all("fork", all_of({numbered("before", 50), numbered("child", 50),
                             numbered("parent", 50)}));
}

TEST_P(Fork, AChildThatLogsNothingAddsNothing) {
  expect_all("fork-silent",
             all_of({numbered("before", 50), numbered("after", 50)}));
}

TEST_P(Fork, AChildOutlivesItsParent) {
  const std::string progress_path = targets_.file("progress");
  const Ending ending = run("fork-orphan", targets_.config(), progress_path);
  EXPECT_ENDED_WELL(ending);
  const Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  ASSERT_TRUE(wait_until([&] { return progress->returned[0] == 1; }));
  targets_.expect_each_once(
      all_of({numbered("before", 50), numbered("child", 50)}));
}

TEST_P(Fork, ChildrenMayForkAgain) {
  expect_all(
      "fork-deep",
      all_of({numbered("before", 20), numbered("child", 20),
              numbered("child-again", 20), numbered("grandchild", 20),
              numbered("great-grandchild", 20), numbered("parent", 20)}));
}

TEST_F(ForkOfThreads, WhileThreadsLogNothingHangsAndNothingIsLost) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  constexpr int kRounds = 40;
  const Ending ending =
      run("fork-threads", targets_.config(), std::to_string(kRounds));
  EXPECT_ENDED_WELL(ending);
  EXPECT_EQ(ending.err, "");
  std::vector<std::string> names =
      names_of_threads(ending, targets_.all().front());
  for (int round = 0; round < kRounds; ++round) {
    names = all_of({names, numbered("child" + std::to_string(round), 3)});
  }
  targets_.expect_each_once(names);
}

// As above, with sinks that are as fast as can be, so that forks fall into all
// moments of a call.
TEST_F(ForkOfThreads, WhileThreadsLogToFilesOnly) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  targets_.keep({"text-block", "json-line"});
  constexpr int kRounds = 60;
  const Ending ending =
      run("fork-threads", targets_.config(), std::to_string(kRounds));
  EXPECT_ENDED_WELL(ending);
  std::vector<std::string> names =
      names_of_threads(ending, targets_.all().front());
  for (int round = 0; round < kRounds; ++round) {
    names = all_of({names, numbered("child" + std::to_string(round), 3)});
  }
  targets_.expect_each_once(names);
}

TEST_F(ForkOfThreads, WhileAThreadUsesSqlite) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  targets_.keep({"sqlite"});
  constexpr int kRounds = 60;
  std::vector<std::string> names;
  for (int round = 0; round < kRounds; ++round) {
    names = all_of({names, numbered("child" + std::to_string(round), 1)});
  }
  expect_all("fork-sqlite", names, std::to_string(kRounds));
}

TEST_F(ForkOfThreads, WhileTheLibraryIsSetUp) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  for (int i = 0; i < 30; ++i) {
    const Ending ending = run("fork-set-up", "-");
    ASSERT_EQ(ending.code, 0) << ending;
    EXPECT_EQ(std::count(ending.err.begin(), ending.err.end(), '\n'), 8)
        << ending;
  }
}

TEST_P(Fork, AnotherProgramTakesOver) {
  expect_all("fork-exec",
             all_of({numbered("before", 20), numbered("child", 20),
                     numbered("exec", 20), numbered("parent", 20)}));
}

TEST_F(ForkOfThreads, CommandsRunWhileThreadsLog) {
  targets_.keep({"text-block", "json-line", "sqlite"});
  const Ending ending = run("commands", targets_.config());
  EXPECT_ENDED_WELL(ending);
  targets_.expect_each_once(names_of_threads(ending, targets_.all().front()));
}

TEST_P(Fork, StatisticsOfAChildBeginAtZero) {
  expect_all("fork-stats",
             all_of({numbered("before", 10), numbered("child", 5)}));
}

TEST_P(Fork, LoggersAndScopesGoOnInTheChild) {
  targets_.keep({"json-line"});
  const Ending ending = run("fork-scopes", targets_.config());
  EXPECT_ENDED_WELL(ending);
  const std::string text = read_file(targets_.all().front().path);
  std::istringstream in(text);
  std::vector<std::string> events;
  for (std::string line; std::getline(in, line);) {
    const auto event = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    events.push_back(event.value("event", ""));
    EXPECT_EQ(event.value("scope", ""), "request") << line;
    EXPECT_EQ(event.value("logger", ""), "http") << line;
    EXPECT_EQ(event.value("bound", 0), 1) << line;
    EXPECT_EQ(event.value("scoped", 0), 2) << line;
  }
  EXPECT_EQ(events, (std::vector<std::string>{"child", "parent"}));
}

TEST_P(Fork, AChildMaySetUpTargetsOfItsOwn) {
  const Targets own;
  const Ending ending = run("fork-init", targets_.config(), own.config());
  EXPECT_ENDED_WELL(ending);
  own.expect_each_once(numbered("child", 20));
  targets_.expect_each_once(
      all_of({numbered("before", 20), numbered("parent", 20)}));
}

TEST_P(Fork, ADaemonMayCloseAllDescriptors) {
  expect_all("fork-daemon",
             all_of({numbered("before", 20), numbered("child", 20),
                     numbered("parent", 20)}));
}

class Daemonized : public ForkOfThreads {
 protected:
  void become_daemon(const std::string& config) {
    const std::string progress_path = targets_.file("progress");
    const Ending ending = run("daemon", config, progress_path);
    EXPECT_ENDED_WELL(ending);
    EXPECT_EQ(ending.err, "");
    const Progress* progress = Progress::open(progress_path);
    ASSERT_NE(progress, nullptr);
    ASSERT_TRUE(wait_until([&] { return progress->returned[0] == 1; }));
  }
};

TEST_F(Daemonized, WhatSinksHeldBackIsThere) {
  become_daemon(targets_.config());
  targets_.expect_each_once(
      all_of({numbered("before", 20), numbered("daemon", 20)}));
}

TEST_F(Daemonized, WhatWasQueuedIsThere) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  const std::string path = targets_.file("queued.jsonl");
  const std::string config = targets_.file("queued.toml");
  write_file(config,
             "[stogger]\nlog_to_console = false\n[stogger.sinks.queued]\n"
             "type = \"jsonl\"\ndelivery = \"async\"\nflush = \"block\"\npath "
             "= \"" +
                 path + "\"\n");
  become_daemon(config);
  EXPECT_EQ(names_in(Format::json, path),
            all_of({numbered("before", 20), numbered("daemon", 20)}));
}

}  // namespace
}  // namespace stogger
