// The sink: its options, row groups, checkpoints and columns.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "sinks/parquet/column_buffer.h"
#include "tests/parquet/sink_fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/same_values.h"
#include "tests/support/typed_options.h"

namespace stogger {
namespace {

using nlohmann::json;

// ---- Options

TEST_F(ParquetSinkTest, WrongOptionsAreRefused) {
  const auto refused = [](std::string_view key, Value value) {
    return refusal(make_parquet_sink,
                   {{"path", "/tmp/x.parquet"}, {key, value}});
  };
  EXPECT_NE(refused("row_group_rows", 0), "");
  EXPECT_NE(refused("row_group_rows", -5), "");
  EXPECT_NE(refused("row_groups", "file"), "");
  EXPECT_NE(refused("compression", "brotli"), "");
  EXPECT_NE(refused("compression_level", 0), "");
  EXPECT_NE(refused("checkpoint_s", -1), "");
  EXPECT_NE(refused("mode", "append"), "");
  EXPECT_NE(refused("times", "iso"), "");
  EXPECT_NE(refusal(make_parquet_sink, {}), "");
  EXPECT_NE(refusal(make_parquet_sink, {{"path", "/tmp/x"},
                                        {"compression", "none"},
                                        {"compression_level", 3}}),
            "");
  EXPECT_NE(refusal(make_parquet_sink, {{"path", "/tmp/x"},
                                        {"compression", "gzip"},
                                        {"compression_level", 10}}),
            "");
  EXPECT_EQ(refused("compression", "zstd"), "");
}

TEST_F(ParquetSinkTest, TheCompressionAskedForIsUsed) {
  SKIP_WITHOUT_JUDGES();
  const std::pair<const char*, const char*> kinds[] = {
      {nullptr, "ZSTD"},
      {"zstd", "ZSTD"},
      {"snappy", "SNAPPY"},
      {"gzip", "GZIP"},
      {"none", "UNCOMPRESSED"}};
  for (const auto& [option, codec] : kinds) {
    SinkPtr sink = option == nullptr
                       ? open({{"mode", "truncate"}})
                       : open({{"mode", "truncate"}, {"compression", option}});
    ASSERT_OK(write_to(*sink, numbered(0, 100)));
    ASSERT_OK(sink->close());
    const json found = agreed(path());
    EXPECT_EQ(numbers_in(found), counted(0, 100));
    EXPECT_EQ(found["groups"][0]["columns"][0]["codec"], codec);
  }
  EXPECT_EQ(files(), Names{"run.parquet"});
}

TEST_F(ParquetSinkTest, TimesAreTextIfAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"times", "text"}});
  Rows rows({{"at", Kind::time}});
  rows.add({kTestTime});
  ASSERT_OK(write_to(*sink, rows));
  ASSERT_OK(sink->close());
  expect_table(path(), json::array({json::array({"at", "text"})}),
               {{as_judged("2026-11-21T01:39:28.656642Z", Kind::text)}});
}

// ---- Declared columns

TEST_F(ParquetSinkTest, DeclaredColumnsHaveAPlaceForSamplesThatComeLate) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"columns", Json{R"({"b":"real","a":"text"})"}}});
  ASSERT_OK(write_to(*sink, field_rows({{{"a", 1}}})));
  ASSERT_OK(sink->flush());
  const KeptReport said =
      said_of(*sink, field_rows({{{"a", 2}, {"b", 3}, {"c", 4}}}));
  // Of those that are not declared, as always.
  ASSERT_EQ(said.notices.size(), 1u);
  EXPECT_TRUE(said.notices[0].starts_with("there is no column \"c\""));
  ASSERT_OK(sink->close());
  const json first =
      json::array({as_judged("1", Kind::text), as_judged(nullptr, Kind::real)});
  const json second =
      json::array({as_judged("2", Kind::text), as_judged(3.0, Kind::real)});
  expect_table(
      path(),
      json::array({json::array({"a", "text"}), json::array({"b", "real"})}),
      json::array({first, second}));
}

