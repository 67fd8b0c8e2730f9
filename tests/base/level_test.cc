#include "stogger/level.h"

#include <gtest/gtest.h>

#include <string>

namespace stogger {
namespace {

constexpr Level kAll[] = {Level::trace,   Level::debug, Level::info,
                          Level::warning, Level::error, Level::critical,
                          Level::alert,   Level::off};

TEST(LevelTest, LevelsAreInOrderOfSeverity) {
  for (std::size_t i = 1; i < std::size(kAll); ++i) {
    EXPECT_LT(kAll[i - 1], kAll[i]);
  }
}

TEST(LevelTest, EveryNameReadsBackAsItsLevel) {
  for (const Level level : kAll) {
    Level read = Level::trace;
    EXPECT_TRUE(parse_level(to_string(level), &read)) << to_string(level);
    EXPECT_EQ(read, level);
  }
}

TEST(LevelTest, NamesAreThoseOfTheTargets) {
  EXPECT_EQ(to_string(Level::trace), "trace");
  EXPECT_EQ(to_string(Level::warning), "warning");
  EXPECT_EQ(to_string(Level::critical), "critical");
  EXPECT_EQ(to_string(Level::alert), "alert");
}

TEST(LevelTest, AliasesAreKnownWhateverTheirCase) {
  const std::pair<const char*, Level> aliases[] = {
      {"warn", Level::warning},   {"WARN", Level::warning},
      {"err", Level::error},      {"crit", Level::critical},
      {"fatal", Level::critical}, {"Fatal", Level::critical},
      {"INFO", Level::info},      {"Off", Level::off}};
  for (const auto& [name, level] : aliases) {
    Level read = Level::trace;
    EXPECT_TRUE(parse_level(name, &read)) << name;
    EXPECT_EQ(read, level) << name;
  }
}

TEST(LevelTest, OtherNamesChangeNothing) {
  for (const std::string name : {"", "inf", "info ", "infos", "2", "-"}) {
    Level read = Level::error;
    EXPECT_FALSE(parse_level(name, &read)) << name;
    EXPECT_EQ(read, Level::error) << name;
  }
}

TEST(LevelTest, NumbersThatAreNoLevelReadOff) {
  EXPECT_EQ(to_string(static_cast<Level>(8)), "off");
  EXPECT_EQ(to_string(static_cast<Level>(-1)), "off");
}

}  // namespace
}  // namespace stogger
