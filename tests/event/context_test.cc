// Scopes that are carried to other threads, and scopes and guards that end
// where they should not.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

using testing::Capture;
using testing::CapturedEvent;
using testing::ManualClock;

class ContextTest : public ::testing::Test {
 protected:
  // The scope of an event that this thread logs now, and its fields.
  std::string here() {
    log_.info("here");
    const CapturedEvent event = capture_.events().back();
    std::string text = event.scope;
    for (const auto& field : event.fields) text += ' ' + field.key;
    return text;
  }

  template <class Function>
  static void on_another_thread(Function function) {
    std::thread(function).join();
  }

  ManualClock clock_{kTestTime};
  System system_{&clock_};
  Capture capture_{system_};
  Logger log_ = system_.logger();
};

TEST_F(ContextTest, AnotherThreadIsInsideTheSameScopesUntilTheGuardEnds) {
  const Scope outer(log_, "outer", {{"a", 1}});
  const Scope inner(log_, "inner", {{"b", 2}});
  on_another_thread([this, context = Context::current()] {
    {
      const ContextGuard guard(context);
      EXPECT_EQ(here(), "inner a b");
    }
    EXPECT_EQ(here(), "");
  });
}

TEST_F(ContextTest, ItOutlivesItsScopes) {
  Context context;
  {
    const Scope outer(log_, "outer", {{"a", std::string(100, 'x')}});
    const Scope inner(log_, "inner", {{"b", 2}});
    context = Context::current();
  }
  EXPECT_EQ(here(), "");
  const ContextGuard guard(std::move(context));
  EXPECT_EQ(here(), "inner a b");
  EXPECT_EQ(capture_.events().back().find("a")->value().text(),
            std::string(100, 'x'));
}

TEST_F(ContextTest, ItDoesNotChangeWithTheThreadItIsFrom) {
  const Scope outer(log_, "outer");
  const Context context = Context::current();
  const Scope later(log_, "later");
  const ContextGuard guard(context);
  EXPECT_EQ(here(), "outer");
}

TEST_F(ContextTest, AGuardStandsInForTheScopesOfTheThreadAndGivesThemBack) {
  Context context;
  {
    const Scope carried(log_, "carried", {{"a", 1}});
    context = Context::current();
  }
  const Scope own(log_, "own", {{"b", 2}});
  {
    const ContextGuard guard(context);
    EXPECT_EQ(here(), "carried a");
    const Scope within(log_, "within", {{"c", 3}});
    EXPECT_EQ(here(), "within a c");
    {
      const ContextGuard outside{Context()};
      EXPECT_EQ(here(), "");
    }
    EXPECT_EQ(here(), "within a c");
  }
  EXPECT_EQ(here(), "own b");
}

TEST_F(ContextTest, CopiesMovesAndAssignmentsAreTheSameContext) {
  const Scope scope(log_, "s", {{"a", 1}});
  const Context first = Context::current();
  Context second = first;
  const Context& same = second;
  second = same;
  Context third = std::move(second);
  third = Context(first);
  const ContextGuard outside{Context()};
  for (const Context& context : {first, third}) {
    const ContextGuard guard(context);
    EXPECT_EQ(here(), "s a");
  }
  EXPECT_EQ(here(), "");
}

TEST_F(ContextTest, ManyThreadsShareIt) {
  Context context;
  {
    const Scope scope(log_, "shared", {{"a", 1}});
    context = Context::current();
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, mine = context] {
      for (int round = 0; round < 200; ++round) {
        const ContextGuard guard(mine);
        const Scope own(log_, "own", {{"i", round}});
        const Context carried = Context::current();
        const ContextGuard again(carried);
        log_.info("e");
      }
    });
  }
  context = Context();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(capture_.count(Level::info, "e", {{"scope", "own"}, {"a", 1}}),
            800U);
}

TEST_F(ContextTest, AScopeThatEndsBeforeThoseInsideItTakesThemWithIt) {
  const Scope around(log_, "around");
  std::optional<Scope> outer(std::in_place, log_, "outer");
  std::optional<Scope> inner(std::in_place, log_, "inner", Fields({{"a", 1}}));
  outer.reset();
  EXPECT_EQ(here(), "around");
  inner.reset();
  EXPECT_EQ(here(), "around");
  // Its own name and fields all the same.
  EXPECT_TRUE(
      capture_.has(Level::debug, "scope-end", {{"scope", "inner"}, {"a", 1}}));
}

