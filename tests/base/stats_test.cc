#include "stogger/stats.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/stats_builder.h"

namespace stogger {
namespace {

SinkStats sink(std::string_view name, std::uint64_t accepted) {
  SinkStats stats;
  stats.name = name;
  stats.type = "file";
  stats.accepted = accepted;
  return stats;
}

TEST(StatsTest, BeginsWithoutSinks) {
  const Stats stats;
  EXPECT_EQ(stats.size(), 0u);
  EXPECT_EQ(stats.begin(), stats.end());
  EXPECT_EQ(stats.find("any"), nullptr);
}

TEST(StatsTest, OwnsTheNames) {
  std::string name = "audit";
  StatsBuilder builder(1);
  builder.add(sink(name, 7));
  name = "other";
  const Stats stats = builder.finish(0);
  ASSERT_NE(stats.find("audit"), nullptr);
  EXPECT_EQ(stats.find("audit")->accepted, 7u);
  EXPECT_EQ(stats.find("audit")->type, "file");
  EXPECT_EQ(stats.find("other"), nullptr);
}

TEST(StatsTest, WhatLimitsLeftOutMovesAlong) {
  StatsBuilder builder(0);
  Stats stats = builder.finish(7);
  EXPECT_EQ(stats.suppressed(), 7u);
  Stats moved = std::move(stats);
  EXPECT_EQ(moved.suppressed(), 7u);
  Stats assigned;
  assigned = std::move(moved);
  EXPECT_EQ(assigned.suppressed(), 7u);
}

TEST(StatsTest, KeepsTheOrderOfTheSinks) {
  StatsBuilder builder(3);
  builder.add(sink("c", 1));
  builder.add(sink("a", 2));
  builder.add(sink("b", 3));
  const Stats stats = builder.finish(0);
  std::string names;
  for (const SinkStats& each : stats) names += each.name;
  EXPECT_EQ(names, "cab");
}

TEST(StatsTest, MoreSinksThanAnnouncedAreLeftOut) {
  StatsBuilder builder(1);
  builder.add(sink("a", 1));
  builder.add(sink("b", 2));
  const Stats stats = builder.finish(0);
  EXPECT_EQ(stats.size(), 1u);
  EXPECT_EQ(stats.find("b"), nullptr);
}

TEST(StatsTest, MovingHandsTheSnapshotOver) {
  StatsBuilder builder(1);
  builder.add(sink("a", 1));
  Stats first = builder.finish(0);
  Stats second(std::move(first));
  EXPECT_EQ(first.size(), 0u);
  EXPECT_EQ(second.size(), 1u);
  Stats third;
  third = std::move(second);
  ASSERT_NE(third.find("a"), nullptr);
  EXPECT_EQ(third.find("a")->accepted, 1u);
}

TEST(StatsTest, SinksMayHaveEmptyNames) {
  StatsBuilder builder(1);
  builder.add(sink("", 5));
  const Stats stats = builder.finish(0);
  ASSERT_NE(stats.find(""), nullptr);
  EXPECT_EQ(stats.find("")->accepted, 5u);
}

}  // namespace
}  // namespace stogger
