#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/line_keeper.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"

namespace stogger {

namespace shop {

struct OrderId {
  int number;
};
void write_value(ValueWriter& out, const OrderId& id) { out.set(id.number); }

}  // namespace shop

namespace {

using testing::Capture;
using testing::CapturedEvent;
using testing::ManualClock;

// --- The default system ------------------------------------------------------

TEST(CaptureTest, TakesAllEventsOfTheDefaultSystemWhateverTheirLevel) {
  const Capture capture;
  EXPECT_TRUE(Logger().enabled(Level::trace));
  trace("quiet");
  info("loud", {{"a", 1}});
  EXPECT_TRUE(capture.has(Level::trace, "quiet"));
  EXPECT_TRUE(capture.has(Level::info, "loud", {{"a", 1}}));
}

TEST(CaptureTest, StandsInForTheSinksOfTheDefaultSystem) {
  ::testing::internal::CaptureStderr();
  {
    const Capture capture;
    error("captured");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  error("printed");
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("printed"),
            std::string::npos);
}

TEST(CaptureTest, TheLevelComesBackAfterwards) {
  const Logger log;
  static_cast<void>(stats());  // makes the default system
  EXPECT_FALSE(log.enabled(Level::debug));
  {
    const Capture capture;
    EXPECT_TRUE(log.enabled(Level::debug));
  }
  EXPECT_FALSE(log.enabled(Level::debug));
  EXPECT_TRUE(log.enabled(Level::info));
}

TEST(CaptureTest, TheInnermostOfSeveralGetsTheEvents) {
  const Capture outer;
  info("first");
  {
    const Capture inner;
    info("second");
    EXPECT_EQ(inner.count("second"), 1u);
  }
  info("third");
  EXPECT_EQ(outer.count("first"), 1u);
  EXPECT_EQ(outer.count("second"), 0u);
  EXPECT_EQ(outer.count("third"), 1u);
}

TEST(CaptureTest, SeveralMayEndInAnyOrder) {
  auto first = std::make_unique<Capture>();
  auto second = std::make_unique<Capture>();
  auto third = std::make_unique<Capture>();
  second.reset();
  info("a");
  EXPECT_EQ(third->count("a"), 1u);
  third.reset();
  info("b");
  EXPECT_EQ(first->count("b"), 1u);
}

// Bytes that are allocated.
long allocated() { return static_cast<long>(::mallinfo2().uordblks); }

TEST(CaptureTest, ManyOneAfterTheOtherLeaveNothingBehind) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer has a malloc of its own";
  const std::string text(1000, 'x');
  const auto capture_some = [&] {
    const Capture outer;
    const Capture inner;
    for (int i = 0; i < 10; ++i) info("e", {{"text", text}});
    ASSERT_EQ(inner.count("e"), 10u);
    ASSERT_EQ(outer.count("e"), 0u);
  };
  capture_some();
  const long before = allocated();
  for (int i = 0; i < 100; ++i) capture_some();
  EXPECT_LT(allocated() - before, 10000);
}

TEST(CaptureTest, EventsOfASystemGoWithTheirCapture) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer has a malloc of its own";
  System system;
  const Logger log = system.logger();
  const std::string text(100000, 'x');
  const auto capture_some = [&] {
    const Capture capture(system);
    for (int i = 0; i < 10; ++i) log.info("e", {{"text", text}});
    ASSERT_EQ(capture.count("e"), 10u);
  };
  capture_some();
  const long before = allocated();
  for (int i = 0; i < 10; ++i) capture_some();
  EXPECT_LT(allocated() - before, 100000);
}

// docs/testing.md
TEST(CaptureTest, ATextThatIsGoneIsReportedByAddressSanitizer) {
  if (!kAddressesSanitized) GTEST_SKIP() << "built without AddressSanitizer";
  const auto log_kept_field = [] {
    std::vector<Field> kept;
    {
      const std::string path(100, 'x');
      kept.emplace_back("path", path);
    }
    const Capture capture;
    info("opened", kept);
  };
  EXPECT_DEATH(log_kept_field(), "heap-use-after-free");
}

// --- A system of its own -----------------------------------------------------

class SystemCaptureTest : public ::testing::Test {
 protected:
  System system_;
  Logger log_ = system_.logger();
};

TEST_F(SystemCaptureTest, IsOneMoreSink) {
  const auto lines = keep_lines(system_, RowForm::text);
  {
    const Capture capture(system_);
    const Capture another(system_);
    log_.info("e");
    EXPECT_EQ(capture.count("e"), 1u);
    EXPECT_EQ(another.count("e"), 1u);
    EXPECT_EQ(system_.stats().size(), 3u);
  }
  log_.info("after");
  EXPECT_EQ(lines->count(), 2u);
  EXPECT_EQ(system_.stats().size(), 1u);
}

