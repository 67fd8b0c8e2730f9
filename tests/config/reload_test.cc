// A configuration in place of another one: sinks that are the same in both stay
// open.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "config/reading.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/sink.h"
#include "stogger/system.h"
#include "support/entries.h"
#include "support/sanitizer.h"
#include "support/targets.h"
#include "support/temp_folder.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

// Counts how often one is opened and closed.
class CountedOpen final : public Sink {
 public:
  Status open() override {
    ++opened;
    return failure == Code::ok ? Status() : Status(failure, "no target");
  }
  Status write(const RowBatch& rows, WriteReport&) override {
    written += static_cast<int>(rows.row_count);
    return {};
  }
  Status close() override {
    ++closed;
    return {};
  }

  static inline std::atomic<int> opened{0};
  static inline std::atomic<int> closed{0};
  static inline std::atomic<int> written{0};
  static inline std::atomic<Code> failure{Code::ok};
};

class Reload : public ConfigTest {
 protected:
  Reload() {
    static const Status registered = register_sink(
        "counted-open", +[](Options& options, SinkPtr* sink) {
          sink->reset(new CountedOpen);
          static_cast<void>(options.text("option", "default"));
          return options.finish();
        });
    EXPECT_OK(registered);
    CountedOpen::opened = CountedOpen::closed = CountedOpen::written = 0;
    CountedOpen::failure = Code::ok;
    set_diagnostics(&receive, this);
  }
  ~Reload() override { set_diagnostics(nullptr); }

  // A sink named `a`. `top`: keys of [stogger]; `rest`: tables.
  void load(std::string_view keys = "", std::string_view top = "",
            std::string_view rest = "") {
    ASSERT_OK(system_.load_text(toml(keys, top, rest), "c.toml"));
  }
  static std::string toml(std::string_view keys, std::string_view top = "",
                          std::string_view rest = "") {
    return "[stogger]\nlog_to_console = false\n" + std::string(top) +
           "\n[stogger.sinks.a]\ntype = \"counted-open\"\n" +
           std::string(keys) + "\n" + std::string(rest);
  }
  void expect_kept() {
    EXPECT_EQ(CountedOpen::opened, 1);
    EXPECT_EQ(CountedOpen::closed, 0);
  }
  void expect_replaced() {
    EXPECT_EQ(CountedOpen::opened, 2);
    EXPECT_EQ(CountedOpen::closed, 1);
  }

  TempFolder folder_;
  Lines reports_;
  System system_;

 private:
  static void receive(std::string_view line, void* self) {
    static_cast<Reload*>(self)->reports_.emplace_back(line);
  }
};

TEST_F(Reload, AnUnchangedSinkStaysOpen) {
  load();
  system_.logger().info("one");
  load();
  system_.logger().info("two");
  expect_kept();
  EXPECT_EQ(CountedOpen::written, 2);
  EXPECT_EQ(system_.stats().find("a")->written, 2U);
}

TEST_F(Reload, ItStaysOpenIfOthersComeGoAndChange) {
  const std::string other = "[stogger.sinks.b]\ntype = \"memory\"\n";
  load("", "", other);
  load("", "", other + "max_rows = 5\n");
  load();
  load("", "syslog_identifier = \"shop\"",
       "[stogger.sinks.c]\ntype = \"memory\"\n" + other);
  EXPECT_EQ(CountedOpen::closed, 1) << "the name of the service is another";
  load("", "syslog_identifier = \"shop\"");
  EXPECT_EQ(CountedOpen::closed, 1);
}

TEST_F(Reload, AnotherOrderOfKeysIsNoChange) {
  const std::string letters = "dead_letter = \"" + folder_.file("dead") + "\"";
  load("option = \"x\"\nlevel = \"info\"\n" + letters);
  load(letters + "\nlevel = \"info\"\noption = \"x\"");
  expect_kept();
}

TEST_F(Reload, LevelsAloneAreExchanged) {
  const Logger log = system_.logger();
  load("level = \"warning\"");
  log.info("one");
  load("level = \"debug\"");
  log.debug("two");
  load("", "level = \"error\"");
  log.warning("three");
  load("", "level = \"warning\"\n[stogger.levels]\nhttp = \"debug\"");
  log.warning("four");
  system_.logger("http").debug("five");
  expect_kept();
  EXPECT_EQ(CountedOpen::written, 3);
}

