#include "config/nesting.h"

#include <string>

#include "config/reading.h"

namespace stogger {
namespace {

std::string repeat(std::string_view part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += part;
  return text;
}

bool is_sane(const std::string& toml) {
  Position where;
  return is_nesting_sane(toml, &where);
}

TEST(NestingTest, LongDottedKeysAreRefused) {
  EXPECT_TRUE(is_sane("[" + repeat("a.", 30) + "a]\n"));
  EXPECT_FALSE(is_sane("[" + repeat("a.", 100) + "a]\n"));
  EXPECT_FALSE(is_sane(repeat("a.", 100) + "a = 1\n"));
  EXPECT_FALSE(is_sane(repeat("\"x y\".", 100) + "a = 1\n"));
  EXPECT_FALSE(is_sane("a = {" + repeat("a.", 100) + "a = 1}\n"));
}

TEST(NestingTest, ManyBracketsAreRefused) {
  EXPECT_TRUE(is_sane("a = " + repeat("[", 30) + repeat("]", 30)));
  EXPECT_FALSE(is_sane("a = " + repeat("[", 100)));
  EXPECT_FALSE(is_sane("a = " + repeat("{a = ", 100)));
}

TEST(NestingTest, WhatIsWideIsNotDeep) {
  EXPECT_TRUE(is_sane(repeat("[[a]]\nx = 1.5\n", 1000)));
  EXPECT_TRUE(is_sane("a = [" + repeat("1.5, ", 1000) + "]"));
  EXPECT_TRUE(is_sane(repeat("a.b.c = {d = [1.0]}\n", 1000)));
}

TEST(NestingTest, StringsAndCommentsDoNotCount) {
  const std::string dots = repeat("[.{", 100);
  EXPECT_TRUE(is_sane("# " + dots + "\na = 1\n"));
  EXPECT_TRUE(is_sane("a = \"" + dots + "\\\"" + dots + "\"\n"));
  EXPECT_TRUE(is_sane("a = '" + dots + "\\'\n"));
  EXPECT_TRUE(is_sane("a = \"\"\"" + dots + "\n\"" + dots + "\"\"\"\"\"\n"));
  EXPECT_TRUE(is_sane("a = '''" + dots + "\n'" + dots + "'''\n"));
  EXPECT_TRUE(is_sane("a = \"\" # " + dots));
}

TEST(NestingTest, WhatFollowsAStringCounts) {
  const std::string deep = "\n[" + repeat("a.", 100) + "a]\n";
  EXPECT_FALSE(is_sane("a = \"x\\\"\"" + deep));
  EXPECT_FALSE(is_sane("a = '\\'" + deep));
  EXPECT_FALSE(is_sane("a = \"\"" + deep));
  EXPECT_FALSE(is_sane("a = \"\"\"x\"\"\"\"\"" + deep));
  EXPECT_FALSE(is_sane("a = '''x'''" + deep));
  EXPECT_FALSE(is_sane("a = \"\"\"\"\"\"" + deep));
  EXPECT_FALSE(is_sane("# '" + deep));
}

TEST(NestingTest, TheLineIsTold) {
  Position where;
  EXPECT_FALSE(
      is_nesting_sane("a = 1\nb = '''\n'''\n[" + repeat("a.", 100), &where));
  EXPECT_EQ(where.line, 4);
}

// Without the guard these would exhaust the stack.
TEST_F(ConfigTest, DeepNestingIsAProblemOfTheFile) {
  for (const std::string& toml :
       {"[stogger]\n" + repeat("a.", 1000000) + "a = 1",
        "[stogger]\na = " + repeat("[", 1000000),
        "[stogger]\na = " + repeat("{a=", 1000000),
        "[stogger." + repeat("a.", 1000000) + "a]"}) {
    const Built built = build_text(toml);
    ASSERT_EQ(built.problems.size(), 1u);
    EXPECT_NE(built.problems[0].find("nested too deeply"), std::string::npos);
  }
}

}  // namespace
}  // namespace stogger
