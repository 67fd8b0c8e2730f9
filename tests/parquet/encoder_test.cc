// What the encoder makes of all kinds of values, judged by others.
#include "sinks/parquet/encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/parquet/judges.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using nlohmann::json;
using namespace std::string_view_literals;
using Real = std::numeric_limits<double>;

const char* type_of(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
      return "integer";
    case Kind::unsigned_integer:
      return "unsigned";
    case Kind::real:
      return "real";
    case Kind::time:
      return "time";
    case Kind::json:
      return "json";
    default:
      return "text";
  }
}

class ParquetEncoderTest : public ::testing::Test {
 protected:
  // Encodes the rows in groups of that many.
  std::string encode(const RowBatch& rows, std::size_t group,
                     ParquetEncoding encoding = {}) {
    std::vector<SchemaColumn> columns;
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      columns.push_back(
          {std::string(rows.columns[i].name), rows.columns[i].kind});
    }
    ParquetRows gathered(columns);
    ParquetEncoder encoder(encoding);
    ParquetFooter footer;
    Buffer out;
    out.append(kParquetMagic);
    for (std::size_t at = 0; at < rows.row_count; at += group) {
      gathered.add(
          std::min(group, rows.row_count - at),
          [&](std::size_t row, std::size_t column) {
            return rows.at(at + row, column);
          },
          [](std::size_t) {});
      encoder.encode(columns, gathered, 0, &out, &footer);
      gathered.clear();
    }
    footer.append_end(columns, {}, &out);
    return std::string(out.view());
  }

  std::string write(const RowBatch& rows, std::size_t group = 65536,
                    ParquetEncoding encoding = {}) {
    const std::string path =
        folder_.file(std::to_string(++files_) + ".parquet");
    write_file(path, encode(rows, group, encoding));
    return path;
  }

  void expect_round_trip(const RowBatch& rows, std::size_t group = 65536,
                         ParquetEncoding encoding = {}) {
    json columns = json::array();
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      columns.push_back({rows.columns[i].name, type_of(rows.columns[i].kind)});
    }
    expect_table(write(rows, group, encoding), columns, rows_as_judged(rows));
  }

  json groups_of(const RowBatch& rows, std::size_t group = 65536) {
    return agreed(write(rows, group))["groups"];
  }
  // The statistics of the only column.
  json statistics_of(Kind kind, const std::vector<Value>& values) {
    Rows rows({{"x", kind}});
    for (const Value& value : values) rows.add({value});
    const json groups = groups_of(rows);
    return groups.empty() ? json() : groups[0]["columns"][0];
  }

  TempFolder folder_;
  int files_ = 0;
};

Rows every_kind() {
  Rows rows({{"boolean", Kind::boolean},
             {"integer", Kind::integer},
             {"unsigned", Kind::unsigned_integer},
             {"real", Kind::real},
             {"text", Kind::text},
             {"time", Kind::time},
             {"json", Kind::json}});
  rows.add({true, 0, 0, 0.0, "", Time{0}, Json{"{}"}});
  rows.add({false, INT64_MIN, UINT64_MAX, -0.0, "plain", Time{INT64_MIN},
            Json{"null"}});
  rows.add({nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr});
  rows.add({true, INT64_MAX, INT64_MAX, Real::quiet_NaN(), "nul\0in"sv,
            Time{INT64_MAX}, Json{R"({"a":[1,2.5,"x"]})"}});
  rows.add({true, -1, static_cast<std::uint64_t>(INT64_MAX) + 1,
            Real::infinity(), "\xf0\x9f\x98\x80 \xc3\xbc", kTestTime,
            Json{R"("text")"}});
  rows.add(
      {false, 42, 1, -Real::infinity(), "\xef\xbb\xbf", Time{-1}, Json{"[]"}});
  rows.add({false, 43, 2, Real::denorm_min(), "'; DROP TABLE x; --",
            Time{-1500000000}, Json{"1e5"}});
  rows.add(
      {true, 44, 3, -Real::denorm_min(), "\r\n\t\"", Time{999}, Json{"true"}});
  rows.add({true, 45, 4, Real::max(), "null", Time{1000}, Json{R"("\u0000")"}});
  rows.add({true, 46, 5, Real::lowest(), "NaN", Time{1001}, Json{"{\"b\":1}"}});
  return rows;
}