TEST_F(Reload, ALevelThatWasSetAtRunTimeHoldsUntilThen) {
  load();
  ASSERT_OK(system_.set_level(Level::debug));
  ASSERT_OK(system_.set_level("http", Level::trace));
  EXPECT_TRUE(system_.logger().enabled(Level::debug));
  load();
  EXPECT_FALSE(system_.logger().enabled(Level::debug));
  EXPECT_FALSE(system_.logger("http").enabled(Level::trace));
  expect_kept();
}

TEST_F(Reload, FiltersAloneAreExchanged) {
  const Logger log = system_.logger();
  load("events = [\"order-*\"]");
  log.info("one");
  load("events = [\"one\"]");
  log.info("one");
  load("not_events = [\"one\"]");
  log.info("one");
  load();
  log.info("one");
  expect_kept();
  EXPECT_EQ(CountedOpen::written, 2);
}

TEST_F(Reload, FieldsAndSettingsOfEventsAreExchanged) {
  const std::string lines =
      "[stogger.sinks.m]\ntype = \"jsonl\"\nmode = \"truncate\"\npath = \"" +
      folder_.file("m") + "\"\n";
  load("", "", lines);
  system_.logger().info("one", {{"pin", "1234"}});
  load("", "caller_info = true\nredact = [\"pin\"]\n[stogger.fields]\nn = 1",
       lines);
  system_.logger().info("two", {{"pin", "1234"}});
  expect_kept();
  const std::string text = read_file(folder_.file("m"));
  const std::string second = text.substr(text.find('\n') + 1);
  EXPECT_NE(text.find("\"pin\":\"1234\"}\n"), std::string::npos) << text;
  EXPECT_NE(second.find("\"n\":1,"), std::string::npos) << text;
  EXPECT_NE(second.find("\"pin\":\"[REDACTED]\""), std::string::npos) << text;
  EXPECT_NE(second.find("\"code_line\""), std::string::npos) << text;
}

TEST_F(Reload, AnUnchangedLimitGoesOn) {
  const std::string limit =
      "[[stogger.limits]]\nevent = \"flood\"\nper_second = 0.001\n";
  const std::string other = "[[stogger.limits]]\nsample = 0.5\n";
  const Logger log = system_.logger();
  load("", "", limit);
  for (int i = 0; i < 5; ++i) log.info("flood");
  EXPECT_EQ(CountedOpen::written, 1);
  load("", "", limit + other);
  for (int i = 0; i < 5; ++i) log.info("flood");
  EXPECT_EQ(CountedOpen::written, 1) << "its allowance is not full again";
  EXPECT_EQ(system_.stats().suppressed(), 9U);
  load();
  log.info("flood");
  EXPECT_EQ(CountedOpen::written, 2);
  expect_kept();
}

TEST_F(Reload, AChangedOptionReplacesTheSinkAndItsCountersGoOn) {
  load("option = \"x\"");
  system_.logger().info("one");
  load("option = \"y\"");
  system_.logger().info("two");
  expect_replaced();
  EXPECT_EQ(system_.stats().find("a")->written, 2U);
}

TEST_F(Reload, AChangedDeliveryReplacesTheSink) {
  load();
  load("", "delivery = \"async\"");
  expect_replaced();
  load("queue_bytes = 65536", "delivery = \"async\"");
  EXPECT_EQ(CountedOpen::closed, 2);
  load("queue_bytes = 65536\ndelivery = \"async\"");
  EXPECT_EQ(CountedOpen::closed, 3) << "it said nothing of it before";
}

TEST_F(Reload, AChangedFileOfDeadLettersReplacesTheSink) {
  load("dead_letter = \"" + folder_.file("a") + "\"");
  load("dead_letter = \"" + folder_.file("b") + "\"");
  expect_replaced();
}

TEST_F(Reload, AChangedVariableReplacesTheSink) {
  const ScopedVariable one("STOGGER_TEST_ONE", "first");
  load("option = \"${STOGGER_TEST_ONE}\"");
  load("option = \"${STOGGER_TEST_ONE}\"");
  expect_kept();
  const ScopedVariable two("STOGGER_TEST_ONE", "second");
  load("option = \"${STOGGER_TEST_ONE}\"");
  expect_replaced();
}

