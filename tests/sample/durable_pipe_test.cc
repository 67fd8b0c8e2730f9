// Pipes with a queue on disk: delivery = durable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "sample/collecting_sink.h"
#include "sample/in_child.h"
#include "sample/numbered.h"
#include "stogger/diagnostics.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "stogger/testing.h"
#include "support/eventually.h"
#include "support/killed_writers.h"
#include "support/sinks.h"
#include "support/sqlite_query.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class DurablePipes : public ::testing::Test {
 protected:
  PipeOptions options() {
    return {.spool_dir = spool_, .drain_ms = 20000, .clock = &clock_};
  }
  // Of a target that is away: nothing is waited for.
  PipeOptions without_wait() {
    PipeOptions all = options();
    all.drain_ms = 0;
    return all;
  }
  static Status push(Pipe& pipe, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      if (Status status = pipe.push(Numbered(i)); !status.ok()) return status;
    }
    return {};
  }
  // Samples that a pipe leaves, because its target is away.
  void leave(std::int64_t first, std::int64_t count, PipeOptions with) {
    CollectingSink sink;
    sink.on_write = [](std::size_t) {
      return Status(Code::unavailable, "away");
    };
    Pipe pipe(sink, with);
    EXPECT_OK(push(pipe, first, count));
    EXPECT_FALSE(pipe.finish().ok());
  }
  std::vector<std::string> queues(const std::string& name = "samples") const {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry :
         fs::directory_iterator(spool_ + "/" + name, error)) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  TempFolder folder_;
  std::string spool_ = folder_.file("spool");
  CollectingSink sink_;
  testing::ManualClock clock_;
};

TEST_F(DurablePipes, ASpoolDirMakesAPipeDurable) {
  Pipe pipe(sink_, options());
  EXPECT_EQ(queues().size(), 1u);
  EXPECT_OK(push(pipe, 0, 5000));
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(sink_.numbers(), sequence(5000));
  EXPECT_EQ(summary.samples_emitted, 5000u);
  EXPECT_EQ(summary.samples_pending, 0u);
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(DurablePipes, WithoutItsFolderEveryCallFails) {
  Pipe pipe(sink_, {.spool_dir = "spool"});
  EXPECT_EQ(pipe.push(Numbered(0)).message(),
            "pipe: cannot have a queue on disk: spool_dir must be absolute, "
            "not \"spool\"");
  EXPECT_EQ(pipe.finish().code(), Code::config);
}

TEST_F(DurablePipes, WhatAFailureLeavesIsDeliveredByTheNextPipe) {
  sink_.on_write = [](std::size_t batches) {
    return batches < 1 ? Status() : Status(Code::unavailable, "disk full");
  };
  PipeOptions with = options();
  with.batch_size = 10;
  with.flush_interval_s = 1000;
  PipeSummary summary;
  {
    Pipe pipe(sink_, with);
    EXPECT_OK(push(pipe, 0, 25));
    EXPECT_EQ(pipe.finish(&summary).message(),
              "the sink collector: disk full; 15 samples stay in the queue on "
              "disk, for the next pipe");
  }
  EXPECT_EQ(summary.samples_emitted, 10u);
  EXPECT_EQ(summary.samples_pending, 15u);
  EXPECT_EQ(summary.samples_lost, 0u);
  EXPECT_EQ(queues().size(), 1u);
  sink_.on_write = nullptr;
  Pipe next(sink_, with);
  EXPECT_OK(push(next, 25, 3));
  EXPECT_OK(next.finish(&summary));
  EXPECT_EQ(sink_.numbers(), sequence(28));
  EXPECT_EQ(summary.samples_emitted, 18u);
  EXPECT_THAT(queues(), IsEmpty());
}

TEST_F(DurablePipes, WhatIsLeftIsDeliveredThoughNothingIsPushed) {
  leave(0, 100, without_wait());
  EXPECT_OK(Pipe(sink_, options()).finish());
  EXPECT_EQ(sink_.numbers(), sequence(100));
}

TEST_F(DurablePipes, FinishSaysHowManyStayOnTheDisk) {
  sink_.on_write = [](std::size_t) { return Status(Code::unavailable, "x"); };
  PipeOptions with = without_wait();
  with.on_failure = OnFailure::retry;
  Pipe pipe(sink_, with);
  EXPECT_OK(push(pipe, 0, 7));
  PipeSummary summary;
  const Status status = pipe.finish(&summary);
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("; 7 samples stay in the queue on disk, for the next "
                        "pipe"));
  EXPECT_EQ(summary.samples_pending, 7u);
}

