#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sample/collecting_sink.h"
#include "sample/numbered.h"
#include "stogger/diagnostics.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "stogger/testing.h"
#include "support/sinks.h"

namespace stogger {
namespace {

class PipeTest : public ::testing::Test {
 protected:
  PipeTest() {
    set_diagnostics(
        [](std::string_view line, void* self) {
          static_cast<PipeTest*>(self)->reports_.emplace_back(line);
        },
        this);
  }
  ~PipeTest() override { set_diagnostics(nullptr); }

  std::string refusal(PipeOptions options) {
    Pipe pipe(sink_, options);
    const Status pushed = pipe.push(Numbered(1));
    const Status finished = pipe.finish();
    EXPECT_EQ(pushed.code(), Code::invalid);
    EXPECT_EQ(pushed.message(), finished.message());
    return std::string(finished.message());
  }

  CollectingSink sink_;
  testing::ManualClock clock_;
  std::vector<std::string> reports_;
};

TEST_F(PipeTest, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(refusal({.batch_size = 0}), "pipe: batch_size must be at least 1");
  EXPECT_EQ(refusal({.flush_interval_s = 0}),
            "pipe: flush_interval_s must be above 0");
  EXPECT_EQ(refusal({.flush_interval_s = -1}),
            "pipe: flush_interval_s must be above 0");
  EXPECT_EQ(refusal({.flush_interval_s = std::nan("")}),
            "pipe: flush_interval_s must be above 0");
  EXPECT_NE(refusal({.max_pending = 0}), "");
  EXPECT_NE(refusal({.max_pending_bytes = 0}), "");
  EXPECT_NE(refusal({.period_s = -1}), "");
  EXPECT_NE(refusal({.period_s = std::nan("")}), "");
  EXPECT_TRUE(sink_.batches().empty());
}

TEST_F(PipeTest, EverythingArrivesInOrderInBatches) {
  PipeSummary summary;
  EXPECT_OK(pipe(numbered(10), sink_, {.batch_size = 4}, &summary));
  EXPECT_EQ(sink_.numbers(), sequence(10));
  const auto batches = sink_.batches();
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].size(), 4u);
  EXPECT_EQ(batches[1].size(), 4u);
  EXPECT_EQ(batches[2].size(), 2u);
  EXPECT_EQ(summary.samples_emitted, 10u);
  EXPECT_EQ(sink_.flushes(), 1u);
}

TEST_F(PipeTest, WhatIsBeingWrittenIsNotEmittedYet) {
  std::vector<std::uint64_t> emitted;
  std::optional<Pipe> pipe;
  sink_.on_write = [&](std::size_t) {
    emitted.push_back(pipe->summary().samples_emitted);
    return Status();
  };
  pipe.emplace(sink_, PipeOptions{.batch_size = 4});
  for (const Numbered& one : numbered(8)) EXPECT_OK(pipe->push(one));
  PipeSummary summary;
  EXPECT_OK(pipe->finish(&summary));
  EXPECT_EQ(emitted, (std::vector<std::uint64_t>{0, 4}));
  EXPECT_EQ(summary.samples_emitted, 8u);
}

TEST_F(PipeTest, AnyInputRangeWillDo) {
  const std::vector<Numbered> three = numbered(3);
  EXPECT_OK(pipe(std::list<Sample>(three.begin(), three.end()), sink_));
  std::deque<Sample> deque(three.begin(), three.end());
  EXPECT_OK(pipe(deque, sink_));
  const Sample array[] = {three[0], three[1]};
  EXPECT_OK(pipe(array, sink_));
  EXPECT_EQ(sink_.numbers().size(), 8u);
}

TEST_F(PipeTest, AnEmptyStreamWritesNothing) {
  PipeSummary summary;
  summary.samples_emitted = 99;
  EXPECT_OK(pipe(std::vector<Sample>(), sink_, {}, &summary));
  EXPECT_EQ(summary.samples_emitted, 0u);
  EXPECT_EQ(summary.samples_late, 0u);
  EXPECT_EQ(summary.max_drift_ms, 0.0);
  EXPECT_TRUE(sink_.batches().empty());
}