TEST_F(ParquetEncoderTest, EveryKindOfValueIsReadBack) {
  SKIP_WITHOUT_JUDGES();
  const Rows rows = every_kind();
  for (const ParquetEncoding encoding :
       {ParquetEncoding{ParquetCompression::zstd, 3},
        ParquetEncoding{ParquetCompression::zstd, 22},
        ParquetEncoding{ParquetCompression::snappy, 0},
        ParquetEncoding{ParquetCompression::gzip, 6},
        ParquetEncoding{ParquetCompression::none, 0}}) {
    expect_round_trip(rows, 65536, encoding);
    expect_round_trip(rows, 3, encoding);
    expect_round_trip(rows, 1, encoding);
  }
}

TEST_F(ParquetEncoderTest, AFileWithoutRowsHasItsColumns) {
  SKIP_WITHOUT_JUDGES();
  expect_round_trip(Rows({{"a", Kind::integer}, {"b", Kind::text}}));
}

TEST_F(ParquetEncoderTest, ColumnsOfNullsOnlyAreReadBack) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"a", Kind::boolean},
             {"b", Kind::integer},
             {"c", Kind::unsigned_integer},
             {"d", Kind::real},
             {"e", Kind::text},
             {"f", Kind::time},
             {"g", Kind::json}});
  for (int i = 0; i < 20; ++i) rows.add(std::vector<Value>(7));
  expect_round_trip(rows);
  expect_round_trip(rows, 7);
  const json group = groups_of(rows)[0];
  for (const json& column : group["columns"]) {
    EXPECT_EQ(column["nulls"], "20");
    EXPECT_EQ(column["least"], nullptr);
    EXPECT_EQ(column["most"], nullptr);
  }
}

// Long enough for several blocks of each encoding, with nulls at borders.
TEST_F(ParquetEncoderTest, LongColumnsAreReadBackWhateverTheirShape) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"counter", Kind::integer},
             {"jumps", Kind::integer},
             {"few", Kind::integer},
             {"wild", Kind::integer},
             {"steady", Kind::real},
             {"noise", Kind::real},
             {"flag", Kind::boolean},
             {"rare", Kind::text},
             {"unique", Kind::text},
             {"often", Kind::text},
             {"time", Kind::time},
             {"big", Kind::unsigned_integer}});
  std::uint64_t state = 1;
  const auto random = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 11;
  };
  std::int64_t time = kTestTime.ns;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t r = random();
    time += 1000 * static_cast<std::int64_t>(r % 20000);
    const auto null_or = [&](std::uint64_t every, Value value) {
      return r % every == 0 ? Value() : value;
    };
    const std::string unique = "row " + std::to_string(r);
    const std::string often = "name " + std::to_string(r % 300);
    rows.add({i, i % 2 == 0 ? INT64_MIN + i : INT64_MAX - i,
              null_or(5, static_cast<std::int64_t>(r % 17)),
              static_cast<std::int64_t>(random() << 11 | r),
              null_or(3, static_cast<double>(r % 1000) / 100),
              static_cast<double>(r) / 7919, null_or(2, r % 3 == 0),
              i % 5000 == 0 ? Value("seldom") : Value(),
              null_or(11, Value(unique)), null_or(400, Value(often)),
              Time{time}, random() << 11 | r});
  }
  expect_round_trip(rows);
  expect_round_trip(rows, 6000, {ParquetCompression::snappy, 0});
  expect_round_trip(rows, 6000, {ParquetCompression::gzip, 9});
  expect_round_trip(rows, 129, {ParquetCompression::none, 0});
}

TEST_F(ParquetEncoderTest, EachEncodingIsUsedWhereItPays) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"dictionary", Kind::text},
             {"plain", Kind::text},
             {"deltas", Kind::integer},
             {"few", Kind::integer},
             {"split", Kind::real},
             {"bits", Kind::boolean}});
  for (int i = 0; i < 10000; ++i) {
    const std::string unique = "row " + std::to_string(i * 7919 % 10007);
    rows.add({i % 3 == 0 ? "open" : "closed", Value(unique), 1000 * i + i % 7,
              i % 100 < 50 ? 100000000 : 7, std::sin(i), i % 2 == 0});
  }
  const json columns = groups_of(rows)[0]["columns"];
  const char* expected[] = {"RLE_DICTIONARY",      "PLAIN",
                            "DELTA_BINARY_PACKED", "RLE_DICTIONARY",
                            "BYTE_STREAM_SPLIT",   "PLAIN"};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto encodings = columns[i]["encodings"].get<std::string>();
    EXPECT_TRUE(encodings.ends_with(expected[i])) << i << ' ' << encodings;
  }
}

