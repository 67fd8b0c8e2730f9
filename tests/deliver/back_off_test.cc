#include "deliver/back_off.h"

#include <gtest/gtest.h>

namespace stogger {
namespace {

constexpr std::int64_t kMillisecond = 1000000;

TEST(BackOffTest, EachFailureInARowDoublesTheDelayUpToFiveSeconds) {
  BackOff back_off;
  std::int64_t now = 7;
  for (const std::int64_t delay :
       {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    back_off.fail(now);
    EXPECT_FALSE(back_off.is_due(now + delay * kMillisecond - 1)) << delay;
    EXPECT_TRUE(back_off.is_due(now + delay * kMillisecond)) << delay;
    now += delay * kMillisecond;
  }
}

TEST(BackOffTest, AfterARecoveryTheDelayIsShortAgain) {
  BackOff back_off;
  back_off.fail(0);
  back_off.fail(0);
  back_off.end();
  back_off.fail(0);
  EXPECT_TRUE(back_off.is_due(100 * kMillisecond));
}

}  // namespace
}  // namespace stogger
