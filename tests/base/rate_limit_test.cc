#include "base/rate_limit.h"

#include <gtest/gtest.h>

#include "tests/support/seconds.h"

namespace stogger {
namespace {

TEST(RateLimitTest, TenAMinutePass) {
  RateLimit limit;
  std::uint64_t left_out = 99;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(limit.pass(i * kSecond, &left_out));
    EXPECT_EQ(left_out, 0u);
  }
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(limit.pass(11 * kSecond, &left_out));
  }
}

TEST(RateLimitTest, TheNextOneThatPassesTellsHowManyDidNot) {
  RateLimit limit;
  std::uint64_t left_out = 0;
  for (int i = 0; i < 15; ++i) limit.pass(0, &left_out);
  EXPECT_FALSE(limit.pass(60 * kSecond - 1, &left_out));
  EXPECT_TRUE(limit.pass(60 * kSecond, &left_out));
  EXPECT_EQ(left_out, 6u);
  EXPECT_TRUE(limit.pass(60 * kSecond, &left_out));
  EXPECT_EQ(left_out, 0u);
}

TEST(RateLimitTest, AMinuteBeginsWithTheFirstThatPasses) {
  RateLimit limit;
  std::uint64_t left_out = 0;
  for (int i = 0; i < 10; ++i) limit.pass(1000 * kSecond, &left_out);
  EXPECT_FALSE(limit.pass(1059 * kSecond, &left_out));
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(limit.pass(1060 * kSecond, &left_out));
  }
  EXPECT_FALSE(limit.pass(1119 * kSecond, &left_out));
}

}  // namespace
}  // namespace stogger
