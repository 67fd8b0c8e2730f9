#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_event.h"

namespace stogger {
namespace {

using Limits = std::numeric_limits<double>;

TEST(JsonLineTest, HasThePartsInTheirOrder) {
  TestEvent event("user-login", {{"user_id", 42}, {"ip", "10.0.0.1"}},
                  "User {user_id}");
  event.event.func = "handle";
  event.event.scope = "request";
  event.event.logger = "http";
  EXPECT_EQ(
      event.line(RowForm::json),
      "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
      "\"event\":\"user-login\",\"func\":\"handle\",\"scope\":\"request\","
      "\"message\":\"User 42\",\"logger\":\"http\",\"user_id\":42,"
      "\"ip\":\"10.0.0.1\"}\n");
}

TEST(JsonLineTest, LeavesOutWhatThereIsNot) {
  TestEvent event("e");
  EXPECT_EQ(event.line(RowForm::json),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
            "\"event\":\"e\"}\n");
}

RowBatch names_of(const std::vector<Column>& columns) {
  RowBatch names;
  names.columns = columns.data();
  names.column_count = columns.size();
  return names;
}

TEST(RenamedJsonTest, HasTheSamePartsUnderOtherNames) {
  TestEvent event("user-login", {{"user_id", 42}}, "User {user_id}");
  event.event.func = "handle";
  event.event.scope = "request";
  event.event.logger = "http";
  const std::vector<Column> names = {{"@t"}, {"severity"}, {"a \"b\""}, {"fn"},
                                     {"in"}, {"by"},       {"text"}};
  EXPECT_EQ(event.row(RowForm::renamed_json, names_of(names)).at(0, 0).text(),
            "{\"@t\":\"2026-11-21T01:39:28.656642Z\",\"severity\":\"info\","
            "\"a \\\"b\\\"\":\"user-login\",\"fn\":\"handle\","
            "\"in\":\"request\",\"text\":\"User 42\",\"by\":\"http\","
            "\"user_id\":42}\n");
}

TEST(RenamedJsonTest, WithoutOtherNamesItIsTheSameLine) {
  TestEvent event("e", {{"level", 1}, {"b", nullptr}}, "m");
  EXPECT_EQ(event.line(RowForm::renamed_json), event.line(RowForm::json));
  TestEvent short_event("e");
  EXPECT_EQ(short_event.line(RowForm::renamed_json),
            short_event.line(RowForm::json));
}

TEST(RenamedJsonTest, LongNamesHaveRoom) {
  const std::string name(100000, '\x01');
  const std::vector<Column> names(7, Column{name});
  TestEvent event("e");
  const auto line = event.row(RowForm::renamed_json, names_of(names));
  EXPECT_GT(line.at(0, 0).text().size(), 3 * 6 * name.size());
}

TEST(JsonLineTest, EveryLevelHasItsName) {
  for (int i = 0; i < static_cast<int>(Level::off); ++i) {
    TestEvent event("e");
    event.event.level = static_cast<Level>(i);
    const auto line = nlohmann::json::parse(event.line(RowForm::json));
    EXPECT_EQ(line["level"], std::string(to_string(event.event.level)));
  }
}

TEST(JsonLineTest, TextsThatAreEmptyAreThere) {
  TestEvent event("", {{"", ""}}, "{}");
  event.event.func = "";
  event.event.scope = "";
  EXPECT_EQ(event.line(RowForm::json),
            "{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"info\","
            "\"event\":\"\",\"func\":\"\",\"scope\":\"\",\"message\":\"\","
            "\"\":\"\"}\n");
}

TEST(JsonLineTest, ValuesAtTheEdgesComeBackExactly) {
  TestEvent event("e", {{"least", INT64_MIN},
                        {"most", UINT64_MAX},
                        {"max", Limits::max()},
                        {"denormal", Limits::denorm_min()},
                        {"normal", Limits::min()},
                        {"zero", -0.0},
                        {"one", 1.0},
                        {"third", 1.0 / 3.0},
                        {"float", 14.7F},
                        {"nan", Limits::quiet_NaN()},
                        {"infinity", Limits::infinity()},
                        {"minus", -Limits::infinity()},
                        {"null", nullptr},
                        {"true", true},
                        {"json", Json{"{\"a\":[1,{}]}"}},
                        {"time", Time{-1}}});
  const auto line = nlohmann::json::parse(event.line(RowForm::json));
  EXPECT_EQ(line["least"].get<std::int64_t>(), INT64_MIN);
  EXPECT_TRUE(line["most"].is_number_unsigned());
  EXPECT_EQ(line["most"].get<std::uint64_t>(), UINT64_MAX);
  EXPECT_EQ(line["max"].get<double>(), Limits::max());
  EXPECT_EQ(line["denormal"].get<double>(), Limits::denorm_min());
  EXPECT_EQ(line["normal"].get<double>(), Limits::min());
  EXPECT_EQ(line["zero"].get<double>(), 0.0);
  EXPECT_TRUE(std::signbit(line["zero"].get<double>()));
  EXPECT_TRUE(line["one"].is_number_float());
  EXPECT_EQ(line["third"].get<double>(), 1.0 / 3.0);
  EXPECT_EQ(line["float"].get<double>(), 14.7);
  EXPECT_EQ(line["nan"], "NaN");
  EXPECT_EQ(line["infinity"], "Infinity");
  EXPECT_EQ(line["minus"], "-Infinity");
  EXPECT_TRUE(line["null"].is_null());
  EXPECT_EQ(line["true"], true);
  EXPECT_EQ(line["json"], nlohmann::json::parse("{\"a\":[1,{}]}"));
  EXPECT_EQ(line["time"], "1969-12-31T23:59:59.999999999Z");
}

TEST(JsonLineTest, BadBytesAreCountedByValue) {
  TestEvent event("e\xFF", {{"k\xFF", "v\xFF\xFF"}, {"fine", "v"}}, "m\xFF");
  event.event.func = "f\xFF";
  event.line(RowForm::json);
  EXPECT_EQ(event.scratch.sanitized, 5u);
  // What was replaced before rendering counts too.
  event.event.sanitized = 10;
  event.line(RowForm::json);
  EXPECT_EQ(event.scratch.sanitized, 15u);
}

TEST(JsonLineTest, RoomSufficesForTheWorstBytes) {
  for (const char worst : {'\x01', '\xFF', '\0', '"'}) {
    const std::string text(3000, worst);
    TestEvent event(text, {{text, text}, {"t", Time{INT64_MIN}}}, text);
    event.event.func = text;
    event.event.scope = text;
    event.event.logger = text;
    const auto line =
        nlohmann::json::parse(event.line(RowForm::json), nullptr, false);
    EXPECT_EQ(line.size(), 9u);
  }
}

}  // namespace
}  // namespace stogger
