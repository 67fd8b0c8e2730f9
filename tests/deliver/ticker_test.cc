// The thread that lets sinks hand over what they hold back.
#include "deliver/ticker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/processes.h"
#include "tests/support/sanitizer.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What a machine that is busy takes on top of it.
constexpr milliseconds kSlack{5000};

bool wait_for(const auto& condition) {
  const auto end = Steady::now() + Ticker::kDelay + kSlack;
  while (!condition()) {
    if (Steady::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

// Of the threads of that name, what the kernel tells of them.
std::vector<std::string> statuses_of(const std::string& name) {
  std::vector<std::string> found;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "status");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.starts_with("Name:\t" + name + "\n")) found.push_back(text);
  }
  return found;
}

// One that has done its work needs a moment to end.
bool ends_up_without_threads() {
  return wait_for([] { return statuses_of("stogger").empty(); });
}

struct Counted {
  std::atomic<int> count{0};
  static void work(void* self) noexcept {
    ++static_cast<Counted*>(self)->count;
  }
};

TEST(Ticker, NothingIsStartedBeforeItIsAskedFor) {
  Counted counted;
  const Ticker ticker(&Counted::work, &counted);
  EXPECT_TRUE(ends_up_without_threads());
}

TEST(Ticker, TheWorkIsDoneOnceWithinASecondHoweverOftenItIsAskedFor) {
  Counted counted;
  Ticker ticker(&Counted::work, &counted);
  const auto begin = Steady::now();
  for (int i = 0; i < 1000; ++i) ticker.request();
  ASSERT_TRUE(wait_for([&] { return counted.count > 0; }));
  EXPECT_GE(Steady::now() - begin, Ticker::kDelay);
  ticker.request();
  ASSERT_TRUE(wait_for([&] { return counted.count > 1; }));
  ticker.stop();
  EXPECT_EQ(counted.count, 2);
}

TEST(Ticker, ItsThreadEndsWhenNothingMoreIsAskedFor) {
  Counted counted;
  Ticker ticker(&Counted::work, &counted);
  for (int i = 1; i < 3; ++i) {
    ticker.request();
    EXPECT_TRUE(wait_for([&] { return counted.count == i; }));
    EXPECT_TRUE(ends_up_without_threads());
  }
}

TEST(Ticker, ItsThreadTakesNoSignals) {
  Counted counted;
  Ticker ticker(&Counted::work, &counted);
  ticker.request();
  std::vector<std::string> found;
  ASSERT_TRUE(wait_for([&] {
    found = statuses_of("stogger");
    return !found.empty();
  }));
  ASSERT_EQ(found.size(), 1u);
  const std::string key = "SigBlk:\t";
  const std::size_t at = found[0].find(key);
  ASSERT_NE(at, std::string::npos);
  const std::uint64_t blocked =
      std::stoull(found[0].substr(at + key.size(), 16), nullptr, 16);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD}) {
    EXPECT_NE(blocked >> (signal - 1) & 1, 0u) << signal;
  }
}

TEST(Ticker, StoppedItDoesNothingAndMayBeAskedAgain) {
  Counted counted;
  Ticker ticker(&Counted::work, &counted);
  ticker.request();
  const auto begin = Steady::now();
  ticker.stop();
  EXPECT_LT(Steady::now() - begin, kSlack) << "it need not wait for its turn";
  EXPECT_EQ(counted.count, 0);
  EXPECT_TRUE(ends_up_without_threads());
  ticker.request();
  EXPECT_TRUE(wait_for([&] { return counted.count == 1; }));
}

TEST(Ticker, AChildHasOneOfItsOwn) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  Counted counted;
  Ticker ticker(&Counted::work, &counted);
  ticker.request();
  ticker.before_fork();
  const pid_t child = ::fork();
  if (child == 0) {
    ticker.after_fork_in_child();
    ticker.request();
    const bool fine = wait_for([&] { return counted.count == 1; });
    ticker.stop();
    ::_exit(fine && counted.count == 1 ? 0 : 1);
  }
  ticker.after_fork_in_parent();
  EXPECT_TRUE(succeeded(child));
  EXPECT_TRUE(wait_for([&] { return counted.count == 1; }));
}

// ThreadSanitizer reports a lock that is still held there, with another that is
// taken before it and after it.
TEST(Ticker, AChildDoesNotHoldTheLockOfItsParent) {
  Counted counted;
  Ticker ticker(&Counted::work, &counted);
  std::mutex another;
  another.lock();
  ticker.before_fork();
  const pid_t child = ::fork();
  if (child == 0) {
    ticker.after_fork_in_child();
    another.unlock();
    ticker.before_fork();
    another.lock();
    another.unlock();
    ticker.after_fork_in_parent();
    ::_exit(0);
  }
  ticker.after_fork_in_parent();
  another.unlock();
  EXPECT_TRUE(succeeded(child));
}