TEST_F(ParquetEncoderTest, DictionariesCanBeTurnedOff) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"text", Kind::text}, {"number", Kind::integer}});
  for (int i = 0; i < 1000; ++i) rows.add({"same", i % 2 * 1000000});
  expect_round_trip(rows, 65536, {ParquetCompression::zstd, 3, false});
  const json columns = agreed(
      write(rows, 65536,
            {ParquetCompression::zstd, 3, false}))["groups"][0]["columns"];
  for (const json& column : columns) {
    EXPECT_EQ(column["encodings"].get<std::string>().find("DICTIONARY"),
              std::string::npos);
  }
}

TEST_F(ParquetEncoderTest, AThousandColumnsAreReadBack) {
  SKIP_WITHOUT_JUDGES();
  std::vector<std::string> names;
  std::vector<Column> columns;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  for (const std::string& name : names) columns.push_back({name, Kind::real});
  Rows rows(columns);
  for (int i = 0; i < 10; ++i) {
    std::vector<Value> values;
    for (int j = 0; j < 1000; ++j) values.emplace_back(i * 1000.0 + j);
    rows.add(values);
  }
  expect_round_trip(rows);
}

TEST_F(ParquetEncoderTest, HostileNamesOfColumnsAreReadBack) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"with space", Kind::integer},
             {"\"quoted\"", Kind::integer},
             {"'", Kind::integer},
             {"a.b", Kind::integer},
             {"\xc3\xbc\xf0\x9f\x98\x80", Kind::integer},
             {"line\nbreak", Kind::integer},
             {"; DROP TABLE x", Kind::integer}});
  rows.add({1, 2, 3, 4, 5, 6, 7});
  expect_round_trip(rows);
}

TEST_F(ParquetEncoderTest, TextThatIsNotUtf8IsFixed) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"x", Kind::text}});
  Rows wanted({{"x", Kind::text}});
  for (int i = 0; i < 3; ++i) {
    rows.add({"cut \xe2\x82"}).add({"\xff\xfe"}).add({"\xc0\xaf"});
    wanted.add({"cut \xef\xbf\xbd"})
        .add({"\xef\xbf\xbd\xef\xbf\xbd"})
        .add({"\xef\xbf\xbd\xef\xbf\xbd"});
  }
  expect_table(write(rows), json::array({json::array({"x", "text"})}),
               rows_as_judged(wanted));
}

TEST_F(ParquetEncoderTest, LargeTextsAreSplitIntoPages) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"x", Kind::text}, {"n", Kind::integer}});
  for (int i = 0; i < 40; ++i) {
    const std::string text(static_cast<std::size_t>(i) * 10000,
                           static_cast<char>('a' + i % 26));
    rows.add({i % 4 == 0 ? Value() : Value(text), i});
  }
  const std::string huge(5 * 1024 * 1024, 'h');
  rows.add({huge, 41}).add({"after", 42});
  expect_round_trip(rows);
  expect_round_trip(rows, 65536, {ParquetCompression::none, 0});
}

TEST(ColumnBufferTest, ATextIsTakenUpToALimit) {
  const std::string text(ColumnBuffer::kMostText + 1, 'x');
  for (const Kind kind : {Kind::text, Kind::json}) {
    ColumnBuffer column(kind);
    EXPECT_TRUE(column.add(Json{std::string_view(text).substr(1)}));
    EXPECT_FALSE(column.add(Json{text}));
    EXPECT_EQ(column.rows(), 2u);
    EXPECT_EQ(column.nulls(), 1u);
  }
}

// ---- Statistics

