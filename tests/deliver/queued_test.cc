// Sinks with a queue: delivery = "async".

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/eventually.h"
#include "tests/support/json_rows.h"
#include "tests/support/processes.h"
#include "tests/support/sanitizer.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keeps a sink in its write() until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

class Queued : public ::testing::Test {
 public:
  static void SetUpTestSuite() {
    static const Status registered =
        register_sink("queued-test", [](Options&, SinkPtr* sink) {
          sink->reset(new ScriptedSink(next_script_));
          return Status();
        });
    ASSERT_OK(registered);
  }
  void SetUp() override {
    script_->on_form = [] { return RowForm::table; };
  }
  void TearDown() override {
    EXPECT_OK(system_.close());
    EXPECT_FALSE(script_->broke_the_rules);
  }

  void load(std::string_view keys = {}) {
    next_script_ = script_;
    ASSERT_OK(system_.load_text(
        "[stogger]\nlog_to_console = false\n[stogger.sinks.sink]\ntype = "
        "\"queued-test\"\ndelivery = \"async\"\n" +
            std::string(keys),
        "test"));
    log_ = system_.logger();
  }
  void break_it() {
    const std::lock_guard lock(script_->mutex);
    is_broken_ = true;
    script_->on_write = [this](const RowBatch&) {
      return is_broken_ ? unavailable() : Status();
    };
  }
  void log(int first, int count) {
    for (int i = first; i < first + count; ++i) log_.info(std::to_string(i));
  }
  static std::vector<std::string> numbers(int count) {
    std::vector<std::string> numbers;
    for (int i = 0; i < count; ++i) numbers.push_back(std::to_string(i));
    return numbers;
  }
  SinkStats stats() { return stats_of(system_, "sink"); }

  static inline std::shared_ptr<Script> next_script_;

  // What scripts use lives as long as the sinks.
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::atomic<bool> is_broken_{false};
  std::atomic<bool> opens_{false};
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> stored_{0};
  std::vector<std::string> taken_;
  Gate gate_;
  Diagnostics diagnostics_;
  System system_;
  Logger log_ = system_.logger();
};

TEST_F(Queued, EventsArriveInOrderAndInBatches) {
  load("batch_rows = 100");
  log(0, 5000);
  EXPECT_OK(system_.flush());
  EXPECT_EQ(script_->events(), numbers(5000));
  EXPECT_GE(script_->writes, 50);
  EXPECT_LT(script_->writes, 2500);
  EXPECT_EQ(stats().accepted, 5000U);
  EXPECT_EQ(stats().written, 5000U);
  EXPECT_EQ(stats().pending, 0U);
}

TEST_F(Queued, AnEventArrivesWithoutAFlush) {
  load();
  log(0, 1);
  EXPECT_TRUE(eventually([&] { return script_->count() == 1; }));
}

TEST_F(Queued, AnEventWakesAWorkerThatHasNothingToDo) {
  load("max_delay_ms = 1000");
  log(0, 1);
  ASSERT_TRUE(eventually([&] { return script_->count() == 1; }));
  std::this_thread::sleep_for(milliseconds(2500));  // it gives up looking
  const auto before = steady_clock::now();
  log(1, 1);
  EXPECT_TRUE(eventually([&] { return script_->count() == 2; }));
  EXPECT_LT(steady_clock::now() - before, milliseconds(900));
}

TEST_F(Queued, RowsOfFormsWithoutCommonColumnsArriveOneByOne) {
  script_->on_form = [] { return RowForm::fields; };
  load();
  for (int i = 0; i < 50; ++i) {
    log_.info(std::to_string(i), {{"key" + std::to_string(i), i}});
  }
  EXPECT_OK(system_.flush());
  EXPECT_EQ(script_->events(), numbers(50));
  EXPECT_EQ(script_->writes, 50);
}