TEST_F(PipeTest, ABatchOfOneIsABatch) {
  EXPECT_OK(pipe(numbered(3), sink_, {.batch_size = 1}));
  EXPECT_EQ(sink_.batches().size(), 3u);
}

TEST_F(PipeTest, TheSummaryTellsTheTimesOfTheClock) {
  const Time start = clock_.now();
  Pipe pipe(sink_, {.clock = &clock_});
  clock_.advance(2.5);
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  clock_.advance(1);
  EXPECT_EQ(summary.started_at, start);
  EXPECT_EQ(summary.finished_at, Time{start.ns + 2500000000});
  EXPECT_EQ(pipe.summary().finished_at, summary.finished_at);
}

TEST_F(PipeTest, TheIntervalHoldsThoughNothingFollows) {
  Pipe pipe(sink_, {.flush_interval_s = 1.0, .clock = &clock_});
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_OK(pipe.push(Numbered(1)));
  clock_.advance(0.999);
  EXPECT_EQ(pipe.summary().samples_emitted, 0u);
  clock_.advance(0.001);
  ASSERT_TRUE(sink_.wait_for(2));
  EXPECT_OK(pipe.push(Numbered(2)));
  clock_.advance(1.0);
  ASSERT_TRUE(sink_.wait_for(3));
  EXPECT_EQ(sink_.batches().size(), 2u);
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.numbers(), sequence(3));
}

TEST_F(PipeTest, TheIntervalHoldsByTheRealClock) {
  Pipe pipe(sink_, {.flush_interval_s = 0.001});
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_TRUE(sink_.wait_for(1));
}

TEST_F(PipeTest, FlushWritesWhatThereIs) {
  Pipe pipe(sink_, {.batch_size = 3, .clock = &clock_});
  for (int i = 0; i < 5; ++i) EXPECT_OK(pipe.push(Numbered(i)));
  EXPECT_OK(pipe.flush());
  EXPECT_EQ(sink_.numbers(), sequence(5));
  EXPECT_EQ(sink_.flushes(), 1u);
  EXPECT_OK(pipe.flush());
  EXPECT_EQ(sink_.flushes(), 2u);
}

TEST_F(PipeTest, FinishingTwiceIsFinishingOnce) {
  Pipe pipe(sink_);
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_OK(pipe.finish());
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_emitted, 1u);
  EXPECT_EQ(sink_.flushes(), 1u);
  const Status late = pipe.push(Numbered(1));
  EXPECT_EQ(late.code(), Code::invalid);
  EXPECT_EQ(late.message(), "the pipe is finished");
  EXPECT_OK(pipe.flush());
}

TEST_F(PipeTest, TheDestructorWritesWhatIsLeft) {
  { static_cast<void>(Pipe(sink_).push(Numbered(0))); }
  EXPECT_EQ(sink_.numbers(), sequence(1));
  EXPECT_TRUE(reports_.empty());
}

