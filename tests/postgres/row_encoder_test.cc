// Rows in PostgreSQL's binary forms, byte by byte.
#include "sinks/postgres/row_encoder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/postgres/array_encoder.h"
#include "sinks/postgres/encode_value.h"
#include "sinks/postgres/few_values.h"
#include "tests/postgres/event_encoder.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kBool = 16;
constexpr std::uint32_t kInt8 = 20;
constexpr std::uint32_t kInt2 = 21;
constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kJsonType = 114;
constexpr std::uint32_t kFloat4 = 700;
constexpr std::uint32_t kFloat8 = 701;
constexpr std::uint32_t kVarchar = 1043;
constexpr std::uint32_t kDate = 1082;
constexpr std::uint32_t kTimestamp = 1114;
constexpr std::uint32_t kTimestamptz = 1184;
constexpr std::uint32_t kUuid = 2950;
constexpr std::uint32_t kJsonb = 3802;
constexpr std::uint32_t kName = 19;

PostgresColumn column(std::string_view name, std::uint32_t type_id) {
  PostgresColumn column;
  column.name = name;
  EXPECT_TRUE(set_builtin_type(type_id, &column));
  return column;
}

PostgresColumn varchar(std::string_view name, std::size_t most) {
  PostgresColumn made = column(name, kVarchar);
  made.most_characters = most;
  return made;
}