TEST_F(ParquetSinkTest, FieldsOfEventsGoToDeclaredColumnsThatTheyFit) {
  SKIP_WITHOUT_JUDGES();
  const std::string path = folder() + "/events.parquet";
  const Field how[] = {
      {"path", path},
      {"sync", false},
      {"columns", Json{R"({"service":"text","user_id":"integer"})"}}};
  Options options("parquet", how);
  SinkPtr sink;
  ASSERT_OK(make_parquet_sink(options, &sink));
  log_rows(std::move(sink), {{{"service", "shop"}, {"user_id", 7}},
                             {{"service", 8}, {"user_id", "seven"}}});
  const json found = agreed(path);
  ASSERT_EQ(found["rows"].size(), 2u);
  const auto cell = [&](std::size_t row, std::size_t column) {
    return found["rows"][row][column];
  };
  EXPECT_EQ(found["columns"].size(), 8u);
  EXPECT_EQ(cell(0, 6), as_judged("shop", Kind::text));
  EXPECT_EQ(cell(0, 7), as_judged(7, Kind::integer));
  EXPECT_EQ(cell(0, 5), as_judged(Json{"{}"}, Kind::json));
  EXPECT_EQ(cell(1, 6), as_judged("8", Kind::text));
  EXPECT_EQ(cell(1, 7), as_judged(nullptr, Kind::integer));
  EXPECT_EQ(cell(1, 5), as_judged(Json{R"({"user_id":"seven"})"}, Kind::json));
}

TEST_F(ParquetSinkTest, WrongColumnsAreRefused) {
  EXPECT_NE(
      refusal(make_parquet_sink,
              {{"path", "/tmp/x"}, {"columns", Json{R"({"Data":"text"})"}}}),
      "");
  EXPECT_NE(refusal(make_parquet_sink,
                    {{"path", "/tmp/x"}, {"columns", Json{R"({"a":"uuid"})"}}}),
            "");
}

// ---- Row groups and checkpoints

TEST_F(ParquetSinkTest, EachBatchIsARowGroupIfAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_groups", "batch"}, {"row_group_rows", 4}});
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(write_to(*sink, numbered(2, 1)));
  ASSERT_OK(write_to(*sink, numbered(3, 6)));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(groups_in(found), (Groups{"2", "1", "4", "2"}));
  EXPECT_EQ(numbers_in(found), counted(0, 9));
}

TEST_F(ParquetSinkTest, RowGroupsHaveAsManyRowsAsAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_group_rows", 4}});
  for (std::int64_t i = 0; i < 5; ++i)
    ASSERT_OK(write_to(*sink, numbered(2 * i, 2)));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(groups_in(found), (Groups{"4", "4", "2"}));
  EXPECT_EQ(numbers_in(found), counted(0, 10));
}

TEST_F(ParquetSinkTest, FrequentCheckpointsDoNotMakeSmallRowGroups) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_group_rows", 16}});
  for (std::int64_t i = 0; i < 40; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
    ASSERT_OK(sink->flush());
    EXPECT_EQ(tally_of(sink).buffered, 0u);
    if (i % 7 == 0) {
      EXPECT_EQ(numbers_in(agreed(path())), counted(0, i + 1));
    }
  }
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(groups_in(found), (Groups{"16", "16", "8"}));
  EXPECT_EQ(numbers_in(found), counted(0, 40));
}

TEST_F(ParquetSinkTest, RowsCountAsWrittenOnceACheckpointHasThem) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"checkpoint_s", 5.0}});
  ASSERT_OK(write_to(*sink, numbered(0, 3)));
  EXPECT_EQ(tally_of(sink).buffered, 3u);
  EXPECT_EQ(tally_of(sink).written, 0u);
  EXPECT_FALSE(fs::exists(path()));
  ASSERT_OK(write_to(*sink, numbered(3, 1, Time{kTestTime.ns + 4 * kSecond})));
  EXPECT_EQ(tally_of(sink).buffered, 4u);
  ASSERT_OK(write_to(*sink, numbered(4, 1, Time{kTestTime.ns + 5 * kSecond})));
  EXPECT_EQ(tally_of(sink).written, 5u);
  EXPECT_EQ(tally_of(sink).buffered, 0u);
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 5));
  ASSERT_OK(write_to(*sink, numbered(5, 1, Time{kTestTime.ns + 6 * kSecond})));
  EXPECT_EQ(tally_of(sink).buffered, 1u);
  // A clock that was set back makes no difference.
  ASSERT_OK(write_to(*sink, numbered(6, 1, Time{kTestTime.ns - 9 * kSecond})));
  EXPECT_EQ(tally_of(sink).buffered, 0u);
}