TEST_F(PipeTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  Pipe pipe(sink_, {.batch_size = 7, .max_pending = 50});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_OK(pipe.push(Numbered(t * kEach + i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_OK(pipe.finish());
  std::vector<std::int64_t> numbers = sink_.numbers();
  // Each thread's own are in order.
  std::vector<std::int64_t> last(kThreads, -1);
  for (const std::int64_t n : numbers) {
    std::int64_t& before = last[static_cast<std::size_t>(n / kEach)];
    EXPECT_LT(before, n);
    before = n;
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, sequence(kThreads * kEach));
}

TEST_F(PipeTest, ASinkErrorEndsItWithEverythingBeforeItWritten) {
  sink_.on_write = [](std::size_t batches) {
    return batches < 2 ? Status() : Status(Code::unavailable, "disk full");
  };
  PipeSummary summary;
  const Status status =
      pipe(numbered(100), sink_, {.batch_size = 10}, &summary);
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.message(), "the sink collector: disk full");
  EXPECT_EQ(sink_.numbers(), sequence(20));
  EXPECT_EQ(summary.samples_emitted, 20u);
  EXPECT_GE(summary.samples_lost, 10u);
  EXPECT_EQ(sink_.flushes(), 0u);
}

TEST_F(PipeTest, AfterAFailureEveryCallTellsIt) {
  sink_.on_write = [](std::size_t) { return Status(Code::corrupt, "no"); };
  Pipe pipe(sink_, {.batch_size = 1});
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_EQ(pipe.flush().code(), Code::corrupt);
  EXPECT_EQ(pipe.push(Numbered(1)).code(), Code::corrupt);
  EXPECT_EQ(pipe.finish().code(), Code::corrupt);
  EXPECT_EQ(pipe.finish().code(), Code::corrupt);
  EXPECT_EQ(pipe.summary().samples_lost, 1u);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(PipeTest, AFailureNobodySawIsReported) {
  sink_.on_write = [](std::size_t) { return Status(Code::corrupt, "no"); };
  { static_cast<void>(Pipe(sink_).push(Numbered(0))); }
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0], "the sink collector: no");
}

TEST_F(PipeTest, WhatASinkThrowsIsAFailure) {
  sink_.on_write = [](std::size_t) -> Status {
    throw std::runtime_error("oh");
  };
  const Status status = pipe(numbered(1), sink_);
  EXPECT_EQ(status.code(), Code::internal);
  EXPECT_EQ(status.message(), "the sink collector: threw: oh");
}

TEST_F(PipeTest, AFlushThatFailsIsAFailure) {
  sink_.on_flush = [] { return Status(Code::unavailable, "full"); };
  PipeSummary summary;
  EXPECT_EQ(pipe(numbered(1), sink_, {}, &summary).message(),
            "the sink collector: full");
  EXPECT_EQ(summary.samples_emitted, 1u);
}

TEST_F(PipeTest, WhatASinkHoldsBackWhenItFailsToFlushIsLost) {
  sink_.counts = true;
  sink_.on_write = [this](std::size_t) {
    sink_.buffered_ += 2;
    return Status();
  };
  // Some are with the target, one is still in the sink, and one is gone.
  sink_.on_flush = [this] {
    sink_.counted_ += 4;
    sink_.buffered_ = 1;
    return Status(Code::unavailable, "full");
  };
  PipeSummary summary;
  EXPECT_FALSE(pipe(numbered(6), sink_, {.batch_size = 2}, &summary).ok());
  EXPECT_EQ(summary.samples_emitted, 4u);
  EXPECT_EQ(summary.samples_lost, 2u);
}

TEST_F(PipeTest, WhatASinkHoldsBackWhenItFailsToWriteIsLost) {
  sink_.counts = true;
  sink_.buffered_ = 5;  // from before the pipe
  sink_.on_write = [this](std::size_t batches) {
    sink_.buffered_ += 2;
    return batches == 2 ? Status(Code::unavailable, "full") : Status();
  };
  PipeSummary summary;
  EXPECT_FALSE(pipe(numbered(6), sink_, {.batch_size = 2}, &summary).ok());
  EXPECT_EQ(summary.samples_emitted, 0u);
  EXPECT_EQ(summary.samples_lost, 6u);
}

TEST_F(PipeTest, WhatASinkLeftOutOfRowsIsReportedAndItGoesOn) {
  sink_.counts = true;
  sink_.on_report = [this](WriteReport& report) {
    sink_.counted_ += 2;
    report.notice("there is no column \"x\"");
  };
  PipeSummary summary;
  EXPECT_OK(pipe(numbered(4), sink_, {.batch_size = 2}, &summary));
  EXPECT_EQ(summary.samples_emitted, 4u);
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[0], "the sink collector: there is no column \"x\"");
}

TEST_F(PipeTest, RowsThatTheTargetRefusesEndIt) {
  for (const bool counts : {true, false}) {
    sink_.counts = counts;
    sink_.on_report = [this](WriteReport& report) {
      sink_.counted_ += 1;
      report.refuse(1, "too big");
    };
    PipeSummary summary;
    const Status status = pipe(numbered(4), sink_, {.batch_size = 2}, &summary);
    EXPECT_EQ(status.code(), Code::rejected);
    EXPECT_EQ(status.message(), "the sink collector: too big");
    EXPECT_EQ(summary.samples_emitted, 1u);
    EXPECT_EQ(summary.samples_lost, 3u);
  }
}