// The reports of a sink have to hide what its events may contain.
TEST_F(Reload, AVariableInTheFieldsOfEventsIsHiddenFromThenOn) {
  const ScopedVariable secret("STOGGER_TEST_ONE", "hunter2token");
  load();
  load("", "[stogger.fields]\nservice = \"${STOGGER_TEST_ONE}\"");
  expect_replaced();
  load("", "[stogger.fields]\nservice = \"${STOGGER_TEST_ONE}\"\nn = 1");
  EXPECT_EQ(CountedOpen::closed, 1);
}

TEST_F(Reload, WhatAProblemKeepsIsNotTouched) {
  load();
  for (const char* wrong : {"levle = 1", "level = \"loud\"", "x = ["}) {
    reports_.clear();
    EXPECT_FALSE(system_.load_text(toml("", wrong), "c.toml").ok());
    ASSERT_EQ(reports_.size(), 1U);
    EXPECT_EQ(reports_[0].rfind("c.toml:", 0), 0U) << reports_[0];
  }
  expect_kept();
}

TEST_F(Reload, WhatWasClosedIsOpenedAgain) {
  load();
  ASSERT_OK(system_.close());
  load();
  system_.logger().info("one");
  EXPECT_EQ(CountedOpen::opened, 2);
  EXPECT_EQ(CountedOpen::written, 1);
}

TEST_F(Reload, ASinkThatFailsIsLeftToItsNextTry) {
  CountedOpen::failure = Code::unavailable;
  load();
  ASSERT_EQ(reports_.size(), 1U);
  load();
  EXPECT_EQ(CountedOpen::opened, 1);
  EXPECT_EQ(reports_.size(), 1U) << "it was said already";
  EXPECT_TRUE(system_.stats().find("a")->failing);
  load("option = \"x\"");
  EXPECT_EQ(CountedOpen::opened, 2);
}

// As one without a password, or without its module.
TEST_F(Reload, ASinkThatOnlyAnInitPutsRightIsOpenedAgain) {
  CountedOpen::failure = Code::config;
  load();
  load();
  EXPECT_EQ(CountedOpen::opened, 2);
  CountedOpen::failure = Code::ok;
  load();
  EXPECT_EQ(CountedOpen::opened, 3);
  load();
  EXPECT_EQ(CountedOpen::opened, 3);
}

TEST_F(Reload, AQueueThatCouldNotBeOnDiskGetsAnotherChance) {
  const std::string folder = folder_.file("not-a-folder");
  write_file(folder, "");
  const std::string keys =
      "delivery = \"durable\"\nspool_dir = \"" + folder + "\"";
  load(keys);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_NE(reports_[0].find("no queue on disk"), std::string::npos)
      << reports_[0];
  std::filesystem::remove(folder);
  load(keys);
  EXPECT_EQ(reports_.size(), 1U);
  EXPECT_TRUE(std::filesystem::is_directory(folder));
  load(keys);
  EXPECT_EQ(CountedOpen::opened, 2);
}

TEST_F(Reload, AnAddedSinkGoesEvenIfATableOfItsNameComes) {
  ASSERT_OK(system_.add_sink("a", SinkPtr(new CountedOpen)));
  load();
  EXPECT_EQ(CountedOpen::opened, 2);
  EXPECT_EQ(CountedOpen::closed, 1);
}

TEST_F(Reload, AFileThatIsTruncatedAtTheStartIsNotTruncatedAgain) {
  const std::string file = folder_.file("log");
  const std::string toml =
      "[stogger]\nlog_to_console = false\n[stogger.sinks.a]\ntype = \"jsonl\"\n"
      "mode = \"truncate\"\npath = \"" +
      file + "\"\n";
  ASSERT_OK(system_.load_text(toml, "c.toml"));
  system_.logger().info("one");
  ASSERT_OK(system_.load_text(toml, "c.toml"));
  system_.logger().info("two");
  EXPECT_NE(read_file(file).find("\"one\""), std::string::npos);
}

// ---- Again and again

constexpr int kReloads = 1000;