TEST_F(SystemCaptureTest, LeavesOtherSystemsAlone) {
  System other;
  const Capture capture(system_);
  const Capture standard;
  other.logger().info("other");
  info("standard");
  log_.info("mine");
  EXPECT_EQ(capture.events().size(), 1u);
  EXPECT_EQ(standard.events().size(), 1u);
}

TEST_F(SystemCaptureTest, MayOutliveItsSystem) {
  auto system = std::make_unique<System>();
  const Capture capture(*system);
  system->logger().info("e");
  system.reset();
  EXPECT_EQ(capture.count("e"), 1u);
}

TEST_F(SystemCaptureTest, TakesEventsOfAllThreadsInOrder) {
  const Capture capture(system_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 100; ++i) log_.info("e", {{"t", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::int64_t next[4] = {};
  for (const CapturedEvent& event : capture.events()) {
    const std::int64_t t = event.find("t")->value().integer();
    ASSERT_EQ(event.find("i")->value().integer(), next[t]++);
  }
  EXPECT_EQ(next[0] + next[1] + next[2] + next[3], 400);
}

TEST_F(SystemCaptureTest, ClearForgetsWhatCameBefore) {
  Capture capture(system_);
  log_.info("before");
  capture.clear();
  log_.info("after");
  ASSERT_EQ(capture.events().size(), 1u);
  EXPECT_EQ(capture.events()[0].event, "after");
}

TEST_F(SystemCaptureTest, EventsOwnTheirTexts) {
  const Capture capture(system_);
  {
    std::string text = "a text too long to be stored in place";
    system_.logger("http").info(text, {{text, text}, {"json", Json{"[1]"}}},
                                runtime_template(text));
    text.assign(text.size(), 'x');
  }
  const CapturedEvent copy = capture.events()[0];
  EXPECT_EQ(copy.event, "a text too long to be stored in place");
  EXPECT_EQ(copy.message, copy.event);
  EXPECT_EQ(copy.logger, "http");
  ASSERT_NE(copy.find(copy.event), nullptr);
  EXPECT_EQ(copy.find(copy.event)->value().text(), copy.event);
  EXPECT_EQ(copy.find("json")->value().kind(), Kind::json);
  EXPECT_EQ(copy.find("none"), nullptr);
}

// --- has() and count() -------------------------------------------------------

class MatchTest : public SystemCaptureTest {
 protected:
  // True if a field logged as the one is found as the other.
  bool match(const Value& logged, const Value& wanted) {
    capture_.clear();
    log_.info("e", {{"a", logged}});
    return capture_.has(Level::info, "e", {{"a", wanted}});
  }

  Capture capture_{system_};
};

TEST_F(MatchTest, LevelNameAndAllGivenFieldsMustFit) {
  log_.info("e", {{"a", 1}, {"b", "two"}, {"c", nullptr}});
  log_.info("e", {{"a", 2}});
  log_.error("e", {{"a", 1}});
  EXPECT_TRUE(capture_.has(Level::info, "e"));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"b", "two"}, {"a", 1}}));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"c", nullptr}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"a", 1}, {"b", "three"}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"a", 1}, {"d", nullptr}}));
  EXPECT_FALSE(capture_.has(Level::warning, "e"));
  EXPECT_FALSE(capture_.has(Level::info, "f"));
  EXPECT_EQ(capture_.count(Level::info, "e"), 2u);
  EXPECT_EQ(capture_.count(Level::info, "e", {{"a", 2}}), 1u);
  EXPECT_EQ(capture_.count("e"), 3u);
  EXPECT_EQ(capture_.count("f"), 0u);
}

TEST_F(MatchTest, NumbersAreEqualIfTheirValuesAre) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(match(1, 1.0));
  EXPECT_TRUE(match(1.0, 1u));
  EXPECT_TRUE(match(0.0, -0.0));
  EXPECT_TRUE(match(0, -0.0));
  EXPECT_TRUE(match(UINT64_MAX, UINT64_MAX));
  EXPECT_TRUE(match(INT64_MIN, -9223372036854775808.0));
  EXPECT_TRUE(match(std::uint64_t{1} << 63, 9223372036854775808.0));
  EXPECT_TRUE(match(infinity, infinity));
  EXPECT_TRUE(match(std::nan(""), std::nan("")));
  EXPECT_FALSE(match(1, 2));
  EXPECT_FALSE(match(1, 1.5));
  EXPECT_FALSE(match(1.5, 1));
  EXPECT_FALSE(match(-1, UINT64_MAX));
  EXPECT_FALSE(match(INT64_MIN, std::uint64_t{1} << 63));
  EXPECT_FALSE(match(infinity, -infinity));
  EXPECT_FALSE(match(std::nan(""), 0));
  EXPECT_FALSE(match(0, std::nan("")));
  EXPECT_FALSE(match(INT64_MAX, infinity));
  EXPECT_FALSE(match(UINT64_MAX, infinity));
  // Neighbours that a double cannot tell apart.
  EXPECT_FALSE(match(INT64_MAX, 9223372036854775808.0));
  EXPECT_FALSE(match(UINT64_MAX, 18446744073709551616.0));
  EXPECT_FALSE(match((std::int64_t{1} << 53) + 1, 9007199254740992.0));
}

