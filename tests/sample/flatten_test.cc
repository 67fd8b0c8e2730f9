#include "sample/flatten.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/names.h"
#include "sample/sample_batch.h"
#include "stogger/join_status.h"

namespace stogger {
namespace {

constexpr Time kRequested{1000000000};
constexpr Time kReceived{1250000000};

std::vector<Field> flat(const Sample& sample) {
  std::vector<Field> row(kSampleColumns + sample.fields.size());
  row.resize(flatten(sample, row.data()));
  return row;
}

const Field* find(const std::vector<Field>& row, std::string_view name) {
  for (const Field& field : row) {
    if (field.key == name) return &field;
  }
  return nullptr;
}

TEST(FlattenTest, AllColumnsOfASampleAreThereInOrder) {
  const Field fields[] = {{"pressure", 14.7F}, {"valve", "open"}};
  const std::vector<Field> row = flat({.device = "mfc1",
                                       .unit_id = "A",
                                       .requested_at = kRequested,
                                       .received_at = kReceived,
                                       .fields = fields,
                                       .status = "HLD"});
  std::vector<std::string> names;
  for (const Field& field : row) names.emplace_back(field.key);
  EXPECT_EQ(names,
            (std::vector<std::string>{"device", "unit_id", "requested_at",
                                      "received_at", "midpoint_at", "latency_s",
                                      "pressure", "valve", "status"}));
  EXPECT_EQ(row[0].value.text(), "mfc1");
  EXPECT_EQ(row[1].value.text(), "A");
  EXPECT_EQ(row[2].value.time(), kRequested);
  EXPECT_EQ(row[3].value.time(), kReceived);
  EXPECT_EQ(row[4].value.time(), Time{1125000000});
  EXPECT_EQ(row[5].value.real(), 0.25);
  EXPECT_EQ(row[6].value.real(), 14.7);
  EXPECT_EQ(row[8].value.text(), "HLD");
}

TEST(FlattenTest, TheSamplesOwnTimeWinsOverThatOfTheFrame) {
  const Field fields[] = {{"received_at", Time{7}}, {"flow", 1}};
  const std::vector<Field> row =
      flat({.received_at = kReceived, .fields = fields});
  EXPECT_EQ(row.size(), kSampleColumns + 1);
  EXPECT_EQ(find(row, "received_at")->value.time(), kReceived);
}

TEST(FlattenTest, AStatusThatIsNotGivenIsAnEmptyText) {
  const std::vector<Field> row = flat({});
  ASSERT_EQ(row.back().key, "status");
  EXPECT_EQ(row.back().value.kind(), Kind::text);
  EXPECT_EQ(row.back().value.text(), "");
}

TEST(FlattenTest, NoFieldEchoesAnOwnColumnWhateverItsCase) {
  const Field fields[] = {{"Unit_ID", "B"}, {"DEVICE", "x"},   {"Status", "y"},
                          {"status", "z"},  {"flow", 2.0},     {"Latency_S", 1},
                          {"", 5},          {"midpoint_AT", 0}};
  const std::vector<Field> row = flat({.unit_id = "A", .fields = fields});
  EXPECT_EQ(row.size(), kSampleColumns + 2);
  for (std::size_t i = 0; i < row.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(equal_ignoring_case(row[i].key, row[j].key)) << row[i].key;
    }
  }
  EXPECT_EQ(find(row, "unit_id")->value.text(), "A");
  EXPECT_EQ(find(row, "status")->value.text(), "");
  EXPECT_EQ(find(row, "_")->value.integer(), 5);
}

TEST(FlattenTest, OfFieldsOfOneNameTheLastCounts) {
  const Field fields[] = {{"flow", 1}, {"more", 2}, {"flow", 3}};
  const std::vector<Field> row = flat({.fields = fields});
  EXPECT_EQ(row.size(), kSampleColumns + 2);
  EXPECT_EQ(find(row, "flow")->value.integer(), 3);
}

TEST(FlattenTest, ExtremeTimesDoNotOverflow) {
  const std::vector<Field> row =
      flat({.requested_at = Time{INT64_MIN}, .received_at = Time{INT64_MAX}});
  EXPECT_NEAR(row[5].value.real(), 18446744073.7, 0.1);
  EXPECT_LE(std::abs(row[4].value.time().ns), 1);
}

// SampleBatch keeps the same promises.

std::vector<std::string> names_of(const RowBatch& rows) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    names.emplace_back(rows.columns[i].name);
  }
  return names;
}