TEST_F(PipeTest, RowsInDoubtEndIt) {
  sink_.on_report = [](WriteReport& report) { report.in_doubt(0); };
  PipeSummary summary;
  const Status status = pipe(numbered(2), sink_, {.batch_size = 2}, &summary);
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("no answer came for 1 row"),
            std::string_view::npos);
  EXPECT_EQ(summary.samples_emitted, 1u);
  EXPECT_EQ(summary.samples_lost, 1u);
}

TEST_F(PipeTest, RowsThatTheSinkCountsNowhereEndIt) {
  sink_.counts = true;
  sink_.on_report = [this](WriteReport& report) {
    sink_.counted_ += 1;
    report.notice("a trigger drops rows");
  };
  PipeSummary summary;
  const Status status = pipe(numbered(2), sink_, {.batch_size = 2}, &summary);
  EXPECT_EQ(status.code(), Code::rejected);
  EXPECT_EQ(status.message(), "the sink collector: a trigger drops rows");
  EXPECT_EQ(summary.samples_lost, 1u);
  EXPECT_TRUE(reports_.empty()) << "the status says it";
}

TEST_F(PipeTest, AFailureComesBeforeWhatIsSaidOfRows) {
  sink_.on_report = [](WriteReport& report) {
    report.refuse(0, "too big");
    report.notice("by the way");
  };
  sink_.on_write = [](std::size_t) {
    return Status(Code::corrupt, "it is broken");
  };
  PipeSummary summary;
  const Status status = pipe(numbered(2), sink_, {.batch_size = 2}, &summary);
  EXPECT_EQ(status.code(), Code::corrupt);
  EXPECT_EQ(summary.samples_lost, 2u);
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0], "the sink collector: by the way");
}

TEST_F(PipeTest, WhatTheSinkHoldsBackIsHandedOverWithinASecond) {
  sink_.counts = true;
  sink_.on_report = [this](WriteReport&) { ++sink_.buffered_; };
  Pipe pipe(sink_, {.clock = &clock_});
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_OK(pipe.flush());
  clock_.advance(1.0);
  EXPECT_TRUE(sink_.wait_for_ticks(1));
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_emitted, 1u);
  EXPECT_EQ(summary.samples_lost, 0u);
}

TEST_F(PipeTest, WhatTheSinkHeldBeforeIsNotCountedAsItsOwn) {
  sink_.counts = true;
  sink_.buffered_ = 3;
  sink_.on_report = [this](WriteReport&) {
    sink_.counted_ = 4;
    sink_.buffered_ = 0;
  };
  sink_.on_write = [](std::size_t) {
    return Status(Code::unavailable, "disk full");
  };
  PipeSummary summary;
  EXPECT_FALSE(pipe(numbered(5), sink_, {.batch_size = 5}, &summary).ok());
  EXPECT_EQ(summary.samples_emitted, 1u);
  EXPECT_EQ(summary.samples_lost, 4u);
}

TEST_F(PipeTest, AFailureOfATickEndsIt) {
  sink_.counts = true;
  sink_.on_report = [this](WriteReport&) { ++sink_.buffered_; };
  sink_.on_tick = [] { return Status(Code::unavailable, "disk full"); };
  Pipe pipe(sink_, {.clock = &clock_});
  EXPECT_OK(pipe.push(Numbered(0)));
  EXPECT_OK(pipe.flush());
  clock_.advance(1.0);
  EXPECT_TRUE(sink_.wait_for_ticks(1));
  EXPECT_EQ(pipe.finish().message(), "the sink collector: disk full");
}

TEST_F(PipeTest, WithoutRoomTheNewestAreDroppedIfThatIsWanted) {
  sink_.hold();
  Pipe pipe(
      sink_,
      {.batch_size = 4, .max_pending = 8, .when_full = WhenFull::drop_newest});
  for (int i = 0; i < 20; ++i) EXPECT_OK(pipe.push(Numbered(i)));
  EXPECT_EQ(pipe.summary().samples_dropped, 12u);
  sink_.let_go();
  EXPECT_OK(pipe.flush());
  EXPECT_OK(pipe.push(Numbered(8)));
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(sink_.numbers(), sequence(9));
  EXPECT_EQ(summary.samples_emitted, 9u);
  EXPECT_EQ(summary.samples_dropped, 12u);
}

