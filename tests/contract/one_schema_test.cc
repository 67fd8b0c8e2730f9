// A value fits a column or not, and is stored in one way, whether it comes with
// a log event or with a sample. For PostgreSQL, see postgres/samples_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/captured_reports.h"
#include "tests/support/same_values.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

SinkPtr make_for_events(std::string_view type, const std::vector<Field>& how) {
  SinkPtr sink;
  EXPECT_OK(make_sink(type, how, &sink));
  return sink;
}

SinkPtr make_for_samples(std::string_view type, const std::vector<Field>& how) {
  SinkPtr sink;
  EXPECT_OK(make_sample_sink(type, how, &sink));
  return sink;
}

class OneSchema : public ::testing::Test {
 protected:
  // What samples have no column for is reported, and is not the subject.
  CapturedReports reports_;
  TempFolder folder_;
};

TEST_F(OneSchema, ATableOfSqliteStoresTheSameOfEventsAndSamples) {
  const std::string path = folder_.file("same.db");
  const std::vector<std::string_view> columns = {
      "as_integer", "as_real", "as_numeric", "as_text",
      "as_boolean", "as_time", "as_uuid",    "as_any",
      "as_date",    "as_blob", "as_varchar", "as_bigint"};
  SqliteQuery query(path);
  query.run(
      "CREATE TABLE same (timestamp, level, event, func, scope, data, origin "
      "TEXT, n INTEGER, as_integer INTEGER, as_real REAL, as_numeric NUMERIC, "
      "as_text TEXT, as_boolean BOOLEAN, as_time TIMESTAMP, as_uuid UUID, "
      "as_any, as_date DATE, as_blob BLOB, as_varchar VARCHAR(20), as_bigint "
      "BIGINT)");
  const std::vector<Field> how = {{"path", path}, {"table", "same"}};
  log_rows(make_for_events("sqlite", how), same_rows(columns, "event"));
  push_rows(*make_for_samples("sqlite", how), same_rows(columns, "sample"));
  for (const std::string_view column : columns) {
    const std::string name(column);
    EXPECT_EQ(query.one("SELECT count(*) FROM same a JOIN same b USING (n) "
                        "WHERE a.origin = 'event' AND b.origin = 'sample' AND "
                        "a." +
                        name + " IS b." + name + " AND typeof(a." + name +
                        ") = typeof(b." + name + ")"),
              std::to_string(std::size(kSameValues)))
        << name << ": "
        << query.one(
               "SELECT group_concat(origin || ' ' || n || ' ' || "
               "quote(" +
               name + "), '; ') FROM same");
  }
  // And it is not that nothing fits.
  EXPECT_EQ(query.one("SELECT count(*) FROM same WHERE n = 1 AND as_integer = "
                      "1 AND as_text = 'true'"),
            "2");
}

TEST_F(OneSchema, ACsvFileHasTheSameCellsForEventsAndSamples) {
  const std::vector<std::string_view> columns = {"value"};
  const Json names{R"(["n","value"])"};
  const std::string events = folder_.file("events.csv");
  const std::string samples = folder_.file("samples.csv");
  log_rows(make_for_events("csv", {{"path", events}, {"columns", names}}),
           same_rows(columns, "event"));
  push_rows(*make_for_samples("csv", {{"path", samples}, {"columns", names}}),
            same_rows(columns, "sample"));
  EXPECT_NE(read_file(events).find("2026-11-21T01:39:28.656642Z"),
            std::string::npos);
  EXPECT_EQ(read_file(events), read_file(samples));
}

}  // namespace
}  // namespace stogger
