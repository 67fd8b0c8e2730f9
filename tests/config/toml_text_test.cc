#include "config/toml_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stogger {
namespace {

TEST(TomlTextTest, KeysAreQuotedIfTheyHaveToBe) {
  EXPECT_EQ(toml_key("audit-log_1"), "audit-log_1");
  EXPECT_EQ(toml_key(""), "\"\"");
  EXPECT_EQ(toml_key("a b"), "\"a b\"");
  EXPECT_EQ(toml_key("a.b"), "\"a.b\"");
  EXPECT_EQ(toml_key("\xC3\xBC"), "\"\xC3\xBC\"");
}

TEST(TomlTextTest, StringsAreEscaped) {
  EXPECT_EQ(toml_string("a\"b\\c\n\x01\x7F"),
            "\"a\\\"b\\\\c\\n\\u0001\\u007f\"");
  EXPECT_EQ(toml_string("\xFF"), "\"\xEF\xBF\xBD\"");
}

TEST(TomlTextTest, ValuesKeepTheirType) {
  EXPECT_EQ(toml_value("x"), "\"x\"");
  EXPECT_EQ(toml_value(true), "true");
  EXPECT_EQ(toml_value(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(toml_value(1.0), "1.0");
  EXPECT_EQ(toml_value(HUGE_VAL), "inf");
  EXPECT_EQ(toml_value(-HUGE_VAL), "-inf");
  EXPECT_EQ(toml_value(std::nan("")), "nan");
  EXPECT_EQ(toml_value(Json{"[\"a\"]"}), "[\"a\"]");
}

}  // namespace
}  // namespace stogger