class Quiet : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status status = system_.load_text(
        "[stogger.sinks.blocks]\ntype = \"jsonl\"\nflush = \"block\"\n"
        "path = \"" +
            path_ + "\"\n",
        "test");
    ASSERT_TRUE(status.ok()) << status.message();
  }
  bool has(const std::string& path, std::string_view event) {
    return read_file(path).find(event) != std::string::npos;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("log.jsonl");
  // The thread of the system uses these.
  Diagnostics diagnostics_;
  std::atomic<std::uint64_t> waiting_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> is_away_{true};
  System system_;
  Logger log_ = system_.logger();
};

TEST_F(Quiet, TheLastEventsOfAProgramReachAFileOfBlocksWithoutAnotherEvent) {
  for (const char* event : {"first", "second"}) {
    const auto begin = Steady::now();
    log_.info(event);
    EXPECT_FALSE(has(path_, event));
    EXPECT_TRUE(wait_for([&] { return has(path_, event); }));
    const auto took = Steady::now() - begin;
    std::cout << "  after "
              << std::chrono::duration_cast<milliseconds>(took).count()
              << " ms\n";
    EXPECT_TRUE(
        wait_for([&] { return stats_of(system_, "blocks").pending == 0; }));
  }
}

TEST_F(Quiet, SoDoThoseOfAChild) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  log_.info("parent");
  EXPECT_TRUE(in_child([&] {
    log_.info("child");
    return wait_for([&] { return has(path_, "child"); });
  }));
  EXPECT_TRUE(wait_for([&] { return has(path_, "parent"); }));
}

// Its rows are written as soon as that is possible, though nothing is logged.
TEST_F(Quiet, ATargetThatWorksAgainGetsWhatWaitsForIt) {
  const auto script = std::make_shared<Script>();
  script->on_write = [&](const RowBatch& rows) {
    waiting_ += rows.row_count;
    return Status();
  };
  script->on_tally = [&](Tally* tally) {
    *tally = {written_, waiting_};
    return true;
  };
  script->on_tick = [&] {
    if (is_away_) return unavailable();
    written_ += waiting_.exchange(0);
    return Status();
  };
  add_scripted(system_, "scripted", Level::trace, script);
  log_.info("event");
  ASSERT_TRUE(wait_for([&] { return script->ticks > 0; }));
  EXPECT_TRUE(wait_for([&] { return stats_of(system_, "scripted").failing; }));
  is_away_ = false;
  EXPECT_TRUE(wait_for([&] { return written_ == 1; }));
  EXPECT_TRUE(wait_for([&] { return !stats_of(system_, "scripted").failing; }));
  EXPECT_TRUE(is_balanced(stats_of(system_, "scripted")));
  EXPECT_FALSE(script->broke_the_rules);
}

TEST_F(Quiet, ATickThatHandsNothingOverIsNoRecovery) {
  const auto script = std::make_shared<Script>();
  script->on_write = [&](const RowBatch&) { return unavailable(); };
  script->on_tally = [&](Tally* tally) {
    *tally = {0, 1};
    return true;
  };
  add_scripted(system_, "scripted", Level::trace, script);
  log_.info("event");
  ASSERT_TRUE(stats_of(system_, "scripted").failing);
  const int before = script->ticks;
  ASSERT_TRUE(wait_for([&] { return script->ticks > before + 1; }));
  EXPECT_TRUE(stats_of(system_, "scripted").failing);
  EXPECT_EQ(diagnostics_.lines().size(), 1u);
}

TEST_F(Quiet, ASinkThatHasRowsWhenItIsAddedIsNotForgotten) {
  const auto script = std::make_shared<Script>();
  script->on_tally = [&](Tally* tally) {
    *tally = {0, 1};
    return true;
  };
  add_scripted(system_, "scripted", Level::trace, script);
  EXPECT_TRUE(wait_for([&] { return script->ticks > 0; }));
}

// It cannot be closed from there, but its thread has to end before the rest.
TEST_F(Quiet, ASystemMayEndInsideASinkOfAnother) {
  for (int i = 0; i < 20; ++i) {
    auto other = std::make_unique<System>();
    ASSERT_TRUE(other
                    ->load_text("[stogger.sinks.blocks]\ntype = \"jsonl\"\n"
                                "flush = \"block\"\npath = \"" +
                                    folder_.file("other.jsonl") + "\"\n",
                                "test")
                    .ok());
    other->logger().info("event");
    System outer;
    const auto script = std::make_shared<Script>();
    script->on_write = [&](const RowBatch&) {
      std::this_thread::sleep_for(milliseconds(i % 2 == 0 ? 0 : 100));
      other.reset();
      return Status();
    };
    add_scripted(outer, "scripted", Level::trace, script);
    outer.logger().info("event");
    EXPECT_EQ(other, nullptr);
  }
  EXPECT_TRUE(ends_up_without_threads());
}

TEST_F(Quiet, NothingIsDoneAfterTheSystemIsClosed) {
  log_.info("event");
  ASSERT_TRUE(system_.close().ok());
  EXPECT_TRUE(has(path_, "event"));
  log_.info("later");
  EXPECT_TRUE(has(path_, "later"));
  EXPECT_TRUE(ends_up_without_threads());
}

}  // namespace
}  // namespace stogger
