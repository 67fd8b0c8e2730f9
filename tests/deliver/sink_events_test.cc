// That a sink fails or works again, as events in the other sinks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/eventually.h"
#include "tests/support/processes.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ManualClock;

constexpr std::string_view kFailed = "stogger-sink-failed";
constexpr std::string_view kRecovered = "stogger-sink-recovered";

class SinkEventsTest : public ::testing::Test {
 protected:
  static void break_it(Script& script) {
    script.on_write = [](const RowBatch&) { return unavailable(); };
  }
  static void mend(Script& script) { script.on_write = {}; }
  // Only rows of that name fail.
  static void break_for(Script& script, std::string_view name) {
    script.on_write = [name](const RowBatch& rows) {
      return ScriptedSink::name_of(rows, 0) == name ? unavailable() : Status();
    };
  }
  // The rows of a sink of type memory, a line each, without what calls add.
  static std::vector<std::string> rows_of(const System& system,
                                          std::string_view name) {
    std::vector<std::string> lines;
    EXPECT_OK(system.visit_rows(
        name,
        [](Fields row, void* out) {
          std::string line;
          for (const Field& field : row) {
            if (field.value.is_null() || field.key == "timestamp") continue;
            line += (line.empty() ? "" : " ") + std::string(field.key) + "=" +
                    show(field.value);
          }
          static_cast<std::vector<std::string>*>(out)->push_back(line);
        },
        &lines));
    return lines;
  }

  ManualClock clock_;
  Diagnostics diagnostics_;
  System system_{&clock_};
  Logger log_ = system_.logger();

 private:
  static std::string show(const Value& value) {
    switch (value.kind()) {
      case Kind::text:
        return '\'' + std::string(value.text()) + '\'';
      case Kind::real:
        return std::to_string(value.real());
      case Kind::integer:
        return std::to_string(value.integer());
      default:
        return "?";
    }
  }
};

TEST_F(SinkEventsTest, TheOtherSinksGetBothAndTheOneThatFailsNeither) {
  const auto sick = add_scripted(system_, "sick");
  const auto well = add_scripted(system_, "well");
  break_it(*sick);
  log_.info("one");
  EXPECT_THAT(well->events(), ElementsAre("one", kFailed));
  clock_.advance(1);
  log_.info("two");
  mend(*sick);
  clock_.advance(1);
  log_.info("three");
  EXPECT_THAT(well->events(),
              ElementsAre("one", kFailed, "two", "three", kRecovered));
  EXPECT_THAT(sick->events(), ElementsAre("three"));
  EXPECT_TRUE(is_balanced(stats_of(system_, "well")));
  EXPECT_FALSE(well->broke_the_rules);
}

TEST_F(SinkEventsTest, OneThatFailsOnIsNoNews) {
  const auto sick = add_scripted(system_, "sick");
  const auto well = add_scripted(system_, "well");
  break_it(*sick);
  for (int second = 0; second < 200; ++second) {
    log_.info("event");
    clock_.advance(1);
  }
  EXPECT_EQ(well->count(kFailed), 1U);
}

TEST_F(SinkEventsTest, FieldsAreTyped) {
  ManualClock clock;
  System system(&clock);
  const auto sick = std::make_shared<Script>();
  ASSERT_OK(
      system.load_text("[stogger]\nlog_to_console = false\n"
                       "[stogger.sinks.kept]\ntype = \"memory\"\n",
                       "c.toml"));
  add_scripted(system, "sick", Level::trace, sick);
  break_it(*sick);
  const Logger log = system.logger();
  log.info("lost");
  log.info("lost");
  mend(*sick);
  clock.advance(1.5);
  log.info("arrives");
  const std::vector<std::string> rows = rows_of(system, "kept");
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[1],
            "level='error' event='stogger-sink-failed' sink='sick' "
            "type='custom' reason='the target is away'");
  EXPECT_EQ(rows[4],
            "level='info' event='stogger-sink-recovered' sink='sick' "
            "type='custom' after_s=1.500000 dropped=2");
}

