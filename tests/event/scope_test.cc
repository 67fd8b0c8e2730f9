#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

using testing::Capture;
using testing::CapturedEvent;
using testing::ManualClock;

class ScopeTest : public ::testing::Test {
 protected:
  CapturedEvent last() { return capture_.events().back(); }

  ManualClock clock_{kTestTime};
  System system_{&clock_};
  Capture capture_{system_};
  Logger log_ = system_.logger();
};

TEST_F(ScopeTest, EventsInsideCarryItsNameAndFields) {
  log_.info("before");
  {
    const Scope scope(log_, "checkout", {{"order", 7}});
    log_.info("inside", {{"a", 1}});
  }
  log_.info("after");
  EXPECT_EQ(capture_.events()[0].scope, "");
  EXPECT_TRUE(capture_.has(Level::info, "inside",
                           {{"scope", "checkout"}, {"order", 7}, {"a", 1}}));
  EXPECT_EQ(last().scope, "");
  EXPECT_EQ(last().find("order"), nullptr);
}

TEST_F(ScopeTest, ItsEndSaysHowLongItTook) {
  {
    const Scope scope(log_, "checkout", {{"order", 7}});
    clock_.advance(1.5);
  }
  ASSERT_EQ(capture_.events().size(), 1u);
  EXPECT_EQ(last().func, "TestBody");
  EXPECT_EQ(last().scope, "checkout");
  EXPECT_TRUE(capture_.has(Level::debug, "scope-end",
                           {{"order", 7}, {"duration_ms", 1500.0}}));
  EXPECT_EQ(last().find("duration_ms")->value().kind(), Kind::real);
}

TEST_F(ScopeTest, TheDurationDoesNotFollowTheTimeOfDay) {
  {
    const Scope scope(log_, "checkout");
    clock_.set(Time{0});
    clock_.advance(0.25);
  }
  EXPECT_TRUE(capture_.has(Level::debug, "scope-end", {{"duration_ms", 250}}));
}

TEST_F(ScopeTest, AnExceptionThatLeavesItMakesItFail) {
  try {
    const Scope scope(log_, "checkout", {{"order", 7}});
    clock_.advance(0.002);
    throw std::runtime_error("no stock");
  } catch (const std::exception&) {
    log_.info("handled");
  }
  ASSERT_EQ(capture_.events().size(), 2u);
  EXPECT_TRUE(
      capture_.has(Level::warning, "scope-failed",
                   {{"order", 7}, {"duration_ms", 2}, {"scope", "checkout"}}));
  EXPECT_EQ(last().scope, "");
}

// Runs a scope of its own while an exception is on its way.
struct ScopeInDestructor {
  const Logger* log;
  ~ScopeInDestructor() { const Scope scope(*log, "cleanup"); }
};

TEST_F(ScopeTest, AScopeWithinACleanupDoesNotFail) {
  try {
    const ScopeInDestructor cleanup{&log_};
    throw 42;
  } catch (int) {
    const Scope scope(log_, "handler");
  }
  EXPECT_EQ(capture_.count("scope-end"), 2u);
  EXPECT_EQ(capture_.count("scope-failed"), 0u);
}

TEST_F(ScopeTest, InnerScopesAddToOuterOnes) {
  const Scope outer(log_, "outer", {{"a", 1}, {"b", 1}});
  {
    const Scope inner(log_, "inner", {{"b", 2}, {"c", 2}});
    log_.info("inside");
    EXPECT_TRUE(
        capture_.has(Level::info, "inside",
                     {{"scope", "inner"}, {"a", 1}, {"b", 2}, {"c", 2}}));
  }
  EXPECT_TRUE(capture_.has(Level::debug, "scope-end",
                           {{"scope", "inner"}, {"a", 1}, {"b", 2}}));
  log_.info("outside");
  EXPECT_TRUE(capture_.has(Level::info, "outside",
                           {{"scope", "outer"}, {"a", 1}, {"b", 1}}));
  EXPECT_EQ(last().find("c"), nullptr);
}

TEST_F(ScopeTest, ManyNestedScopesAllCount) {
  std::optional<Scope> scopes[100];
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back("key" + std::to_string(i));
  for (std::size_t i = 0; i < 100; ++i) {
    scopes[i].emplace(log_, keys[i], Fields({{keys[i], i}}));
  }
  log_.info("deep");
  EXPECT_EQ(last().scope, "key99");
  EXPECT_EQ(last().fields.size(), 100u);
  for (std::size_t i = 100; i-- > 0;) scopes[i].reset();
  EXPECT_EQ(capture_.count("scope-end"), 100u);
}

TEST_F(ScopeTest, EveryThreadHasItsOwn) {
  const Scope scope(log_, "here", {{"a", 1}});
  std::thread other([this] {
    log_.info("there");
    const Scope own(log_, "there", {{"b", 2}});
    log_.info("there-too");
  });
  other.join();
  log_.info("here");
  EXPECT_EQ(capture_.events()[0].scope, "");
  EXPECT_TRUE(capture_.events()[0].fields.empty());
  EXPECT_EQ(capture_.events()[1].scope, "there");
  EXPECT_EQ(capture_.events()[1].find("a"), nullptr);
  EXPECT_EQ(last().scope, "here");
  EXPECT_EQ(last().find("b"), nullptr);
}

TEST_F(ScopeTest, EventsOfEveryLoggerAndSystemCarryIt) {
  System other;
  const Capture there(other);
  const Scope scope(log_, "checkout", {{"order", 7}});
  other.logger("other").info("e");
  EXPECT_TRUE(
      there.has(Level::info, "e", {{"scope", "checkout"}, {"order", 7}}));
}

TEST_F(ScopeTest, NameAndFieldsAreCopied) {
  std::string name = "a name too long to be stored in place";
  std::string text = "a text too long to be stored in place";
  const Scope scope(log_, name, {{"text", text}});
  name.assign(name.size(), 'x');
  text.assign(text.size(), 'x');
  log_.info("e");
  EXPECT_TRUE(
      capture_.has(Level::info, "e",
                   {{"scope", "a name too long to be stored in place"},
                    {"text", "a text too long to be stored in place"}}));
}

TEST_F(ScopeTest, ItsEndIsAnEventOfItsLogger) {
  { const Scope scope(system_.logger("http").with({{"id", 1}}), "s"); }
  EXPECT_TRUE(
      capture_.has(Level::debug, "scope-end", {{"logger", "http"}, {"id", 1}}));
}

TEST_F(ScopeTest, CallAndBoundFieldsStandAboveItsFields) {
  const Scope scope(log_, "s", {{"a", "scope"}, {"b", "scope"}});
  log_.with({{"a", "bound"}}).info("e", {{"b", "call"}});
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"a", "bound"}, {"b", "call"}}));
}

TEST_F(ScopeTest, AFieldNamedDurationGivesWay) {
  { const Scope scope(log_, "s", {{"duration_ms", "mine"}}); }
  EXPECT_EQ(last().find("duration_ms")->value().kind(), Kind::real);
}

TEST_F(ScopeTest, OfTheDefaultSystemUnlessAnotherIsGiven) {
  const Capture standard;
  { const Scope scope("checkout", {{"order", 7}}); }
  EXPECT_TRUE(standard.has(Level::debug, "scope-end", {{"order", 7}}));
  EXPECT_EQ(capture_.count("scope-end"), 0u);
}

}  // namespace
}  // namespace stogger
