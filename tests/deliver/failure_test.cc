// What a route does about a sink that fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "deliver/route.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ManualClock;
using ::testing::Not;

class Failure : public ::testing::Test {
 protected:
  void break_it() {
    script_->on_write = [](const RowBatch&) { return unavailable(); };
  }
  void mend_it() { script_->on_write = {}; }
  static void refuse(WriteReport& report) {
    report.refuse(0, "value too long");
  }
  SinkStats stats() { return stats_of(system_, "sink"); }
  // How many calls reached the sink by logging one event a millisecond, for so
  // long.
  int attempts_within(int milliseconds) {
    const int before = script_->writes;
    for (int i = 0; i < milliseconds; ++i) {
      clock_.advance(0.001);
      log_.info("event");
    }
    return script_->writes - before;
  }

  ManualClock clock_;
  Diagnostics diagnostics_;
  System system_{&clock_};
  Logger log_ = system_.logger();
  std::shared_ptr<Script> script_ = add_scripted(system_, "sink");
};

TEST_F(Failure, FirstFailureIsOneLineThatReportsWhatWhereAndWhy) {
  break_it();
  for (int i = 0; i < 100; ++i) log_.info("event");
  EXPECT_THAT(diagnostics_.lines(),
              ElementsAre("sink 'sink' (custom): the target is away (nowhere); "
                          "1 event dropped so far; next try in 0.1 s"));
}

TEST_F(Failure, RecoveryIsOneLineWithTheNumberLost) {
  break_it();
  log_.info("lost");
  clock_.advance(0.05);
  log_.info("lost");
  log_.info("lost");
  mend_it();
  clock_.advance(1.2);
  log_.info("arrives");
  log_.info("arrives");
  ASSERT_EQ(diagnostics_.lines().size(), 2U);
  EXPECT_EQ(diagnostics_.lines()[1],
            "sink 'sink' (custom): works again after 1.2 s (nowhere); 3 events "
            "dropped");
  EXPECT_EQ(stats().dropped, 3U);
  EXPECT_EQ(stats().written, 2U);
  EXPECT_FALSE(stats().failing);
}

TEST_F(Failure, OneThatGoesOnIsReportedOnceAMinuteWithTheNumberLostSoFar) {
  break_it();
  for (int second = 0; second < 185; ++second) {
    log_.info("lost");
    clock_.advance(1);
  }
  EXPECT_THAT(diagnostics_.lines(), ::testing::SizeIs(4));
  EXPECT_THAT(diagnostics_.lines()[1],
              ::testing::MatchesRegex(
                  ".*: the target is away .nowhere.; failing for 6[0-9].0 s; "
                  "6[0-9] events dropped so far; next try in 5 s"));
  EXPECT_THAT(diagnostics_.lines()[3], HasSubstr("failing for 18"));
}

TEST_F(Failure, AReasonThatChangesIsReportedAtOnce) {
  script_->on_write = [](const RowBatch&) {
    return Status(Code::unavailable, "not yet");
  };
  log_.info("lost");
  script_->on_write = [](const RowBatch&) {
    return Status(Code::unavailable, "no answer");
  };
  for (int i = 0; i < 20; ++i) {
    clock_.advance(1);
    log_.info("lost");
  }
  ASSERT_THAT(diagnostics_.lines(), ::testing::SizeIs(2));
  EXPECT_THAT(diagnostics_.lines()[1], HasSubstr(": no answer (nowhere); "));
}

TEST_F(Failure, ReasonsThatKeepChangingAreNotNews) {
  int count = 0;
  script_->on_write = [&](const RowBatch&) {
    return Status(Code::unavailable, std::to_string(++count));
  };
  for (int second = 0; second < 50; ++second) {
    log_.info("lost");
    clock_.advance(1);
  }
  EXPECT_GT(count, 10);
  EXPECT_THAT(diagnostics_.lines(), ::testing::SizeIs(4));
}