TEST_F(ParquetSinkTest, ACheckpointThatIsDueNeedsNoRow) {
  SinkPtr sink = open({{"checkpoint_s", 5.0}});
  ASSERT_OK(write_to(*sink, numbered(0, 3)));
  ASSERT_OK(tick(*sink, Time{kTestTime.ns + 4 * kSecond}));
  EXPECT_EQ(tally_of(sink).written, 0u);
  ASSERT_OK(tick(*sink, Time{kTestTime.ns + 5 * kSecond}));
  EXPECT_EQ(tally_of(sink).written, 3u);
  EXPECT_TRUE(fs::exists(path()));
}

TEST_F(ParquetSinkTest, CheckpointsComeAfterSoManyRows) {
  SinkPtr sink = open({{"checkpoint_s", 0.0}, {"checkpoint_rows", 10}});
  ASSERT_OK(write_to(*sink, numbered(0, 9)));
  EXPECT_EQ(tally_of(sink).written, 0u);
  ASSERT_OK(write_to(*sink, numbered(9, 1)));
  EXPECT_EQ(tally_of(sink).written, 10u);
}

TEST_F(ParquetSinkTest, ManyBytesMakeARowGroupBeforeManyRowsDo) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"checkpoint_s", 0.0}});
  std::uint64_t most = 0;
  std::string text(1024 * 1024, ' ');
  for (std::int64_t i = 0; i < 150; ++i) {
    text.replace(0, 4, std::to_string(1000 + i));
    Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
    rows.add({i, Value(text)});
    ASSERT_OK(write_to(*sink, rows));
    most = std::max(most, tally_of(sink).buffered);
  }
  EXPECT_LT(most, 70u);
  ASSERT_OK(sink->close());
  const auto found = judge({path()}, false)[0];
  EXPECT_EQ(found.duckdb["count"], "150");
  EXPECT_EQ(groups_in(found.hyparquet).size(), 3u);
}

TEST_F(ParquetSinkTest, ALargeFooterIsNotWrittenForAFewRows) {
  SinkPtr sink = open({{"checkpoint_s", 1.0},
                       {"row_groups", "batch"},
                       {"compression", "none"}});
  std::uintmax_t bytes = 0;  // of all checkpoints
  std::uint64_t written = 0;
  constexpr std::int64_t kSeconds = 4000;
  for (std::int64_t i = 0; i < kSeconds; ++i) {
    const Time now{kTestTime.ns + i * kSecond};
    ASSERT_OK(write_to(*sink, numbered(i, 1, now)));
    const std::uint64_t before = std::exchange(written, tally_of(sink).written);
    if (written != before) bytes += std::filesystem::file_size(path());
  }
  EXPECT_LT(tally_of(sink).buffered, 200u);
  ASSERT_OK(sink->close());
  EXPECT_LT(bytes, 200 * std::filesystem::file_size(path()));
}

// Each of them takes much more memory than its row.
TEST_F(ParquetSinkTest, ManySmallRowGroupsMakeACheckpoint) {
  constexpr std::size_t kColumns = 1000;
  SinkPtr sink = open({{"checkpoint_s", 0.0},
                       {"row_groups", "batch"},
                       {"compression", "none"}});
  std::vector<std::string> names;
  std::vector<Column> columns;
  for (std::size_t i = 0; i < kColumns; ++i) {
    names.push_back("c" + std::to_string(i));
  }
  for (const std::string& name : names) columns.push_back({name, Kind::real});
  Rows rows(columns);
  rows.add(std::vector<Value>(kColumns, Value(1.5)));
  constexpr std::size_t kMost =
      64 * 1024 * 1024 / (kColumns * sizeof(ColumnBuffer));
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < kMost + 10; ++i) {
    ASSERT_OK(write_to(*sink, rows));
    most = std::max(most, tally_of(sink).buffered);
  }
  EXPECT_LT(most, kMost);
}

// ---- Schema

TEST_F(ParquetSinkTest, ATextThatIsTooLongIsNullAndReported) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  const std::string text(ColumnBuffer::kMostText + 1, 'x');
  Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
  rows.add({1, Value(text)}).add({2, "fits"});
  const KeptReport said = said_of(*sink, rows);
  ASSERT_EQ(said.notices.size(), 1u);
  EXPECT_NE(said.notices[0].find("\"text\""), std::string::npos);
  EXPECT_OK(write_to(*sink, rows));
  ASSERT_OK(sink->close());
  const json found = agreed(path())["rows"];
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0][1], nullptr);
  EXPECT_EQ(found[1][1], as_judged("fits", Kind::text));
}