TEST_F(DurablePipes, ARefusedSampleIsNotLeftToTheNextPipe) {
  sink_.on_report = [](WriteReport& report) { report.refuse(0, "too big"); };
  PipeOptions with = options();
  with.batch_size = 2;
  with.flush_interval_s = 1000;
  Pipe pipe(sink_, with);
  EXPECT_OK(push(pipe, 0, 4));
  PipeSummary summary;
  EXPECT_EQ(pipe.finish(&summary).code(), Code::rejected);
  EXPECT_EQ(summary.samples_lost, 1u);
  EXPECT_EQ(summary.samples_pending, 2u);
  sink_.on_report = nullptr;
  EXPECT_OK(Pipe(sink_, with).finish());
  EXPECT_THAT(sink_.batch_sizes(), ElementsAre(2, 2));
}

TEST_F(DurablePipes, OnlyAPipeOfTheSameNameGetsWhatIsLeft) {
  PipeOptions mine = without_wait();
  mine.name = "mine";
  PipeOptions other = options();
  other.name = "other";
  leave(0, 3, mine);
  EXPECT_OK(Pipe(sink_, other).finish());
  EXPECT_OK(Pipe(sink_, options()).finish());
  EXPECT_THAT(sink_.numbers(), IsEmpty());
  EXPECT_EQ(queues("mine").size(), 1u);
  mine.drain_ms = 20000;
  EXPECT_OK(Pipe(sink_, mine).finish());
  EXPECT_EQ(sink_.numbers(), sequence(3));
}

TEST_F(DurablePipes, WithoutANameTheTargetHasToBeTheSame) {
  leave(0, 3, without_wait());
  SinkPtr other;
  ASSERT_OK(make_sample_sink(CsvConfig{.path = folder_.file("a.csv")}, &other));
  EXPECT_OK(Pipe(*other, options()).finish());
  EXPECT_EQ(read_file(folder_.file("a.csv")), "");
  EXPECT_EQ(queues().size(), 1u);
}

TEST_F(DurablePipes, ARelativePathIsThatOfItsFolder) {
  const fs::path before = fs::current_path();
  for (const char* folder : {"one", "two"}) {
    fs::create_directory(folder_.file(folder));
    fs::current_path(folder_.file(folder));
    SinkPtr sink;
    ASSERT_OK(make_sample_sink(CsvConfig{.path = "a.csv"}, &sink));
    Pipe pipe(*sink, folder[0] == 'o' ? without_wait() : options());
    if (folder[0] == 'o') fs::remove_all(folder_.file(folder));
    static_cast<void>(push(pipe, 0, 3));
    static_cast<void>(pipe.finish());
  }
  fs::current_path(before);
  const std::string text = read_file(folder_.file("two/a.csv"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
}

TEST_F(DurablePipes, ATargetThatCannotBeToldFromOthersNeedsAName) {
  struct Nameless final : CollectingSink {
    std::string_view target() const noexcept override { return {}; }
  } sink;
  EXPECT_THAT(std::string(Pipe(sink, options()).push(Numbered(0)).message()),
              HasSubstr("needs a name"));
  PipeOptions named = options();
  named.name = "rig";
  Pipe pipe(sink, named);
  EXPECT_OK(push(pipe, 0, 3));
  EXPECT_OK(pipe.finish());
}

TEST_F(DurablePipes, ANameIsThatOfAFolder) {
  for (const char* name : {"rig\n1", "../rig", "a/b", "."}) {
    PipeOptions named = options();
    named.name = name;
    Pipe pipe(sink_, named);
    EXPECT_EQ(pipe.push(Numbered(0)).code(), Code::invalid) << name;
  }
}

TEST_F(DurablePipes, ARowThatSqliteRefusesCostsNoOther) {
  const std::string path = folder_.file("a.db");
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(SqliteConfig{.path = path}, &sink));
  PipeOptions with = options();
  with.on_failure = OnFailure::retry;
  with.batch_size = 10;
  Pipe first(*sink, with);
  EXPECT_OK(push(first, 0, 1));
  EXPECT_OK(first.finish());
  SqliteQuery(path).run(
      "CREATE TRIGGER no BEFORE INSERT ON samples WHEN NEW.n = 3 BEGIN SELECT "
      "RAISE(ABORT, 'no'); END");
  Pipe second(*sink, with);
  EXPECT_OK(push(second, 1, 9));
  PipeSummary summary;
  EXPECT_OK(second.finish(&summary));
  EXPECT_EQ(summary.samples_lost, 1u);
  EXPECT_EQ(summary.samples_emitted, 8u);
  EXPECT_EQ(SqliteQuery(path).one("SELECT count(*) FROM samples"), "9");
}

TEST_F(DurablePipes, AFinishedPipeDoesNotUseItsSink) {
  auto sink = std::make_unique<CollectingSink>();
  sink->on_write = [](std::size_t) {
    return Status(Code::unavailable, "away");
  };
  Pipe pipe(*sink, without_wait());
  EXPECT_OK(push(pipe, 0, 3));
  EXPECT_FALSE(pipe.finish().ok());
  sink.reset();
  EXPECT_FALSE(pipe.push(Numbered(3)).ok());
  EXPECT_FALSE(pipe.flush().ok());
  EXPECT_FALSE(pipe.finish().ok());
}

TEST_F(DurablePipes, SqliteKeepsALedger) {
  const std::string path = folder_.file("a.db");
  const std::string spool_dir = spool_;
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(SqliteConfig{.path = path}, &sink));
  stogger::Pipe pipe(*sink, {.batch_size = 1000,
                             .spool_dir = spool_dir,
                             .on_failure = stogger::OnFailure::retry});
  EXPECT_OK(push(pipe, 0, 2500));
  EXPECT_OK(pipe.finish());
  EXPECT_OK(sink->close());
  SqliteQuery database(path);
  EXPECT_EQ(database.one("SELECT count(DISTINCT n) FROM samples"), "2500");
  EXPECT_EQ(database.one("SELECT count(*) FROM samples"), "2500");
  EXPECT_EQ(database.one("SELECT count(*) FROM samples_ledger"), "1");
}

