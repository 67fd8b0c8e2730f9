// Columns that the option `columns` declares: fields that fit them go there, of
// events the others go to `data`; and samples that come late have a place. For
// Parquet and PostgreSQL, see their own folders.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stogger/sample_sinks.h"
#include "tests/support/captured_reports.h"
#include "tests/support/kept_report.h"
#include "tests/support/same_values.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr Json kAllTypes{R"({"service":"text","user_id":"integer","ms":"real",
                             "ok":"boolean","at":"time","more":"json"})"};
constexpr Time kAt{1795225168656642987};

// A row of what fits each column, and one of what does not.
std::vector<std::vector<Field>> fitting_and_not() {
  return {{{"service", "shop"},
           {"user_id", 7},
           {"ms", 1.5},
           {"ok", true},
           {"at", kAt},
           {"more", Json{"[1]"}},
           {"other", 1}},
          {{"service", 8},
           {"user_id", "seven"},
           {"ms", "slow"},
           {"ok", 2},
           {"at", 3},
           {"more", "text"}}};
}

constexpr std::string_view kMisfits =
    R"({"user_id":"seven","ms":"slow","ok":2,"at":3})";

class DeclaredColumns : public ::testing::Test {
 protected:
  SinkPtr for_events(std::string_view type) {
    SinkPtr sink;
    const Field how[] = {{"path", path_}, {"columns", kAllTypes}};
    EXPECT_OK(make_sink(type, how, &sink));
    return sink;
  }

  CapturedReports reports_;
  TempFolder folder_;
  const std::string path_ = folder_.file("declared");
};

TEST_F(DeclaredColumns, OfSqliteTakeWhatFitsThem) {
  // The second time, the table is there.
  for (int i = 0; i < 2; ++i) {
    log_rows(for_events("sqlite"), fitting_and_not());
    SqliteQuery query(path_);
    EXPECT_EQ(query.one("SELECT group_concat(name || ' ' || type) FROM "
                        "pragma_table_info('stogger_logs') WHERE cid > 6"),
              "service TEXT,user_id INTEGER,ms REAL,ok INTEGER,at TEXT,more "
              "TEXT");
    EXPECT_EQ(query.one("SELECT service || user_id || ms || ok || at || more "
                        "|| data FROM stogger_logs WHERE id = " +
                        std::to_string(2 * i + 1)),
              "shop71.512026-11-21T01:39:28.656642Z[1]{\"other\":1}");
    EXPECT_EQ(query.one("SELECT service || more || data || "
                        "(user_id IS NULL AND ms IS NULL AND ok IS NULL AND at "
                        "IS NULL) FROM stogger_logs WHERE id = " +
                        std::to_string(2 * i + 2)),
              "8\"text\"" + std::string(kMisfits) + "1");
  }
}

TEST_F(DeclaredColumns, OfCsvTakeWhatFitsThem) {
  log_rows(for_events("csv"), fitting_and_not());
  const std::string content = read_file(path_);
  EXPECT_TRUE(
      content.starts_with("timestamp,level,event,func,scope,data,service,user_"
                          "id,ms,ok,at,more\r\n"))
      << content;
  EXPECT_NE(
      content.find(",shop,7,1.5,true,2026-11-21T01:39:28.656642Z,[1]\r\n"),
      std::string::npos)
      << content;
  EXPECT_NE(content.find(",8,,,,,\"\"\"text\"\"\"\r\n"), std::string::npos)
      << content;
  EXPECT_NE(content.find(R"({""user_id"":""seven"",""ms"":""slow"",)"
                         R"(""ok"":2,""at"":3})"),
            std::string::npos)
      << content;
}

// Samples with `a`, and later with `a` and `b`.
void push_late_column(Sink& sink) {
  push_rows(sink, {{{"a", 1}}});
  ASSERT_OK(sink.open());
  push_rows(sink, {{{"a", 2}, {"b", 2.5}}});
}

TEST_F(DeclaredColumns, OfSqliteHaveAPlaceForSamplesThatComeLate) {
  SinkPtr sink;
  const Field columns[] = {{"b", "real"}, {"at", "time"}};
  ASSERT_OK(
      make_sample_sink(SqliteConfig{.path = path_, .columns = columns}, &sink));
  push_late_column(*sink);
  SqliteQuery query(path_);
  EXPECT_EQ(query.one("SELECT group_concat(a || ifnull(b, '-')) FROM samples"),
            "1-,22.5");
  EXPECT_EQ(query.one("SELECT type FROM pragma_table_info('samples') WHERE "
                      "name = 'b'"),
            "REAL");
  // The table is there now, and its columns are of the same types.
  ASSERT_OK(
      make_sample_sink(SqliteConfig{.path = path_, .columns = columns}, &sink));
  push_rows(*sink, {{{"at", kAt}}, {{"at", 5}}});
  EXPECT_EQ(query.one("SELECT group_concat(at) FROM samples"),
            "2026-11-21T01:39:28.656642Z");
}

TEST_F(DeclaredColumns, OfCsvHaveAPlaceForSamplesThatComeLate) {
  SinkPtr sink;
  const Field columns[] = {{"b", "real"}};
  ASSERT_OK(
      make_sample_sink(CsvConfig{.path = path_, .columns = columns}, &sink));
  push_late_column(*sink);
  const std::string content = read_file(path_);
  EXPECT_TRUE(
      content.starts_with("device,unit_id,requested_at,received_at,"
                          "midpoint_at,latency_s,a,status,b\r\n"))
      << content;
  EXPECT_NE(content.find(",1,\"\",\r\n"), std::string::npos) << content;
  EXPECT_NE(content.find(",2,\"\",2.5\r\n"), std::string::npos) << content;
}

TEST_F(DeclaredColumns, OfCsvKeepTheirTypeForSamples) {
  SinkPtr sink;
  const Field columns[] = {{"b", "integer"}};
  ASSERT_OK(
      make_sample_sink(CsvConfig{.path = path_, .columns = columns}, &sink));
  push_rows(*sink, {{{"b", "text"}, {"c", 1}}, {{"b", 3}, {"c", "any"}}});
  const std::string content = read_file(path_);
  EXPECT_NE(content.find(",,1,\"\"\r\n"), std::string::npos) << content;
  EXPECT_NE(content.find(",3,any,\"\"\r\n"), std::string::npos) << content;
}

class Findings final : public CheckFindings {
 public:
  void would_change(std::string_view what) override { all += what; }
  void warn(std::string_view what) override { warnings.emplace_back(what); }
  std::string all;
  std::vector<std::string> warnings;
};

TEST_F(DeclaredColumns, ThatATableOfSqliteLacksAreAWarningOfTheCheck) {
  SinkPtr sink = for_events("sqlite");
  Findings none;
  EXPECT_OK(sink->check(none));
  EXPECT_TRUE(none.warnings.empty());
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data, "
      "service, Ms, ok, at, more)");
  Findings found;
  EXPECT_OK(sink->check(found));
  EXPECT_EQ(found.warnings,
            std::vector<std::string>(
                {"the table \"stogger_logs\" is there and has no column "
                 "\"user_id\", which \"columns\" names: add it, or its values "
                 "go to \"data\""}));
  // They do.
  log_rows(std::move(sink), {{{"user_id", 1}}});
  EXPECT_EQ(SqliteQuery(path_).one("SELECT data FROM stogger_logs"),
            "{\"user_id\":1}");
}

}  // namespace
}  // namespace stogger