PostgresColumn mood() {
  PostgresColumn column;
  column.name = "mood";
  column.type_id = 70000;
  column.is_enum = true;
  column.labels = {"good",
                   "b\xC3\xA4"
                   "d"};
  return column;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// The value as the column holds it, or nothing if it does not fit.
std::optional<std::string> encoded(const PostgresColumn& column,
                                   const Value& value) {
  Buffer out;
  if (append_postgres_value(out, column, value)) {
    return std::string(out.view());
  }
  EXPECT_TRUE(out.empty());
  return std::nullopt;
}

std::string hex_of(std::uint32_t type_id, const Value& value) {
  const auto bytes = encoded(column("c", type_id), value);
  return bytes ? hex(*bytes) : "does not fit";
}

std::string text_of(const PostgresColumn& column, const Value& value) {
  return encoded(column, value).value_or("does not fit");
}

// The row encoded last, each field as bytes.
std::vector<std::optional<std::string>> fields_of(const RowEncoder& encoder) {
  std::vector<std::optional<std::string>> fields;
  for (std::size_t i = 0; i < encoder.columns().size(); ++i) {
    const char* const value = encoder.parameter_values()[i];
    const int length = encoder.parameter_lengths()[i];
    if (value == nullptr) {
      fields.emplace_back();
    } else {
      fields.emplace_back(std::string(value, static_cast<std::size_t>(length)));
    }
  }
  return fields;
}

std::string tuple_of(const RowEncoder& encoder) {
  Buffer out;
  encoder.append_tuple(&out);
  return std::string(out.view());
}

const std::vector<Column> kStandard = {
    {"timestamp", Kind::time}, {"level", Kind::text}, {"event", Kind::text},
    {"func", Kind::text},      {"scope", Kind::text}, {"data", Kind::json}};

// Encodes the first row of the batch.
Status encode(RowEncoder& encoder, const Rows& rows) {
  encoder.match(rows);
  return encoder.encode(rows, 0);
}

// `data` of a row with these columns and values.
std::string data_of(std::vector<PostgresColumn> columns,
                    const std::vector<Column>& names,
                    const std::vector<Value>& values) {
  EventEncoder encoder(std::move(columns));
  Rows rows(names);
  rows.add(values);
  EXPECT_OK(encode(encoder, rows));
  for (std::size_t i = 0; i < encoder.columns().size(); ++i) {
    if (encoder.columns()[i].name == "data") {
      const std::string bytes = fields_of(encoder)[i].value_or("null");
      EXPECT_EQ(bytes.substr(0, 1), "\1");
      return bytes.substr(1);
    }
  }
  return "no data";
}

// ---- Values

TEST(EncodeValue, IntegersInRangeAreOfTheColumnsSize) {
  EXPECT_EQ(hex_of(kInt2, 258), "0102");
  EXPECT_EQ(hex_of(kInt2, -32768), "8000");
  EXPECT_EQ(hex_of(kInt2, 32767), "7fff");
  EXPECT_EQ(hex_of(kInt2, 32768), "does not fit");
  EXPECT_EQ(hex_of(kInt2, -32769), "does not fit");
  EXPECT_EQ(hex_of(kInt4, INT32_MIN), "80000000");
  EXPECT_EQ(hex_of(kInt4, INT32_MAX), "7fffffff");
  EXPECT_EQ(hex_of(kInt4, std::int64_t{INT32_MAX} + 1), "does not fit");
  EXPECT_EQ(hex_of(kInt8, INT64_MIN), "8000000000000000");
  EXPECT_EQ(hex_of(kInt8, -1), "ffffffffffffffff");
  EXPECT_EQ(hex_of(kInt8, UINT64_MAX), "does not fit");
}

TEST(EncodeValue, ATextOf256MebibytesIsTooLong) {
  const std::string text(std::size_t{256} << 20, 'x');
  EXPECT_EQ(hex_of(kText, std::string_view(text)), "does not fit");
}

TEST(EncodeValue, IntegersTakeWhatIsEqualToThem) {
  EXPECT_EQ(hex_of(kInt2, 7.0), "0007");
  EXPECT_EQ(hex_of(kInt2, 32768.0), "does not fit");
  EXPECT_EQ(hex_of(kInt4, true), "00000001");
  EXPECT_EQ(hex_of(kInt8, false), "0000000000000000");
  for (const std::uint32_t type : {kInt2, kInt4, kInt8}) {
    EXPECT_EQ(hex_of(type, 1.5), "does not fit");
    EXPECT_EQ(hex_of(type, "1"), "does not fit");
    EXPECT_EQ(hex_of(type, Json{"1"}), "does not fit");
    EXPECT_EQ(hex_of(type, Time{1}), "does not fit");
  }
}

TEST(EncodeValue, RealNumbersKeepTheirBits) {
  EXPECT_EQ(hex_of(kFloat8, 1.5), "3ff8000000000000");
  EXPECT_EQ(hex_of(kFloat8, -0.0), "8000000000000000");
  EXPECT_EQ(hex_of(kFloat8, std::numeric_limits<double>::infinity()),
            "7ff0000000000000");
  EXPECT_EQ(hex_of(kFloat4, 1.5), "3fc00000");
  EXPECT_EQ(hex_of(kFloat4, 0.1), "3dcccccd");
  EXPECT_EQ(hex_of(kFloat4, -std::numeric_limits<double>::infinity()),
            "ff800000");
  EXPECT_EQ(hex_of(kFloat4, std::nan("")).substr(0, 3), "7fc");
  EXPECT_EQ(hex_of(kFloat4, 3.5e38), "does not fit");
}

TEST(EncodeValue, EveryFloatFitsItsType) {
  EXPECT_EQ(hex_of(kFloat4, 14.7F), "416b3333");
  EXPECT_EQ(hex_of(kFloat8, 14.7F), "402d666666666666");
  EXPECT_EQ(hex_of(kFloat4, std::numeric_limits<float>::max()), "7f7fffff");
  EXPECT_EQ(hex_of(kFloat4, std::numeric_limits<float>::lowest()), "ff7fffff");
  EXPECT_EQ(hex_of(kFloat4, std::numeric_limits<float>::denorm_min()),
            "00000001");
  EXPECT_EQ(hex_of(kFloat4, 0x1.fffffefffffffp127), "7f7fffff");
  EXPECT_EQ(hex_of(kFloat4, 0x1.ffffffp127), "does not fit");
}

TEST(EncodeValue, IntegersThatADoubleHoldsAreRealNumbersToo) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  EXPECT_EQ(hex_of(kFloat8, 3), "4008000000000000");
  EXPECT_EQ(hex_of(kFloat8, kExact), "4340000000000000");
  EXPECT_EQ(hex_of(kFloat8, kExact + 1), "does not fit");
  EXPECT_EQ(hex_of(kFloat8, INT64_MIN), "c3e0000000000000");
  EXPECT_EQ(hex_of(kFloat8, INT64_MAX), "does not fit");
  EXPECT_EQ(hex_of(kFloat8, std::uint64_t{1} << 63), "43e0000000000000");
  EXPECT_EQ(hex_of(kFloat8, UINT64_MAX), "does not fit");
  EXPECT_EQ(hex_of(kFloat4, 3), "40400000");
  EXPECT_EQ(hex_of(kFloat8, true), "does not fit");
  EXPECT_EQ(hex_of(kFloat8, "3"), "does not fit");
}