void expect_range(const json& statistics, const Value& least,
                  const Value& most) {
  const auto shown = [](const Value& value) {
    // What hyparquet makes of statistics knows no unsigned integers.
    return as_judged(value, value.kind());
  };
  EXPECT_EQ(statistics["least"], shown(least));
  EXPECT_EQ(statistics["most"], shown(most));
}

TEST_F(ParquetEncoderTest, StatisticsHaveTheLeastAndTheMostOfEachKind) {
  SKIP_WITHOUT_JUDGES();
  json found = statistics_of(Kind::integer, {3, nullptr, INT64_MIN, 7});
  expect_range(found, INT64_MIN, 7);
  EXPECT_EQ(found["nulls"], "1");
  expect_range(statistics_of(Kind::real, {2.5, -1e300, 4.0}), -1e300, 4.0);
  expect_range(statistics_of(Kind::boolean, {true, true}), true, true);
  expect_range(statistics_of(Kind::boolean, {true, false}), false, true);
  expect_range(statistics_of(Kind::time, {kTestTime, Time{0}}), Time{0},
               kTestTime);
  // Bytes compare as unsigned ones.
  expect_range(statistics_of(Kind::text, {"b", "\xc3\xbc", "a", ""}), "",
               "\xc3\xbc");
}

TEST_F(ParquetEncoderTest, StatisticsOfUnsignedIntegersAreInTheirOrder) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"x", Kind::unsigned_integer}});
  rows.add({UINT64_MAX}).add({1}).add({2});
  const std::string path = write(rows);
  const json statistics = judge({path})[0].duckdb["groups"][0]["columns"][0];
  EXPECT_EQ(statistics["least"], "1");
  EXPECT_EQ(statistics["most"], "18446744073709551615");
}

TEST_F(ParquetEncoderTest, ZerosInStatisticsHaveTheSignThatIsSafe) {
  SKIP_WITHOUT_JUDGES();
  expect_range(statistics_of(Kind::real, {0.0, 1.0}), -0.0, 1.0);
  expect_range(statistics_of(Kind::real, {-1.0, -0.0}), -1.0, 0.0);
  expect_range(statistics_of(Kind::real, {-0.0}), -0.0, 0.0);
}

TEST_F(ParquetEncoderTest, NumbersWithNanHaveNoRange) {
  SKIP_WITHOUT_JUDGES();
  const json found =
      statistics_of(Kind::real, {1.0, Real::quiet_NaN(), 2.0, nullptr});
  EXPECT_EQ(found["least"], nullptr);
  EXPECT_EQ(found["most"], nullptr);
  EXPECT_EQ(found["nulls"], "1");
}

TEST_F(ParquetEncoderTest, LongTextsAreCutToLimitsThatHold) {
  SKIP_WITHOUT_JUDGES();
  const std::string a(64, 'a');
  const std::string long_a(1000, 'a');
  json found = statistics_of(Kind::text, {Value(long_a), Value(a)});
  expect_range(found, Value(a), Value(std::string(63, 'a') + "b"));
  EXPECT_EQ(found["exact"], json({true, false}));
  // A character is raised as a whole, and is never cut.
  std::string wide;
  for (int i = 0; i < 50; ++i) wide += "\xc3\xbf";
  found = statistics_of(Kind::text, {Value(wide)});
  const std::string cut = wide.substr(0, 64);
  expect_range(found, Value(cut), Value(cut.substr(0, 62) + "\xc4\x80"));
  EXPECT_EQ(found["exact"], json({false, false}));
  // The last of all characters has no successor.
  std::string last;
  for (int i = 0; i < 50; ++i) last += "\xf4\x8f\xbf\xbf";
  found = statistics_of(Kind::text, {Value(last)});
  EXPECT_EQ(found["most"], nullptr);
}

TEST_F(ParquetEncoderTest, RowGroupsHaveStatisticsOfTheirOwn) {
  SKIP_WITHOUT_JUDGES();
  Rows rows({{"x", Kind::integer}});
  for (int i = 0; i < 10; ++i) rows.add({i});
  const json groups = groups_of(rows, 4);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0]["rows"], "4");
  EXPECT_EQ(groups[2]["rows"], "2");
  expect_range(groups[1]["columns"][0], 4, 7);
  expect_range(groups[2]["columns"][0], 8, 9);
}

}  // namespace
}  // namespace stogger