long bytes_in_use_now() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<long>(info.uordblks + info.hblkhd);
}

TEST_F(Reload, ManyTakeNoMemory) {
  long before = 0;
  for (int i = 0; i < kReloads; ++i) {
    load(i % 2 == 0 ? "level = \"debug\"" : "events = [\"a*\"]",
         i % 3 == 0 ? "[stogger.fields]\nservice = \"shop\"" : "",
         "[[stogger.limits]]\nevent = \"flood\"\nper_second = 1\n");
    system_.logger("name").info("a");
    if (i == 10) before = bytes_in_use_now();
  }
  if (!kSanitized) {
    EXPECT_LT(bytes_in_use_now() - before, 10000);
  }
  expect_kept();
  EXPECT_EQ(CountedOpen::written, kReloads);
}

class ReloadUnderLoad : public ::testing::TestWithParam<const char*> {
 protected:
  // With sinks that change now and then. The end of a queue takes a while.
  std::string toml(int number) const {
    std::string text = read_file(targets_.config());
    insert(text, "sinks.json-line]\n",
           number / (GetParam() == std::string("sync") ? 1 : 20) % 2 == 0
               ? "max_bytes = 1000000000\n"
               : "");
    insert(text, "sinks.sqlite]\n",
           number % 100 < 50 ? "" : "synchronous = \"OFF\"\n");
    insert(text, "sinks.text-block]\n",
           number % 3 == 0 ? "level = \"info\"\n" : "");
    return text + (number % 4 == 0 ? "[stogger.fields]\nservice = 1\n" : "");
  }

  Targets targets_;

 private:
  static void insert(std::string& text, std::string_view after,
                     std::string_view what) {
    const std::size_t at = text.find(after);
    ASSERT_NE(at, std::string::npos) << after;
    text.insert(at + after.size(), what);
  }
};

INSTANTIATE_TEST_SUITE_P(, ReloadUnderLoad,
                         ::testing::Values("sync", "async", "durable"),
                         [](const auto& one) {
                           return std::string(one.param);
                         });

TEST_P(ReloadUnderLoad, LosesDoublesAndLeaksNothing) {
  constexpr int kThreads = 3;
  targets_.keep({"text-block", "json-line", "sqlite"});
  targets_.deliver(GetParam());
  const int reloads = kSanitized ? kReloads / 10 : kReloads;
  System system;
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  std::vector<int> logged(kThreads);
  ASSERT_OK(system.load_text(toml(0), "c.toml"));
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const Logger log = system.logger();
      int& count = logged[static_cast<std::size_t>(thread)];
      while (!is_over) {
        log_checked(log, "thread" + std::to_string(thread) + "-" +
                             std::to_string(count++));
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
  }
  long descriptors = 0;
  long tasks = 0;
  for (int i = 0; i < reloads; ++i) {
    EXPECT_OK(system.load_text(toml(i), "c.toml"));
    for (const SinkStats& sink : system.stats()) {
      EXPECT_EQ(sink.accepted, sink.written + sink.dropped + sink.pending);
    }
    if (i == 10) {
      descriptors = entries_in("/proc/self/fd");
      tasks = entries_in("/proc/self/task");
    }
  }
  // Each thread may still be on its way through what was replaced last.
  EXPECT_LE(entries_in("/proc/self/fd"), descriptors + 4 * kThreads);
  EXPECT_LE(entries_in("/proc/self/task"), tasks + kThreads);
  is_over = true;
  std::vector<std::string> names;
  std::uint64_t all = 0;
  for (int thread = 0; thread < kThreads; ++thread) {
    const auto index = static_cast<std::size_t>(thread);
    threads[index].join();
    for (int i = 0; i < logged[index]; ++i) {
      names.push_back("thread" + std::to_string(thread) + "-" +
                      std::to_string(i));
    }
    all += static_cast<std::uint64_t>(logged[index]);
  }
  ASSERT_OK(system.flush(60));
  for (const SinkStats& sink : system.stats()) {
    EXPECT_EQ(sink.accepted, all) << sink.name;
    EXPECT_EQ(sink.written, all) << sink.name;
  }
  ASSERT_OK(system.close());
  targets_.expect_each_once(names);
}

}  // namespace
}  // namespace stogger
