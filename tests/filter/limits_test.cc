#include "filter/limits.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "filter/event_filter.h"

namespace stogger {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

LimitRule rate(std::string_view event, double per_second, double burst = 1) {
  LimitRule rule;
  rule.event = NamePattern(event);
  rule.per_second = per_second;
  rule.burst = burst;
  return rule;
}

LimitRule sample(double share, std::string by = {}) {
  LimitRule rule;
  rule.is_sample = true;
  rule.sample = share;
  rule.sample_by = std::move(by);
  return rule;
}

class LimitsTest : public ::testing::Test {
 protected:
  bool pass(Limits& limits, std::string_view event, std::int64_t now = 0,
            Fields fields = {}) {
    return limits.pass(nullptr, {Level::info, event, fields, {}, {}}, now,
                       &left_out_);
  }
  int count(Limits& limits, int calls, Fields fields = {}) {
    int passed = 0;
    for (int i = 0; i < calls; ++i) passed += pass(limits, "e", 0, fields);
    return passed;
  }
  std::uint64_t left_out_ = 0;
};

TEST_F(LimitsTest, ABurstPassesAndThenTheRate) {
  Limits limits({rate("cache-miss", 10, 3)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pass(limits, "cache-miss"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(pass(limits, "cache-miss"));
  EXPECT_FALSE(pass(limits, "cache-miss", kSecond / 10 - 1));
  EXPECT_TRUE(pass(limits, "cache-miss", kSecond / 10));
  EXPECT_EQ(left_out_, 6u);
  EXPECT_FALSE(pass(limits, "cache-miss", kSecond / 10));
  // After a quiet time the burst is whole again, and no more.
  int passed = 0;
  for (int i = 0; i < 100; ++i)
    passed += pass(limits, "cache-miss", kSecond * 9);
  EXPECT_EQ(passed, 3);
}

TEST_F(LimitsTest, TheNextThatPassesSaysOnceWhatWasLeftOut) {
  Limits limits({rate("e", 1)});
  EXPECT_TRUE(pass(limits, "e"));
  EXPECT_EQ(left_out_, 0u);
  EXPECT_FALSE(pass(limits, "e"));
  EXPECT_FALSE(pass(limits, "e"));
  EXPECT_TRUE(pass(limits, "e", kSecond));
  EXPECT_EQ(left_out_, 2u);
  EXPECT_TRUE(pass(limits, "e", 2 * kSecond));
  EXPECT_EQ(left_out_, 0u);
}

TEST_F(LimitsTest, TheFirstRuleThatIsForAnEventCounts) {
  Limits limits({rate("cache-*", 0), rate("*", 1e9, 1e9)});
  EXPECT_FALSE(pass(limits, "cache-miss"));
  EXPECT_TRUE(pass(limits, "order"));
  Limits one({rate("cache-miss", 0)});
  EXPECT_TRUE(pass(one, "cache-hit"));
}

TEST_F(LimitsTest, ZeroLetsNothingThrough) {
  Limits limits({rate("e", 0)});
  EXPECT_EQ(count(limits, 100), 0);
}

TEST_F(LimitsTest, ClocksThatGoBackDoNotBlock) {
  Limits limits({rate("e", 1000, 5)});
  EXPECT_TRUE(pass(limits, "e", 100 * kSecond));
  EXPECT_TRUE(pass(limits, "e", 100 * kSecond - 1'000'000));
}

TEST_F(LimitsTest, ASampleIsAShare) {
  Limits limits({sample(0.01)});
  const int passed = count(limits, 100'000);
  EXPECT_GT(passed, 800);
  EXPECT_LT(passed, 1200);
  Limits none({sample(0)});
  EXPECT_EQ(count(none, 1000), 0);
  Limits all({sample(1)});
  EXPECT_EQ(count(all, 1000), 1000);
}

TEST_F(LimitsTest, EventsOfOneRequestPassOrAreLeftOutTogether) {
  Limits limits({sample(0.25, "trace_id")});
  Limits other({sample(0.25, "trace_id")});
  int passed = 0;
  for (int i = 0; i < 4000; ++i) {
    const Field as_number[] = {{"trace_id", i}};
    const std::string text = std::to_string(i);
    const Field as_text[] = {{"more", 1}, {"trace_id", text}};
    const bool first = pass(limits, "e", 0, as_number);
    EXPECT_EQ(pass(limits, "f", 0, as_text), first);
    // That of another process.
    EXPECT_EQ(pass(other, "e", 0, as_text), first);
    passed += first;
  }
  EXPECT_GT(passed, 800);
  EXPECT_LT(passed, 1200);
}

TEST(EventFilterTest, NamesArePickedAndLeftOut) {
  EventFilter filter;
  EXPECT_TRUE(filter.takes_all());
  filter.events = {NamePattern("order-*"), NamePattern("login")};
  filter.not_events = {NamePattern("order-debug")};
  filter.not_loggers = {NamePattern("db*")};
  EXPECT_FALSE(filter.takes_all());
  EXPECT_TRUE(filter.takes("order-paid", ""));
  EXPECT_TRUE(filter.takes("login", "http"));
  EXPECT_FALSE(filter.takes("logins", "http"));
  EXPECT_FALSE(filter.takes("order-debug", ""));
  EXPECT_FALSE(filter.takes("order-paid", "db.pool"));
  filter.loggers = {NamePattern("http")};
  EXPECT_FALSE(filter.takes("login", ""));
  EXPECT_TRUE(filter.takes("login", "http"));
}

}  // namespace
}  // namespace stogger
