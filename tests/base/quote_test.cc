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
