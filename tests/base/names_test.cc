#include "base/names.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace stogger {
namespace {

TEST(NamesTest, IdentifiersAreLettersDigitsAndUnderscores) {
  for (const std::string_view name :
       {"a", "_", "Z9", "stogger_logs", "_1", "A_b_C"}) {
    EXPECT_TRUE(is_identifier(name)) << name;
  }
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {""sv, "1a"sv, "a-b"sv, "a b"sv, "a.b"sv, "a\""sv, "a\0b"sv,
        "\xC3\xA4"sv, "a;"sv, "a'"sv, "@"sv, "["sv, "`"sv, "{"sv, "a\n"sv}) {
    EXPECT_FALSE(is_identifier(name)) << name;
  }
}

TEST(NamesTest, IdentifiersHaveAtMost63Characters) {
  EXPECT_TRUE(is_identifier(std::string(63, 'x')));
  EXPECT_FALSE(is_identifier(std::string(64, 'x')));
}

TEST(NamesTest, NearestNameFindsSlipsOfTheFingers) {
  const std::vector<std::string> known = {"path", "format", "rotation",
                                          "max_bytes", "backup_count"};
  EXPECT_EQ(nearest_name("pth", known), "path");
  EXPECT_EQ(nearest_name("paths", known), "path");
  EXPECT_EQ(nearest_name("apth", known), "path");
  EXPECT_EQ(nearest_name("Format", known), "format");
  EXPECT_EQ(nearest_name("rotaton", known), "rotation");
  EXPECT_EQ(nearest_name("maxbytes", known), "max_bytes");
  EXPECT_EQ(nearest_name("backup_cuont", known), "backup_count");
}

TEST(NamesTest, NearestNameIsEmptyIfNoneIsNear) {
  const std::vector<std::string> known = {"path", "format"};
  EXPECT_EQ(nearest_name("colour", known), "");
  EXPECT_EQ(nearest_name("x", known), "");
  EXPECT_EQ(nearest_name("path", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'p'), known), "");
}

TEST(NamesTest, NearestNameTakesTheNearestOfSeveral) {
  EXPECT_EQ(nearest_name("levels", {"label", "level", "lapels"}), "level");
}

TEST(NamesTest, ComparesAsciiLettersIgnoringTheirCase) {
  EXPECT_TRUE(equal_ignoring_case("Api_Key", "aPI_kEY"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("token", "tokens"));
  // 32 apart, as letters are, but no letters.
  EXPECT_FALSE(equal_ignoring_case("a@", "a`"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("\xC3\x84", "\xC3\xA4"));
}

}  // namespace
}  // namespace stogger
