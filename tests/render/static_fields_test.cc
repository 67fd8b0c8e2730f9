#include "event/static_fields.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "support/test_event.h"

namespace stogger {
namespace {

TEST(StaticFieldsTest, LogfmtHasThemFirstWhateverTheMessageShows) {
  const Field fields[] = {{"service", "my shop"}, {"version", 3}};
  const StaticFields static_fields(fields);
  TestEvent event("e", {{"n", 1}}, "{service} {n}");
  event.event.static_fields = &static_fields;
  const std::string line = event.line(RowForm::logfmt);
  EXPECT_TRUE(line.ends_with(
      " message=\"my shop 1\" service=\"my shop\" version=3 n=1\n"))
      << line;
}

TEST(StaticFieldsTest, AreColumnsOfRowsOfFields) {
  const Field fields[] = {{"service", "shop"}};
  const StaticFields static_fields(fields);
  for (const RowForm form : {RowForm::fields, RowForm::event}) {
    TestEvent event("e", {{"n", 1}});
    event.event.static_fields = &static_fields;
    const RowBatch row = event.row(form);
    ASSERT_GE(row.column_count, 2u);
    const std::size_t last = row.column_count - 1;
    EXPECT_EQ(row.columns[last - 1].name, "service");
    EXPECT_EQ(row.at(0, last - 1).text(), "shop");
    EXPECT_EQ(row.columns[last].name, "n");
  }
}

TEST(StaticFieldsTest, MakeRoomForKeysThatJsonIsGiven) {
  const Field fields[] = {{"severity", "static"}};
  const StaticFields static_fields(fields);
  TestEvent event("e", {{"n", 1}});
  event.event.static_fields = &static_fields;
  const Column names[] = {{"timestamp", Kind::time}, {"severity", Kind::text}};
  const RowBatch wanted = {names, 2, nullptr, 0, {}};
  const std::string line(
      event.row(RowForm::renamed_json, wanted).at(0, 0).text());
  EXPECT_NE(line.find("\"severity\":\"info\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"severity_\":\"static\",\"n\":1}"), std::string::npos)
      << line;
}

TEST(StaticFieldsTest, StayHiddenBehindAMessageThatShowsThem) {
  const Field fields[] = {{"service", "shop"}, {"host", "h"}};
  const StaticFields static_fields(fields);
  TestEvent event("e", {{"logger", 1}, {"n", 2}}, "{service} {n}");
  event.event.static_fields = &static_fields;
  const std::string line = event.line(RowForm::text);
  EXPECT_TRUE(line.ends_with(" shop 2  host=h logger_=1\n")) << line;
}

TEST(StaticFieldsTest, ColoredLinesHaveThemToo) {
  const Field fields[] = {{"service", "shop"}};
  const StaticFields static_fields(fields);
  TestEvent event("e");
  event.event.static_fields = &static_fields;
  EXPECT_NE(event.line(RowForm::colored_text)
                .find("\x1b[36mservice\x1b[0m=\x1b[35mshop\x1b[0m"),
            std::string::npos);
}

}  // namespace
}  // namespace stogger