TEST_F(Queued, EventsWaitAsLongAsTheTargetFails) {
  load("batch_rows = 10");
  break_it();
  log(0, 100);
  ASSERT_TRUE(eventually([&] { return stats().failing; }));
  EXPECT_EQ(stats().pending, 100U);
  EXPECT_TRUE(is_balanced(stats()));
  EXPECT_EQ(stats().dropped, 0U);
  const Status flushed = system_.flush();
  EXPECT_EQ(flushed.code(), Code::unavailable);
  EXPECT_THAT(
      std::string(flushed.message()),
      HasSubstr("flush failed: it is out of order; 100 events are not with "
                "the target yet"));
  is_broken_ = false;
  EXPECT_TRUE(eventually([&] { return stats().written == 100; }));
  EXPECT_EQ(script_->events(), numbers(100));
  EXPECT_THAT(
      diagnostics_.lines(),
      ElementsAre("sink 'sink' (queued-test): the target is away (nowhere); "
                  "events are queued; next try in 0.1 s",
                  AllOf(HasSubstr("works again after"),
                        HasSubstr("; 0 events dropped"))));
}

TEST_F(Queued, EventsWaitAsLongAsTheSinkCannotBeOpened) {
  script_->on_open = [this] { return opens_ ? Status() : unavailable(); };
  load();
  log(0, 20);
  EXPECT_EQ(stats().pending, 20U);
  opens_ = true;
  EXPECT_TRUE(eventually([&] { return stats().written == 20; }));
  EXPECT_EQ(script_->events(), numbers(20));
}

TEST_F(Queued, WhatASinkHasStoredBeforeItFailedIsNotHandedOverAgain) {
  // It keeps a tally, and takes three rows of a batch at most.
  script_->on_tally = [this](Tally* tally) {
    tally->written = stored_;
    return true;
  };
  script_->on_write = [this](const RowBatch& rows) {
    for (std::size_t i = 0; i < rows.row_count; ++i) {
      if (i == 3) return unavailable();
      taken_.emplace_back(ScriptedSink::name_of(rows, i));
      ++stored_;
    }
    return Status();
  };
  load("drain_ms = 60000");
  log(0, 8);
  EXPECT_TRUE(eventually([&] { return stats().written == 8; }));
  EXPECT_OK(system_.close());
  EXPECT_EQ(taken_, numbers(8));
  EXPECT_EQ(stats().dropped, 0U);
}

TEST_F(Queued, RefusedRowsOfABatchThatFailedAreNotHandedOverAgain) {
  // Of the first batch of several rows, the second one is refused, and then the
  // target fails.
  script_->on_report = [this](WriteReport& report) {
    if (!failed_) report.refuse(1, "value too long");
  };
  script_->on_write = [this](const RowBatch&) {
    return failed_.exchange(true) ? Status() : unavailable();
  };
  script_->on_open = [this] { return opens_ ? Status() : unavailable(); };
  load();
  log(0, 4);
  opens_ = true;
  EXPECT_TRUE(eventually([&] { return stats().pending == 0; }));
  EXPECT_THAT(script_->events(), ElementsAre("0", "2", "3"));
  EXPECT_EQ(stats().dropped, 1U);
  EXPECT_EQ(stats().written, 3U);
  EXPECT_TRUE(is_balanced(stats()));
}

TEST_F(Queued, AFullQueueMakesACallWaitForItsTimeAtMost) {
  script_->on_write = [this](const RowBatch&) {
    gate_.pass();
    return Status();
  };
  load("queue_bytes = 65536\nblock_ms = 50");
  auto longest = steady_clock::duration::zero();
  int waits = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto before = steady_clock::now();
    log(i, 1);
    const auto took = steady_clock::now() - before;
    longest = std::max(longest, took);
    if (took > milliseconds(40)) ++waits;
  }
  EXPECT_GE(longest, milliseconds(50));
  EXPECT_LT(longest, milliseconds(2000));
  // Who has waited in vain is not followed by others.
  EXPECT_LT(waits, 10);
  EXPECT_GT(stats().dropped, 0U);
  EXPECT_TRUE(is_balanced(stats()));
  gate_.open();
  EXPECT_OK(system_.flush());
  EXPECT_EQ(stats().written + stats().dropped, 5000U);
  EXPECT_EQ(stats().written, script_->count());
  EXPECT_OK(system_.close());
  EXPECT_THAT(diagnostics_.lines(),
              ::testing::Contains(HasSubstr("its queue was full; ")));
}

TEST_F(Queued, ACallWaitsForRoomThatComes) {
  script_->on_write = [](const RowBatch&) {
    std::this_thread::sleep_for(milliseconds(1));
    return Status();
  };
  load("queue_bytes = 65536\nblock_ms = 10000\nbatch_rows = 100");
  log(0, 5000);
  EXPECT_OK(system_.flush());
  EXPECT_EQ(script_->events(), numbers(5000));
}

