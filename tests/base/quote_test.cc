#include "base/quote.h"

#include <gtest/gtest.h>

namespace stogger {
namespace {

TEST(QuoteTest, EscapesWhatCouldForgeALine) {
  EXPECT_EQ(quoted("plain"), "\"plain\"");
  EXPECT_EQ(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(quoted("a\nb\tc\r"), "\"a\\nb\\tc\\u000d\"");
  EXPECT_EQ(quoted("\x1b[0m"), "\"\\u001b[0m\"");
  EXPECT_EQ(quoted("\xC2\x9B"), "\"\\u009b\"");
  EXPECT_EQ(quoted("\xC3\xBC"), "\"\xC3\xBC\"");
  EXPECT_EQ(quoted("\xFF"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(quoted(""), "\"\"");
}

TEST(QuoteTest, EscapesWhatHidesOrReordersText) {
  EXPECT_EQ(quoted("a\u202Eb\u200Bc"), "\"a\\u202eb\\u200bc\"");
  EXPECT_EQ(quoted("\U000E0041"), "\"\\U000e0041\"");
  EXPECT_EQ(printable("a\u2066b"), "a\uFFFDb");
}

TEST(QuoteTest, WhatIsShortenedKeepsBothEnds) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  const std::string text = "begin" + std::string(100, 'x') + "end";
  const std::string cut = shortened(text, 40);
  EXPECT_EQ(cut.size(), 40u);
  EXPECT_TRUE(cut.starts_with("beginx")) << cut;
  EXPECT_TRUE(cut.ends_with("xend")) << cut;
  EXPECT_NE(cut.find(" [...] "), std::string::npos) << cut;
}

TEST(QuoteTest, CutsWhatGoesOnForLong) {
  const std::string cut = quoted(std::string(5000, 'x'));
  EXPECT_LT(cut.size(), 120u);
  EXPECT_TRUE(cut.ends_with("...\""));
}

TEST(QuoteTest, ListsNames) {
  EXPECT_EQ(quoted_list({}), "");
  EXPECT_EQ(quoted_list({"a"}), "\"a\"");
  EXPECT_EQ(quoted_list({"a", "b"}), "\"a\" or \"b\"");
  EXPECT_EQ(quoted_list({"a", "b", "c"}, "and"), "\"a\", \"b\" and \"c\"");
}

TEST(QuoteTest, PrintableKeepsTextOnOneLine) {
  EXPECT_EQ(printable("a \"b\" \xC3\xBC"), "a \"b\" \xC3\xBC");
  EXPECT_EQ(printable("a\nb\x1b\xFF"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(QuoteTest, SuggestsOnlyWhatIsNear) {
  EXPECT_EQ(did_you_mean("levle", {"type", "level"}),
            " (did you mean \"level\"?)");
  EXPECT_EQ(did_you_mean("colour", {"type", "level"}), "");
  EXPECT_EQ(did_you_mean("level", {}), "");
}

}  // namespace
}  // namespace stogger
