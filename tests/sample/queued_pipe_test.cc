// Pipes with a queue in memory: delivery = async.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "row/owned_row.h"
#include "sample/collecting_sink.h"
#include "sample/in_child.h"
#include "sample/numbered.h"
#include "stogger/diagnostics.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "stogger/testing.h"
#include "support/eventually.h"
#include "support/sinks.h"

namespace stogger {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr double kNever = 1e6;
constexpr std::size_t kSmall = 64 * 1024;  // the smallest queue

class QueuedPipes : public ::testing::Test {
 protected:
  QueuedPipes() {
    set_diagnostics(
        [](std::string_view line, void* self) {
          static_cast<QueuedPipes*>(self)->reports_.emplace_back(line);
        },
        this);
  }
  ~QueuedPipes() override { set_diagnostics(nullptr); }

  static Status push(Pipe& pipe, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      if (Status status = pipe.push(Numbered(i)); !status.ok()) return status;
    }
    return {};
  }
  std::string refusal(PipeOptions options) {
    Pipe pipe(sink_, options);
    const Status pushed = pipe.push(Numbered(1));
    const Status finished = pipe.finish();
    EXPECT_EQ(pushed.message(), finished.message());
    return std::string(finished.message());
  }

  CollectingSink sink_;
  testing::ManualClock clock_;
  std::vector<std::string> reports_;
};

TEST_F(QueuedPipes, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(refusal({.delivery = Delivery::async, .queue_bytes = 1}),
            "pipe: \"queue_bytes\" must be between 65536 and 1073741824, not "
            "1");
  EXPECT_EQ(refusal({.batch_size = 0, .delivery = Delivery::async}),
            "pipe: batch_size must be at least 1");
  EXPECT_THAT(refusal({.delivery = Delivery::async, .block_ms = -1}),
              StartsWith("pipe: \"block_ms\" must be "));
  EXPECT_THAT(
      refusal({.delivery = Delivery::async, .spool_dir = "/tmp/x"}),
      HasSubstr("\"spool_dir\" is for a queue on disk, which needs delivery"));
  EXPECT_EQ(refusal({.when_full = WhenFull::drop_oldest}),
            "pipe: when_full = drop_oldest needs a queue: delivery = async or "
            "durable");
  EXPECT_EQ(refusal({.on_failure = OnFailure::retry}),
            "pipe: on_failure = retry needs a queue: delivery = async or "
            "durable");
  EXPECT_THAT(sink_.batches(), IsEmpty());
}

TEST_F(QueuedPipes, EverythingArrivesInOrderInBatches) {
  PipeSummary summary;
  Pipe pipe(sink_, {.batch_size = 4,
                    .flush_interval_s = kNever,
                    .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 10));
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(sink_.numbers(), sequence(10));
  EXPECT_THAT(sink_.batch_sizes(), ElementsAre(4, 4, 2));
  EXPECT_EQ(summary.samples_emitted, 10u);
  EXPECT_EQ(summary.samples_pending, 0u);
  EXPECT_EQ(summary.samples_lost, 0u);
  EXPECT_EQ(sink_.flushes(), 1u);
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(QueuedPipes, AFullBatchIsHandedOverAtOnce) {
  Pipe pipe(sink_, {.batch_size = 4,
                    .flush_interval_s = kNever,
                    .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 4));
  EXPECT_TRUE(sink_.wait_for(4));
  EXPECT_OK(push(pipe, 4, 3));
  EXPECT_TRUE(eventually([&] { return pipe.summary().samples_pending == 3; }));
  EXPECT_THAT(sink_.batch_sizes(), ElementsAre(4));
}

TEST_F(QueuedPipes, TheIntervalHoldsThoughNothingFollows) {
  Pipe pipe(sink_, {.flush_interval_s = 0.001, .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 1));
  EXPECT_TRUE(sink_.wait_for(1));
  EXPECT_OK(push(pipe, 1, 1));
  EXPECT_TRUE(sink_.wait_for(2));
}

TEST_F(QueuedPipes, FlushHandsOverWhatThereIs) {
  Pipe pipe(sink_, {.batch_size = 3,
                    .flush_interval_s = kNever,
                    .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 5));
  EXPECT_OK(pipe.flush());
  EXPECT_EQ(sink_.numbers(), sequence(5));
  EXPECT_EQ(sink_.flushes(), 1u);
}

TEST_F(QueuedPipes, FinishingTwiceIsFinishingOnce) {
  Pipe pipe(sink_, {.delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 1));
  EXPECT_OK(pipe.finish());
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.flushes(), 1u);
  EXPECT_EQ(pipe.push(Numbered(1)).message(), "the pipe is finished");
  EXPECT_OK(pipe.flush());
}