TEST_F(MatchTest, OtherValuesMustBeOfTheSameKind) {
  EXPECT_TRUE(match("1", "1"));
  EXPECT_TRUE(match(true, true));
  EXPECT_TRUE(match(nullptr, nullptr));
  EXPECT_TRUE(match(Time{5}, Time{5}));
  EXPECT_TRUE(match(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(match(std::string_view("a\0b", 3), "a"));
  EXPECT_FALSE(match("1", 1));
  EXPECT_FALSE(match(1, true));
  EXPECT_FALSE(match(true, false));
  EXPECT_FALSE(match(nullptr, ""));
  EXPECT_FALSE(match(nullptr, 0));
  EXPECT_FALSE(match(Time{5}, 5));
  EXPECT_FALSE(match(Time{5}, Time{6}));
  EXPECT_FALSE(match("[1]", Json{"[1]"}));
}

TEST_F(MatchTest, JsonIsEqualWhateverTheSpaceInIt) {
  EXPECT_TRUE(match(Json{"{\"a\": [1, 2]}"}, Json{" {\"a\":[1,2] } "}));
  EXPECT_FALSE(match(Json{"[1,2]"}, Json{"[1,3]"}));
  EXPECT_TRUE(match(Json{"broken"}, Json{"broken"}));
  EXPECT_TRUE(match(Json{"broken"}, "broken"));
}

TEST_F(MatchTest, ObjectsOfUserTypesAreWrittenOut) {
  const shop::OrderId seven{7};
  const shop::OrderId eight{8};
  EXPECT_TRUE(match(seven, seven));
  EXPECT_TRUE(match(seven, 7));
  EXPECT_TRUE(match(7, seven));
  EXPECT_FALSE(match(seven, eight));
}

TEST_F(MatchTest, KeysAreThoseThatWerePassed) {
  system_.logger("http").info(
      "e", {{"id", 3}, {"level", "high"}, {"message", "mine"}, {"func", "f"}});
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"id", 3}, {"level", "high"}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"id_", 3}}));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"message", "mine"}}));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"func", "f"}}));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"logger", "http"}}));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"scope", nullptr}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"id", 4}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"scope", "s"}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"data", nullptr}}));
}

TEST_F(MatchTest, MessagesAreThoseThatWereRendered) {
  log_.info("e", {{"n", 3}}, "{n} left");
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"message", "3 left"}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"message", "{n} left"}}));
}

TEST_F(MatchTest, SecretsAreHiddenFromTestsToo) {
  log_.info("e", {{"password", "hunter2"}});
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"password", "[REDACTED]"}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"password", "hunter2"}}));
}

// --- The clock ---------------------------------------------------------------

TEST(ManualClockTest, StandsStillUntilItIsMoved) {
  ManualClock clock;
  EXPECT_EQ(clock.now(), Time{1767225600000000000});
  EXPECT_EQ(clock.now(), clock.now());
  const std::int64_t before = clock.monotonic_ns();
  EXPECT_EQ(clock.monotonic_ns(), before);
  clock.advance(1.5);
  EXPECT_EQ(clock.now(), Time{1767225601500000000});
  EXPECT_EQ(clock.monotonic_ns() - before, 1500000000);
}

TEST(ManualClockTest, TheTimeOfDayMayJump) {
  ManualClock clock(kTestTime);
  EXPECT_EQ(clock.now(), kTestTime);
  const std::int64_t before = clock.monotonic_ns();
  clock.set(Time{-5});
  EXPECT_EQ(clock.now(), Time{-5});
  EXPECT_EQ(clock.monotonic_ns(), before);
}

TEST(ManualClockTest, IsTheTimeOfEvents) {
  ManualClock clock(kTestTime);
  System system(&clock);
  const Capture capture(system);
  system.logger().info("first");
  clock.advance(60);
  system.logger().info("second");
  EXPECT_EQ(capture.events()[0].time, kTestTime);
  EXPECT_EQ(capture.events()[1].time, Time{kTestTime.ns + 60000000000});
}

}  // namespace
}  // namespace stogger