TEST_F(Failure, ClosedBeforeItIsOverTheNumberLostIsReported) {
  // However often it has failed.
  for (int i = 0; i < 10; ++i) {
    break_it();
    log_.info("lost");
    mend_it();
    clock_.advance(5);
    log_.info("arrives");
  }
  break_it();
  for (int i = 0; i < 3; ++i) log_.info("lost");
  clock_.advance(2.5);
  static_cast<void>(system_.close());
  EXPECT_THAT(diagnostics_.lines().back(),
              HasSubstr("closed after failing for 2.5 s (nowhere); 3 events "
                        "dropped"));
  const std::size_t reports = diagnostics_.lines().size();
  static_cast<void>(system_.close());
  EXPECT_EQ(diagnostics_.lines().size(), reports) << "once";
}

TEST_F(Failure, EachOutageTellsItsOwnNumberLost) {
  for (const int lost : {1, 4, 2}) {
    break_it();
    for (int i = 0; i < lost; ++i) log_.info("lost");
    mend_it();
    clock_.advance(10);
    log_.info("arrives");
    EXPECT_THAT(diagnostics_.lines().back(),
                HasSubstr(std::to_string(lost) +
                          (lost == 1 ? " event dropped" : " events dropped")));
  }
  EXPECT_EQ(diagnostics_.lines().size(), 6U);
}

TEST_F(Failure, BackOffBeginsWith100MillisecondsAndDoublesTo5Seconds) {
  break_it();
  log_.info("event");
  std::vector<int> waits;
  for (int milliseconds = 1, last = 0; milliseconds <= 30000; ++milliseconds) {
    clock_.advance(0.001);
    const int before = script_->writes;
    log_.info("event");
    if (script_->writes == before) continue;
    waits.push_back(milliseconds - last);
    last = milliseconds;
  }
  EXPECT_THAT(waits, ElementsAre(100, 200, 400, 800, 1600, 3200, 5000, 5000,
                                 5000, 5000));
}

TEST_F(Failure, BackOffBeginsAgainAfterARecovery) {
  break_it();
  log_.info("event");
  EXPECT_EQ(attempts_within(1000), 3);
  mend_it();
  clock_.advance(5);
  log_.info("arrives");
  break_it();
  log_.info("event");
  EXPECT_EQ(attempts_within(99), 0);
  EXPECT_EQ(attempts_within(1), 1);
}

TEST_F(Failure, WhileItWaitsTheSinkIsNotCalledAtAll) {
  break_it();
  log_.info("event");
  const int opened = script_->opened;
  const int closed = script_->closed;
  for (int i = 0; i < 1000; ++i) log_.info("event");
  EXPECT_EQ(script_->writes, 1);
  EXPECT_EQ(script_->opened, opened);
  EXPECT_EQ(script_->closed, closed);
  EXPECT_EQ(stats().dropped, 1001U);
  EXPECT_EQ(stats().failed, 1U) << "attempts, not events";
  EXPECT_TRUE(stats().failing);
}

TEST_F(Failure, ASinkThatSaysItHasRecoveredIsNotKeptWaiting) {
  break_it();
  log_.info("lost");
  log_.info("lost");
  mend_it();
  script_->recovered = true;
  log_.info("arrives");
  EXPECT_THAT(script_->events(), ElementsAre("arrives"));
  EXPECT_EQ(script_->writes, 2);
  EXPECT_FALSE(stats().failing);
}

TEST_F(Failure, AfterAFailureTheSinkIsClosedAndOpenedAgain) {
  break_it();
  log_.info("event");
  EXPECT_FALSE(script_->is_open);
  mend_it();
  clock_.advance(1);
  log_.info("event");
  EXPECT_EQ(script_->opened, 2);
  EXPECT_FALSE(script_->broke_the_rules);
}

