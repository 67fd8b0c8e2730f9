#include "config/guard.h"

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
  Problem problem;
  return is_safe_to_parse(toml, &problem);
}

TEST(GuardTest, LongDottedKeysAreRefused) {
  EXPECT_TRUE(is_sane("[" + repeat("a.", 30) + "a]\n"));
  EXPECT_FALSE(is_sane("[" + repeat("a.", 100) + "a]\n"));
  EXPECT_FALSE(is_sane(repeat("a.", 100) + "a = 1\n"));
  EXPECT_FALSE(is_sane(repeat("\"x y\".", 100) + "a = 1\n"));
  EXPECT_FALSE(is_sane("a = {" + repeat("a.", 100) + "a = 1}\n"));
}

TEST(GuardTest, ManyBracketsAreRefused) {
  EXPECT_TRUE(is_sane("a = " + repeat("[", 30) + repeat("]", 30)));
  EXPECT_FALSE(is_sane("a = " + repeat("[", 100)));
  EXPECT_FALSE(is_sane("a = " + repeat("{a = ", 100)));
}

TEST(GuardTest, WhatIsWideIsNotDeep) {
  EXPECT_TRUE(is_sane(repeat("[[a]]\nx = 1.5\n", 1000)));
  EXPECT_TRUE(is_sane("a = [" + repeat("1.5, ", 1000) + "]"));
  EXPECT_TRUE(is_sane(repeat("a.b.c = {d = [1.0]}\n", 1000)));
}

TEST(GuardTest, StringsAndCommentsDoNotCount) {
  const std::string dots = repeat("[.{", 100);
  EXPECT_TRUE(is_sane("# " + dots + "\na = 1\n"));
  EXPECT_TRUE(is_sane("a = \"" + dots + "\\\"" + dots + "\"\n"));
  EXPECT_TRUE(is_sane("a = '" + dots + "\\'\n"));
  EXPECT_TRUE(is_sane("a = \"\"\"" + dots + "\n\"" + dots + "\"\"\"\"\"\n"));
  EXPECT_TRUE(is_sane("a = '''" + dots + "\n'" + dots + "'''\n"));
  EXPECT_TRUE(is_sane("a = \"\" # " + dots));
}

TEST(GuardTest, WhatFollowsAStringCounts) {
  const std::string deep = "\n[" + repeat("a.", 100) + "a]\n";
  EXPECT_FALSE(is_sane("a = \"x\\\"\"" + deep));
  EXPECT_FALSE(is_sane("a = '\\'" + deep));
  EXPECT_FALSE(is_sane("a = \"\"" + deep));
  EXPECT_FALSE(is_sane("a = \"\"\"x\"\"\"\"\"" + deep));
  EXPECT_FALSE(is_sane("a = '''x'''" + deep));
  EXPECT_FALSE(is_sane("a = \"\"\"\"\"\"" + deep));
  EXPECT_FALSE(is_sane("# '" + deep));
}

TEST(GuardTest, ThePositionIsReported) {
  Problem problem;
  EXPECT_FALSE(
      is_safe_to_parse("a = 1\nb = '''\n'''\n[" + repeat("a.", 100), &problem));
  EXPECT_EQ(problem.where.line, 4);
  EXPECT_FALSE(is_safe_to_parse("a = 'é' # é\n  b = \"é\"\v", &problem));
  EXPECT_EQ(problem.where.line, 2);
  EXPECT_EQ(problem.where.column, 10);
}

TEST(GuardTest, ControlCharactersAreRefused) {
  EXPECT_TRUE(is_sane("a\t=\t1\r\n"));
  for (const char* toml : {"[\n\v", "a =\f1\n", "a\x7F = 1", "\x1B", "a = '\v'",
                           "a = -\"b\v", "# \v"}) {
    EXPECT_FALSE(is_sane(toml)) << toml;
  }
}

// The parser's own tables would take these letters for impossible.
TEST_F(ConfigTest, LettersOutsideOfAsciiAreAProblemOnlyWhereTomlHasNone) {
  EXPECT_TRUE(build_text("\xEF\xBB\xBF# é\n[stogger]\nlevel = 'info' # ȱ\n")
                  .problems.empty());
  for (const char* toml :
       {"é = 1\n", "a =\xC2\xA0 1\n", "[\xEF\xBB\xBF]\n", "a = -\"wdȱ",
        "a = 1ȱ\n", "a = 1.\"ȱ\"\n", "a = ȱ\n", "[a] ȱ\n"}) {
    EXPECT_EQ(build_text(toml).problems.size(), 1u) << toml;
  }
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
