#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "row/event_columns.h"
#include "tests/support/test_event.h"

namespace stogger {
namespace {

// The row of an event in columns of one's own.
class Table {
 public:
  Table(TestEvent& event, std::vector<Column> columns)
      : columns_(std::move(columns)) {
    RowBatch wanted;
    wanted.columns = columns_.data();
    wanted.column_count = columns_.size();
    row_ = event.row(RowForm::table, wanted);
    EXPECT_EQ(row_.column_count, columns_.size());
    EXPECT_EQ(row_.row_count, 1u);
  }
  const Value& operator[](std::string_view name) const {
    for (std::size_t i = 0; i < row_.column_count; ++i) {
      if (row_.columns[i].name == name) return row_.at(0, i);
    }
    ADD_FAILURE() << "no column " << name;
    return row_.values[0];
  }

 private:
  std::vector<Column> columns_;
  RowBatch row_;
};

TEST(TableTest, HasTheSixColumns) {
  TestEvent event("user-login", {{"user_id", 42}, {"none", nullptr}},
                  "User {user_id}");
  event.event.func = "handle";
  event.event.scope = "request";
  event.event.logger = "http";
  const RowBatch row = event.row(RowForm::table);
  const std::pair<std::string_view, Kind> columns[] = {
      {"timestamp", Kind::time}, {"level", Kind::text}, {"event", Kind::text},
      {"func", Kind::text},      {"scope", Kind::text}, {"data", Kind::json}};
  ASSERT_EQ(row.column_count, std::size(columns));
  for (std::size_t i = 0; i < std::size(columns); ++i) {
    EXPECT_EQ(row.columns[i].name, columns[i].first);
    EXPECT_EQ(row.columns[i].kind, columns[i].second);
    EXPECT_EQ(row.at(0, i).kind(), columns[i].second);
  }
  EXPECT_EQ(row.now, kTestTime);
  EXPECT_EQ(row.at(0, 0).time(), kTestTime);
  EXPECT_EQ(row.at(0, 1).text(), "info");
  EXPECT_EQ(row.at(0, 2).text(), "user-login");
  EXPECT_EQ(row.at(0, 3).text(), "handle");
  EXPECT_EQ(row.at(0, 4).text(), "request");
  EXPECT_EQ(row.at(0, 5).text(),
            "{\"message\":\"User 42\",\"logger\":\"http\",\"user_id\":42,"
            "\"none\":null}");
}

TEST(TableTest, WhatThereIsNotIsNull) {
  TestEvent event("e");
  const RowBatch row = event.row(RowForm::table);
  EXPECT_TRUE(row.at(0, 3).is_null());
  EXPECT_TRUE(row.at(0, 4).is_null());
  EXPECT_EQ(row.at(0, 5).text(), "{}");
}

TEST(TableTest, FieldsGoToTheColumnsOfTheirNames) {
  TestEvent event("e", {{"user_id", 42}, {"ip", "10.0.0.1"}, {"b", true}});
  const Table table(event, {{"ip", Kind::text},
                            {"missing", Kind::null},
                            {"event", Kind::text},
                            {"data", Kind::json},
                            {"user_id", Kind::null}});
  EXPECT_EQ(table["ip"].text(), "10.0.0.1");
  EXPECT_TRUE(table["missing"].is_null());
  EXPECT_EQ(table["event"].text(), "e");
  EXPECT_EQ(table["user_id"].integer(), 42);
  EXPECT_EQ(table["data"].text(),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
            "\"b\":true}");
}

TEST(TableTest, AttributesWithoutAColumnGoToData) {
  TestEvent event("e", {}, "message");
  event.event.func = "f";
  event.event.scope = "s";
  event.event.logger = "l";
  const Table table(event, {{"data", Kind::json}, {"logger", Kind::text}});
  EXPECT_EQ(table["logger"].text(), "l");
  EXPECT_EQ(table["data"].text(),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
            "\"event\":\"e\",\"func\":\"f\",\"scope\":\"s\","
            "\"message\":\"message\"}");
}

TEST(TableTest, WithoutDataTheRestIsDropped) {
  TestEvent event("e", {{"a", 1}, {"b", 2}});
  const Table table(event, {{"b", Kind::integer}});
  EXPECT_EQ(table["b"].integer(), 2);
}

// A column's values are of its kind, or null. The rule is that of row/fit.h.
TEST(TableTest, ValuesThatDoNotFitTheirColumnGoToData) {
  const std::int64_t exact = std::int64_t{1} << 53;
  TestEvent event("e", {{"n", "text"}, {"big", UINT64_MAX}, {"r", exact + 1}});
  const Table table(event, {{"n", Kind::integer},
                            {"big", Kind::integer},
                            {"r", Kind::real},
                            {"timestamp", Kind::boolean},
                            {"level", Kind::integer},
                            {"event", Kind::text},
                            {"data", Kind::json}});
  EXPECT_TRUE(table["n"].is_null());
  EXPECT_TRUE(table["big"].is_null());
  EXPECT_TRUE(table["r"].is_null());
  EXPECT_TRUE(table["timestamp"].is_null());
  EXPECT_TRUE(table["level"].is_null());
  EXPECT_EQ(table["data"].text(),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
            "\"n\":\"text\",\"big\":18446744073709551615,"
            "\"r\":9007199254740993}");
}

TEST(TableTest, WhatLosesNothingIsConvertedToTheKindOfItsColumn) {
  TestEvent event("e", {{"a", 7},
                        {"b", 7.0},
                        {"c", true},
                        {"d", 1.5},
                        {"e", kTestTime},
                        {"f", "a\"b"},
                        {"g", false}});
  const Table table(event, {{"a", Kind::real},
                            {"b", Kind::integer},
                            {"c", Kind::integer},
                            {"d", Kind::text},
                            {"e", Kind::text},
                            {"f", Kind::json},
                            {"g", Kind::text},
                            {"timestamp", Kind::text},
                            {"level", Kind::json},
                            {"event", Kind::text},
                            {"data", Kind::json}});
  ASSERT_EQ(table["a"].kind(), Kind::real);
  EXPECT_EQ(table["a"].real(), 7.0);
  ASSERT_EQ(table["b"].kind(), Kind::integer);
  EXPECT_EQ(table["b"].integer(), 7);
  ASSERT_EQ(table["c"].kind(), Kind::integer);
  EXPECT_EQ(table["c"].integer(), 1);
  EXPECT_EQ(table["d"].text(), "1.5");
  EXPECT_EQ(table["e"].text(), "2026-11-21T01:39:28.656642Z");
  ASSERT_EQ(table["f"].kind(), Kind::json);
  EXPECT_EQ(table["f"].text(), "\"a\\\"b\"");
  EXPECT_EQ(table["g"].text(), "false");
  EXPECT_EQ(table["timestamp"].text(), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(table["level"].text(), "\"info\"");
  EXPECT_EQ(table["data"].text(), "{}");
}

// Columns of the same name included, which a sink of a user may ask for.
TEST(TableTest, TextsThatAreMadeStayWhereTheyAre) {
  const std::string text(300, '"');
  TestEvent event("e", {{"a", text}, {"n", 12}});
  std::vector<Column> columns(100, Column{"a", Kind::json});
  columns.push_back({"n", Kind::text});
  columns.push_back({"data", Kind::json});
  RowBatch wanted;
  wanted.columns = columns.data();
  wanted.column_count = columns.size();
  const RowBatch row = event.row(RowForm::table, wanted);
  std::string expected = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) expected += "\\\"";
  expected += '"';
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(row.at(0, i).text(), expected);
  }
  EXPECT_EQ(row.at(0, 100).text(), "12");
}

TEST(TableTest, MemoryOfLargeTextsThatAreMadeIsGivenBack) {
  const std::string text(kKeptByThread, 'x');
  TestEvent event("e", {{"a", text}});
  const Table table(event, {{"a", Kind::json}});
  EXPECT_EQ(table["a"].text().size(), text.size() + 2);
  event.scratch.recycle(kKeptByThread);
  EXPECT_LT(event.scratch.texts.size(), kKeptByThread);
}

TEST(TableTest, ColumnsWithoutAKindTakeAnything) {
  TestEvent event("e", {{"a", 7}, {"b", "x"}, {"c", nullptr}});
  const Table table(event,
                    {{"a", Kind::null}, {"b", Kind::null}, {"c", Kind::null}});
  EXPECT_EQ(table["a"].integer(), 7);
  EXPECT_EQ(table["b"].text(), "x");
  EXPECT_TRUE(table["c"].is_null());
}

TEST(TableTest, BadBytesInDataAreCounted) {
  TestEvent event("e", {{"a", "\xFF"}, {"b", "fine"}});
  event.row(RowForm::table);
  EXPECT_EQ(event.scratch.sanitized, 1u);
}

TEST(FieldsTest, EveryFieldIsAColumnWithItsValueUnchanged) {
  TestEvent event("e", {{"a", 7}, {"b", std::string_view("\0\xFF", 2)}},
                  "message");
  event.event.logger = "http";
  const RowBatch row = event.row(RowForm::fields);
  const std::string_view names[] = {"timestamp", "level", "event",
                                    "func",      "scope", "logger",
                                    "message",   "a",     "b"};
  ASSERT_EQ(row.column_count, std::size(names));
  for (std::size_t i = 0; i < std::size(names); ++i) {
    EXPECT_EQ(row.columns[i].name, names[i]);
  }
  EXPECT_EQ(row.at(0, 0).time(), kTestTime);
  EXPECT_TRUE(row.at(0, 3).is_null());
  EXPECT_EQ(row.at(0, 5).text(), "http");
  EXPECT_EQ(row.at(0, 6).text(), "message");
  EXPECT_EQ(row.columns[7].kind, Kind::integer);
  EXPECT_EQ(row.at(0, 7).integer(), 7);
  EXPECT_EQ(row.at(0, 8).text(), std::string_view("\0\xFF", 2));
  EXPECT_EQ(event.scratch.sanitized, 0u);
}

TEST(FieldsTest, AnEventHasItsPlaceToo) {
  TestEvent event("e", {{"a", 7}, {"b", std::string_view("\0\xFF", 2)}});
  event.event.where = {"handle", "src/a.cc", 17};
  const RowBatch row = event.row(RowForm::event);
  ASSERT_EQ(row.column_count, EventColumn::count + 2u);
  EXPECT_TRUE(are_events(row));
  EXPECT_EQ(row.at(0, EventColumn::level).text(), "info");
  EXPECT_TRUE(row.at(0, EventColumn::message).is_null());
  EXPECT_EQ(row.at(0, EventColumn::code_file).text(), "src/a.cc");
  EXPECT_EQ(row.at(0, EventColumn::code_line).integer(), 17);
  EXPECT_EQ(row.columns[EventColumn::count].name, "a");
  EXPECT_EQ(row.at(0, EventColumn::count + 1).text(),
            std::string_view("\0\xFF", 2));
  EXPECT_EQ(event.scratch.sanitized, 1u);
  EXPECT_FALSE(are_events(event.row(RowForm::fields)));
}

}  // namespace
}  // namespace stogger
