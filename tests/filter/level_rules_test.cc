#include "filter/level_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace stogger {
namespace {

TEST(LevelRulesTest, TheLongestNameHoldsAtDots) {
  LevelRules rules;
  rules.set("db", Level::warning);
  rules.set("db.pool", Level::debug);
  EXPECT_EQ(rules.find("db"), Level::warning);
  EXPECT_EQ(rules.find("db.query"), Level::warning);
  EXPECT_EQ(rules.find("db.pool"), Level::debug);
  EXPECT_EQ(rules.find("db.pool.idle"), Level::debug);
  EXPECT_EQ(rules.find("db.pools"), Level::warning);
  EXPECT_EQ(rules.find("dbx"), std::nullopt);
  EXPECT_EQ(rules.find(""), std::nullopt);
}

TEST(LevelRulesTest, ARuleForTheSameNameReplacesTheOneBefore) {
  LevelRules rules;
  rules.set("db", Level::warning);
  rules.set("db", Level::trace);
  EXPECT_EQ(rules.find("db"), Level::trace);
  EXPECT_EQ(rules.rules().size(), 1u);
}

struct ReadLevels {
  explicit ReadLevels(std::string_view text)
      : wrong(read_levels(text, &level, &rules)) {}
  Level level = Level::info;
  LevelRules rules;
  std::string wrong;
};

TEST(LevelRulesTest, TheEnvironmentHasALevelAndRules) {
  const ReadLevels read("warning, http=debug ,db.pool=trace");
  EXPECT_EQ(read.wrong, "");
  EXPECT_EQ(read.level, Level::warning);
  EXPECT_EQ(read.rules.find("http"), Level::debug);
  EXPECT_EQ(read.rules.find("db.pool"), Level::trace);
  EXPECT_EQ(ReadLevels("http=debug").level, Level::info);
  EXPECT_EQ(ReadLevels("debug").level, Level::debug);
}

TEST(LevelRulesTest, WhatIsWrongInTheEnvironmentChangesNothing) {
  for (const char* text :
       {"", ",", "debug,", "chatty", "http=", "http=chatty", "=debug",
        "http=debug,http=info", "info,debug", "http*=debug"}) {
    const ReadLevels read(text);
    EXPECT_NE(read.wrong, "") << text;
    EXPECT_EQ(read.level, Level::info) << text;
    EXPECT_TRUE(read.rules.rules().empty()) << text;
  }
  EXPECT_EQ(ReadLevels("http=debug,http=info").wrong,
            "has two levels for \"http\"");
}

}  // namespace
}  // namespace stogger
