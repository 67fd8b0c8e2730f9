#include "format/json_lines.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "tests/support/rows.h"

namespace stogger {
namespace {

std::string lines(const RowBatch& rows) {
  Buffer out;
  for (std::size_t i = 0; i < rows.row_count; ++i) append_line(out, rows, i);
  return std::string(out.view());
}

TEST(JsonLines, AColumnBecomesAMember) {
  const Rows rows = field_rows({{{"device", "mfc1"}, {"flow", 101.5}},
                                {{"device", "mfc2"}, {"flow", -0.0}}});
  EXPECT_EQ(lines(rows),
            "{\"device\":\"mfc1\",\"flow\":101.5}\n"
            "{\"device\":\"mfc2\",\"flow\":-0.0}\n");
}

TEST(JsonLines, NullsAreWritten) {
  const Rows rows = field_rows({{{"a", nullptr}, {"b", 1}}});
  EXPECT_EQ(lines(rows), "{\"a\":null,\"b\":1}\n");
}

TEST(JsonLines, EveryKindHasItsForm) {
  using Real = std::numeric_limits<double>;
  const Rows rows = field_rows({{{"bool", true},
                                 {"int", INT64_MIN},
                                 {"uint", UINT64_MAX},
                                 {"real", 1.0},
                                 {"denormal", Real::denorm_min()},
                                 {"nan", Real::quiet_NaN()},
                                 {"inf", -Real::infinity()},
                                 {"time", kTestTime},
                                 {"json", Json{R"({"a":[1]})"}}}});
  EXPECT_EQ(lines(rows),
            "{\"bool\":true,\"int\":-9223372036854775808,"
            "\"uint\":18446744073709551615,\"real\":1.0,\"denormal\":5e-324,"
            "\"nan\":\"NaN\",\"inf\":\"-Infinity\","
            "\"time\":\"2026-11-21T01:39:28.656642Z\","
            "\"json\":{\"a\":[1]}}\n");
}

TEST(JsonLines, NamesAndTextCannotForgeALine) {
  using namespace std::string_view_literals;
  const Rows rows = field_rows({{{"a\"\n"sv, "x\n{\"b\":1}\0\xff"sv}}});
  EXPECT_EQ(lines(rows),
            "{\"a\\\"\\n\":\"x\\n{\\\"b\\\":1}\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
}

TEST(JsonLines, ARowWithoutColumnsIsAnEmptyObject) {
  RowBatch rows;
  rows.row_count = 1;
  EXPECT_EQ(lines(rows), "{}\n");
}

TEST(JsonLines, AFinishedLineIsCopied) {
  EXPECT_EQ(lines(line_rows({"one\n", "two\n"})), "one\ntwo\n");
}

TEST(JsonLines, AFinishedLineGetsItsMissingNewline) {
  EXPECT_EQ(lines(line_rows({"one", "two\n"})), "one\ntwo\n");
}

TEST(JsonLines, AColumnNamedLineIsNoFinishedLineUnlessItIsAlone) {
  const Rows two = field_rows({{{"line", "x"}, {"b", 1}}});
  EXPECT_EQ(lines(two), "{\"line\":\"x\",\"b\":1}\n");
  const Rows number = field_rows({{{"line", 4}}});
  EXPECT_EQ(lines(number), "{\"line\":4}\n");
}

}  // namespace
}  // namespace stogger