TEST_F(SinkEventsTest, NothingOfTheCallThatBringsThemIsInThem) {
  const auto sick = add_scripted(system_, "sick");
  const auto well = add_scripted(system_, "well");
  std::size_t columns = 0;
  well->on_write = [&](const RowBatch& rows) {
    if (ScriptedSink::name_of(rows, 0) == kFailed) columns = rows.column_count;
    return Status();
  };
  break_it(*sick);
  const Logger bound = log_.with({{"request", 1}});
  const Scope scope(bound, "checkout", {{"order", 42}});
  bound.info("one", {{"user", 1}});
  EXPECT_EQ(columns, 7U + 3U);
}

TEST_F(SinkEventsTest, TheLevelOfASinkHoldsForThem) {
  const auto sick = add_scripted(system_, "sick");
  const auto quiet = add_scripted(system_, "quiet", Level::warning);
  const auto silent = add_scripted(system_, "silent", Level::critical);
  break_it(*sick);
  log_.info("one");
  mend(*sick);
  clock_.advance(1);
  log_.info("two");
  EXPECT_THAT(quiet->events(), ElementsAre(kFailed));
  EXPECT_THAT(silent->events(), IsEmpty());
}

TEST_F(SinkEventsTest, TwoSinksThatFailDoNotGoOnForEver) {
  const auto first = add_scripted(system_, "first");
  const auto second = add_scripted(system_, "second");
  const auto well = add_scripted(system_, "well");
  break_it(*first);
  break_it(*second);
  log_.info("one");
  EXPECT_THAT(well->events(), ElementsAre("one", kFailed, kFailed));
  EXPECT_EQ(first->writes, 1);
  EXPECT_EQ(second->writes, 1);
}

// Each fails when it hears of the other, and works again at once.
TEST_F(SinkEventsTest, AStormIsLimited) {
  const auto first = add_scripted(system_, "first");
  const auto second = add_scripted(system_, "second");
  for (const auto& script : {first, second}) {
    script->recovered = true;
    break_for(*script, kFailed);
  }
  add_scripted(system_, "sick")->on_write = [](const RowBatch&) {
    return unavailable();
  };
  for (int i = 0; i < 1000; ++i) log_.info("event");
  EXPECT_LE(first->writes, 1000 + 30);
  EXPECT_LE(second->writes, 1000 + 30);
  EXPECT_GE(stats_of(system_, "first").written, 1000U);
}

TEST_F(SinkEventsTest, AFailureToOpenReachesTheOthers) {
  const auto before = add_scripted(system_, "before");
  const auto sick = std::make_shared<Script>();
  sick->on_open = unavailable;
  add_scripted(system_, "sick", Level::trace, sick);
  EXPECT_THAT(before->events(), ElementsAre(kFailed));
}

TEST_F(SinkEventsTest, AFailureOfATickReachesTheOthers) {
  const auto sick = std::make_shared<Script>();
  sick->on_tally = [](Tally* tally) {
    *tally = {0, 1};
    return true;
  };
  const auto well = add_scripted(system_, "well");
  add_scripted(system_, "sick", Level::trace, sick);
  sick->on_tick = unavailable;
  log_.info("one");
  EXPECT_TRUE(eventually([&] { return well->count(kFailed) == 1; }));
}

TEST_F(SinkEventsTest, AtTheEndThereAreNone) {
  const auto sick = add_scripted(system_, "sick");
  const auto well = add_scripted(system_, "well");
  sick->on_close = unavailable;
  static_cast<void>(system_.close());
  sick->on_open = unavailable;
  log_.info("late");
  EXPECT_THAT(well->events(), ElementsAre("late"));
}

TEST_F(SinkEventsTest, AnEventLoggedFromInsideASinkStaysLost) {
  const auto sick = add_scripted(system_, "sick");
  const auto well = add_scripted(system_, "well");
  well->on_write = [this](const RowBatch&) {
    log_.info("inside");
    return Status();
  };
  break_it(*sick);
  log_.info("one");
  EXPECT_THAT(well->events(), ElementsAre("one", kFailed));
}