TEST_F(ParquetSinkTest, TheFirstBatchMakesTheColumns) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  Rows first({{"seq", Kind::integer},
              {"mixed", Kind::null},
              {"big", Kind::unsigned_integer},
              {"number", Kind::null},
              {"nothing", Kind::null},
              {"flag", Kind::boolean},
              {"at", Kind::time}});
  first.add({1, "x", 1, 2, nullptr, true, kTestTime});
  first.add({2, 7, UINT64_MAX, 2.5, nullptr, nullptr, nullptr});
  ASSERT_OK(write_to(*sink, first));
  Rows second({{"new", Kind::integer}, {"seq", Kind::integer}});
  second.add({9, 3});
  const KeptReport said = said_of(*sink, second);
  ASSERT_EQ(said.notices.size(), 1u);
  EXPECT_NE(said.notices[0].find("\"new\""), std::string::npos);
  EXPECT_OK(write_to(*sink, second));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(found["columns"].dump(),
            R"([["seq","integer"],["mixed","text"],["big","unsigned"],)"
            R"(["number","real"],["nothing","text"],["flag","boolean"],)"
            R"(["at","time"]])");
  ASSERT_EQ(found["rows"].size(), 4u);
  EXPECT_EQ(found["rows"][1][1], as_judged("7", Kind::text));
  EXPECT_EQ(found["rows"][0][2], "u:1");
  EXPECT_EQ(found["rows"][1][2], "u:18446744073709551615");
  EXPECT_EQ(found["rows"][0][3], as_judged(2.0, Kind::real));
  EXPECT_EQ(found["rows"][3][0], "i:3");
  for (std::size_t i = 1; i < 7; ++i) EXPECT_EQ(found["rows"][3][i], nullptr);
  EXPECT_EQ(tally_of(sink).written, 4u);
}

TEST_F(ParquetSinkTest, AValueOfAnotherKindIsFittedToItsColumn) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  const std::vector<Column> columns = {{"integer"}, {"unsigned"}, {"real"},
                                       {"text"},    {"json"},     {"at"}};
  Rows first(columns);
  first.add({1, UINT64_MAX, 1.5, "x", Json{"{}"}, kTestTime});
  ASSERT_OK(write_to(*sink, first));
  Rows rows(columns);
  rows.add({UINT64_MAX, -1, 3, 1.5, "say \"hi\"", 5});
  rows.add({2.0, 1.5, UINT64_MAX, true, 7, "noon"});
  EXPECT_EQ(said_of(*sink, rows).notices.size(), 1u);
  ASSERT_OK(sink->close());
  const json found = agreed(path())["rows"];
  EXPECT_EQ(found[1],
            json({nullptr, nullptr, as_judged(3.0, Kind::real),
                  as_judged("1.5", Kind::text),
                  as_judged(Json{R"("say \"hi\"")"}, Kind::json), nullptr}));
  EXPECT_EQ(found[2],
            json({"i:2", nullptr, nullptr, as_judged("true", Kind::text),
                  as_judged(Json{"7"}, Kind::json), nullptr}));
}

TEST_F(ParquetSinkTest, TheTimeOfAnEventCanBeText) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = make_or_throw(
      make_parquet_sink,
      {{"path", Value(path_ = path())}, {"sync", false}, {"times", "text"}});
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(found["columns"][0].dump(), R"(["timestamp","text"])");
}

TEST_F(ParquetSinkTest, EventsHaveTheSixColumnsOfALogRow) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = make_or_throw(
      make_parquet_sink, {{"path", Value(path_ = path())}, {"sync", false}});
  ASSERT_OK(sink->open());
  EXPECT_EQ(sink->form(), RowForm::table);
  const Rows rows = table_rows({{}, {.event = "second", .scope = "job"}});
  ASSERT_OK(write_to(*sink, rows));
  ASSERT_OK(sink->close());
  expect_table(path(),
               json::parse(R"([["timestamp","time"],["level","text"],)"
                           R"(["event","text"],["func","text"],)"
                           R"(["scope","text"],["data","json"]])"),
               rows_as_judged(rows));
}

TEST_F(ParquetSinkTest, TheTypedFormHasEveryOption) {
  expect_all_in(options_of(ParquetConfig()), "parquet", &make_parquet_sink);
}

}  // namespace
}  // namespace stogger
