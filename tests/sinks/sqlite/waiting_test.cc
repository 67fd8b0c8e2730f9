#include "sinks/sqlite/waiting.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint32_t kMost = 20000;

TEST(WaitingPagesTest, APageCountsOnce) {
  WaitingPages pages;
  pages.set_limit(kMost, 1);
  for (std::uint32_t i = 0; i < 10 * kMost; ++i) pages.add(i % 100);
  EXPECT_FALSE(pages.are_too_many());
}

TEST(WaitingPagesTest, AsManyAsTheLimitAreTooMany) {
  WaitingPages pages;
  pages.set_limit(kMost, 1);
  std::uint32_t page = 0;
  while (!pages.are_too_many()) pages.add(++page);
  EXPECT_EQ(page, kMost);
}

// With old pages between the new ones they are noticed a little earlier.
TEST(WaitingPagesTest, NoMoreThanAQuarterBelowTheLimitIsNotTooMany) {
  WaitingPages pages;
  pages.set_limit(kMost, 1);
  std::uint32_t page = 0;
  while (!pages.are_too_many()) {
    pages.add(++page);
    pages.add(1);
  }
  EXPECT_GT(page, kMost / 4 * 3);
  EXPECT_LE(page, kMost);
}

// Whoever makes the file that is found chooses its pages.
TEST(WaitingPagesTest,
     PagesJustBelowTheLimitThatComeAgainCostNoMoreThanOthers) {
  WaitingPages pages;
  pages.set_limit(kMost, 1);
  const Steady::time_point start = Steady::now();
  for (std::uint32_t page = 1; page < kMost; ++page) pages.add(page);
  for (std::uint32_t i = 0; i < 50000; ++i) pages.add(1);
  for (std::uint32_t i = 0; i < kMost / 2; ++i) pages.add(i % (kMost / 4 * 3));
  for (std::uint32_t i = 0; i < 50000; ++i) pages.add(1);
  EXPECT_LT(Steady::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace stogger