TEST(SampleBatchTest, RowsEqualWhatFlattenMakes) {
  std::string device = "mfc1";
  std::string valve = "open";
  const std::vector<Field> fields = {
      {"received_at", 1}, {"Status", 2}, {"flow", 1.5}, {"valve", valve},
      {"flow", 2.5},      {"", true},    {"status", 3}, {"data", Json{"[1]"}}};
  const Sample sample{.device = device,
                      .unit_id = "A",
                      .requested_at = kRequested,
                      .received_at = kReceived,
                      .fields = fields,
                      .status = "X"};
  SampleBatch batch;
  batch.add(sample);
  batch.add(sample);
  device = "gone";
  valve = "shut";
  const RowBatch rows = batch.rows(Time{5});
  const std::vector<Field> expected = flat(sample);
  ASSERT_EQ(rows.row_count, 2u);
  ASSERT_EQ(rows.column_count, expected.size());
  EXPECT_EQ(rows.now, Time{5});
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(rows.columns[i].name, expected[i].key);
      EXPECT_EQ(rows.at(row, i).kind(), expected[i].value.kind());
    }
    EXPECT_EQ(rows.at(row, 0).text(), "mfc1");
    EXPECT_EQ(rows.at(row, 6).real(), 2.5);
    EXPECT_EQ(rows.at(row, 7).text(), "open");
    EXPECT_EQ(rows.at(row, 10).text(), "X");
  }
}

TEST(SampleBatchTest, ColumnsComeInTheOrderOfFirstEncounter) {
  SampleBatch batch;
  const Field first[] = {{"a", 1}};
  const Field second[] = {{"b", 2}, {"a", 3}};
  const Field third[] = {{"c", Value()}};
  batch.add({.fields = first});
  batch.add({.fields = second, .status = "S"});
  batch.add({.fields = third});
  const RowBatch rows = batch.rows({});
  EXPECT_EQ(names_of(rows),
            (std::vector<std::string>{"device", "unit_id", "requested_at",
                                      "received_at", "midpoint_at", "latency_s",
                                      "a", "status", "b", "c"}));
  EXPECT_EQ(rows.at(0, 6).integer(), 1);
  EXPECT_TRUE(rows.at(0, 8).is_absent());
  EXPECT_TRUE(rows.at(0, 9).is_absent());
  EXPECT_EQ(rows.at(1, 6).integer(), 3);
  EXPECT_EQ(rows.at(1, 7).text(), "S");
  EXPECT_EQ(rows.at(1, 8).integer(), 2);
  EXPECT_TRUE(rows.at(2, 6).is_absent());
  EXPECT_TRUE(rows.at(2, 9).is_null());
  EXPECT_FALSE(rows.at(2, 9).is_absent());
}

TEST(SampleBatchTest, AThousandColumnsKeepTheirValues) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  SampleBatch batch;
  for (int row = 0; row < 3; ++row) {
    std::vector<Field> fields;
    for (int i = 0; i < 1000; ++i) {
      const int shuffled = (i * 7 + row) % 1000;
      fields.emplace_back(names[static_cast<std::size_t>(shuffled)],
                          shuffled * 10 + row);
    }
    batch.add({.fields = fields});
  }
  const RowBatch rows = batch.rows({});
  ASSERT_EQ(rows.column_count, 1007u);
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (rows.columns[i].name.front() != 'c') continue;
    const int number = std::stoi(std::string(rows.columns[i].name.substr(1)));
    for (std::size_t row = 0; row < 3; ++row) {
      EXPECT_EQ(rows.at(row, i).integer(), number * 10 + static_cast<int>(row));
    }
  }
}

TEST(SampleBatchTest, ClearedItBeginsAgain) {
  SampleBatch batch;
  const Field fields[] = {{"a", "some text"}};
  batch.add({.fields = fields});
  EXPECT_GT(batch.bytes(), 9u);
  batch.clear();
  EXPECT_EQ(batch.size(), 0u);
  EXPECT_LT(batch.bytes(), 8192u);
  batch.add({});
  EXPECT_EQ(batch.rows({}).column_count, kSampleColumns);
}

TEST(SampleBatchTest, WideningCountsForTheRowsThereAre) {
  SampleBatch batch;
  const Field few[] = {{"a", 1}};
  const Field more[] = {{"a", 1}, {"b", 2}, {"c", 3}};
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(batch.add({.fields = few}));
  const std::size_t before = batch.bytes();
  const std::size_t cells = 100 * 2 * sizeof(Value);
  EXPECT_FALSE(batch.add({.fields = more}, cells - 1));
  EXPECT_EQ(batch.size(), 100u);
  EXPECT_EQ(batch.rows({}).column_count, 8u);
  EXPECT_TRUE(batch.add({.fields = more}, cells));
  EXPECT_EQ(batch.size(), 101u);
  EXPECT_EQ(batch.rows({}).column_count, 10u);
  EXPECT_GE(batch.bytes(), before + cells);
}

TEST(JoinStatusTest, CodesAreSortedAndJoinedByCommas) {
  EXPECT_EQ(join_status({"OVERRANGE", "HOLD", "", "OVERRANGE", "ADC"}),
            "ADC,HOLD,OVERRANGE");
  EXPECT_EQ(join_status({"HOLD"}), "HOLD");
  EXPECT_EQ(join_status({}), "");
  EXPECT_EQ(join_status({"", ""}), "");
  const std::vector<std::string_view> codes = {"b", "a"};
  EXPECT_EQ(join_status(codes.data(), codes.size()), "a,b");
}

}  // namespace
}  // namespace stogger
