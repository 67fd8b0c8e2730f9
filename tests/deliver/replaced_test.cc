// What was replaced by init(), or removed, is destroyed when no call is on the
// way through it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "deliver/hub.h"
#include "stogger/log.h"
#include "stogger/sink.h"
#include "stogger/system.h"
#include "tests/support/processes.h"
#include "tests/support/sanitizer.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

constexpr int kTimes = 1000;

// Counts those that there are.
class LiveSink final : public Sink {
 public:
  LiveSink() { ++live; }
  ~LiveSink() override { --live; }

  Status write(const RowBatch&, WriteReport&) override { return {}; }

  static inline std::atomic<int> live{0};
};

class Replaced : public ::testing::Test {
 protected:
  Replaced() {
    static const Status registered = register_sink(
        "live", +[](Options& options, SinkPtr* sink) {
          sink->reset(new LiveSink);
          static_cast<void>(options.integer("number", 0, 0, 1000000));
          return options.finish();
        });
    EXPECT_OK(registered);
  }
  ~Replaced() override { EXPECT_EQ(LiveSink::live, 0); }

  // Replaces the sink by another one.
  void load(bool is_queued = false) {
    std::string toml = "[stogger.sinks.a]\ntype = \"live\"\nnumber = " +
                       std::to_string(++number_) + "\n";
    if (is_queued) toml += "delivery = \"async\"\nqueue_bytes = 65536\n";
    ASSERT_OK(system_->load_text(toml, "test"));
  }

  std::unique_ptr<System> system_ = std::make_unique<System>();

 private:
  int number_ = 0;
};

long bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<long>(info.uordblks + info.hblkhd);
}

TEST_F(Replaced, ManyConfigurationsTakeNoMemory) {
  const Logger log = system_->logger();
  for (const bool is_queued : {false, true}) {
    long before = 0;
    for (int i = 0; i < kTimes; ++i) {
      load(is_queued);
      log.info("event");
      EXPECT_EQ(LiveSink::live, 1);
      if (i == 10) before = bytes_in_use();
    }
    if (!kSanitized) {
      EXPECT_LT(bytes_in_use() - before, 10000);
    }
  }
  ASSERT_OK(system_->flush());
  EXPECT_EQ(system_->stats().find("a")->accepted, 2U * kTimes);
  EXPECT_EQ(system_->stats().find("a")->written, 2U * kTimes);
  system_.reset();
}

TEST_F(Replaced, ManySinksThatComeAndGoTakeNoMemory) {
  const Logger log = system_->logger();
  long before = 0;
  for (int i = 0; i < kTimes; ++i) {
    ASSERT_OK(system_->add_sink("a", SinkPtr(new LiveSink)));
    log.info("event");
    ASSERT_OK(system_->remove_sink("a"));
    EXPECT_EQ(LiveSink::live, 0);
    if (i == 10) before = bytes_in_use();
  }
  if (!kSanitized) {
    EXPECT_LT(bytes_in_use() - before, 10000);
  }
}

TEST_F(Replaced, ThreadsThatLogKeepLittle) {
  constexpr int kThreads = 3;
  load();
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const Logger log = system_->logger();
      while (!is_over) log.info("event", {{"a", 1}});
    });
  }
  int most = 0;
  for (int i = 0; i < kTimes; ++i) {
    load(i % 2 == 0);
    most = std::max(most, LiveSink::live.load());
    const Stats stats = system_->stats();
    const SinkStats& a = *stats.find("a");
    ASSERT_EQ(a.accepted, a.written + a.dropped + a.pending);
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  // The one in place, and one for each thread that was on its way.
  EXPECT_LE(most, 1 + kThreads);
  load();
  EXPECT_EQ(LiveSink::live, 1);
  EXPECT_EQ(system_->stats().find("a")->dropped, 0U);
  system_.reset();
}

// A value that does something while it is written out, in the middle of a call.
struct Doing {
  std::function<void()> what;
};
void write_value(ValueWriter& out, const Doing& doing) {
  doing.what();
  out.set(1);
}

TEST_F(Replaced, ACallUnderWayKeepsItsSink) {
  load();
  const Doing replaces{[&] {
    load();
    load();
    EXPECT_EQ(LiveSink::live, 2);
  }};
  system_->logger().info("event", {{"replaces", replaces}});
  load();
  EXPECT_EQ(LiveSink::live, 1);
  EXPECT_EQ(system_->stats().find("a")->accepted, 1U);
  system_.reset();
}

TEST_F(Replaced, ACallWithinACallKeepsItsSink) {
  load();
  const Doing replaces{[&] {
    load();
    EXPECT_EQ(LiveSink::live, 3);
  }};
  const Doing logs{[&] {
    load();
    EXPECT_EQ(LiveSink::live, 2);
    system_->logger().info("inner", {{"replaces", replaces}});
  }};
  system_->logger().info("event", {{"logs", logs}});
  load();
  EXPECT_EQ(LiveSink::live, 1);
  EXPECT_EQ(system_->stats().find("a")->accepted, 2U);
  system_.reset();
}

TEST_F(Replaced, WhoeverVisitsRowsKeepsTheirSink) {
  constexpr std::string_view kMemory = "[stogger.sinks.m]\ntype = \"memory\"\n";
  ASSERT_OK(system_->load_text(kMemory, "test"));
  system_->logger().info("event");
  int rows = 0;
  const std::function<void(Fields)> visit = [&](Fields row) {
    load();
    load();
    rows += row.size() == 0 ? 0 : 1;
  };
  ASSERT_OK(system_->visit_rows(
      "m",
      [](Fields row, void* visit_row) {
        (*static_cast<const std::function<void(Fields)>*>(visit_row))(row);
      },
      const_cast<void*>(static_cast<const void*>(&visit))));
  EXPECT_EQ(rows, 1);
  load();
  EXPECT_EQ(LiveSink::live, 1);
  system_.reset();
}

TEST_F(Replaced, AChildIsNotHeldUpByCallsOfItsParent) {
  if (kSanitized) GTEST_SKIP() << "forks while threads run";
  load();
  std::atomic<bool> is_in_call{false};
  std::atomic<bool> may_go_on{false};
  const Doing waits{[&] {
    is_in_call = true;
    while (!may_go_on) std::this_thread::yield();
  }};
  std::thread thread([&] {
    system_->logger().info("event", {{"waits", waits}});
  });
  while (!is_in_call) std::this_thread::yield();
  EXPECT_TRUE(in_child([&] {
    load();
    return LiveSink::live == 1;
  }));
  load();
  EXPECT_EQ(LiveSink::live, 2);
  may_go_on = true;
  thread.join();
  system_.reset();
}

TEST_F(Replaced, SoAreSinksOfTheDefaultSystem) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(
        init_text("[stogger]\nlog_to_console = false\n"
                  "[stogger.sinks.a]\ntype = \"live\"\nnumber = " +
                  std::to_string(i)));
    info("event");
    EXPECT_EQ(LiveSink::live, 1);
  }
  ASSERT_OK(init_text("[stogger.sinks.m]\ntype = \"memory\"\n"));
  EXPECT_EQ(LiveSink::live, 0);
  ASSERT_OK(init());
}

}  // namespace
}  // namespace stogger
