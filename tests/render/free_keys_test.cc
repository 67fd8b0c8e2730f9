#include "render/free_keys.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "row/event_columns.h"
#include "row/free_name.h"
#include "tests/support/test_event.h"

namespace stogger {
namespace {

const std::vector<Field> kAll = {{"timestamp", 1}, {"level", 2}, {"event", 3},
                                 {"func", 4},      {"scope", 5}, {"data", 6},
                                 {"message", 7},   {"logger", 8}};

std::string keys_of(const RowBatch& row, std::size_t first) {
  std::string keys;
  for (std::size_t i = first; i < row.column_count; ++i) {
    if (!keys.empty()) keys += ' ';
    keys += row.columns[i].name;
  }
  return keys;
}

std::string data_of(TestEvent& event, const std::vector<Column>& columns = {}) {
  RowBatch wanted;
  wanted.columns = columns.data();
  wanted.column_count = columns.size();
  const RowBatch row = event.row(RowForm::table, wanted);
  for (std::size_t i = 0; i < row.column_count; ++i) {
    if (row.columns[i].name == "data") return std::string(row.at(0, i).text());
  }
  return "(no column)";
}

std::size_t suffix(std::string_view name, std::vector<std::string> others) {
  return free_suffix(name, others.size(), [&](std::size_t i) {
    return std::string_view(others[i]);
  });
}

TEST(FreeNameTest, HasTheFewestUnderscoresThatNoOtherHas) {
  EXPECT_EQ(suffix("a", {}), 1u);
  EXPECT_EQ(suffix("a", {"a", "b_", "a_b", "_a"}), 1u);
  EXPECT_EQ(suffix("a", {"a_"}), 2u);
  EXPECT_EQ(suffix("a", {"a__", "a"}), 1u);
  EXPECT_EQ(suffix("a", {"a___", "a_", "a__"}), 4u);
  EXPECT_EQ(suffix("", {"_"}), 2u);
  std::vector<std::string> many;
  for (std::size_t i = 1; i <= 300; ++i)
    many.push_back("a" + std::string(i, '_'));
  EXPECT_EQ(suffix("a", many), 301u);
  many.erase(many.begin() + 63);
  EXPECT_EQ(suffix("a", many), 64u);
}

TEST(FreeKeysTest, AJsonLineHasSevenKeysOfItsOwn) {
  TestEvent event("e", kAll);
  EXPECT_EQ(event.line(RowForm::json),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
            "\"event\":\"e\",\"timestamp_\":1,\"level_\":2,\"event_\":3,"
            "\"func_\":4,\"scope_\":5,\"data\":6,\"message_\":7,\"logger_\":8}"
            "\n");
}

// `level` is free then, and `severity` taken; what becomes of `sev` must be
// neither another field nor another name.
TEST(FreeKeysTest, ARenamedJsonLineHasItsNewNames) {
  const std::vector<Column> names = {{"timestamp"}, {"severity"}, {"sev"},
                                     {"sev_"},      {"scope"},    {"logger"},
                                     {"message"}};
  RowBatch wanted;
  wanted.columns = names.data();
  wanted.column_count = names.size();
  TestEvent event("e", {{"level", 1},
                        {"severity", 2},
                        {"sev", 3},
                        {"sev_", 4},
                        {"sev__", 5},
                        {"message", 6}});
  EXPECT_EQ(event.row(RowForm::renamed_json, wanted).at(0, 0).text(),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\","
            "\"severity\":\"info\",\"sev\":\"e\",\"level\":1,"
            "\"severity_\":2,\"sev___\":3,\"sev____\":4,\"sev__\":5,"
            "\"message_\":6}\n");
}

TEST(FreeKeysTest, ALogfmtLineHasTheSame) {
  TestEvent event("e", kAll);
  EXPECT_TRUE(event.line(RowForm::logfmt)
                  .ends_with(" event=e timestamp_=1 level_=2 event_=3 func_=4 "
                             "scope_=5 data=6 message_=7 logger_=8\n"));
}

TEST(FreeKeysTest, ATextLineHasLoggerAndScope) {
  TestEvent event("e", kAll);
  event.event.logger = "http";
  event.event.scope = "checkout";
  for (const RowForm form : {RowForm::text, RowForm::local_text}) {
    EXPECT_TRUE(event.line(form).ends_with(
        " timestamp=1 level=2 event=3 func=4 scope_=5 data=6 message=7 "
        "logger_=8 logger=http scope=checkout\n"));
  }
}

TEST(FreeKeysTest, ColumnsOfFieldsDifferFromThoseOfTheEvent) {
  TestEvent event("e", kAll);
  EXPECT_EQ(keys_of(event.row(RowForm::fields), 7),
            "timestamp_ level_ event_ func_ scope_ data message_ logger_");
}

TEST(FreeKeysTest, RowsOfEventsKeepTheKeysOfFields) {
  TestEvent event("e", kAll);
  const RowBatch row = event.row(RowForm::event);
  EXPECT_EQ(keys_of(row, EventColumn::count),
            "timestamp level event func scope data message logger");
  EXPECT_EQ(row.at(0, EventColumn::level).text(), "info");
}

TEST(FreeKeysTest, DataHasMessageAndLogger) {
  const std::string expected =
      "{\"timestamp\":1,\"level\":2,\"event\":3,\"func\":4,\"scope\":5,"
      "\"data\":6,\"message_\":7,\"logger_\":8}";
  TestEvent event("e", kAll);
  EXPECT_EQ(data_of(event), expected);
  EXPECT_EQ(data_of(event, {{"timestamp", Kind::time},
                            {"level", Kind::text},
                            {"event", Kind::text},
                            {"func", Kind::text},
                            {"scope", Kind::text},
                            {"data", Kind::json}}),
            expected);
}

// PostgreSQL's columns of text and of JSON take values of several kinds.
TEST(FreeKeysTest, TheKindOfAColumnIsNoReasonForAnotherKey) {
  TestEvent event("e", kAll);
  for (const Kind kind : {Kind::null, Kind::text}) {
    EXPECT_EQ(data_of(event, {{"timestamp", kind},
                              {"level", kind},
                              {"event", kind},
                              {"func", kind},
                              {"scope", kind},
                              {"data", Kind::json}}),
              "{\"timestamp\":1,\"level\":2,\"event\":3,\"func\":4,\"scope\":5,"
              "\"data\":6,\"message_\":7,\"logger_\":8}");
  }
}

// Also where the value would fit the column.
TEST(FreeKeysTest, AFieldNeverGoesToTheColumnOfAnAttribute) {
  TestEvent event("e", {{"level", "high"}, {"event", "big"}});
  EXPECT_EQ(data_of(event), "{\"level\":\"high\",\"event\":\"big\"}");
  EXPECT_EQ(event.row(RowForm::table).at(0, 1).text(), "info");
}

TEST(FreeKeysTest, WhatDataTellsOfTheEventIsItsOwn) {
  TestEvent event("e", {{"level", "high"}, {"timestamp", 1}, {"scope", 2}});
  event.event.scope = "s";
  EXPECT_EQ(
      data_of(event, {{"event", Kind::text},
                      {"level", Kind::integer},
                      {"data", Kind::json}}),
      "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
      "\"scope\":\"s\",\"level_\":\"high\",\"timestamp_\":1,\"scope_\":2}");
}

// As those of a CSV file.
TEST(FreeKeysTest, ColumnsWithoutAKindAreKeysOfTheTarget) {
  TestEvent event("e", {{"level", "high"}, {"data", 6}, {"id", 1}});
  EXPECT_EQ(data_of(event, {{"timestamp", Kind::null},
                            {"level", Kind::null},
                            {"event", Kind::null},
                            {"data", Kind::null}}),
            "{\"level_\":\"high\",\"data_\":6,\"id\":1}");
  const std::vector<Column> columns = {{"level", Kind::null},
                                       {"level_", Kind::null}};
  RowBatch wanted;
  wanted.columns = columns.data();
  wanted.column_count = columns.size();
  const RowBatch row = event.row(RowForm::table, wanted);
  EXPECT_EQ(row.at(0, 0).text(), "info");
  EXPECT_EQ(row.at(0, 1).text(), "high");
}

TEST(FreeKeysTest, UnderscoresAreAppendedUntilTheKeyIsFree) {
  TestEvent event("e", {{"message", 1},
                        {"message_", 2},
                        {"logger__", 3},
                        {"logger_", 4},
                        {"logger", 5}});
  EXPECT_EQ(data_of(event),
            "{\"message__\":1,\"message_\":2,\"logger__\":3,\"logger_\":4,"
            "\"logger___\":5}");
}

TEST(FreeKeysTest, AnyNumberOfUnderscoresHasRoom) {
  std::vector<std::string> keys = {"level", "event"};
  for (std::size_t i = 1; i <= 1000; ++i) {
    keys.push_back("level" + std::string(i, '_'));
  }
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.push_back({key, 1});
  TestEvent event("e", fields);
  const auto line = nlohmann::json::parse(event.line(RowForm::json));
  EXPECT_EQ(line.size(), 3 + keys.size());
  EXPECT_TRUE(line.contains("level" + std::string(1001, '_')));
  EXPECT_TRUE(line.contains("event_"));
  EXPECT_EQ(line["level"], "info");
}

}  // namespace
}  // namespace stogger