TEST_F(Failure, AFailureToOpenIsHandledTheSame) {
  const auto script = std::make_shared<Script>();
  script->on_open = unavailable;
  add_scripted(system_, "other", Level::trace, script);
  EXPECT_THAT(
      diagnostics_.lines(),
      ElementsAre("sink 'other' (custom): the target is away (nowhere); "
                  "events are dropped; next try in 0.1 s"));
  log_.info("lost");
  clock_.advance(0.1);
  log_.info("lost");
  EXPECT_EQ(script->opened, 2);
  EXPECT_EQ(script->writes, 0);
  script->on_open = {};
  clock_.advance(0.2);
  log_.info("arrives");
  EXPECT_THAT(script->events(), ElementsAre("arrives"));
  EXPECT_THAT(diagnostics_.lines().back(), HasSubstr("; 2 events dropped"));
}

TEST_F(Failure, AddSinkReturnsTheFailureToOpenAndKeepsTheSink) {
  const auto script = std::make_shared<Script>();
  script->on_open = unavailable;
  const Status status =
      system_.add_sink("other", SinkPtr(new ScriptedSink(script)));
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("sink 'other'"));
  script->on_open = {};
  clock_.advance(1);
  log_.info("arrives");
  EXPECT_EQ(script->count(), 1U);
}

TEST_F(Failure, RefusedRowsDoNotOpenTheBackOff) {
  int number = 0;
  script_->on_report = [&](WriteReport& report) {
    if (number++ % 2 == 0) report.refuse(0, "value too long");
  };
  for (int i = 0; i < 6; ++i) log_.info("event");
  EXPECT_EQ(script_->writes, 6);
  EXPECT_EQ(script_->opened, 1) << "the sink stayed open";
  EXPECT_EQ(stats().dropped, 3U);
  EXPECT_EQ(stats().written, 3U);
  EXPECT_EQ(stats().failed, 3U);
  EXPECT_FALSE(stats().failing);
  ASSERT_EQ(diagnostics_.lines().size(), 3U);
  EXPECT_THAT(diagnostics_.lines()[0],
              HasSubstr(": value too long; 1 event dropped: {"));
}

TEST_F(Failure, ARefusalAfterAnOutageEndsTheOutage) {
  break_it();
  log_.info("lost");
  mend_it();
  script_->on_report = refuse;
  clock_.advance(1);
  log_.info("refused");
  EXPECT_FALSE(stats().failing);
  ASSERT_EQ(diagnostics_.lines().size(), 3U);
  EXPECT_THAT(diagnostics_.lines()[1], HasSubstr("works again"));
  EXPECT_THAT(diagnostics_.lines()[2], HasSubstr("value too long"));
}

// No code of a Status stands for refused rows.
TEST_F(Failure, AStatusOfAnyCodeIsAFailureOfTheTarget) {
  const auto script = std::make_shared<Script>();
  script->on_open = [] { return Status(Code::rejected, "odd"); };
  add_scripted(system_, "other", Level::trace, script);
  script_->on_write = [](const RowBatch&) {
    return Status(Code::rejected, "odd");
  };
  const int writes = script_->writes;
  for (int i = 0; i < 10; ++i) log_.info("lost");
  EXPECT_EQ(script->opened, 1) << "the back-off holds";
  EXPECT_EQ(script_->writes, writes + 1) << "here, too";
  EXPECT_EQ(stats().dropped, 10U);
  EXPECT_TRUE(stats().failing);
  EXPECT_EQ(diagnostics_.lines().size(), 2U);
}

TEST_F(Failure, ARowInDoubtIsCountedAsSuchAndReported) {
  script_->on_report = [](WriteReport& report) { report.in_doubt(0); };
  log_.info("event");
  EXPECT_EQ(stats().in_doubt, 1U);
  EXPECT_EQ(stats().dropped, 0U);
  EXPECT_EQ(stats().written, 0U);
  EXPECT_EQ(stats().failed, 1U);
  EXPECT_FALSE(stats().failing);
  EXPECT_THAT(
      diagnostics_.lines(),
      ElementsAre("sink 'sink' (custom): no answer came for 1 row, which "
                  "may be stored or not"));
}