TEST_F(QueuedPipes, TheDestructorWritesWhatIsLeft) {
  {
    Pipe pipe(sink_, {.delivery = Delivery::async});
    EXPECT_OK(push(pipe, 0, 3));
  }
  EXPECT_EQ(sink_.numbers(), sequence(3));
}

TEST_F(QueuedPipes, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  Pipe pipe(
      sink_,
      {.delivery = Delivery::async, .queue_bytes = kSmall, .block_ms = 10000});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { EXPECT_OK(push(pipe, t * kEach, kEach)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_OK(pipe.finish());
  std::vector<std::int64_t> numbers = sink_.numbers();
  std::vector<std::int64_t> last(kThreads, -1);
  for (const std::int64_t n : numbers) {
    std::int64_t& before = last[static_cast<std::size_t>(n / kEach)];
    EXPECT_LT(before, n);
    before = n;
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, sequence(kThreads * kEach));
}

struct Kelvin {
  double degrees;
};
void write_value(ValueWriter& out, const Kelvin& value) {
  out.set(value.degrees);
}

TEST_F(QueuedPipes, RowsAreThoseOfOtherPipes) {
  const auto rows_of = [](Delivery delivery) {
    const Kelvin warm{21.5};
    const std::string long_text(5000, 'x');
    const Field first[] = {{"flow", 1},
                           {"flow", 2.5},
                           {"device", "no"},
                           {"", true},
                           {"none", nullptr},
                           {"large", UINT64_MAX},
                           {"at", Time{12345}},
                           {"text", long_text},
                           {"json", Json{"{ \"a\" : 1 }"}},
                           {"bad", Json{"{"}},
                           {"warm", warm}};
    const Field second[] = {{"other", -1}};
    SinkPtr memory;
    EXPECT_OK(make_sample_sink(MemoryConfig{}, &memory));
    const Sample samples[] = {{.device = "mfc1",
                               .unit_id = "A",
                               .requested_at = Time{1000},
                               .received_at = Time{3000},
                               .fields = first,
                               .status = "HLD"},
                              {.fields = second},
                              {}};
    EXPECT_OK(pipe(samples, *memory, {.delivery = delivery}));
    std::vector<std::string> rows;
    EXPECT_OK(visit_rows(
        *memory,
        [](Fields row, void* to) {
          std::string text;
          for (const Field& field : row) {
            const Value& value = field.value;
            text += std::string(field.key) + "=" +
                    std::to_string(static_cast<int>(value.kind())) + ":";
            if (value.kind() == Kind::text || value.kind() == Kind::json) {
              text += value.text();
            } else if (value.kind() == Kind::real) {
              text += std::to_string(value.real());
            } else if (value.kind() != Kind::null) {
              text += std::to_string(value.unsigned_integer());
            }
            text += " ";
          }
          static_cast<std::vector<std::string>*>(to)->push_back(text);
        },
        &rows));
    return rows;
  };
  const std::vector<std::string> rows = rows_of(Delivery::sync);
  EXPECT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows_of(Delivery::async), rows);
}

TEST_F(QueuedPipes, AFailureEndsIt) {
  sink_.on_write = [](std::size_t batches) {
    return batches < 2 ? Status() : Status(Code::unavailable, "disk full");
  };
  Pipe pipe(sink_, {.batch_size = 10,
                    .flush_interval_s = kNever,
                    .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 25));
  EXPECT_EQ(pipe.flush().message(), "the sink collector: disk full");
  EXPECT_EQ(pipe.push(Numbered(25)).code(), Code::unavailable);
  PipeSummary summary;
  EXPECT_EQ(pipe.finish(&summary).message(),
            "the sink collector: disk full; 5 samples are lost");
  EXPECT_EQ(sink_.numbers(), sequence(20));
  EXPECT_EQ(summary.samples_emitted, 20u);
  EXPECT_EQ(summary.samples_lost, 5u);
  EXPECT_EQ(summary.samples_pending, 0u);
  EXPECT_EQ(sink_.flushes(), 0u);
  EXPECT_THAT(reports_, IsEmpty()) << "the status says it";
}

TEST_F(QueuedPipes, AFailureNobodySawIsReported) {
  sink_.on_write = [](std::size_t) { return Status(Code::corrupt, "no"); };
  {
    Pipe pipe(sink_, {.delivery = Delivery::async});
    EXPECT_OK(push(pipe, 0, 1));
  }
  EXPECT_THAT(reports_,
              ElementsAre("the sink collector: no; 1 sample is lost"));
}

TEST_F(QueuedPipes, RowsThatTheTargetRefusesEndIt) {
  for (const bool counts : {true, false}) {
    sink_.counts = counts;
    sink_.on_report = [this](WriteReport& report) {
      sink_.counted_ += 1;
      report.refuse(1, "too big");
    };
    Pipe pipe(sink_, {.batch_size = 2,
                      .flush_interval_s = kNever,
                      .delivery = Delivery::async});
    EXPECT_OK(push(pipe, 0, 4));
    PipeSummary summary;
    const Status status = pipe.finish(&summary);
    EXPECT_EQ(status.code(), Code::rejected);
    EXPECT_EQ(status.message(),
              "the sink collector: too big; 2 samples are lost");
    EXPECT_EQ(summary.samples_emitted, 1u);
    EXPECT_EQ(summary.samples_lost, 3u);
  }
}

TEST_F(QueuedPipes, RowsThatTheSinkCountsNowhereEndIt) {
  sink_.counts = true;
  sink_.on_report = [this](WriteReport& report) {
    sink_.counted_ += 1;
    report.notice("a trigger drops rows");
  };
  Pipe pipe(sink_, {.batch_size = 2, .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 2));
  EXPECT_EQ(pipe.finish().message(),
            "the sink collector: a trigger drops rows");
  EXPECT_EQ(pipe.summary().samples_lost, 1u);
}

TEST_F(QueuedPipes, AFlushThatFailsEndsIt) {
  sink_.on_flush = [] { return Status(Code::unavailable, "full"); };
  Pipe pipe(sink_, {.delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 1));
  EXPECT_EQ(pipe.flush().message(), "the sink collector: full");
  EXPECT_EQ(pipe.push(Numbered(1)).message(), "the sink collector: full");
  EXPECT_EQ(pipe.finish().message(), "the sink collector: full");
  EXPECT_EQ(pipe.summary().samples_emitted, 1u);
}

TEST_F(QueuedPipes, SamplesWaitUntilTheTargetWorksAgain) {
  int calls = 0;
  sink_.on_write = [&](std::size_t) {
    return ++calls <= 2 ? Status(Code::unavailable, "away") : Status();
  };
  Pipe pipe(sink_, {.batch_size = 4,
                    .delivery = Delivery::async,
                    .on_failure = OnFailure::retry,
                    .clock = &clock_});
  EXPECT_OK(push(pipe, 0, 10));
  PipeSummary summary;
  EXPECT_TRUE(eventually([&] {
    clock_.advance(10);  // beyond any back-off
    summary = pipe.summary();
    return summary.samples_emitted >= 4;
  }));
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(sink_.numbers(), sequence(10));
  EXPECT_EQ(summary.samples_emitted, 10u);
  EXPECT_EQ(summary.samples_lost, 0u);
  // Between them, that it goes on, if the clock was that quick.
  ASSERT_GE(reports_.size(), 2u);
  EXPECT_THAT(
      reports_.front(),
      HasSubstr("sink 'samples' (custom): away (collector); samples are "
                "queued; next try in 0.1 s"));
  EXPECT_THAT(reports_.back(), HasSubstr("; 0 samples dropped"));
}

TEST_F(QueuedPipes, RowsThatTheTargetRefusesAreReportedIfItRetries) {
  sink_.on_report = [](WriteReport& report) { report.refuse(0, "too big"); };
  Pipe pipe(sink_, {.batch_size = 2,
                    .flush_interval_s = kNever,
                    .delivery = Delivery::async,
                    .on_failure = OnFailure::retry});
  EXPECT_OK(push(pipe, 0, 4));
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_emitted, 2u);
  EXPECT_EQ(summary.samples_lost, 2u);
  EXPECT_THAT(reports_.at(0), HasSubstr("too big; 1 sample dropped"));
}