TEST_F(PipeTest, WithoutRoomPushWaits) {
  sink_.hold();
  Pipe pipe(sink_, {.batch_size = 100, .max_pending = 2, .clock = &clock_});
  std::atomic<int> pushed{0};
  std::thread pusher([&] {
    for (int i = 0; i < 10; ++i) {
      EXPECT_OK(pipe.push(Numbered(i)));
      ++pushed;
    }
  });
  // A batch that is not full has to make room, too: no time passes here.
  while (pushed < 2) std::this_thread::yield();
  EXPECT_EQ(pushed, 2);
  sink_.let_go();
  pusher.join();
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.numbers(), sequence(10));
}

TEST_F(PipeTest, BytesAreBoundedToo) {
  sink_.hold();
  Pipe pipe(sink_,
            {.max_pending_bytes = 10000, .when_full = WhenFull::drop_newest});
  const std::string text(4000, 'x');
  const Field fields[] = {{"n", 0}, {"text", text}};
  for (int i = 0; i < 20; ++i) EXPECT_OK(pipe.push({.fields = fields}));
  EXPECT_EQ(pipe.summary().samples_dropped, 17u);
  sink_.let_go();
}

TEST_F(PipeTest, SmallBatchesAreNotForNothing) {
  constexpr std::size_t kRoom = std::size_t{1} << 20;
  sink_.hold();
  Pipe pipe(sink_, {.batch_size = 1,
                    .max_pending_bytes = kRoom,
                    .when_full = WhenFull::drop_newest});
  for (int i = 0; i < 1000; ++i) EXPECT_OK(pipe.push(Numbered(i)));
  // Each has memory of its own, of which no less than a page is asked for.
  EXPECT_GE(pipe.summary().samples_dropped, 1000 - kRoom / 4096);
  EXPECT_LT(pipe.summary().samples_dropped, 1000u);
  sink_.let_go();
}

TEST_F(PipeTest, RowsThatWaitAreNotWidenedBeyondTheRoom) {
  constexpr std::size_t kNarrow = 1000;
  std::vector<std::string> names;
  std::vector<Field> wide;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  for (const std::string& name : names) wide.emplace_back(name, 1.0);
  const std::pair<std::size_t, std::vector<std::size_t>> cases[] = {
      {std::size_t{1} << 20, {kNarrow, 2}},  // 24 MB for the cells
      {std::size_t{1} << 30, {kNarrow + 2}},
  };
  for (const auto& [room, expected] : cases) {
    CollectingSink sink;
    Pipe pipe(sink, {.batch_size = 10 * kNarrow,
                     .max_pending_bytes = room,
                     .clock = &clock_});
    for (std::size_t i = 0; i < kNarrow; ++i) EXPECT_OK(pipe.push(Numbered(1)));
    EXPECT_OK(pipe.push({.fields = wide}));
    EXPECT_OK(pipe.push({.fields = wide}));
    EXPECT_OK(pipe.finish());
    EXPECT_EQ(sink.batch_sizes(), expected);
  }
}

TEST_F(PipeTest, ASampleLargerThanAllRoomGetsInAlone) {
  Pipe pipe(sink_, {.max_pending_bytes = 10});
  const std::string text(100000, 'x');
  const Field fields[] = {{"n", 0}, {"text", text}};
  EXPECT_OK(pipe.push({.fields = fields}));
  EXPECT_OK(pipe.push({.fields = fields}));
  EXPECT_OK(pipe.finish());
  EXPECT_EQ(sink_.numbers().size(), 2u);
}

TEST_F(PipeTest, AFailureWakesWhoWaitsForRoom) {
  sink_.hold();
  sink_.on_write = [](std::size_t) { return Status(Code::unavailable, "x"); };
  Pipe pipe(sink_, {.batch_size = 1, .max_pending = 1});
  EXPECT_OK(pipe.push(Numbered(0)));
  Status status;
  std::thread pusher([&] { status = pipe.push(Numbered(1)); });
  sink_.let_go();
  pusher.join();
  EXPECT_EQ(status.code(), Code::unavailable);
}