TEST_F(Failure, ARowInDoubtIsNotLostWithAFailureOfTheTarget) {
  script_->on_report = [](WriteReport& report) { report.in_doubt(0); };
  break_it();
  log_.info("event");
  EXPECT_EQ(stats().in_doubt, 1U);
  EXPECT_EQ(stats().dropped, 0U);
  EXPECT_EQ(stats().failed, 1U) << "a call fails once";
  EXPECT_TRUE(stats().failing);
  EXPECT_THAT(diagnostics_.lines(),
              ElementsAre(HasSubstr("the target is away")));
}

TEST_F(Failure, AReasonIsReportedBesideAFailureOfTheTarget) {
  script_->on_report = refuse;
  break_it();
  log_.info("event");
  EXPECT_EQ(stats().dropped, 1U);
  EXPECT_EQ(stats().failed, 1U);
  EXPECT_THAT(diagnostics_.lines(),
              ElementsAre(HasSubstr("value too long"),
                          HasSubstr("the target is away")));
  clock_.advance(1);
  log_.info("event");
  EXPECT_EQ(diagnostics_.lines().size(), 2U);
}

TEST_F(Failure, ANoticeIsReportedAndIsNoFailure) {
  script_->on_report = [](WriteReport& report) {
    report.notice("fields without a column are left out");
    report.notice("");
    report.notice("the file grows on");
  };
  log_.info("event");
  script_->on_report = {};
  log_.info("event");
  EXPECT_EQ(stats().written, 2U);
  EXPECT_EQ(stats().failed, 0U);
  EXPECT_FALSE(stats().failing);
  EXPECT_EQ(script_->opened, 1);
  EXPECT_THAT(diagnostics_.lines(),
              ElementsAre("sink 'sink' (custom): fields without a "
                          "column are left out; the file grows on"));
}

TEST_F(Failure, ANoticeIsReportedWhileTheTargetFails) {
  break_it();
  log_.info("lost");
  script_->on_report = [](WriteReport& report) { report.notice("odd"); };
  clock_.advance(1);
  log_.info("lost");
  EXPECT_THAT(diagnostics_.lines().back(), EndsWith(": odd"));
}

TEST_F(Failure, VerdictsThatCannotBeAreNotCounted) {
  script_->on_report = [](WriteReport& report) {
    report.refuse(1, "of a row that was not given");
    report.refuse(SIZE_MAX, "of another one");
  };
  log_.info("event");
  EXPECT_EQ(stats().written, 1U);
  script_->on_report = [](WriteReport& report) {
    report.refuse(0, "once");
    report.refuse(0, "twice");
    report.in_doubt(0);
  };
  log_.info("event");
  EXPECT_EQ(stats().dropped, 1U);
  EXPECT_EQ(stats().in_doubt, 0U);
  EXPECT_TRUE(is_balanced(stats()));
  EXPECT_THAT(diagnostics_.lines(),
              ElementsAre(HasSubstr("speaks of a row that it was not given"),
                          HasSubstr(": once; 1 event dropped"),
                          HasSubstr("speaks of a row that it was not given")));
}

TEST_F(Failure, WhatWasSaidIsNotSaidAgainOfTheNextEvent) {
  script_->on_report = refuse;
  log_.info("refused");
  script_->on_report = [](WriteReport& report) { report.refuse(0, ""); };
  log_.info("refused");
  EXPECT_THAT(diagnostics_.lines().back(),
              HasSubstr(": no reason is given; 1 event dropped"));
}