TEST_F(DurablePipes, AChildLetsGoOfTheQueue) {
  Pipe pipe(sink_, options());
  EXPECT_OK(push(pipe, 0, 1));
  EXPECT_EQ(in_child([&] {
              const bool refused =
                  pipe.push(Numbered(1)).code() == Code::invalid;
              pipe.~Pipe();
              return refused ? 7 : 1;
            }),
            7);
  EXPECT_EQ(queues().size(), 1u);
  EXPECT_OK(push(pipe, 1, 1));
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.numbers(), sequence(2));
  EXPECT_THAT(queues(), IsEmpty());
}

// Kills processes with a pipe to a sink, and then delivers what is left.
class KilledPipes : public DurablePipes {
 protected:
  template <class Config>
  void kill(const Config& config) {
    for (int i = 0; i < kills_; ++i) {
      const PipeOptions options = {
          .flush_interval_s = 0.002,
          .queue_bytes = i % 2 == 0 ? 262144u : 8u << 20,
          .spool_dir = spool_,
          .on_failure = OnFailure::retry};
      const auto make_sink = [&](SinkPtr* sink) {
        return make_sample_sink(config, sink);
      };
      const KilledWriters::MakeWrite make = [&] {
        return KilledWriters::to_pipe(make_sink, options);
      };
      writers_.run(make, std::chrono::milliseconds(40));
    }
    SinkPtr sink;
    ASSERT_OK(make_sample_sink(config, &sink));
    Pipe pipe(*sink,
              {.batch_size = 1000, .spool_dir = spool_, .drain_ms = 600000});
    // There is a table even if they came to nothing.
    EXPECT_OK(KilledWriters::push(pipe, {UINT64_MAX >> 1, 0, 0}));
    EXPECT_OK(pipe.finish());
    EXPECT_OK(sink->close());
    EXPECT_THAT(queues(), IsEmpty());
  }

  const int kills_ = KilledWriters::kills(4);
  KilledWriters writers_;
};

TEST_F(KilledPipes, SqliteHasEachSampleOnce) {
  const std::string path = folder_.file("a.db");
  kill(SqliteConfig{.path = path});
  std::vector<KilledWriters::Key> stored;
  SqliteQuery database(path);
  for (const OwnedRow& row : database.rows(
           "SELECT round || ' ' || thread || ' ' || i FROM samples")) {
    stored.push_back(
        KilledWriters::key_of(std::string(row.at(0).value().text())));
  }
  const KilledWriters::Outcome outcome = writers_.judge(stored);
  EXPECT_EQ(outcome.lost, 0u) << "of " << outcome.all;
  EXPECT_EQ(outcome.twice, 0u);
}

TEST_F(KilledPipes, FilesLackNothingAndHaveOneBatchTwiceAtMost) {
  const std::string path = folder_.file("a.jsonl");
  kill(JsonlConfig{.path = path, .append = true});
  std::vector<KilledWriters::Key> stored;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) continue;  // a kill has cut it
    stored.push_back({json["round"], json["thread"], json["i"]});
  }
  const KilledWriters::Outcome outcome = writers_.judge(stored);
  EXPECT_EQ(outcome.lost, 0u) << "of " << outcome.all;
  EXPECT_LE(outcome.twice, 64u * static_cast<unsigned>(kills_));
}

}  // namespace
}  // namespace stogger