TEST_F(Queued, DropNewestDoesNotWait) {
  script_->on_write = [this](const RowBatch&) {
    gate_.pass();
    return Status();
  };
  load("queue_bytes = 65536\nwhen_full = \"drop_newest\"");
  const auto before = steady_clock::now();
  log(0, 5000);
  EXPECT_LT(steady_clock::now() - before, seconds(2));
  const std::uint64_t dropped = stats().dropped;
  EXPECT_GT(dropped, 0U);
  gate_.open();
  EXPECT_OK(system_.flush());
  // The first ones are those that arrive.
  EXPECT_EQ(script_->events(), numbers(5000 - static_cast<int>(dropped)));
}

TEST_F(Queued, DropOldestKeepsTheNewest) {
  break_it();
  load("queue_bytes = 65536\nwhen_full = \"drop_oldest\"\nblock_ms = 10000");
  log(0, 5000);
  const std::uint64_t dropped = stats().dropped;
  EXPECT_GT(dropped, 1000U);
  EXPECT_TRUE(is_balanced(stats()));
  is_broken_ = false;
  EXPECT_TRUE(eventually([&] { return stats().pending == 0; }));
  const std::vector<std::string> all = numbers(5000);
  EXPECT_EQ(script_->events(),
            std::vector<std::string>(
                all.begin() + static_cast<std::ptrdiff_t>(dropped), all.end()));
  EXPECT_OK(system_.close());
  EXPECT_THAT(diagnostics_.lines(),
              ::testing::Contains(HasSubstr("its queue was full; ")));
}

TEST_F(Queued, FlushWaitsForTheGivenTime) {
  script_->on_write = [this](const RowBatch&) {
    gate_.pass();
    return Status();
  };
  load();
  log(0, 10);
  const Status late = system_.flush(0.05);
  EXPECT_EQ(late.code(), Code::unavailable);
  EXPECT_THAT(std::string(late.message()),
              HasSubstr("flush failed: the time is up; 10 events are not with "
                        "the target yet"));
  gate_.open();
  EXPECT_OK(system_.flush(10));
  EXPECT_EQ(script_->count(), 10U);
}

TEST_F(Queued, AnEventThatIsTooLargeForTheQueueDoesNotStopIt) {
  load("queue_bytes = 65536");
  for (const std::size_t size : {100000U, 60000U, 20000U}) {
    log_.info("large", {{"text", std::string(size, 'x')}});
  }
  EXPECT_EQ(stats().dropped, 3U);
  log(0, 100);
  EXPECT_OK(system_.flush());
  EXPECT_EQ(script_->events(), numbers(100));
}

TEST_F(Queued, ARestOfALapThatWasSkippedIsNothingToWaitFor) {
  script_->on_write = [this](const RowBatch&) {
    gate_.pass();
    return Status();
  };
  load("queue_bytes = 65536\nwhen_full = \"drop_newest\"");
  const std::string text(10000, 'x');
  for (int i = 0; i < 10; ++i) log_.info("large", {{"text", text}});
  EXPECT_GT(stats().dropped, 0U);
  gate_.open();
  ASSERT_TRUE(eventually([&] { return stats().pending == 0; }));
  EXPECT_OK(system_.flush(5));
}

TEST_F(Queued, ADiagnosticFunctionMayAskForAnythingWhileAQueueIsFull) {
  set_diagnostics(
      [](std::string_view, void* self) {
        auto* const test = static_cast<Queued*>(self);
        EXPECT_EQ(test->system_.flush().code(), Code::invalid);
        EXPECT_EQ(test->system_.close().code(), Code::invalid);
        test->log_.info("from a report");
      },
      this);
  load("queue_bytes = 65536\nwhen_full = \"drop_newest\"");
  log(0, 5000);
  EXPECT_OK(system_.close());
  EXPECT_TRUE(is_balanced(stats()));
}

TEST_F(Queued, CloseHandsOverWhatIsQueued) {
  script_->on_write = [](const RowBatch&) {
    std::this_thread::sleep_for(milliseconds(2));
    return Status();
  };
  load("batch_rows = 50");
  log(0, 2000);
  EXPECT_OK(system_.close());
  EXPECT_EQ(script_->events(), numbers(2000));
}