TEST_F(Failure, ReportsAreLimitedToTenAMinute) {
  script_->on_report = refuse;
  for (int i = 0; i < 25; ++i) log_.info("event");
  EXPECT_EQ(diagnostics_.lines().size(), 10U);
  clock_.advance(59.9);
  log_.info("event");
  EXPECT_EQ(diagnostics_.lines().size(), 10U);
  clock_.advance(0.2);
  log_.info("event");
  ASSERT_EQ(diagnostics_.lines().size(), 11U);
  EXPECT_THAT(diagnostics_.lines()[9], Not(HasSubstr("left out")));
  EXPECT_THAT(diagnostics_.lines()[10], HasSubstr("(16 reports left out)"));
  log_.info("event");
  EXPECT_THAT(diagnostics_.lines()[11], Not(HasSubstr("left out")));
}

TEST_F(Failure, OneSinksReportsDoNotUseUpAnothers) {
  const auto other = add_scripted(system_, "other");
  script_->on_report = refuse;
  for (int i = 0; i < 25; ++i) log_.info("event");
  other->on_write = [](const RowBatch&) { return unavailable(); };
  log_.info("event");
  EXPECT_THAT(diagnostics_.lines().back(), HasSubstr("sink 'other'"));
}

TEST_F(Failure, FlushFailsAtOnceWhileTheSinkIsLeftAlone) {
  break_it();
  log_.info("event");
  const Status status = system_.flush();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(script_->flushed, 0);
}

TEST_F(Failure, AFailedFlushIsReportedAndTheSinkStaysOpen) {
  script_->on_flush = unavailable;
  EXPECT_EQ(system_.flush().code(), Code::unavailable);
  EXPECT_THAT(
      diagnostics_.lines(),
      ElementsAre("sink 'sink' (custom): the target is away (nowhere, at "
                  "flush); next try with the next flush or event"));
  EXPECT_EQ(stats().failed, 1U);
  EXPECT_FALSE(stats().failing);
  EXPECT_TRUE(script_->is_open);
  log_.info("arrives");
  EXPECT_EQ(stats().written, 1U);
  EXPECT_EQ(diagnostics_.lines().size(), 1U);
  script_->on_flush = {};
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_EQ(script_->opened, 1);
}

// --- Sinks that count themselves ---------------------------------------------

class TallyingFailure : public Failure {
 protected:
  TallyingFailure() {
    // The sink outlives this object.
    const auto target = target_;
    counting_->on_tally = [target](Tally* tally) {
      *tally = target->tally;
      return true;
    };
    // Keeps rows until flush() or close(), if the target works then.
    counting_->on_write = [target](const RowBatch& rows) {
      target->tally.buffered += rows.row_count;
      return Status();
    };
    counting_->on_flush = [target] { return target->drain(); };
    counting_->on_close = [target] { return target->drain(); };
    add_scripted(system_, "counting", Level::warning, counting_);
  }
  SinkStats stats() { return stats_of(system_, "counting"); }
  void log(int count) {
    for (int i = 0; i < count; ++i) log_.warning("event");
  }

  struct Target {
    Tally tally;
    bool away = false;
    Status drain() {
      if (away) return unavailable();
      tally.written += tally.buffered;
      tally.buffered = 0;
      return {};
    }
  };
  const std::shared_ptr<Target> target_ = std::make_shared<Target>();
  const std::shared_ptr<Script> counting_ = std::make_shared<Script>();
};

TEST_F(TallyingFailure, BufferedRowsArePendingUntilTheyAreWritten) {
  log(3);
  EXPECT_EQ(stats().pending, 3U);
  EXPECT_EQ(stats().written, 0U);
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_EQ(stats().pending, 0U);
  EXPECT_EQ(stats().written, 3U);
}

TEST_F(TallyingFailure, RowsThatSurviveAFailureAreNotCountedAsLost) {
  log(3);
  target_->away = true;
  EXPECT_FALSE(system_.flush().ok());
  EXPECT_EQ(stats().pending, 3U);
  EXPECT_EQ(stats().dropped, 0U);
  target_->away = false;
  clock_.advance(1);
  log(1);
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_EQ(stats().written, 4U);
  EXPECT_THAT(
      diagnostics_.lines(),
      ElementsAre(HasSubstr(": the target is away (nowhere, at flush); 3 "
                            "events kept; next try with ")));
}