TEST_F(PipeTest, FinishingTurnsAwayWhoWaitsForRoom) {
  sink_.hold();
  Pipe pipe(sink_, {.batch_size = 1, .max_pending = 1});
  EXPECT_OK(pipe.push(Numbered(0)));
  Status status;
  std::thread pusher([&] { status = pipe.push(Numbered(1)); });
  std::thread finisher([&] { EXPECT_OK(pipe.finish()); });
  // Either it was in time, or it is turned away: it does not hang.
  sink_.let_go();
  finisher.join();
  pusher.join();
  EXPECT_EQ(sink_.numbers().size(), status.ok() ? 2u : 1u);
}

TEST_F(PipeTest, LateSamplesAndDriftAreReported) {
  PipeSummary summary;
  Pipe pipe(sink_, {.period_s = 0.01});
  for (const std::int64_t ms : {0, 11, 45}) {
    EXPECT_OK(pipe.push({.device = "a", .requested_at = Time{ms * 1000000}}));
  }
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_late, 1u);
  EXPECT_EQ(summary.max_drift_ms, 25.0);
}

TEST_F(PipeTest, WhatIsDroppedWasTakenInTime) {
  sink_.hold();
  Pipe pipe(sink_, {.batch_size = 1,
                    .max_pending = 2,
                    .when_full = WhenFull::drop_newest,
                    .period_s = 0.01});
  for (std::int64_t i = 0; i < 10; ++i) {
    EXPECT_OK(pipe.push({.requested_at = Time{i * 10000000}}));
  }
  sink_.let_go();
  EXPECT_OK(pipe.flush());
  EXPECT_OK(pipe.push({.requested_at = Time{100000000}}));
  PipeSummary summary;
  EXPECT_OK(pipe.finish(&summary));
  EXPECT_EQ(summary.samples_dropped, 8u);
  EXPECT_EQ(summary.samples_late, 0u);
  EXPECT_EQ(summary.max_drift_ms, 0);
}

struct Celsius {
  double degrees;
};
void write_value(ValueWriter& out, const Celsius& value) {
  out.set(value.degrees);
}

TEST_F(PipeTest, ValuesOfUserTypesAndJsonAreSettled) {
  SinkPtr memory;
  ASSERT_OK(make_sample_sink(MemoryConfig{}, &memory));
  const Celsius warm{21.5};
  const Field fields[] = {{"warm", warm},
                          {"good", Json{"{ \"a\" : 1 }"}},
                          {"bad", Json{"{ \"a\" : "}}};
  const Sample samples[] = {{.fields = fields}};
  EXPECT_OK(pipe(samples, *memory));
  int rows = 0;
  EXPECT_OK(visit_rows(
      *memory,
      [](Fields row, void* count) {
        ++*static_cast<int*>(count);
        ASSERT_EQ(row.size(), 10u);
        EXPECT_EQ(row[6].value.real(), 21.5);
        EXPECT_EQ(row[7].value.kind(), Kind::json);
        EXPECT_EQ(row[7].value.text(), "{\"a\":1}");
        EXPECT_EQ(row[8].value.kind(), Kind::text);
      },
      &rows));
  EXPECT_EQ(rows, 1);
}

TEST_F(PipeTest, WhatTheRangeThrowsGetsThroughAfterTheRestIsWritten) {
  struct Range {
    struct Iterator {
      int at = 0;
      Sample operator*() const {
        static const std::vector<Numbered> samples = numbered(3);
        return samples[static_cast<std::size_t>(at)];
      }
      Iterator& operator++() {
        if (++at == 3) throw std::runtime_error("the instrument is gone");
        return *this;
      }
      bool operator!=(const Iterator&) const { return true; }
    };
    Iterator begin() const { return {}; }
    Iterator end() const { return {}; }
  };
  EXPECT_THROW(static_cast<void>(pipe(Range(), sink_)), std::runtime_error);
  EXPECT_EQ(sink_.numbers(), sequence(3));
}

}  // namespace
}  // namespace stogger