TEST_F(QueuedPipes, FinishGivesUpWhenTheTimeIsUp) {
  sink_.on_write = [](std::size_t) { return Status(Code::unavailable, "x"); };
  Pipe pipe(sink_, {.delivery = Delivery::async,
                    .drain_ms = 0,
                    .on_failure = OnFailure::retry,
                    .clock = &clock_});
  EXPECT_OK(push(pipe, 0, 7));
  EXPECT_EQ(pipe.flush().message(),
            "the sink collector: 7 samples are not with it yet");
  PipeSummary summary;
  // Whether it was tried by then or not.
  EXPECT_THAT(std::string(pipe.finish(&summary).message()),
              AnyOf(HasSubstr("it is out of order; 7 samples are lost"),
                    HasSubstr("the time is up; 7 samples are lost")));
  EXPECT_EQ(summary.samples_emitted, 0u);
  EXPECT_EQ(summary.samples_lost, 7u);
  EXPECT_EQ(summary.samples_pending, 0u);
}

TEST_F(QueuedPipes, WithoutRoomTheNewestAreDropped) {
  sink_.hold();
  Pipe pipe(sink_, {.delivery = Delivery::async,
                    .queue_bytes = kSmall,
                    .when_full = WhenFull::drop_newest});
  EXPECT_OK(push(pipe, 0, 2000));
  const std::uint64_t dropped = pipe.summary().samples_dropped;
  EXPECT_GT(dropped, 0u);
  sink_.let_go();
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_dropped, dropped);
  EXPECT_EQ(summary.samples_lost, 0u);
  EXPECT_EQ(summary.samples_emitted, 2000 - dropped);
  EXPECT_EQ(sink_.numbers(),
            sequence(2000 - static_cast<std::int64_t>(dropped)));
  EXPECT_THAT(reports_.at(0), HasSubstr("its queue was full; "));
}