TEST_F(Queued, WhatIsLeftWhenTheTimeToCloseIsUpIsDroppedAndReported) {
  load("drain_ms = 100");
  break_it();
  log(0, 30);
  const auto before = steady_clock::now();
  static_cast<void>(system_.close());
  EXPECT_LT(steady_clock::now() - before, seconds(5));
  EXPECT_EQ(stats().dropped, 30U);
  EXPECT_EQ(stats().pending, 0U);
  EXPECT_THAT(diagnostics_.lines(),
              ::testing::Contains(HasSubstr("30 events could not be written")));
}

TEST_F(Queued, EventsAfterCloseAreDeliveredByTheirCalls) {
  load();
  log(0, 1);
  EXPECT_OK(system_.close());
  log_.info("1", {{"n", 5}}, "A message of {n}");
  EXPECT_EQ(script_->events(), numbers(2));
  EXPECT_TRUE(is_balanced(stats()));
  EXPECT_EQ(stats().written, 2U);
}

TEST(QueuedEvents, AnotherConfigurationLosesNoneAndKeepsTheirOrder) {
  const TempFolder folder;
  const std::string path = folder.file("log.jsonl");
  System system;
  const auto load = [&] {
    return system.load_text(
        "[stogger]\nlog_to_console = false\n[stogger.sinks.file]\ntype = "
        "\"jsonl\"\ndelivery = \"async\"\nqueue_bytes = 65536\nblock_ms = "
        "10000\npath = \"" +
            path + "\"\n",
        "test");
  };
  ASSERT_OK(load());
  std::atomic<bool> done{false};
  int logged = 0;
  std::thread logging([&, log = system.logger()] {
    while (!done && logged < 200000) log.info("event", {{"number", logged++}});
  });
  for (int i = 0; i < 20; ++i) EXPECT_OK(load());
  done = true;
  logging.join();
  EXPECT_OK(system.close());
  EXPECT_EQ(stats_of(system, "file").written,
            static_cast<std::uint64_t>(logged));
  std::int64_t next = 0;
  for (const OwnedRow& row : read_json_lines(read_file(path))) {
    for (const OwnedField& field : row) {
      if (field.name() != "number") continue;
      ASSERT_EQ(field.value().integer(), next++);
    }
  }
  EXPECT_EQ(next, logged);
}

std::int64_t resident_pages() {
  std::ifstream in("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  in >> total >> resident;
  return resident;
}

TEST_F(Queued, QueuesOfFormerConfigurationsGiveTheirMemoryBack) {
  if (kSanitized) GTEST_SKIP() << "sanitizers keep memory of their own";
  load();
  const std::int64_t before = resident_pages();
  for (int i = 0; i < 20; ++i) {
    script_ = std::make_shared<Script>();  // each sink has one of its own
    SetUp();
    load();
    log(0, 10);
  }
  const std::int64_t mib = (resident_pages() - before) * ::getpagesize() >> 20;
  EXPECT_LT(mib, 60) << "each of the 20 queues has 8 MiB";
}

TEST_F(Queued, NoEventIsLostBetweenManyThreadsAndAClose) {
  for (int round = 0; round < 20; ++round) {
    system_ = System();
    script_ = std::make_shared<Script>();
    SetUp();
    load("queue_bytes = 65536\nblock_ms = 10000");
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const Logger log = system_.logger();
        ++ready;
        for (int i = 0; i < 2000; ++i) log.info("event");
      });
    }
    while (ready < 4) std::this_thread::yield();
    static_cast<void>(system_.close());
    for (std::thread& thread : threads) thread.join();
    const SinkStats now = stats();
    EXPECT_EQ(now.pending, 0U);
    EXPECT_EQ(now.accepted, 8000U);
    EXPECT_EQ(now.written, 8000U);
    EXPECT_EQ(script_->count(), 8000U);
    EXPECT_FALSE(script_->broke_the_rules);
  }
}