// As that of a coroutine which goes on elsewhere.
TEST_F(ContextTest, AScopeThatEndsOnAnotherThreadIsTakenOffWhereAGuardHasIt) {
  std::optional<Scope> scope;
  {
    const ContextGuard around_resume(Context::current());
    scope.emplace(log_, "coroutine", Fields({{"a", 1}}));
    EXPECT_EQ(here(), "coroutine a");
    on_another_thread([this, &scope, context = Context::current()] {
      const ContextGuard guard(context);
      EXPECT_EQ(here(), "coroutine a");
      scope.reset();
      EXPECT_EQ(here(), "");
    });
  }
  EXPECT_EQ(here(), "");
  EXPECT_TRUE(capture_.has(Level::debug, "scope-end",
                           {{"scope", "coroutine"}, {"a", 1}}));
}

TEST_F(ContextTest, WithoutGuardsAScopeThatEndsElsewhereStaysUntilTheNextOne) {
  std::optional<Scope> scope(std::in_place, log_, "coroutine",
                             Fields({{"a", 1}}));
  on_another_thread([this, &scope] {
    const Scope own(log_, "own");
    scope.reset();
    EXPECT_EQ(here(), "own");
  });
  EXPECT_TRUE(capture_.has(Level::debug, "scope-end",
                           {{"scope", "coroutine"}, {"a", 1}}));
  EXPECT_EQ(here(), "coroutine a");
  {
    const Scope next(log_, "next");
    EXPECT_EQ(here(), "next");
  }
  EXPECT_EQ(here(), "");
}

TEST_F(ContextTest, AScopeAroundOneThatEndedElsewhereTakesItOff) {
  {
    const Scope around(log_, "around");
    std::optional<Scope> scope(std::in_place, log_, "coroutine");
    on_another_thread([&scope] { scope.reset(); });
    EXPECT_EQ(here(), "coroutine");
  }
  EXPECT_EQ(here(), "");
}

TEST_F(ContextTest, AGuardThatEndsOnAnotherThreadChangesNothingThere) {
  Context context;
  {
    const Scope carried(log_, "carried");
    context = Context::current();
  }
  const Scope around(log_, "around");
  {
    const ContextGuard outer(Context::current());
    std::optional<ContextGuard> guard(context);
    on_another_thread([this, &guard] {
      const Scope own(log_, "own");
      guard.reset();
      EXPECT_EQ(here(), "own");
    });
    EXPECT_EQ(here(), "carried");
  }
  EXPECT_EQ(here(), "around");
}

TEST_F(ContextTest, ScopesDeeperThanTheLimitAreLeftOut) {
  constexpr int kLimit = 1000;
  const ContextGuard guard{Context()};
  std::vector<std::optional<Scope>> scopes(kLimit + 10);
  for (auto& scope : scopes) scope.emplace(log_, "inside");
  scopes.back().reset();
  scopes.back().emplace(log_, "deepest", Fields({{"a", 1}}));
  EXPECT_EQ(here(), "inside");
  while (!scopes.empty()) scopes.pop_back();
  EXPECT_EQ(here(), "");
}

// Its own scopes are over before it has a scope itself.
struct BeginsScopes {
  const Logger* log;
};
void write_value(ValueWriter& out, const BeginsScopes& object) {
  const Scope scope(*object.log, "while-written");
  out.set(7);
}

TEST_F(ContextTest, AFieldMayBeginScopesWhileItIsWritten) {
  const Scope scope(log_, "s", {{"a", BeginsScopes{&log_}}});
  EXPECT_EQ(here(), "s a");
  EXPECT_TRUE(
      capture_.has(Level::debug, "scope-end", {{"scope", "while-written"}}));
}

TEST_F(ContextTest, AnEventKeepsAScopeThatEndedElsewhereUntilItIsWritten) {
  const ContextGuard guard{Context()};
  std::optional<Scope> scope(std::in_place, log_, "coroutine",
                             Fields({{"text", std::string(100, 'x')}}));
  on_another_thread([&scope] { scope.reset(); });
  log_.info("e", {{"a", BeginsScopes{&log_}}});
  EXPECT_TRUE(capture_.has(
      Level::info, "e",
      {{"scope", "coroutine"}, {"text", std::string(100, 'x')}, {"a", 7}}));
}

}  // namespace
}  // namespace stogger