TEST(EncodeValue, BooleansAreOneByte) {
  EXPECT_EQ(hex_of(kBool, true), "01");
  EXPECT_EQ(hex_of(kBool, false), "00");
  EXPECT_EQ(hex_of(kBool, 1), "does not fit");
  EXPECT_EQ(hex_of(kBool, "true"), "does not fit");
}

TEST(EncodeValue, TimesCountMicrosecondsSince2000AndAreCutDownwards) {
  constexpr std::int64_t kEpoch = 946684800;
  EXPECT_EQ(hex_of(kTimestamptz, Time{kEpoch * 1000000000}),
            "0000000000000000");
  EXPECT_EQ(hex_of(kTimestamptz, Time{kEpoch * 1000000000 + 1999}),
            "0000000000000001");
  EXPECT_EQ(hex_of(kTimestamptz, Time{kEpoch * 1000000000 - 1}),
            "ffffffffffffffff");
  EXPECT_EQ(hex_of(kTimestamp, Time{1700000000123456789}), "0002ad22dce84240");
  // Before 1970, too.
  EXPECT_EQ(hex_of(kTimestamptz, Time{-1}), hex_of(kTimestamptz, Time{-1000}));
  EXPECT_EQ(hex_of(kTimestamptz, 0), "does not fit");
  EXPECT_EQ(hex_of(kTimestamptz, "2000-01-01"), "does not fit");
}

TEST(EncodeValue, DatesCountDaysSince2000) {
  constexpr std::int64_t kDay = 86400 * std::int64_t{1000000000};
  EXPECT_EQ(hex_of(kDate, Time{10957 * kDay}), "00000000");
  EXPECT_EQ(hex_of(kDate, Time{10957 * kDay - 1}), "ffffffff");
  EXPECT_EQ(hex_of(kDate, Time{10958 * kDay - 1}), "00000000");
  EXPECT_EQ(hex_of(kDate, 1), "does not fit");
}

TEST(EncodeValue, UuidsAreReadWithHyphensOrWithout) {
  const std::string bytes = "0f8fad5bd9cb469fa16570867728950e";
  EXPECT_EQ(hex_of(kUuid, "0f8fad5b-d9cb-469f-a165-70867728950e"), bytes);
  EXPECT_EQ(hex_of(kUuid, "0F8FAD5B-D9CB-469F-A165-70867728950E"), bytes);
  EXPECT_EQ(hex_of(kUuid, bytes), bytes);
  for (const std::string_view bad :
       {"", "0f8fad5b", "0f8fad5b-d9cb-469f-a165-70867728950",
        "0f8fad5b-d9cb-469f-a165-70867728950g",
        "0f8fad5bd-9cb-469f-a165-70867728950e",
        "0f8fad5b-d9cb-469f-a165-70867728950e0"}) {
    EXPECT_EQ(hex_of(kUuid, bad), "does not fit") << bad;
  }
  EXPECT_EQ(hex_of(kUuid, 1), "does not fit");
}

