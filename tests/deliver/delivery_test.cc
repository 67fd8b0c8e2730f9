// From the call to the sinks, while all of them work or some do not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "deliver/system.h"
#include "stogger/diagnostics.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ManualClock;

// Counts how often it is written out.
struct Costly {
  int* times;
};
void write_value(ValueWriter& out, const Costly& costly) {
  ++*costly.times;
  out.set(*costly.times);
}

// Logs while it is written out.
struct Chatty {
  const Logger* log;
};
void write_value(ValueWriter& out, const Chatty& chatty) {
  chatty.log->info("inner", {{"text", "of the inner event"}});
  out.set("of the outer event");
}

class DeliveryTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  Diagnostics diagnostics_;
  System system_{&clock_};
  Logger log_ = system_.logger();
};

TEST_F(DeliveryTest, EachSinkGetsItsLevelAndAbove) {
  const auto all = add_scripted(system_, "all", Level::trace);
  const auto some = add_scripted(system_, "some", Level::warning);
  const auto none = add_scripted(system_, "none", Level::off);
  log_.trace("a");
  log_.info("b");
  log_.warning("c");
  log_.alert("d");
  EXPECT_THAT(all->events(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(some->events(), ElementsAre("c", "d"));
  EXPECT_THAT(none->events(), IsEmpty());
  EXPECT_EQ(stats_of(system_, "all").accepted, 4U);
  EXPECT_EQ(stats_of(system_, "some").accepted, 2U);
  EXPECT_EQ(stats_of(system_, "none").accepted, 0U);
}

TEST_F(DeliveryTest, ThresholdIsThatOfTheLeastDemandingSink) {
  EXPECT_FALSE(log_.enabled(Level::alert)) << "there is no sink yet";
  add_scripted(system_, "some", Level::warning);
  EXPECT_FALSE(log_.enabled(Level::info));
  EXPECT_TRUE(log_.enabled(Level::warning));
  add_scripted(system_, "more", Level::debug);
  EXPECT_TRUE(log_.enabled(Level::debug));
  EXPECT_FALSE(log_.enabled(Level::trace));
}

TEST_F(DeliveryTest, OffIsNoLevelOfAnEvent) {
  const auto none = add_scripted(system_, "none", Level::off);
  const auto alert = add_scripted(system_, "alert", Level::alert);
  log_.log(Level::off, "odd");
  EXPECT_THAT(none->events(), IsEmpty());
  EXPECT_THAT(alert->events(), ElementsAre("odd")) << "counts as the highest";
}

TEST_F(DeliveryTest, NothingIsFormattedForAnEventThatNoSinkTakes) {
  add_scripted(system_, "some", Level::warning);
  int times = 0;
  log_.info("filtered", {{"costly", Costly{&times}}}, "{costly}");
  EXPECT_EQ(times, 0);
  log_.warning("taken", {{"costly", Costly{&times}}});
  EXPECT_EQ(times, 1);
}

TEST_F(DeliveryTest, NothingIsRenderedForASinkThatWillNotWrite) {
  add_scripted(system_, "taker");
  add_scripted(system_, "filter", Level::error);
  const auto broken = add_scripted(system_, "broken");
  broken->on_write = [](const RowBatch&) { return unavailable(); };
  log_.info("breaks-it");
  // Rendering is where bad bytes are found and counted.
  log_.info("bad", {{"bytes", "\xFF"}});
  EXPECT_EQ(stats_of(system_, "filter").sanitized, 0U);
  EXPECT_EQ(stats_of(system_, "broken").sanitized, 0U);
}

TEST_F(DeliveryTest, SanitizedCountsEachSinksOwnRenderings) {
  const auto lines = std::make_shared<Script>();
  lines->on_form = [] { return RowForm::json; };
  add_scripted(system_, "lines", Level::trace, lines);
  log_.info("bad", {{"bytes", "\xFF"}});
  log_.info("good", {{"bytes", "x"}});
  EXPECT_EQ(stats_of(system_, "lines").sanitized, 1U);

  // Opened anew, so that the row is rendered with the lock held.
  lines->on_write = [](const RowBatch&) { return unavailable(); };
  log_.info("breaks-it");
  lines->on_write = {};
  clock_.advance(1);
  log_.info("bad", {{"bytes", "\xFF"}});
  EXPECT_EQ(stats_of(system_, "lines").sanitized, 2U);
  EXPECT_EQ(stats_of(system_, "lines").written, 3U);
}

TEST_F(DeliveryTest, ASinkThatThrowsTakesNothingFromTheOthers) {
  const auto before = add_scripted(system_, "before");
  const auto broken = add_scripted(system_, "broken");
  const auto after = add_scripted(system_, "after");
  broken->on_write = [](const RowBatch&) -> Status {
    throw std::runtime_error("out of cheese");
  };
  for (int i = 0; i < 20; ++i) {
    log_.info("event");
    clock_.advance(0.15);
  }
  EXPECT_EQ(before->count("event"), 20U);
  EXPECT_EQ(after->count("event"), 20U);
  EXPECT_EQ(stats_of(system_, "broken").dropped, 20U);
  ASSERT_EQ(diagnostics_.lines().size(), 1U);
  EXPECT_THAT(diagnostics_.lines()[0], HasSubstr("threw: out of cheese"));
}

TEST_F(DeliveryTest, WhatIsThrownNeedNotBeAnException) {
  const auto broken = add_scripted(system_, "broken");
  const auto other = add_scripted(system_, "other");
  broken->on_write = [](const RowBatch&) -> Status { throw 42; };
  log_.info("event");
  EXPECT_EQ(stats_of(system_, "broken").dropped, 1U);
  EXPECT_EQ(other->count("event"), 1U);
}

TEST_F(DeliveryTest, EveryMethodOfASinkMayThrow) {
  const auto script = std::make_shared<Script>();
  const auto other = add_scripted(system_, "other");
  script->on_open = []() -> Status { throw std::runtime_error("open"); };
  script->on_flush = []() -> Status { throw std::runtime_error("flush"); };
  script->on_close = []() -> Status { throw std::runtime_error("close"); };
  add_scripted(system_, "broken", Level::trace, script);
  log_.info("first");
  script->on_open = {};
  clock_.advance(10);
  log_.info("second");
  EXPECT_THAT(script->events(), ElementsAre("second"));
  const Status flushed = system_.flush();
  EXPECT_EQ(flushed.code(), Code::internal);
  EXPECT_THAT(std::string(flushed.message()), HasSubstr("flush"));
  clock_.advance(10);
  log_.info("third");
  EXPECT_THAT(script->events(), ElementsAre("second", "third"));
  EXPECT_FALSE(system_.close().ok());
  EXPECT_THAT(other->events(),
              ElementsAre("stogger-sink-failed", "first", "second",
                          "stogger-sink-recovered", "third"));
}

TEST_F(DeliveryTest, ASinkThatLogsIsNotHeard) {
  const auto script = std::make_shared<Script>();
  add_scripted(system_, "other");
  script->on_write = [this](const RowBatch&) {
    log_.info("from-write");
    return Status();
  };
  add_scripted(system_, "chatty", Level::trace, script);
  log_.info("event");
  EXPECT_EQ(script->count("from-write"), 0U);
  // Counted at every sink that would have got it.
  for (const std::string_view name : {"chatty", "other"}) {
    const SinkStats stats = stats_of(system_, name);
    EXPECT_EQ(stats.accepted, 2U) << name;
    EXPECT_EQ(stats.written, 1U) << name;
    EXPECT_EQ(stats.dropped, 1U) << name;
    EXPECT_TRUE(is_balanced(stats)) << name;
  }
  EXPECT_THAT(diagnostics_.lines(), IsEmpty());
}

TEST_F(DeliveryTest, ASinkMayLogInNoneOfItsMethods) {
  const auto script = std::make_shared<Script>();
  const auto chat = [this] {
    log_.info("from-the-sink");
    return Status();
  };
  script->on_open = chat;
  script->on_flush = chat;
  script->on_close = chat;
  add_scripted(system_, "chatty", Level::trace, script);
  log_.info("event");
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_TRUE(system_.close().ok());
  EXPECT_THAT(script->events(), ElementsAre("event"));
  const SinkStats stats = stats_of(system_, "chatty");
  EXPECT_TRUE(is_balanced(stats));
  EXPECT_EQ(stats.written, 1U);
  EXPECT_EQ(stats.dropped, 2U) << "in flush() and close(); in open() the sink "
                                  "was not there yet";
  script->on_close = {};  // it is closed again when the logger is gone
}

TEST_F(DeliveryTest, ASinkThatUsesItsSystemGetsAnErrorAndNoDeadlock) {
  const auto script = std::make_shared<Script>();
  std::vector<Status> results;
  std::uint64_t accepted = 0;
  script->on_write = [&](const RowBatch&) {
    results.push_back(system_.flush());
    results.push_back(system_.close());
    results.push_back(system_.add_sink(
        "third", SinkPtr(new ScriptedSink(std::make_shared<Script>()))));
    accepted = stats_of(system_, "curious").accepted;
    return Status();
  };
  add_scripted(system_, "curious", Level::trace, script);
  log_.info("event");
  ASSERT_EQ(results.size(), 3U);
  for (const Status& status : results) {
    EXPECT_EQ(status.code(), Code::invalid) << status.message();
  }
  EXPECT_EQ(accepted, 1U) << "looking at the statistics is allowed";
  log_.info("another");
  EXPECT_EQ(script->count(), 2U);
}

TEST_F(DeliveryTest, ADiagnosticFunctionMayLookAtTheStatistics) {
  struct Seen {
    System* system;
    std::uint64_t dropped = 0;
  } seen{&system_};
  const auto broken = add_scripted(system_, "broken");
  broken->on_write = [](const RowBatch&) { return unavailable(); };
  set_diagnostics(
      [](std::string_view, void* argument) {
        auto* told = static_cast<Seen*>(argument);
        told->dropped = stats_of(*told->system, "broken").dropped;
      },
      &seen);
  log_.info("event");
  set_diagnostics(nullptr);
  EXPECT_EQ(seen.dropped, 1U);
}

TEST_F(DeliveryTest, ALogCallWithinALogCallGetsThrough) {
  const auto script = std::make_shared<Script>();
  std::vector<std::string> values;
  script->on_write = [&](const RowBatch& rows) {
    values.emplace_back(rows.at(0, rows.column_count - 1).text());
    return Status();
  };
  add_scripted(system_, "sink", Level::trace, script);
  log_.info("outer", {{"chatty", Chatty{&log_}}});
  EXPECT_THAT(script->events(), ElementsAre("inner", "outer"));
  EXPECT_THAT(values, ElementsAre("of the inner event", "of the outer event"));
}

TEST_F(DeliveryTest, ErrnoIsTheCallersOwn) {
  const auto script = add_scripted(system_, "sink");
  script->on_write = [](const RowBatch&) {
    errno = EBADF;
    return unavailable();
  };
  errno = ENOENT;
  log_.info("event");
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(DeliveryTest, TwoSinksCannotShareAName) {
  add_scripted(system_, "twin");
  const Status status = system_.add_sink(
      "twin", SinkPtr(new ScriptedSink(std::make_shared<Script>())));
  EXPECT_EQ(status.code(), Code::invalid);
  EXPECT_THAT(std::string(status.message()), HasSubstr("twin"));
  EXPECT_EQ(system_.stats().size(), 1U);
}

TEST_F(DeliveryTest, ANullSinkIsRefused) {
  EXPECT_EQ(system_.add_sink("null", SinkPtr()).code(), Code::invalid);
}

TEST_F(DeliveryTest, TheFormIsAskedForAfterEachOpening) {
  const auto script = std::make_shared<Script>();
  RowForm form = RowForm::json;
  std::vector<std::string> first_columns;
  script->on_form = [&] { return form; };
  script->on_write = [&](const RowBatch& rows) {
    first_columns.emplace_back(rows.columns[0].name);
    return first_columns.size() == 1 ? unavailable() : Status();
  };
  add_scripted(system_, "sink", Level::trace, script);
  log_.info("a");
  for (const RowForm next : {RowForm::fields, RowForm::json, RowForm::fields}) {
    form = next;
    clock_.advance(10);
    log_.info("b");
    log_.info("c");
    script->is_open = false;
    ASSERT_TRUE(system_.close().ok());  // open for each event from now on
  }
  EXPECT_THAT(first_columns,
              ElementsAre("line", "timestamp", "timestamp", "line", "line",
                          "timestamp", "timestamp"));
}

TEST_F(DeliveryTest, AfterCloseEachEventOpensTheSinkForItself) {
  const auto script = add_scripted(system_, "sink");
  log_.info("early");
  EXPECT_TRUE(system_.close().ok());
  EXPECT_EQ(script->opened, 1);
  EXPECT_EQ(script->closed, 1);
  log_.info("late");
  log_.info("later");
  EXPECT_THAT(script->events(), ElementsAre("early", "late", "later"));
  EXPECT_EQ(script->opened, 3);
  EXPECT_EQ(script->closed, 3);
  EXPECT_FALSE(script->is_open);
  EXPECT_FALSE(script->broke_the_rules);
  EXPECT_EQ(stats_of(system_, "sink").written, 3U);
}

TEST_F(DeliveryTest, AfterCloseARefusedEventLeavesTheSinkClosedToo) {
  const auto script = add_scripted(system_, "sink");
  EXPECT_TRUE(system_.close().ok());
  script->on_report = [](WriteReport& report) {
    report.refuse(0, "no such column");
  };
  log_.info("late");
  EXPECT_FALSE(script->is_open);
  EXPECT_EQ(stats_of(system_, "sink").dropped, 1U);
}

TEST_F(DeliveryTest, CloseMayComeTwice) {
  const auto script = add_scripted(system_, "sink");
  EXPECT_TRUE(system_.close().ok());
  EXPECT_TRUE(system_.close().ok());
  EXPECT_TRUE(system_.flush().ok());
  EXPECT_EQ(script->flushed, 0) << "a closed sink has nothing to flush";
}

TEST_F(DeliveryTest, FlushReachesEverySinkAndTellsTheFirstFailure) {
  const auto first = add_scripted(system_, "first");
  const auto second = add_scripted(system_, "second");
  const auto third = add_scripted(system_, "third");
  const auto fail = [](std::string_view text) {
    return [text] { return Status(Code::unavailable, text); };
  };
  first->on_flush = fail("first is away");
  second->on_flush = fail("second is away");
  const Status status = system_.flush();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("sink 'first' (custom nowhere): flush failed: first"));
  EXPECT_EQ(second->flushed, 1);
  EXPECT_EQ(third->flushed, 1);
}

TEST_F(DeliveryTest, CloseReachesEverySinkAndTellsTheFirstFailure) {
  const auto first = add_scripted(system_, "first");
  const auto second = add_scripted(system_, "second");
  first->on_close = unavailable;
  const Status status = system_.close();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("sink 'first'"));
  EXPECT_FALSE(second->is_open);
}

TEST_F(DeliveryTest, InstallReplacesAllSinks) {
  const auto old = add_scripted(system_, "old");
  log_.info("a");
  const auto fresh = std::make_shared<Script>();
  std::vector<HubSink> sinks;
  sinks.push_back(
      {{"new", "test"}, Level::warning, SinkPtr(new ScriptedSink(fresh))});
  bool was_open = false;
  old->on_close = [&] {
    was_open = fresh->is_open;
    return Status();
  };
  EXPECT_OK(hub_of(system_).install({}, std::move(sinks)));
  EXPECT_TRUE(was_open) << "the new sink was opened first";
  EXPECT_FALSE(old->is_open);
  EXPECT_FALSE(log_.enabled(Level::info)) << "the logger sees the new level";
  log_.warning("b");
  EXPECT_THAT(old->events(), ElementsAre("a"));
  EXPECT_THAT(fresh->events(), ElementsAre("b"));
  EXPECT_EQ(system_.stats().size(), 1U);
}

TEST_F(DeliveryTest, AnOptionOfACustomSinkIsReadFromToml) {
  static std::string greeting;
  static std::shared_ptr<Script> script;
  script = std::make_shared<Script>();
  EXPECT_OK(register_sink("delivery-test", [](Options& options, SinkPtr* sink) {
    greeting = options.text("greeting", "hello");
    Status status = options.finish();
    if (status.ok()) sink->reset(new ScriptedSink(script));
    return status;
  }));
  EXPECT_OK(
      system_.load_text("[stogger]\nlog_to_console = false\n"
                        "[stogger.sinks.mine]\n"
                        "type = \"delivery-test\"\n"
                        "greeting = \"good day\"\n",
                        "test.toml"));
  log_.info("event");
  EXPECT_EQ(greeting, "good day");
  EXPECT_THAT(script->events(), ElementsAre("event"));
  const Stats stats = system_.stats();
  ASSERT_NE(stats.find("mine"), nullptr);
  EXPECT_EQ(stats.find("mine")->type, "delivery-test");
  script.reset();
}

}  // namespace
}  // namespace stogger
