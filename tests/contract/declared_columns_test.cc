// Columns that the option `columns` declares: fields that fit them go there, of
// events the others go to `data`; and samples that come late have a place. For
// Parquet and PostgreSQL, see their own folders.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
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

// Names and contents of the files, the oldest first; without locks.
std::vector<std::string> contents_of(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".lock") names.push_back(entry.path());
  }
  // X.2026-11-21T013928Z.csv, X.2026-11-21T013928Z-2.csv, X.csv
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) {
              return std::pair(a.size(), a) < std::pair(b.size(), b);
            });
  if (names.size() > 1)
    std::rotate(names.begin(), names.begin() + 1, names.end());
  std::vector<std::string> contents;
  for (const std::string& name : names) contents.push_back(read_file(name));
  return contents;
}

TEST_F(DeclaredColumns, OfCsvGrowWithANewFileIfAskedFor) {
  const std::string path = folder_.file("run.csv");
  SinkPtr sink;
  const Field columns[] = {{"b", "real"}};
  ASSERT_OK(make_sample_sink(
      CsvConfig{.path = path, .columns = columns, .on_new_column = "roll"},
      &sink));
  push_rows(*sink, {{{"a", 1}}});
  ASSERT_OK(sink->open());
  push_rows(*sink, {{{"a", 2}, {"b", 2.5}}});
  ASSERT_OK(sink->open());
  // In one batch with the others.
  push_rows(*sink, {{{"c", 3}}, {{"a", 4}, {"d", "new"}}, {{"e", 5}}});
  EXPECT_EQ(sink->columns().column_count, 12u);
  ASSERT_OK(sink->open());
  push_rows(*sink, {{{"a", 6}}});
  const std::vector<std::string> found = contents_of(folder_.path());
  ASSERT_EQ(found.size(), 2u);
  const std::string fixed =
      "device,unit_id,requested_at,received_at,midpoint_at,latency_s,a,";
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_TRUE(found[0].starts_with(fixed + "status,b\r\n")) << found[0];
  EXPECT_EQ(lines(found[0]), 3);
  EXPECT_TRUE(found[1].starts_with(fixed + "status,b,c,d,e\r\n")) << found[1];
  EXPECT_EQ(lines(found[1]), 5);
  EXPECT_NE(found[1].find(",4,\"\",,,new,\r\n"), std::string::npos) << found[1];
  EXPECT_NE(found[1].find(",6,\"\",,,,\r\n"), std::string::npos) << found[1];
  // That it was renamed, and of no loss.
  const std::string& said = reports_.text();
  EXPECT_NE(said.find("was renamed to"), std::string::npos) << said;
  EXPECT_EQ(lines(said), 1) << said;
}

TEST_F(DeclaredColumns, OfCsvDoNotGrowWhereTheFileCannotBeSetAside) {
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(
      CsvConfig{.path = "/dev/null", .on_new_column = "roll"}, &sink));
  push_rows(*sink, {{{"a", 1}}});
  ASSERT_OK(sink->open());
  push_rows(*sink, {{{"a", 2}, {"b", 2.5}}});
  EXPECT_EQ(sink->columns().column_count, 8u);
}

TEST_F(DeclaredColumns, GrowForSamplesOnlyAndNotInAList) {
  SinkPtr sink;
  const Field event[] = {{"path", path_}, {"on_new_column", "roll"}};
  EXPECT_EQ(make_sink("csv", event, &sink).message(),
            "csv sink: \"on_new_column\" is for samples: what has no column of "
            "a log event goes to \"data\"");
  const Field list[] = {
      {"path", path_}, {"on_new_column", "roll"}, {"columns", Json{"[\"a\"]"}}};
  EXPECT_EQ(make_sample_sink("csv", list, &sink).message(),
            "csv sink: \"on_new_column\" cannot be \"roll\" where \"columns\" "
            "lists all of them");
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