TEST_F(SinkEventsTest, AChildHasItsOwn) {
  const auto sick = add_scripted(system_, "sick");
  const auto well = add_scripted(system_, "well");
  break_it(*sick);
  log_.info("one");
  EXPECT_TRUE(in_child([&] {
    log_.info("two");
    return well->events() ==
           std::vector<std::string>(
               {"one", std::string(kFailed), "two", std::string(kFailed)});
  }));
  log_.info("three");
  EXPECT_THAT(well->events(), ElementsAre("one", kFailed, "three"));
}

// With a configuration.
class ConfiguredSinkEvents : public SinkEventsTest {
 protected:
  void load(const std::string& settings, const std::string& delivery) {
    system_ = System();
    register_scripted();
    const std::string text =
        "[stogger]\nlog_to_console = false\n" + settings +
        "\n[stogger.sinks.sick]\ntype = \"sink-events-test\"\n" + delivery +
        "\n[stogger.sinks.well]\ntype = \"memory\"\n" + delivery + "\n";
    ASSERT_OK(system_.load_text(text, "c.toml"));
  }
  std::size_t count(std::string_view name) const {
    std::size_t found = 0;
    for (const std::string& row : rows_of(system_, "well")) {
      if (row.find(name) != row.npos) ++found;
    }
    return found;
  }
  void fail_and_recover() {
    system_.logger().info("lost");
    ASSERT_TRUE(eventually([] { return script()->writes != 0; }));
    is_broken = false;
    EXPECT_TRUE(eventually([&] {
      system_.logger().info("event");
      return script()->count() != 0;
    }));
  }

  static inline std::atomic<bool> is_broken{true};

  ConfiguredSinkEvents() { is_broken = true; }
  ~ConfiguredSinkEvents() override {
    system_ = System();
    script() = std::make_shared<Script>();
  }

  static std::shared_ptr<Script>& script() {
    static auto current = std::make_shared<Script>();
    return current;
  }
  static void register_scripted() {
    script()->on_write = [](const RowBatch&) {
      return is_broken ? unavailable() : Status();
    };
    static_cast<void>(
        register_sink("sink-events-test", [](Options& options, SinkPtr* sink) {
          sink->reset(new ScriptedSink(script()));
          return options.finish();
        }));
  }
};

TEST_F(ConfiguredSinkEvents, ReportEventsTurnsThemOff) {
  load("report_events = false", "");
  fail_and_recover();
  EXPECT_EQ(count("stogger-sink"), 0U);
}

TEST_F(ConfiguredSinkEvents, TheyAreOnByDefault) {
  load("", "");
  fail_and_recover();
  EXPECT_EQ(count(kFailed), 1U);
  EXPECT_EQ(count(kRecovered), 1U);
}

// Nobody logs any more: the ticker brings them.
TEST_F(ConfiguredSinkEvents, QueuesInMemoryBringThemWithoutAnotherEvent) {
  load("", "delivery = \"async\"");
  system_.logger().info("lost");
  EXPECT_TRUE(eventually([&] { return count(kFailed) == 1; }));
  is_broken = false;
  EXPECT_TRUE(eventually([&] { return count(kRecovered) == 1; }));
  EXPECT_THAT(script()->events(), ElementsAre("lost"));
}

TEST_F(ConfiguredSinkEvents, QueuesOnDiskDoToo) {
  const TempFolder folder;
  load("", "delivery = \"durable\"\nspool_dir = \"" + folder.path() + "\"");
  system_.logger().info("lost");
  EXPECT_TRUE(eventually([&] { return count(kFailed) == 1; }));
  is_broken = false;
  EXPECT_TRUE(eventually([&] { return count(kRecovered) == 1; }));
  EXPECT_OK(system_.close());
}

}  // namespace
}  // namespace stogger