TEST_F(QueuedPipes, WithoutRoomTheOldestAreDropped) {
  sink_.on_write = [](std::size_t) { return Status(Code::unavailable, "x"); };
  Pipe pipe(sink_, {.delivery = Delivery::async,
                    .queue_bytes = kSmall,
                    .when_full = WhenFull::drop_oldest,
                    .block_ms = 10000,
                    .drain_ms = 0,
                    .on_failure = OnFailure::retry,
                    .clock = &clock_});
  EXPECT_OK(push(pipe, 0, 2000));
  PipeSummary summary;
  EXPECT_FALSE(pipe.finish(&summary).ok());
  EXPECT_GT(summary.samples_dropped, 0u);
  EXPECT_GT(summary.samples_lost, 0u);
  EXPECT_EQ(summary.samples_dropped + summary.samples_lost, 2000u);
}

TEST_F(QueuedPipes, WhatTheSinkHoldsBackIsHandedOverWithinASecond) {
  sink_.counts = true;
  sink_.on_report = [this](WriteReport&) { ++sink_.buffered_; };
  Pipe pipe(sink_, {.delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 1));
  EXPECT_OK(pipe.flush());
  EXPECT_EQ(pipe.summary().samples_pending, 1u);
  EXPECT_TRUE(sink_.wait_for_ticks(1));
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_emitted, 1u);
}

TEST_F(QueuedPipes, LateSamplesAndDriftAreReported) {
  PipeSummary summary;
  Pipe pipe(sink_, {.delivery = Delivery::async, .period_s = 0.01});
  for (const std::int64_t ms : {0, 11, 45}) {
    EXPECT_OK(pipe.push({.device = "a", .requested_at = Time{ms * 1000000}}));
  }
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_late, 1u);
  EXPECT_EQ(summary.max_drift_ms, 25.0);
}

TEST_F(QueuedPipes, InAChildAPipeIsOfNoUse) {
  Pipe pipe(sink_, {.flush_interval_s = kNever, .delivery = Delivery::async});
  EXPECT_OK(push(pipe, 0, 1));
  EXPECT_EQ(in_child([&] {
              const bool refused =
                  pipe.push(Numbered(1)).code() == Code::invalid &&
                  pipe.flush().code() == Code::invalid &&
                  pipe.finish().code() == Code::invalid;
              pipe.~Pipe();
              return refused && sink_.abandoned == 1 ? 7 : 1;
            }),
            7);
  EXPECT_EQ(sink_.abandoned, 0);
  EXPECT_OK(push(pipe, 1, 1));
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.numbers(), sequence(2));
  EXPECT_EQ(in_child([&] { return sink_.abandoned == 0 ? 7 : 1; }), 7);
}

TEST_F(QueuedPipes, WhatIsLeftAtExitIsWritten) {
  EXPECT_EQ(in_child([] {
              auto* const sink = new CollectingSink;
              sink->on_write = [](std::size_t) {
                ::_exit(7);
                return Status();
              };
              auto* const pipe = new Pipe(*sink, {.flush_interval_s = kNever,
                                                  .delivery = Delivery::async});
              static_cast<void>(push(*pipe, 0, 1));
              std::exit(1);
              return 1;
            }),
            7);
}

}  // namespace
}  // namespace stogger