TEST_F(TallyingFailure, FlushTriesRowsThatSurvivedAFailureAgain) {
  log(3);
  target_->away = true;
  EXPECT_FALSE(system_.flush().ok());
  target_->away = false;
  clock_.advance(1);
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_EQ(stats().written, 3U);
  EXPECT_FALSE(counting_->broke_the_rules);
}

TEST_F(TallyingFailure, AFailedFlushDoesNotEndAnOutage) {
  log(1);
  target_->away = true;
  const auto buffer = counting_->on_write;
  counting_->on_write = [](const RowBatch&) { return unavailable(); };
  log(1);
  EXPECT_TRUE(stats().failing);
  clock_.advance(1);
  EXPECT_FALSE(system_.flush().ok());
  EXPECT_EQ(counting_->flushed, 1);
  EXPECT_TRUE(stats().failing);
  EXPECT_EQ(stats().failed, 2U);
  EXPECT_EQ(diagnostics_.lines().size(), 1U);
  target_->away = false;
  counting_->on_write = buffer;
  log(1);
  EXPECT_FALSE(stats().failing) << "the next event is an attempt";
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_EQ(stats().written, 2U);
  EXPECT_EQ(stats().dropped, 1U);
  EXPECT_FALSE(counting_->broke_the_rules);
}

TEST_F(TallyingFailure, CloseTriesThemAgainTooWithoutWaiting) {
  log(3);
  target_->away = true;
  EXPECT_FALSE(system_.flush().ok());
  target_->away = false;
  EXPECT_TRUE(system_.close().ok());
  EXPECT_EQ(stats().written, 3U);
  EXPECT_EQ(stats().pending, 0U);
  EXPECT_FALSE(counting_->is_open);
  EXPECT_FALSE(counting_->broke_the_rules);
}

TEST_F(TallyingFailure, WhatCloseCannotWriteIsReported) {
  log(3);
  target_->away = true;
  EXPECT_FALSE(system_.flush().ok());
  EXPECT_FALSE(system_.close().ok());
  EXPECT_THAT(diagnostics_.lines().back(),
              HasSubstr("closed while it failed (nowhere); 3 events could not "
                        "be written"));
  EXPECT_EQ(stats().pending, 3U);
}

TEST_F(TallyingFailure, RowsLeftOverByCloseGoWithTheNextEvent) {
  log(2);
  target_->away = true;
  EXPECT_FALSE(system_.close().ok());
  target_->away = false;
  clock_.advance(1);
  log(1);
  EXPECT_EQ(stats().written, 3U);
  EXPECT_FALSE(counting_->is_open);
}

TEST_F(TallyingFailure, VerdictsAndTheTallyAreCountedTogether) {
  int number = 0;
  counting_->on_report = [&](WriteReport& report) {
    if (number % 4 == 1) report.refuse(0, "too long");
    if (number % 4 == 2) report.in_doubt(0);
  };
  counting_->on_write = [&](const RowBatch&) {
    if (number++ % 4 == 0) ++target_->tally.written;
    return Status();
  };
  log(8);
  const SinkStats now = stats();
  EXPECT_EQ(now.written, 2U);
  EXPECT_EQ(now.in_doubt, 2U);
  EXPECT_EQ(now.dropped, 4U) << "two were refused, two are in no count";
  EXPECT_EQ(now.pending, 0U);
  EXPECT_TRUE(is_balanced(now));
  EXPECT_THAT(diagnostics_.lines().front(),
              HasSubstr(": too long; 1 event dropped: {\""));
}

