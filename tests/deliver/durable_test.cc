// Sinks with a queue on disk: delivery = "durable".

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "spool/ring_file.h"
#include "spool/spool_folder.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/eventually.h"
#include "tests/support/killed_writers.h"
#include "tests/support/processes.h"
#include "tests/support/sanitizer.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> numbers;
  for (int i = first; i < first + count; ++i) {
    numbers.push_back(std::to_string(i));
  }
  return numbers;
}

class Durable : public ::testing::Test {
 public:
  static void SetUpTestSuite() {
    static const Status registered =
        register_sink("durable-test", [](Options&, SinkPtr* sink) {
          sink->reset(new ScriptedSink(next_script_));
          return Status();
        });
    ASSERT_OK(registered);
  }
  void SetUp() override {
    script_->on_form = [] { return RowForm::table; };
  }

  std::string configuration(std::string_view keys) const {
    return "[stogger]\nlog_to_console = false\n[stogger.sinks.sink]\ntype = "
           "\"durable-test\"\ndelivery = \"durable\"\nspool_dir = \"" +
           spool_ + "\"\n" + std::string(keys);
  }
  void load(System& system, std::string_view keys = {}) {
    next_script_ = script_;
    ASSERT_OK(system.load_text(configuration(keys), "test"));
  }
  void break_it() {
    const std::lock_guard lock(script_->mutex);
    is_broken_ = true;
    script_->on_write = [this](const RowBatch&) {
      return is_broken_ ? Status(Code::unavailable, "the target is away")
                        : Status();
    };
  }
  void log(System& system, int first, int count) {
    Logger log = system.logger();
    for (int i = first; i < first + count; ++i) log.info(std::to_string(i));
  }
  // Events that a system leaves, because its target is away.
  void leave(int first, int count, std::string_view keys = {}) {
    break_it();
    System system;
    load(system, "drain_ms = 50\n" + std::string(keys));
    log(system, first, count);
    static_cast<void>(system.close());
    EXPECT_EQ(stats_of(system, "sink").dropped, 0U);
    EXPECT_TRUE(is_balanced(stats_of(system, "sink")));
    is_broken_ = false;
  }
  std::vector<std::string> queues() const {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(spool_ + "/sink", error)) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  bool is_reported(std::string_view text) {
    const std::vector<std::string> lines = diagnostics_.lines();
    return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
      return line.find(text) != line.npos;
    });
  }

  static inline std::shared_ptr<Script> next_script_;

  TempFolder folder_;
  std::string spool_ = folder_.file("spool");
  // What scripts use lives as long as the sinks.
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::atomic<bool> is_broken_{false};
  Diagnostics diagnostics_;
};

TEST_F(Durable, EventsArriveInOrderAndNothingIsLeftOnTheDisk) {
  System system;
  load(system);
  EXPECT_EQ(queues().size(), 1U);
  log(system, 0, 5000);
  EXPECT_OK(system.flush());
  EXPECT_EQ(script_->events(), numbers(0, 5000));
  EXPECT_EQ(stats_of(system, "sink").written, 5000U);
  EXPECT_OK(system.close());
  EXPECT_THAT(queues(), IsEmpty());
  EXPECT_THAT(diagnostics_.lines(), IsEmpty());
}

TEST_F(Durable, OnlyTheOwnerMayReadWhatIsOnTheDisk) {
  leave(0, 10);
  ASSERT_EQ(queues().size(), 1U);
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    const auto expected = entry.is_directory()
                              ? fs::perms::owner_all
                              : fs::perms::owner_read | fs::perms::owner_write;
    EXPECT_EQ(entry.status().permissions(), expected) << entry.path();
  }
}