TEST(EncodeValue, ATextColumnTakesEveryKind) {
  const PostgresColumn text = column("c", kText);
  EXPECT_EQ(text_of(text, ""), "");
  EXPECT_EQ(text_of(text, "gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(text_of(text, -5), "-5");
  EXPECT_EQ(text_of(text, UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(text_of(text, 1.0), "1.0");
  EXPECT_EQ(text_of(text, std::nan("")), "NaN");
  EXPECT_EQ(text_of(text, true), "true");
  EXPECT_EQ(text_of(text, Time{1700000000123456000}),
            "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(text_of(text, Json{R"({"a":1})"}), R"({"a":1})");
}

TEST(EncodeValue, WhatTextCannotHoldIsReplaced) {
  const PostgresColumn text = column("c", kText);
  EXPECT_EQ(text_of(text, "a\0b"s),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(text_of(text,
                    "a\xFF"
                    "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(text_of(text, "\xED\xA0\x80").substr(0, 3), "\xEF\xBF\xBD");
  EXPECT_EQ(text_of(text, "cut \xE2\x82"), "cut \xEF\xBF\xBD");
  const PostgresColumn jsonb = column("c", kJsonb);
  EXPECT_EQ(text_of(jsonb, Json{"\"\xFF\""}), "\1\"\xEF\xBF\xBD\"");
}

TEST(EncodeValue, TheLimitOfATextColumnCountsCharacters) {
  const PostgresColumn five = varchar("c", 5);
  EXPECT_EQ(text_of(five, "abcde"), "abcde");
  EXPECT_EQ(text_of(five, "abcdef"), "does not fit");
  EXPECT_EQ(text_of(five, "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F!"),
            "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F!");
  EXPECT_EQ(text_of(five, "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F!?"),
            "does not fit");
  EXPECT_EQ(text_of(five, 12345), "12345");
  EXPECT_EQ(text_of(five, 123456), "does not fit");
  const PostgresColumn name = column("c", kName);
  EXPECT_EQ(text_of(name, std::string(63, 'x')), std::string(63, 'x'));
  EXPECT_EQ(text_of(name, std::string(64, 'x')), "does not fit");
}

TEST(EncodeValue, AnEnumTakesItsLabels) {
  EXPECT_EQ(text_of(mood(), "good"), "good");
  EXPECT_EQ(text_of(mood(),
                    "b\xC3\xA4"
                    "d"),
            "b\xC3\xA4"
            "d");
  EXPECT_EQ(text_of(mood(), "Good"), "does not fit");
  EXPECT_EQ(text_of(mood(), ""), "does not fit");
  EXPECT_EQ(text_of(mood(), 1), "does not fit");
}

TEST(EncodeValue, JsonTakesEveryKind) {
  const PostgresColumn json = column("c", kJsonType);
  EXPECT_EQ(text_of(json, Json{R"([1, 2])"}), R"([1, 2])");
  EXPECT_EQ(text_of(json, "say \"hi\"\n"), R"("say \"hi\"\n")");
  EXPECT_EQ(text_of(json, 7), "7");
  EXPECT_EQ(text_of(json, false), "false");
  EXPECT_EQ(text_of(json, std::nan("")), "\"NaN\"");
  EXPECT_EQ(text_of(json, Time{0}), "\"1970-01-01T00:00:00.000000Z\"");
  EXPECT_EQ(text_of(column("c", kJsonb), 7),
            "\1"
            "7");
}

// ---- Rows

TEST(RowEncoder, ATupleIsThatOfTheDocumentation) {
  EventEncoder encoder(standard_columns());
  Rows rows(kStandard);
  rows.add({Time{1700000000123456000}, "info", "evt", nullptr, "sc",
            Json{R"({"a":1})"}});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(hex(tuple_of(encoder)),
            "0006"
            "000000080002ad22dce84240"
            "00000004696e666f"
            "00000003657674"
            "ffffffff"
            "000000027363"
            "00000008017b2261223a317d");
}

TEST(RowEncoder, ACopyStreamBeginsAndEndsAsDocumented) {
  Buffer out;
  RowEncoder::append_copy_header(&out);
  RowEncoder::append_copy_trailer(&out);
  EXPECT_EQ(hex(out.view()), "5047434f50590aff0d0a000000000000000000ffff");
}

TEST(RowEncoder, ParametersAreTheFieldsOfTheTuple) {
  EventEncoder encoder(standard_columns());
  Rows rows(kStandard);
  rows.add({Time{0}, "info", "", nullptr, "sc", Json{"{}"}});
  ASSERT_OK(encode(encoder, rows));
  const auto fields = fields_of(encoder);
  ASSERT_EQ(fields.size(), 6u);
  EXPECT_EQ(fields[0]->size(), 8u);
  EXPECT_EQ(fields[1], "info");
  EXPECT_EQ(fields[2], "");  // which is not null
  EXPECT_EQ(fields[3], std::nullopt);
  EXPECT_EQ(fields[5], "\1{}");
  EXPECT_EQ(encoder.parameter_lengths()[3], -1);
}

TEST(RowEncoder, ColumnsMayComeInAnyOrderAndBeMissing) {
  EventEncoder encoder(standard_columns());
  Rows rows({{"event"}, {"timestamp"}, {"level"}});
  rows.add({"e", Time{0}, "info"}).add({"f", Time{0}, "debug"});
  encoder.match(rows);
  ASSERT_OK(encoder.encode(rows, 1));
  const auto fields = fields_of(encoder);
  EXPECT_EQ(fields[1], "debug");
  EXPECT_EQ(fields[2], "f");
  EXPECT_EQ(fields[3], std::nullopt);
  EXPECT_EQ(fields[5], "\1{}");
}

TEST(RowEncoder, WhatTheTableHasNoColumnForGoesToData) {
  EventEncoder encoder(standard_columns());
  Rows rows({{"event"}, {"extra"}, {"timestamp"}, {"level"}, {"none"}});
  rows.add({"e", 42, Time{0}, "info", nullptr});
  encoder.match(rows);
  ASSERT_OK(encoder.encode(rows, 0));
  EXPECT_EQ(fields_of(encoder)[5], "\1{\"extra\":42}");
}

TEST(RowEncoder, ARequiredColumnThatWouldBeNullIsNamed) {
  EventEncoder encoder(standard_columns());
  Rows rows(kStandard);
  rows.add({Time{0}, nullptr, "e", nullptr, nullptr, nullptr});
  const Status status = encode(encoder, rows);
  EXPECT_EQ(status.code(), Code::rejected);
  EXPECT_NE(status.message().find("level"), std::string_view::npos);
  // The next one is not affected.
  Rows good(kStandard);
  good.add({Time{0}, "info", "e", nullptr, nullptr, nullptr});
  EXPECT_OK(encode(encoder, good));
}

TEST(RowEncoder, WantedHasKinds) {
  EventEncoder encoder({column("timestamp", kTimestamptz), column("n", kInt2),
                        column("r", kFloat4), column("b", kBool),
                        column("t", kText), column("u", kUuid),
                        column("j", kJsonb), mood(), column("data", kJsonb)});
  const RowBatch wanted = encoder.schema.wanted();
  const std::vector<Kind> kinds = {Kind::time,    Kind::integer, Kind::real,
                                   Kind::boolean, Kind::null,    Kind::null,
                                   Kind::null,    Kind::null,    Kind::json};
  ASSERT_EQ(wanted.column_count, kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    EXPECT_EQ(wanted.columns[i].kind, kinds[i]) << wanted.columns[i].name;
  }
  EXPECT_EQ(wanted.columns[1].name, "n");
}

// ---- What does not fit

TEST(RowEncoder, WhatDoesNotFitGoesToData) {
  const std::vector<PostgresColumn> columns = {
      column("n", kInt2), column("u", kUuid), column("data", kJsonb)};
  EXPECT_EQ(data_of(columns, {{"n"}, {"u"}, {"data"}},
                    {70000, "none", Json{R"({"a":1})"}}),
            R"({"a":1,"n":70000,"u":"none"})");
  EXPECT_EQ(
      data_of(columns, {{"n"}, {"u"}, {"data"}}, {70000, nullptr, Json{"{}"}}),
      R"({"n":70000})");
  EXPECT_EQ(data_of(columns, {{"n"}, {"data"}}, {70000, Json{" { } "}}),
            R"({"n":70000})");
  EXPECT_EQ(data_of(columns, {{"n"}}, {Json{"[1]"}}), R"({"n":[1]})");
  EXPECT_EQ(data_of(columns, {{"n"}}, {Time{0}}),
            R"({"n":"1970-01-01T00:00:00.000000Z"})");
}

TEST(RowEncoder, DataMayStandAnywhere) {
  EventEncoder encoder(
      {column("data", kJsonb), column("n", kInt2), column("t", kText)});
  Rows rows({{"data"}, {"n"}, {"t"}});
  rows.add({Json{R"({"a":1})"}, 70000, "x"});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(hex(tuple_of(encoder)),
            "0003"
            "00000012" +
                hex("\1{\"a\":1,\"n\":70000}") +
                "ffffffff"
                "0000000178");
  EXPECT_EQ(fields_of(encoder)[0], "\1{\"a\":1,\"n\":70000}");
  EXPECT_EQ(fields_of(encoder)[2], "x");
}

TEST(RowEncoder, DataThatIsNoObjectBecomesOneOnlyIfNeeded) {
  const std::vector<PostgresColumn> columns = {column("n", kInt2),
                                               column("data", kJsonb)};
  EXPECT_EQ(data_of(columns, {{"data"}}, {Json{"[1]"}}), "[1]");
  EXPECT_EQ(data_of(columns, {{"n"}, {"data"}}, {70000, Json{"[1]"}}),
            R"({"data":[1],"n":70000})");
  EXPECT_EQ(data_of(columns, {{"n"}, {"data"}}, {70000, 5}),
            R"({"data":5,"n":70000})");
  EXPECT_EQ(data_of(columns, {{"data"}}, {nullptr}), "{}");
}

TEST(RowEncoder, TextInDataIsAnObjectIfItIsJsonOfOne) {
  const std::vector<PostgresColumn> columns = {column("data", kJsonb)};
  EXPECT_EQ(data_of(columns, {{"data"}}, {R"({"a": 1})"}), R"({"a":1})");
  EXPECT_EQ(data_of(columns, {{"data"}}, {"123"}), R"("123")");
  EXPECT_EQ(data_of(columns, {{"data"}}, {"{broken"}), R"("{broken")");
}

// A list of that many numbers.
std::string list_of(std::size_t count) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += i == 0 ? "0" : ",0";
  return list + "]";
}

TEST(RowEncoder, JsonWithVeryManyValuesIsText) {
  const std::vector<PostgresColumn> columns = {column("body", kJsonb),
                                               column("data", kJsonb)};
  const std::string many = list_of(kMostJsonValues + 1);
  const std::string most = list_of(kMostJsonValues - 3);
  const auto data = [&](const std::string& json) {
    return data_of(columns, {{"data"}}, {Json{json}});
  };
  EXPECT_EQ(data(R"({"a":)" + most + "}"), R"({"a":)" + most + "}");
  EXPECT_EQ(data(R"({"a":1,"b:\"c":)" + many + R"(,"d":{"e":[2]}})"),
            R"({"a":1,"b:\"c":")" + many + R"(","d":{"e":[2]}})");
  const std::string some = list_of(kMostJsonValues - 7);
  EXPECT_EQ(data(R"({"a":)" + some + R"(,"b":["x","y"],"c":3})"),
            R"({"a":)" + some + R"(,"b":"[\"x\",\"y\"]","c":3})");
  EXPECT_EQ(data(many), "\"" + many + "\"");
  std::string members = "{";
  for (std::size_t i = 0; i < kMostJsonValues; ++i) members += "a:1,";
  EXPECT_EQ(data(members + "a:1}"), "\"" + members + "a:1}\"");
  // Strings may hold what looks like values.
  const std::string text =
      R"({"a":")" + std::string(3 * kMostJsonValues, ',') + "\"}";
  EXPECT_EQ(data(text), text);
  // A column of its own, and what fits none.
  EventEncoder encoder(columns);
  Rows rows({{"body"}, {"other"}});
  rows.add({Json{many}, Json{many}});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(fields_of(encoder)[0], "\1\"" + many + "\"");
  EXPECT_EQ(fields_of(encoder)[1], "\1{\"other\":\"" + many + "\"}");
}

TEST(RowEncoder, OfSamplesJsonStaysAsItIs) {
  const std::string many = list_of(kMostJsonValues + 1);
  Schema schema;
  RowEncoder encoder({column("body", kJsonb)}, kPostgresSamples, schema);
  Rows rows({{"body"}});
  rows.add({Json{many}});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(fields_of(encoder)[0], "\1" + many);
}

TEST(RowEncoder, WhatIsNoJsonIsNotReadBeyondItsEnd) {
  const std::vector<PostgresColumn> columns = {column("data", kJsonb)};
  for (const std::string_view end :
       {"", "\"", "\"\\", "{", "]}", "\"a\":", ","}) {
    const std::string broken =
        "{" + std::string(kMostJsonValues + 1, ',') + std::string(end);
    EXPECT_FALSE(data_of(columns, {{"data"}}, {Json{broken}}).empty());
  }
}

TEST(RowEncoder, WithoutDataWhatDoesNotFitIsReportedOnce) {
  EventEncoder encoder({column("n", kInt2), column("data", kInt4)});
  Rows rows({{"n"}, {"data"}});
  rows.add({70000, 5});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(encoder.schema.take_report(),
            "values that do not fit the column \"n\" are left out from now on");
  EXPECT_EQ(fields_of(encoder)[0], std::nullopt);
  EXPECT_EQ(hex(*fields_of(encoder)[1]), "00000005");
  ASSERT_OK(encoder.encode(rows, 0));
  EXPECT_FALSE(encoder.schema.has_report());
}

TEST(RowEncoder, FieldsForADataThatIsNotThereAreReported) {
  EventEncoder encoder({column("n", kInt2)});
  Rows rows({{"n"}, {"data"}});
  rows.add({1, Json{"{}"}}).add({1, Json{R"({"a":1})"}});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_FALSE(encoder.schema.has_report());
  ASSERT_OK(encoder.encode(rows, 1));
  EXPECT_NE(encoder.schema.take_report().find("no column \"data\""),
            std::string::npos);
}

TEST(RowEncoder, ARowThatFitsLeavesNoTraceOfTheOneBefore) {
  EventEncoder encoder({column("n", kInt2), column("data", kJsonb)});
  Rows rows({{"n"}, {"data"}});
  rows.add({70000, Json{"{}"}}).add({7, Json{"{}"}});
  ASSERT_OK(encode(encoder, rows));
  ASSERT_OK(encoder.encode(rows, 1));
  EXPECT_EQ(hex(*fields_of(encoder)[0]), "0007");
  EXPECT_EQ(fields_of(encoder)[1], "\1{}");
}

TEST(RowEncoder, NullsAreLeftOutWhereThereIsADefault) {
  std::vector<PostgresColumn> columns = {column("n", kInt4), column("m", kInt4),
                                         column("o", kInt4)};
  columns[0].has_default = true;
  EventEncoder encoder(columns);
  Rows rows({{"n"}, {"o"}});
  rows.add({1, 2}).add({nullptr, 3}).add({4, nullptr});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_TRUE(encoder.left_out().empty());
  EXPECT_EQ(encoder.parameter_count(), 3u);
  ASSERT_OK(encoder.encode(rows, 1));
  EXPECT_EQ(encoder.left_out(), std::vector<std::size_t>{0});
  ASSERT_EQ(encoder.parameter_count(), 2u);
  EXPECT_EQ(encoder.parameter_values()[0], nullptr);
  ASSERT_EQ(encoder.parameter_lengths()[1], 4);
  EXPECT_EQ(hex({encoder.parameter_values()[1], 4}), "00000003");
  Buffer tuple;
  encoder.append_tuple(&tuple);
  EXPECT_EQ(hex(tuple.view()), "0002ffffffff0000000400000003");
  ASSERT_OK(encoder.encode(rows, 2));
  EXPECT_TRUE(encoder.left_out().empty());
  tuple.clear();
  encoder.append_tuple(&tuple);
  EXPECT_EQ(hex(tuple.view()), "00030000000400000004ffffffffffffffff");
}

// ---- Names that an index has to hold

TEST(RowEncoder, LongEventsAreCutAndWholeInData) {
  for (const std::string_view key : {"event", "level"}) {
    const std::string whole = std::string(1999, 'x') + "\xC3\xA4" + "rest";
    EventEncoder encoder({column(key, kText), column("data", kJsonb)});
    Rows rows({{key}, {"data"}});
    rows.add({whole, Json{"{}"}});
    ASSERT_OK(encode(encoder, rows));
    // Not in the middle of a character.
    EXPECT_EQ(fields_of(encoder)[0], std::string(1999, 'x'));
    const auto data = nlohmann::json::parse(fields_of(encoder)[1]->substr(1));
    EXPECT_EQ(data.size(), 1u);
    EXPECT_EQ(data.value("_" + std::string(key) + "_full", ""), whole);
  }
}

TEST(RowEncoder, EventsOf2000BytesAreLeftAlone) {
  EventEncoder encoder({column("event", kText), column("data", kJsonb)});
  Rows rows({{"event"}});
  rows.add({std::string(2000, 'x')}).add({std::string(2001, 'x')});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(fields_of(encoder)[0]->size(), 2000u);
  EXPECT_EQ(fields_of(encoder)[1], "\1{}");
  ASSERT_OK(encoder.encode(rows, 1));
  EXPECT_EQ(fields_of(encoder)[0]->size(), 2000u);
  EXPECT_NE(fields_of(encoder)[1], "\1{}");
}

TEST(RowEncoder, BadBytesThatGrowWhenReplacedAreCutAsWell) {
  EventEncoder encoder({column("event", kText), column("data", kJsonb)});
  Rows rows({{"event"}});
  rows.add({std::string(1000, '\xFF')});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(fields_of(encoder)[0]->size(), 1998u);
}

TEST(RowEncoder, AnEventIsCutToItsColumn) {
  EventEncoder encoder({varchar("event", 3), column("data", kJsonb)});
  Rows rows({{"event"}});
  rows.add({"\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F"});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(fields_of(encoder)[0], "\xC3\xA4\xC3\xB6\xC3\xBC");
  EXPECT_EQ(fields_of(encoder)[1],
            "\1{\"_event_full\":\"\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F\"}");
}

TEST(RowEncoder, OtherTextsAreNotCut) {
  EventEncoder encoder({column("func", kText)});
  Rows rows({{"func"}});
  rows.add({std::string(5000, 'x')});
  ASSERT_OK(encode(encoder, rows));
  EXPECT_EQ(fields_of(encoder)[0]->size(), 5000u);
}

// ---- Arrays

TEST(ArrayEncoder, ArraysAreThoseOfTheDocumentation) {
  EventEncoder encoder({column("n", kInt4), column("t", kText)});
  ArrayEncoder arrays(encoder.columns());
  Rows rows({{"n"}, {"t"}});
  rows.add({1, "a"}).add({2, nullptr}).add({3, ""});
  encoder.match(rows);
  // Whatever was in it before is gone.
  for (int round = 0; round < 2; ++round) {
    arrays.clear();
    for (std::size_t i = 0; i < 3; ++i) {
      ASSERT_OK(encoder.encode(rows, i));
      arrays.add(encoder);
    }
    arrays.finish();
  }
  const auto array = [&](std::size_t i) {
    return hex({arrays.parameter_values()[i],
                static_cast<std::size_t>(arrays.parameter_lengths()[i])});
  };
  EXPECT_EQ(array(0),
            "00000001"
            "00000000"
            "00000017"
            "00000003"
            "00000001"
            "00000004"
            "00000001"
            "00000004"
            "00000002"
            "00000004"
            "00000003");
  EXPECT_EQ(array(1),
            "00000001"
            "00000001"
            "00000019"
            "00000003"
            "00000001"
            "00000001"
            "61"
            "ffffffff"
            "00000000");
}

TEST(ArrayEncoder, WithoutRowsArraysHaveNoDimension) {
  ArrayEncoder arrays({column("n", kInt4)});
  arrays.clear();
  arrays.finish();
  EXPECT_EQ(hex({arrays.parameter_values()[0],
                 static_cast<std::size_t>(arrays.parameter_lengths()[0])}),
            "000000000000000000000017");
}

}  // namespace
}  // namespace stogger
