#include "format/csv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {
namespace {

using namespace std::string_view_literals;

std::string cell(const Value& value) {
  Buffer out;
  append_csv_cell(out, value);
  return std::string(out.view());
}

std::string row(const std::vector<Value>& cells) {
  Buffer out;
  append_csv_row(out, cells.data(), cells.size());
  return std::string(out.view());
}

std::uint64_t whole(std::string_view text, bool inside_quotes = false) {
  CsvScanner scanner(inside_quotes);
  EXPECT_TRUE(scanner.scan(text)) << text;
  return scanner.whole();
}

TEST(Csv, ValuesAreWrittenByTheirKind) {
  EXPECT_EQ(cell(nullptr), "");
  EXPECT_EQ(cell(true), "true");
  EXPECT_EQ(cell(false), "false");
  EXPECT_EQ(cell(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(cell(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(cell(1.0), "1.0");
  EXPECT_EQ(cell(-0.0), "-0.0");
  EXPECT_EQ(cell(0.1), "0.1");
  EXPECT_EQ(cell(std::nan("")), "NaN");
  EXPECT_EQ(cell(HUGE_VAL), "Infinity");
  EXPECT_EQ(cell(-HUGE_VAL), "-Infinity");
  EXPECT_EQ(cell(Time{1795225168656642000}), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(cell(Time{1795225168656642999}), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(cell(Json{"[1]"}), "[1]");
  EXPECT_EQ(cell(Json{R"({"a":1,"b":"c"})"}), R"("{""a"":1,""b"":""c""}")");
}

TEST(Csv, NullAndEmptyTextDiffer) {
  EXPECT_EQ(cell(nullptr), "");
  EXPECT_EQ(cell(""), "\"\"");
  EXPECT_EQ(cell(std::string_view()), "\"\"");
  EXPECT_EQ(row({nullptr, "", nullptr}), ",\"\",\r\n");
}

TEST(Csv, TextIsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(cell("plain"), "plain");
  EXPECT_EQ(cell("two words"), "two words");
  EXPECT_EQ(cell("it's; so|on"), "it's; so|on");
  EXPECT_EQ(cell("a,b"), "\"a,b\"");
  EXPECT_EQ(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(cell("\""), "\"\"\"\"");
  EXPECT_EQ(cell("\"\"x"), "\"\"\"\"\"x\"");
  EXPECT_EQ(cell("a\nb"), "\"a\nb\"");
  EXPECT_EQ(cell("a\rb"), "\"a\rb\"");
  EXPECT_EQ(cell(" a"), "\" a\"");
  EXPECT_EQ(cell("a "), "\"a \"");
  EXPECT_EQ(cell("\ta"), "\"\ta\"");
}

TEST(Csv, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(cell("nul\0inside"sv), "\"nul\xEF\xBF\xBDinside\"");
  EXPECT_EQ(cell("\xff,\"\xe2\x82"sv), "\"\xEF\xBF\xBD,\"\"\xEF\xBF\xBD\"");
  EXPECT_EQ(cell(Json{"\"\xff\""}), "\"\"\"\xEF\xBF\xBD\"\"\"");
}

TEST(Csv, FormulasAreStoredFaithfully) {
  EXPECT_EQ(cell("=1+1"), "=1+1");
  EXPECT_EQ(cell("@SUM(A1)"), "@SUM(A1)");
  EXPECT_EQ(cell(-1), "-1");
}

TEST(Csv, ALineEndsInCarriageReturnAndLineFeed) {
  EXPECT_EQ(row({1, "a", 0.5}), "1,a,0.5\r\n");
}

TEST(Csv, ALineIsNeverEmpty) { EXPECT_EQ(row({nullptr}), "\"\"\r\n"); }

TEST(Csv, TheHeaderNamesTheColumns) {
  const Column columns[] = {{"timestamp"}, {"a,b"}, {"na\"me"}, {" x"}};
  RowBatch batch;
  batch.columns = columns;
  batch.column_count = 4;
  Buffer out;
  append_csv_header(out, batch);
  EXPECT_EQ(out.view(), "timestamp,\"a,b\",\"na\"\"me\",\" x\"\r\n");
}

TEST(CsvScanner, FindsTheLastWholeLine) {
  EXPECT_EQ(whole(""), 0u);
  EXPECT_EQ(whole("a,b"), 0u);
  EXPECT_EQ(whole("a,b\r"), 0u);
  EXPECT_EQ(whole("a,b\r\n"), 5u);
  EXPECT_EQ(whole("a,b\r\nc,"), 5u);
  EXPECT_EQ(whole("a,b\r\nc,d\r\n"), 10u);
}

TEST(CsvScanner, ALineEndInsideQuotesEndsNoLine) {
  EXPECT_EQ(whole("a\r\n\"b\r\n"), 3u);
  EXPECT_EQ(whole("a\r\n\"b\r\n\"\"\r\n"), 3u);
  EXPECT_EQ(whole("a\r\n\"b\r\n\"\r\n"), 10u);
}

TEST(CsvScanner, CanStartInsideQuotes) {
  EXPECT_EQ(whole("b\r\nc\"\r\nd", true), 7u);
  EXPECT_EQ(whole("b\r\nc", true), 0u);
}

TEST(CsvScanner, NoticesWhatIsNoCsv) {
  for (const std::string_view text :
       {"a\n", "a\rb", "a\"", "\"a\"b", "\"a\" ,", "\r\r"}) {
    EXPECT_FALSE(CsvScanner().scan(text)) << text;
  }
}

TEST(CsvScanner, SplitsBetweenCallsDoNotMatter) {
  const std::string text = row({1, "a\r\nb", nullptr, "\"", ""}) + row({"x"});
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CsvScanner scanner;
    EXPECT_TRUE(scanner.scan(std::string_view(text).substr(0, cut)));
    EXPECT_TRUE(scanner.scan(std::string_view(text).substr(cut)));
    EXPECT_EQ(scanner.whole(), text.size()) << cut;
  }
}

std::string shown(const Value& value) {
  Buffer out;
  append_csv_cell(out, value, CsvText::for_people);
  return std::string(out.view());
}

TEST(CsvForPeople, ARowIsALineAndNoTerminalIsDriven) {
  EXPECT_EQ(shown("plain"), "plain");
  EXPECT_EQ(shown("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(shown("\x1b[31m\x7F"), "\\x1b[31m\\x7f");
  EXPECT_EQ(shown("\xC2\x9B"
                  "1m"),
            "\\u009b1m");
  EXPECT_EQ(shown("\xE2\x80\xAE"), "\\u202e");
  EXPECT_EQ(shown("a\0b\xFF"sv),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(shown("a,\"b\"\n"), "\"a,\"\"b\"\"\\n\"");
  EXPECT_EQ(shown(" a"), "\" a\"");
  EXPECT_EQ(shown(""), "\"\"");
  EXPECT_EQ(shown("\xC3\xA4"), "\xC3\xA4");
}

TEST(CsvForPeople, NothingIsCalculated) {
  EXPECT_EQ(shown("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  EXPECT_EQ(shown("=1,\"x\""), "\"'=1,\"\"x\"\"\"");
  EXPECT_EQ(shown("+1"), "'+1");
  EXPECT_EQ(shown("-1"), "'-1");
  EXPECT_EQ(shown("@SUM"), "'@SUM");
  EXPECT_EQ(shown("\t=1"), "'\\t=1");
  EXPECT_EQ(shown("\r=1"), "'\\r=1");
  EXPECT_EQ(shown("\xEF\xBC\x9D"
                  "1"),
            "'\xEF\xBC\x9D"
            "1");
  EXPECT_EQ(shown("1=1"), "1=1");
  // Numbers and JSON are not texts.
  EXPECT_EQ(shown(-1), "-1");
  EXPECT_EQ(shown(-1.5), "-1.5");
  EXPECT_EQ(shown(Json{"-1"}), "-1");
  EXPECT_EQ(shown(nullptr), "");
  EXPECT_EQ(shown(Time{0}), "1970-01-01T00:00:00.000000Z");
}

TEST(CsvForPeople, NamesOfColumnsAreTexts) {
  const Column columns[] = {{"=a"}, {"b\n"}};
  RowBatch batch;
  batch.columns = columns;
  batch.column_count = 2;
  Buffer out;
  append_csv_header(out, batch, CsvText::for_people);
  EXPECT_EQ(out.view(), "'=a,b\\n\r\n");
}

}  // namespace
}  // namespace stogger