TEST_F(Queued, CountersAreBalancedAtEveryMoment) {
  load("queue_bytes = 65536\nbatch_rows = 7\nwhen_full = \"drop_newest\"");
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      const Logger log = system_.logger();
      while (!done) log.info("event");
    });
  }
  std::uint64_t last = 0;
  for (int i = 0; i < 20000; ++i) {
    const SinkStats now = stats();
    ASSERT_TRUE(is_balanced(now));
    ASSERT_GE(now.accepted, last);
    last = now.accepted;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Queued, AChildHasAQueueOfItsOwn) {
  const TempFolder folder;
  const std::string path = folder.file("log.jsonl");
  System system;
  ASSERT_OK(system.load_text(
      "[stogger]\nlog_to_console = false\ndelivery = "
      "\"async\"\n[stogger.sinks.file]\ntype = \"jsonl\"\npath = \"" +
          path + "\"\n",
      "test"));
  const Logger log = system.logger();
  for (int i = 0; i < 1000; ++i) log.info("parent");
  EXPECT_TRUE(in_child([&] {
    for (int i = 0; i < 1000; ++i) log.info("child");
    const bool flushed = system.flush().ok();
    const SinkStats now = stats_of(system, "file");
    return flushed && now.written == 1000 && now.accepted == 1000;
  }));
  for (int i = 0; i < 1000; ++i) log.info("parent");
  EXPECT_OK(system.close());
  int parents = 0;
  int children = 0;
  for (const OwnedRow& row : read_json_lines(read_file(path))) {
    for (const OwnedField& field : row) {
      if (field.name() != "event") continue;
      ++(field.value().text() == "child" ? children : parents);
    }
  }
  EXPECT_EQ(parents, 2000);
  EXPECT_EQ(children, 1000);
}

// What a custom value is must be written out by the call.
struct Point {
  int x;
};
void write_value(ValueWriter& out, const Point& point) {
  out.append("<" + std::to_string(point.x) + ">");
}

TEST(QueuedEvents, AreTheSameAsThoseOfCalls) {
  for (const char* form : {"text", "json", "logfmt"}) {
    for (const bool alone : {true, false}) {
      const TempFolder folder;
      testing::ManualClock clock;
      const auto sink = [&](std::string_view name, std::string_view delivery) {
        return "[stogger.sinks." + std::string(name) +
               "]\ntype = \"file\"\npath = \"" + folder.file(name) +
               "\"\nformat = \"" + form + "\"\ndelivery = \"" +
               std::string(delivery) + "\"\n";
      };
      const std::string head =
          "[stogger]\nlog_to_console = false\ncaller_info = true\n";
      System system(&clock);
      ASSERT_OK(system.load_text(
          head + sink("sync", "sync") + (alone ? "" : sink("async", "async")),
          "test"));
      System other(&clock);
      if (alone) {
        ASSERT_OK(other.load_text(head + sink("async", "async"), "test"));
      }
      const auto log_all = [](const Logger& log) {
        const std::string long_text(300000, 'x');
        const std::string dirty("a\0b\xFF\x1B[31m", 9);
        for (int i = 0; i < 3; ++i) {
          log.info("plain");
          log.warning("fields", {{"i", i},
                                 {"u", UINT64_MAX},
                                 {"r", 0.1},
                                 {"b", true},
                                 {"n", nullptr},
                                 {"t", Time{1}},
                                 {"s", "text"},
                                 {"j", Json{"{\"a\":[1]}"}},
                                 {"custom", Point{i}},
                                 {"password", "secret"},
                                 {"d", dirty},
                                 {"timestamp", "reserved"},
                                 {dirty, 1}});
          log.error("message", {{"i", i}, {"custom", Point{7}}},
                    "{i} of {custom} {missing}");
          const Scope scope("scope", {{"in", "scope"}});
          log.with({{"bound", 1}}).info("scoped", {{"scope", "mine"}});
          log.info("long", {{"text", long_text}, {"more", long_text}});
          log.info("long message", {{"text", long_text}}, "{text}{text}");
        }
      };
      const auto log_here = [&](System& to) { log_all(to.logger("name")); };
      log_here(system);
      if (alone) log_here(other);
      EXPECT_OK(system.close());
      EXPECT_OK(other.close());
      const std::string expected = read_file(folder.file("sync"));
      EXPECT_GT(expected.size(), 100000U);
      EXPECT_TRUE(expected == read_file(folder.file("async")))
          << form << (alone ? ", alone" : ", beside");
    }
  }
}

}  // namespace
}  // namespace stogger