TEST_F(TallyingFailure, ASinkThatCountsARowTwiceStaysBalanced) {
  counting_->on_report = [&](WriteReport& report) {
    target_->tally.written += 3;
    report.refuse(0, "too long");
  };
  counting_->on_write = {};
  log(1);
  EXPECT_EQ(stats().written, 1U);
  EXPECT_EQ(stats().dropped, 0U);
  EXPECT_TRUE(is_balanced(stats()));
}

TEST_F(TallyingFailure, WhatIsSaidInATickIsReported) {
  const auto script = std::make_shared<Script>();
  script->on_tally = counting_->on_tally;
  Route route({"sink", "custom"}, SinkPtr(new ScriptedSink(script)), &clock_);
  EXPECT_TRUE(route.outlet().open().ok());
  script->on_write = [&](const RowBatch& rows) {
    target_->tally.buffered += rows.row_count;
    return Status();
  };
  RowScratch scratch;
  Event event;
  event.name = "event";
  for (int i = 0; i < 3; ++i) route.deliver(event, scratch);
  EXPECT_EQ(route.stats().pending, 3U);
  script->on_report = [&](WriteReport& report) {
    target_->tally = {1, 0};
    report.refuse(0, "too long");
    report.refuse(2, "too wide");
  };
  route.outlet().tick();
  EXPECT_EQ(route.stats().written, 1U);
  EXPECT_EQ(route.stats().dropped, 2U);
  EXPECT_EQ(route.stats().failed, 1U);
  EXPECT_TRUE(is_balanced(route.stats()));
  EXPECT_THAT(diagnostics_.lines(),
              ElementsAre(EndsWith(": too wide (the last of 2 rows refused); "
                                   "2 events dropped")));
}

TEST_F(TallyingFailure, RowsThatTheSinkHeldBeforeAreNotTheSystems) {
  target_->tally = {7, 3};
  const auto script = std::make_shared<Script>();
  script->on_tally = counting_->on_tally;
  script->on_flush = [&] {
    target_->tally = {10, 0};
    return Status();
  };
  add_scripted(system_, "used", Level::trace, script);
  EXPECT_OK(system_.flush());
  EXPECT_EQ(stats_of(system_, "used").written, 0U);
  EXPECT_EQ(stats_of(system_, "used").pending, 0U);
  EXPECT_TRUE(is_balanced(stats_of(system_, "used")));
}

TEST_F(TallyingFailure, ASinkThatBuffersMoreThanItGotStaysBalanced) {
  int number = 0;
  counting_->on_write = [&](const RowBatch&) {
    target_->tally = ++number == 1 ? Tally{0, 5} : Tally{6, 0};
    return Status();
  };
  log(1);
  EXPECT_TRUE(is_balanced(stats()));
  log(1);
  EXPECT_EQ(stats().written, 2U);
  EXPECT_TRUE(is_balanced(stats()));
}

TEST_F(TallyingFailure, RowsThatVanishFromTheBufferAreDropped) {
  log(5);
  counting_->on_flush = [this] {
    target_->tally.written += 2;
    target_->tally.buffered = 1;  // two are in no count
    return unavailable();
  };
  counting_->on_close = {};
  EXPECT_FALSE(system_.flush().ok());
  const SinkStats now = stats();
  EXPECT_EQ(now.written, 2U);
  EXPECT_EQ(now.pending, 1U);
  EXPECT_EQ(now.dropped, 2U);
  EXPECT_TRUE(is_balanced(now));
}

TEST_F(TallyingFailure, WhatASinkCountedBeforeItWasAddedIsNotTheSystems) {
  const auto script = std::make_shared<Script>();
  target_->tally.written = 100;
  script->on_tally = counting_->on_tally;
  script->on_write = [this](const RowBatch&) {
    ++target_->tally.written;
    return Status();
  };
  add_scripted(system_, "used", Level::trace, script);
  log_.info("event");
  EXPECT_EQ(stats_of(system_, "used").written, 1U);
  EXPECT_EQ(stats_of(system_, "used").accepted, 1U);
}

}  // namespace
}  // namespace stogger