TEST_F(Durable, WhatIsLeftAtTheEndIsDeliveredByTheNextOneFirst) {
  leave(0, 100);
  EXPECT_THAT(
      diagnostics_.lines(),
      Contains(HasSubstr(
          "100 events stay in its queue on disk until the next start")));
  EXPECT_EQ(queues().size(), 1U);
  leave(100, 100);
  EXPECT_EQ(queues().size(), 2U);
  System system;
  load(system);
  log(system, 200, 100);
  EXPECT_OK(system.flush());
  EXPECT_EQ(script_->events(), numbers(0, 300));
  const SinkStats stats = stats_of(system, "sink");
  EXPECT_EQ(stats.accepted, 300U);
  EXPECT_EQ(stats.written, 300U);
  EXPECT_TRUE(is_balanced(stats));
  EXPECT_OK(system.close());
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(Durable, AnOutageGoesToTheDiskAndNothingIsDropped) {
  break_it();
  System system;
  load(system, "queue_bytes = 65536");
  log(system, 0, 20000);
  SinkStats stats = stats_of(system, "sink");
  EXPECT_EQ(stats.pending, 20000U);
  EXPECT_EQ(stats.dropped, 0U);
  EXPECT_GT(stats.spooled, 10000U);
  EXPECT_GT(stats.spooled_bytes, 1000000U);
  EXPECT_TRUE(eventually(
      [&] { return stats_of(system, "sink").oldest_pending_s > 0; }));
  EXPECT_TRUE(is_balanced(stats));
  is_broken_ = false;
  EXPECT_TRUE(
      eventually([&] { return stats_of(system, "sink").written == 20000; }));
  EXPECT_EQ(script_->events(), numbers(0, 20000));
  log(system, 20000, 100);
  EXPECT_OK(system.flush());
  stats = stats_of(system, "sink");
  EXPECT_EQ(stats.spooled, 0U);
  EXPECT_EQ(stats.spooled_bytes, 0U);
  EXPECT_EQ(stats.oldest_pending_s, 0);
  EXPECT_EQ(script_->events(), numbers(0, 20100));
  EXPECT_OK(system.close());
  EXPECT_FALSE(is_reported("its queue on disk"));
}

TEST_F(Durable, TheDiskIsFullAtItsLimitAndThenTheNewestAreDropped) {
  break_it();
  System system;
  load(system,
       "queue_bytes = 65536\nspool_bytes = 1048576\nwhen_full = "
       "\"drop_newest\"\n");
  Logger logger = system.logger();
  const std::string text(1000, 'x');
  for (int i = 0; i < 5000; ++i) {
    logger.info(std::to_string(i), {{"text", text}});
    if (i % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  SinkStats stats = stats_of(system, "sink");
  EXPECT_GT(stats.dropped, 1000U);
  EXPECT_LT(stats.spooled_bytes, 2U << 20);
  EXPECT_TRUE(is_balanced(stats));
  is_broken_ = false;
  ASSERT_TRUE(
      eventually([&] { return stats_of(system, "sink").pending == 0; }));
  stats = stats_of(system, "sink");
  EXPECT_EQ(stats.written + stats.dropped, 5000U);
  EXPECT_EQ(script_->events().front(), "0");
  EXPECT_OK(system.close());
}

TEST_F(Durable, TheDiskIsFullAtItsLimitAndThenTheOldestAreDropped) {
  break_it();
  System system;
  load(system,
       "queue_bytes = 65536\nspool_bytes = 1048576\nwhen_full = "
       "\"drop_oldest\"\nblock_ms = 10000\n");
  Logger logger = system.logger();
  const std::string text(1000, 'x');
  for (int i = 0; i < 5000; ++i) {
    logger.info(std::to_string(i), {{"text", text}});
  }
  SinkStats stats = stats_of(system, "sink");
  EXPECT_GT(stats.dropped, 1000U);
  EXPECT_TRUE(is_balanced(stats));
  is_broken_ = false;
  ASSERT_TRUE(
      eventually([&] { return stats_of(system, "sink").pending == 0; }));
  EXPECT_EQ(script_->events().back(), "4999");
  EXPECT_OK(system.close());
}

// It keeps a tally, and holds all rows back until it is flushed.
TEST_F(Durable, WhatASinkHoldsBackIsFlushedBeforeItIsAcknowledged) {
  std::atomic<std::uint64_t> held{0};
  std::atomic<std::uint64_t> written{0};
  script_->on_tally = [&](Tally* tally) {
    tally->written = written;
    tally->buffered = held;
    return true;
  };
  script_->on_write = [&](const RowBatch& rows) {
    held += rows.row_count;
    return Status();
  };
  script_->on_flush = [&] {
    if (is_broken_) return Status(Code::unavailable, "the target is away");
    written += held.exchange(0);
    return Status();
  };
  is_broken_ = true;
  System system;
  load(system, "drain_ms = 100");
  log(system, 0, 10);
  EXPECT_TRUE(eventually([&] { return script_->flushed > 0; }));
  EXPECT_EQ(stats_of(system, "sink").written, 0U);
  EXPECT_TRUE(is_balanced(stats_of(system, "sink")));
  is_broken_ = false;
  EXPECT_TRUE(eventually([&] { return written == 10; }));
  EXPECT_OK(system.close());
  EXPECT_THAT(queues(), IsEmpty());
  EXPECT_EQ(stats_of(system, "sink").written, 10U);
}

TEST_F(Durable, RowsInDoubtAreHandedOverAgain) {
  std::atomic<bool> answered{false};
  script_->on_report = [&](WriteReport& report) {
    if (!answered) report.in_doubt(0);
  };
  script_->on_write = [&](const RowBatch&) {
    return answered.exchange(true)
               ? Status()
               : Status(Code::unavailable, "no answer came");
  };
  System system;
  load(system);
  log(system, 0, 1);
  EXPECT_TRUE(eventually([&] { return script_->count() == 1; }));
  EXPECT_OK(system.close());
  EXPECT_EQ(stats_of(system, "sink").in_doubt, 0U);
  EXPECT_EQ(stats_of(system, "sink").written, 1U);
}

TEST_F(Durable, AFullDiskDoesNotMakeEveryCallWait) {
  break_it();
  System system;
  load(system, "queue_bytes = 65536\nspool_bytes = 1048576\nblock_ms = 100");
  const std::string text(1000, 'x');
  Logger logger = system.logger();
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 3000; ++i) {
    logger.info(std::to_string(i), {{"text", text}});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_GT(stats_of(system, "sink").dropped, 500U);
  is_broken_ = false;
  EXPECT_TRUE(
      eventually([&] { return stats_of(system, "sink").pending == 0; }));
  EXPECT_OK(system.close());
}

// STOGGER_TEST_BACKLOG_MIB says how much there is (default: 16).
TEST_F(Durable, ABacklogDoesNotDelayTheStart) {
  const char* const given = std::getenv("STOGGER_TEST_BACKLOG_MIB");
  const std::uint64_t mebibytes =
      given == nullptr ? 16 : std::strtoull(given, nullptr, 10);
  const std::string keys =
      "drain_ms = 50\nspool_bytes = " + std::to_string(mebibytes << 21) + "\n";
  break_it();
  {
    System system;
    load(system, keys + "block_ms = 10000\n");
    Logger log = system.logger();
    const std::string text((1 << 20) - 1000, 'x');
    for (std::uint64_t i = 0; i < mebibytes; ++i) {
      log.info("event", {{"text", text}});
    }
    EXPECT_EQ(stats_of(system, "sink").dropped, 0U);
    static_cast<void>(system.close());
  }
  System system;
  const auto start = std::chrono::steady_clock::now();
  load(system, keys);
  log(system, 0, 1);
  const std::chrono::duration<double, std::milli> taken =
      std::chrono::steady_clock::now() - start;
  std::cout << mebibytes << " MiB: " << taken.count() << " ms" << std::endl;
  EXPECT_LT(taken.count(), kSanitized ? 1000 : 100);
  is_broken_ = false;
  EXPECT_TRUE(eventually([&] { return !script_->events().empty(); }));
}

TEST_F(Durable, NewEventsGoToTheDiskWhileWhatIsLeftCannotBeDelivered) {
  leave(0, 10);
  break_it();
  System system;
  load(system, "queue_bytes = 65536\nblock_ms = 10000");
  log(system, 10, 5000);
  EXPECT_EQ(stats_of(system, "sink").dropped, 0U);
  EXPECT_GT(stats_of(system, "sink").spooled, 1000U);
  is_broken_ = false;
  EXPECT_TRUE(
      eventually([&] { return stats_of(system, "sink").pending == 0; }));
  EXPECT_EQ(script_->events(), numbers(0, 5010));
  EXPECT_OK(system.close());
}

TEST_F(Durable, AnotherConfigurationTakesOverWhatIsLeft) {
  break_it();
  System system;
  load(system, "drain_ms = 50");
  log(system, 0, 100);
  const auto first = script_;
  script_ = std::make_shared<Script>();
  script_->on_form = [] { return RowForm::table; };
  load(system, "drain_ms = 51");
  log(system, 100, 100);
  EXPECT_OK(system.flush());
  EXPECT_THAT(first->events(), IsEmpty());
  EXPECT_EQ(script_->events(), numbers(0, 200));
  const SinkStats stats = stats_of(system, "sink");
  EXPECT_EQ(stats.accepted, 200U);
  EXPECT_EQ(stats.written, 200U);
  EXPECT_TRUE(is_balanced(stats));
  EXPECT_OK(system.close());
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(Durable, AChildHasAQueueOfItsOwn) {
  break_it();
  System system;
  load(system, "drain_ms = 50");
  log(system, 0, 10);
  EXPECT_TRUE(in_child([&] {
    log(system, 100, 10);
    static_cast<void>(system.close());
    return queues().size() == 2;
  }));
  is_broken_ = false;
  EXPECT_TRUE(eventually([&] { return script_->count() == 10; }));
  EXPECT_EQ(script_->events(), numbers(0, 10));
  EXPECT_OK(system.close());
  // What the child has left is for the next one.
  System next;
  load(next);
  EXPECT_TRUE(eventually([&] { return queues().size() == 1; }));
  EXPECT_EQ(script_->count(), 20U);
  EXPECT_OK(next.close());
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(Durable, TwoSystemsHaveQueuesOfTheirOwn) {
  break_it();
  System one;
  System other;
  load(one);
  load(other);
  log(one, 0, 10);
  log(other, 10, 10);
  EXPECT_EQ(queues().size(), 2U);
  is_broken_ = false;
  EXPECT_OK(one.close());
  EXPECT_OK(other.close());
  const std::vector<std::string> events = script_->events();
  EXPECT_EQ(std::set<std::string>(events.begin(), events.end()).size(), 20U);
  EXPECT_EQ(events.size(), 20U);
}

TEST_F(Durable, AQueueOfAnotherTypeOfSinkIsLeftAlone) {
  leave(0, 10);
  const std::string lock = queues()[0] + "/lock";
  std::string text = read_file(lock);
  text.replace(text.find("durable-test"), 12, "another-type");
  write_file(lock, text);
  System system;
  load(system);
  log(system, 10, 1);
  EXPECT_OK(system.flush());
  EXPECT_OK(system.close());
  EXPECT_EQ(script_->events(), numbers(10, 1));
  EXPECT_EQ(queues().size(), 1U);
}

TEST_F(Durable, AQueueOfALaterVersionIsReportedAndLeftAlone) {
  leave(0, 10);
  const std::string lock = queues()[0] + "/lock";
  std::string text = read_file(lock);
  text.replace(0, 15, "stogger spool 2");
  write_file(lock, text);
  System system;
  load(system);
  log(system, 10, 1);
  EXPECT_OK(system.close());
  EXPECT_EQ(script_->events(), numbers(10, 1));
  EXPECT_THAT(diagnostics_.lines(),
              Contains(HasSubstr("a later version of the library has left")));
  EXPECT_EQ(queues().size(), 1U);
}

TEST_F(Durable, ACopyOfAQueueIsNotDelivered) {
  leave(0, 10);
  const std::string kept = folder_.file("kept");
  fs::copy(spool_, kept, fs::copy_options::recursive);
  const auto deliver = [&] {
    System system;
    load(system);
    log(system, 10, 1);
    EXPECT_OK(system.close());
  };
  deliver();
  EXPECT_EQ(script_->count(), 11U);
  fs::remove_all(spool_);
  fs::copy(kept, spool_, fs::copy_options::recursive);
  deliver();
  EXPECT_EQ(script_->count(), 12U);
  EXPECT_THAT(diagnostics_.lines(), Contains(HasSubstr(" is a copy")));
}

// What a process leaves that is killed.
TEST_F(Durable, TheRingOfAKilledProcessIsDelivered) {
  break_it();
  Signal ready;
  const pid_t child = start_child([&] {
    System system;
    next_script_ = script_;
    if (!system.load_text(configuration(""), "test").ok()) return false;
    log(system, 0, 50);
    ready.give();
    ::pause();
    return true;
  });
  ASSERT_TRUE(ready.take());
  kill_child(child);
  is_broken_ = false;
  System system;
  load(system);
  log(system, 50, 1);
  EXPECT_OK(system.flush());
  EXPECT_EQ(script_->events(), numbers(0, 51));
  EXPECT_OK(system.close());
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(Durable, TheRingOfAFormerStartOfTheMachineIsNotRead) {
  break_it();
  Signal ready;
  const pid_t child = start_child([&] {
    System system;
    next_script_ = script_;
    if (!system.load_text(configuration("spool_sync = \"none\""), "test")
             .ok()) {
      return false;
    }
    log(system, 0, 50);
    ready.give();
    ::pause();
    return true;
  });
  ASSERT_TRUE(ready.take());
  kill_child(child);
  const std::string ring = queues()[0] + "/ring";
  std::string bytes = read_file(ring);
  ++bytes[SpoolHeader::kOffset + offsetof(SpoolHeader, boot)];
  {
    std::fstream file(ring, std::ios::in | std::ios::out | std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  is_broken_ = false;
  System system;
  load(system);
  log(system, 50, 1);
  EXPECT_OK(system.flush());
  EXPECT_EQ(script_->events(), numbers(50, 1));
  EXPECT_OK(system.close());
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(Durable, WithoutAFolderTheQueueIsInMemory) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"relative", "spool_dir must be absolute, not \"relative\""},
      {"/proc/stogger", "\"/proc/stogger\""},
      {"/dev/null/x", "\"/dev/null\""}};
  for (const auto& [path, why] : cases) {
    spool_ = path;
    System system;
    load(system);
    log(system, 0, 10);
    EXPECT_OK(system.close());
    EXPECT_EQ(script_->count(), 10U);
    script_->names.clear();
    EXPECT_THAT(diagnostics_.lines(),
                Contains(::testing::AllOf(
                    HasSubstr(why), HasSubstr("it has no queue on disk: "),
                    HasSubstr("delivery is \"async\" until"))));
  }
}

TEST_F(Durable, ADiskWithoutRoomForTheRingMeansAQueueInMemory) {
  const SmallDisk disk(1 << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  spool_ = disk.file("spool");
  System system;
  load(system);
  log(system, 0, 10);
  EXPECT_OK(system.close());
  EXPECT_EQ(script_->events(), numbers(0, 10));
  EXPECT_THAT(diagnostics_.lines(),
              Contains(HasSubstr("No space left on device")));
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(Durable, ADiskThatIsFullBlocksNobodyAndNothingIsLostThatWasTaken) {
  SmallDisk disk(1 << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  spool_ = disk.file("spool");
  break_it();
  System system;
  load(system,
       "queue_bytes = 65536\nwhen_full = \"drop_newest\"\nspool_sync_ms = 10");
  const std::string text(500, 'x');
  Logger logger = system.logger();
  const auto log_some = [&](int first, int count) {
    for (int i = first; i < first + count; ++i) {
      logger.info(std::to_string(i), {{"text", text}});
      if (i % 20 == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  log_some(0, 4000);
  SinkStats stats = stats_of(system, "sink");
  EXPECT_GT(stats.dropped, 0U);
  EXPECT_TRUE(is_balanced(stats));
  EXPECT_TRUE(eventually([&] { return is_reported("No space left"); }));
  is_broken_ = false;
  ASSERT_TRUE(
      eventually([&] { return stats_of(system, "sink").pending == 0; }));
  stats = stats_of(system, "sink");
  EXPECT_EQ(stats.written + stats.dropped, 4000U);
  EXPECT_EQ(script_->count(), stats.written);
  EXPECT_OK(system.close());
}

// Real kills, at any moment, of processes whose threads log at full speed.
class KilledDurable : public Durable {
 protected:
  std::string of_type(std::string_view type, std::string_view file,
                      std::string_view keys) const {
    return "[stogger]\nlog_to_console = false\n[stogger.sinks.sink]\ntype = "
           "\"" +
           std::string(type) + "\"\ndelivery = \"durable\"\npath = \"" +
           folder_.file(file) + "\"\nspool_dir = \"" + spool_ + "\"\n" +
           std::string(keys);
  }
  // Kills, and then delivers what is left.
  void kill(std::string_view type, std::string_view file) {
    for (int i = 0; i < kills_; ++i) {
      writers_.run(
          of_type(type, file,
                  i % 2 == 0 ? "queue_bytes = 262144\nbatch_rows = 100\n" : ""),
          std::chrono::milliseconds(60));
    }
    System system;
    ASSERT_OK(system.load_text(of_type(type, file, ""), "test"));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (queues().size() > 1 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_OK(system.close());
    EXPECT_THAT(queues(), IsEmpty());
  }

  const int kills_ = KilledWriters::kills(8);
  KilledWriters writers_;
};

TEST_F(KilledDurable, FilesLackNothingAndHaveOneBatchTwiceAtMost) {
  kill("jsonl", "a.jsonl");
  std::vector<KilledWriters::Key> stored;
  std::istringstream lines(read_file(folder_.file("a.jsonl")));
  int broken = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) {
      ++broken;  // a kill has cut it
      continue;
    }
    stored.push_back({json["round"], json["thread"], json["i"]});
  }
  EXPECT_LE(broken, kills_);
  const KilledWriters::Outcome outcome = writers_.judge(stored);
  EXPECT_EQ(outcome.lost, 0U) << "of " << outcome.all;
  EXPECT_LE(outcome.twice, 1000U * static_cast<unsigned>(kills_));
}

TEST_F(KilledDurable, SqliteHasEachEventOnce) {
  kill("sqlite", "a.db");
  std::vector<KilledWriters::Key> stored;
  SqliteQuery database(folder_.file("a.db"));
  for (const OwnedRow& row : database.rows(
           "SELECT (data->>'round') || ' ' || (data->>'thread') || ' ' || "
           "(data->>'i') FROM stogger_logs")) {
    stored.push_back(
        KilledWriters::key_of(std::string(row.at(0).value().text())));
  }
  const KilledWriters::Outcome outcome = writers_.judge(stored);
  EXPECT_EQ(outcome.lost, 0U) << "of " << outcome.all;
  EXPECT_EQ(outcome.twice, 0U);
}

}  // namespace
}  // namespace stogger
