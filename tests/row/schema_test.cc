#include "row/schema.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "base/utf8.h"

namespace stogger {
namespace {

// A batch that owns what it is made of.
class Batch {
 public:
  explicit Batch(std::vector<std::string> names) : names_(std::move(names)) {}
  Batch& row(std::initializer_list<Value> values) {
    values_.insert(values_.end(), values);
    ++rows_;
    return *this;
  }
  operator RowBatch() const {  // NOLINT: it is one
    // Only now: copies have names of their own.
    columns_.clear();
    for (const std::string& name : names_) columns_.push_back({name});
    RowBatch batch;
    batch.columns = columns_.data();
    batch.column_count = columns_.size();
    batch.values = values_.data();
    batch.row_count = rows_;
    return batch;
  }

 private:
  std::vector<std::string> names_;
  mutable std::vector<Column> columns_;
  std::vector<Value> values_;
  std::size_t rows_ = 0;
};

Kind inferred_kind(std::initializer_list<Value> values) {
  Batch batch({"x"});
  for (const Value& value : values) batch.row({value});
  Schema schema;
  EXPECT_TRUE(schema.set_from(batch).ok());
  return schema.columns().at(0).kind;
}

TEST(SchemaTest, ColumnsKeepTheOrderOfTheFirstBatch) {
  Schema schema;
  ASSERT_TRUE(schema.set_from(Batch({"b", "a", "c"}).row({1, 2, 3})).ok());
  ASSERT_EQ(schema.columns().size(), 3u);
  EXPECT_EQ(schema.columns()[0].name, "b");
  EXPECT_EQ(schema.columns()[2].name, "c");
  EXPECT_EQ(schema.wanted().columns[1].name, "a");
}

TEST(SchemaTest, KindsFollowTheValues) {
  EXPECT_EQ(inferred_kind({1, 2}), Kind::integer);
  EXPECT_EQ(inferred_kind({1.5, 2.0}), Kind::real);
  EXPECT_EQ(inferred_kind({1, 2.5}), Kind::real);
  EXPECT_EQ(inferred_kind({2.5, 1}), Kind::real);
  EXPECT_EQ(inferred_kind({true, nullptr, false}), Kind::boolean);
  EXPECT_EQ(inferred_kind({Time{1}, Time{2}}), Kind::time);
  EXPECT_EQ(inferred_kind({Json{"{}"}, Json{"[]"}}), Kind::json);
  EXPECT_EQ(inferred_kind({"a", "b"}), Kind::text);
}

TEST(SchemaTest, OtherMixesBecomeText) {
  EXPECT_EQ(inferred_kind({1, "a"}), Kind::text);
  EXPECT_EQ(inferred_kind({true, 1}), Kind::text);
  EXPECT_EQ(inferred_kind({Time{1}, 1.5}), Kind::text);
  EXPECT_EQ(inferred_kind({Json{"1"}, 1}), Kind::text);
  EXPECT_EQ(inferred_kind({1, "a", 1}), Kind::text);
}

TEST(SchemaTest, IntegersBeyondInt64BecomeText) {
  EXPECT_EQ(inferred_kind({UINT64_MAX}), Kind::text);
  EXPECT_EQ(inferred_kind({1, UINT64_MAX}), Kind::text);
  EXPECT_EQ(inferred_kind({UINT64_MAX, 1.5}), Kind::real);
}

TEST(SchemaTest, NullsAloneMakeAText) {
  EXPECT_EQ(inferred_kind({nullptr, nullptr}), Kind::text);
}

TEST(SchemaTest, ColumnsMayBeForEveryKind) {
  Schema schema({.any_kind = true});
  const Batch first = Batch({"a", "b"}).row({1, Time{0}});
  ASSERT_TRUE(schema.set_from(first).ok());
  EXPECT_EQ(schema.columns()[0].kind, Kind::null);
  schema.match(first);
  EXPECT_EQ(schema.value(first, 0, 1).time(), Time{0});
}

TEST(SchemaTest, DeclaredColumnsAreMadeWhateverIsInTheBatch) {
  Schema schema({}, {{"late", Kind::real}, {"flow", Kind::text}});
  const Batch first = Batch({"flow", "n"}).row({1, 2});
  ASSERT_TRUE(schema.set_from(first).ok());
  ASSERT_EQ(schema.columns().size(), 3u);
  EXPECT_EQ(schema.columns()[0].name, "flow");
  EXPECT_EQ(schema.columns()[0].kind, Kind::text);
  EXPECT_EQ(schema.columns()[1].kind, Kind::integer);
  EXPECT_EQ(schema.columns()[2].name, "late");
  EXPECT_EQ(schema.columns()[2].kind, Kind::real);
  schema.match(first);
  EXPECT_EQ(schema.value(first, 0, 0).text(), "1");
  EXPECT_TRUE(schema.value(first, 0, 2).is_null());
  const Batch later = Batch({"n", "late"}).row({3, 4});
  schema.match(later);
  EXPECT_EQ(schema.value(later, 0, 2).real(), 4.0);
  EXPECT_FALSE(schema.has_report());
}

TEST(SchemaTest, DeclaredNamesStayUniqueAmongThoseOfTheBatch) {
  Schema schema({.ignore_case = true},
                {{"FLOW", Kind::real}, {"Flow_2", Kind::real}});
  const Batch first = Batch({"flow", "Flow"}).row({1, 2});
  ASSERT_TRUE(schema.set_from(first).ok());
  ASSERT_EQ(schema.columns().size(), 3u);
  EXPECT_EQ(schema.columns()[1].name, "Flow_2");
  EXPECT_EQ(schema.columns()[1].kind, Kind::real);
  EXPECT_EQ(schema.columns()[2].name, "Flow_2_2");
}

TEST(SchemaTest, DeclaredColumnsHaveRoomInALargeFirstBatch) {
  std::vector<std::string> names;
  for (int i = 0; i < 1700; ++i) names.push_back("c" + std::to_string(i));
  const Batch batch(names);
  const std::vector<Value> values(1700, Value(1));
  RowBatch rows = batch;
  rows.values = values.data();
  rows.row_count = 1;
  Schema schema({}, {{"c1699", Kind::real}, {"late", Kind::real}});
  ASSERT_TRUE(schema.set_from(rows).ok());
  EXPECT_EQ(schema.columns().size(), 1600u);
  schema.match(rows);
  EXPECT_EQ(schema.value(rows, 0, 1598).real(), 1.0);
}

TEST(SchemaTest, ColumnsCanBeAddedForABatchThatHasNewOnes) {
  Schema schema({.ignore_case = true});
  ASSERT_TRUE(schema.set_from(Batch({"a"}).row({1})).ok());
  const Batch later = Batch({"b", "a", "B"}).row({2.5, 3, "text"});
  schema.find(later);
  ASSERT_TRUE(schema.has_unplaced());
  schema.add_unplaced(later);
  ASSERT_EQ(schema.columns().size(), 3u);
  EXPECT_EQ(schema.columns()[1].kind, Kind::real);
  EXPECT_EQ(schema.wanted().columns[0].name, "a");
  EXPECT_EQ(schema.wanted().columns[2].name, "B_2");
  schema.match(later);
  EXPECT_EQ(schema.value(later, 0, 0).integer(), 3);
  EXPECT_EQ(schema.value(later, 0, 1).real(), 2.5);
  EXPECT_EQ(schema.value(later, 0, 2).text(), "text");
  EXPECT_FALSE(schema.has_report());
}

TEST(SchemaTest, NoMoreColumnsAreAddedThanATableTakes) {
  Schema schema;
  ASSERT_TRUE(schema.set_from(Batch({"a"}).row({1})).ok());
  std::vector<std::string> names;
  for (int i = 0; i < 1700; ++i) names.push_back("c" + std::to_string(i));
  const Batch batch(names);
  const std::vector<Value> values(1700, Value(1));
  RowBatch rows = batch;
  rows.values = values.data();
  rows.row_count = 1;
  schema.find(rows);
  schema.add_unplaced(rows);
  EXPECT_EQ(schema.columns().size(), 1600u);
  EXPECT_FALSE(schema.has_room());
  schema.match(rows);
  EXPECT_TRUE(schema.has_report());
}

TEST(SchemaTest, WithoutColumnsItIsNotSet) {
  Schema schema;
  EXPECT_EQ(schema.set_from(Batch({"x"})).code(), Code::invalid);
  EXPECT_EQ(schema.set_from(Batch({}).row({})).code(), Code::invalid);
  EXPECT_EQ(schema.set({}).code(), Code::invalid);
  EXPECT_FALSE(schema.is_set());
}

TEST(SchemaTest, TheStandardColumnsAreSix) {
  const std::vector<SchemaColumn> columns = standard_schema();
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_EQ(columns[0].name, "timestamp");
  EXPECT_EQ(columns[0].kind, Kind::time);
  EXPECT_EQ(columns[5].name, "data");
  const std::vector<SchemaColumn> more =
      standard_schema(Kind::text, {{"service", Kind::text}});
  ASSERT_EQ(more.size(), 7u);
  EXPECT_EQ(more[0].kind, Kind::text);
  EXPECT_EQ(more[6].name, "service");
}

TEST(SchemaTest, ColumnsOfTheSameNamesMayBeOfOtherKinds) {
  Schema schema({.ignore_case = true});
  const Batch first = Batch({"flow", "FLOW"}).row({1, 2});
  ASSERT_TRUE(schema.set_from(first).ok());
  ASSERT_TRUE(
      schema.set({{"flow", Kind::integer}, {"FLOW_2", Kind::text}}).ok());
  EXPECT_EQ(schema.columns()[1].kind, Kind::text);
  EXPECT_EQ(schema.wanted().columns[1].kind, Kind::text);
  // Which name a column was made of is still known.
  const Batch later = Batch({"FLOW"}).row({3});
  schema.match(later);
  EXPECT_TRUE(schema.value(later, 0, 0).is_null());
  EXPECT_EQ(schema.value(later, 0, 1).text(), "3");
}

TEST(SchemaTest, ABatchOfItsOwnColumnsIsMatchedInTheirOrder) {
  Schema schema;
  ASSERT_TRUE(schema.set({{"a", Kind::integer}, {"b", Kind::integer}}).ok());
  const Batch other = Batch({"b", "a"}).row({2, 1});
  RowBatch own = schema.wanted();
  const Value values[] = {1, 2};
  own.values = values;
  own.row_count = 1;
  for (int i = 0; i < 2; ++i) {
    schema.match(own);
    EXPECT_EQ(schema.value(own, 0, 0).integer(), 1);
    EXPECT_EQ(schema.value(own, 0, 1).integer(), 2);
    const RowBatch rows = other;
    schema.match(rows);
    EXPECT_EQ(schema.value(rows, 0, 0).integer(), 1);
    EXPECT_EQ(schema.value(rows, 0, 1).integer(), 2);
  }
  EXPECT_TRUE(schema.take_report().empty());
}

TEST(SchemaTest, OnceItIsClearedAnotherBatchMakesTheColumns) {
  Schema schema;
  ASSERT_TRUE(schema.set_from(Batch({"x"}).row({1})).ok());
  schema.clear();
  EXPECT_FALSE(schema.is_set());
  ASSERT_TRUE(schema.set_from(Batch({"y"}).row({1})).ok());
  EXPECT_EQ(schema.columns()[0].name, "y");
}

class SchemaOfABatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Batch first = Batch({"device", "flow", "count", "open", "at", "more"})
                            .row({"mfc1", 1.5, 7, true, Time{0}, Json{"{}"}});
    ASSERT_TRUE(schema_.set_from(first).ok());
  }
  // The values of a batch of one row, by column of the table.
  std::vector<Value> project(const RowBatch& rows) {
    schema_.match(rows);
    std::vector<Value> values;
    for (std::size_t i = 0; i < schema_.columns().size(); ++i) {
      values.push_back(schema_.value(rows, 0, i));
    }
    return values;
  }
  // What becomes of one value in the column of that name.
  Value fit(std::string_view name, const Value& value) {
    batch_ = Batch({std::string(name)}).row({value});
    const std::vector<Value> values = project(batch_);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (schema_.columns()[i].name == name) return values[i];
    }
    return {};
  }

  Schema schema_;
  Batch batch_{{}};
};

TEST_F(SchemaOfABatchTest, MissingColumnsAreNull) {
  const Batch later = Batch({"flow"}).row({2.5});
  const std::vector<Value> values = project(later);
  EXPECT_TRUE(values[0].is_null());
  EXPECT_EQ(values[1].real(), 2.5);
  EXPECT_TRUE(values[5].is_null());
  EXPECT_TRUE(schema_.take_report().empty());
}

TEST_F(SchemaOfABatchTest, ColumnsAreFoundInAnyOrder) {
  const Batch later = Batch({"count", "flow", "device"}).row({3, 2.5, "b"});
  const std::vector<Value> values = project(later);
  EXPECT_EQ(values[0].text(), "b");
  EXPECT_EQ(values[1].real(), 2.5);
  EXPECT_EQ(values[2].integer(), 3);
}

TEST_F(SchemaOfABatchTest, UnknownColumnsAreReportedOnceEach) {
  project(Batch({"zz", "flow"}).row({1, 1.0}));
  const std::string first = schema_.take_report();
  EXPECT_NE(first.find("\"zz\""), std::string_view::npos);
  project(Batch({"zz", "flow"}).row({1, 1.0}));
  EXPECT_TRUE(schema_.take_report().empty());
  project(Batch({"Zz", "zz"}).row({1, 1.0}));
  const std::string other_case = schema_.take_report();
  EXPECT_NE(other_case.find("\"Zz\""), std::string_view::npos);
  EXPECT_EQ(other_case.find("\"zz\""), std::string_view::npos);
}

TEST_F(SchemaOfABatchTest, TheSecondColumnOfANameIsDropped) {
  const Batch twice = Batch({"count", "count"}).row({1, 2});
  EXPECT_EQ(project(twice)[2].integer(), 1);
  EXPECT_FALSE(schema_.take_report().empty());
}

TEST_F(SchemaOfABatchTest, NumbersConvertWhereNothingIsLost) {
  EXPECT_EQ(fit("flow", 3).real(), 3.0);
  EXPECT_EQ(fit("flow", (std::int64_t{1} << 53) + 2).real(),
            9007199254740994.0);
  EXPECT_EQ(fit("flow", INT64_MIN).real(), -9223372036854775808.0);
  EXPECT_EQ(fit("flow", UINT64_MAX - 2047).real(), 18446744073709549568.0);
  EXPECT_EQ(fit("count", 3.0).integer(), 3);
  EXPECT_EQ(fit("count", true).integer(), 1);
  EXPECT_EQ(fit("count", -9223372036854775808.0).integer(), INT64_MIN);
  EXPECT_TRUE(schema_.take_report().empty());
}

TEST_F(SchemaOfABatchTest, WhatDoesNotFitIsNullAndReportedOnceAColumn) {
  EXPECT_TRUE(fit("count", 3.5).is_null());
  EXPECT_TRUE(fit("count", UINT64_MAX).is_null());
  EXPECT_TRUE(fit("count", 9223372036854775808.0).is_null());
  EXPECT_TRUE(fit("count", __builtin_nan("")).is_null());
  EXPECT_TRUE(fit("flow", "fast").is_null());
  EXPECT_TRUE(fit("open", 1).is_null());
  EXPECT_TRUE(fit("at", "2026-11-21T00:00:00Z").is_null());
  const std::string report = schema_.take_report();
  EXPECT_NE(report.find("the column \"count\" holds integers"),
            std::string_view::npos);
  EXPECT_NE(report.find("such as reals"), std::string_view::npos);
  fit("count", 4.5);
  EXPECT_TRUE(schema_.take_report().empty());
}

TEST_F(SchemaOfABatchTest, IntegersThatNoRealEqualsAreNullAndReported) {
  EXPECT_TRUE(fit("flow", (std::int64_t{1} << 53) + 1).is_null());
  EXPECT_TRUE(fit("flow", INT64_MAX).is_null());
  EXPECT_TRUE(fit("flow", -(std::int64_t{1} << 53) - 1).is_null());
  EXPECT_TRUE(fit("flow", UINT64_MAX).is_null());
  EXPECT_NE(schema_.take_report().find(
                "the column \"flow\" holds reals: values that do not fit are "
                "left out from now on, such as integers that no real equals"),
            std::string_view::npos);
}

TEST_F(SchemaOfABatchTest, TextTakesEverything) {
  EXPECT_EQ(fit("device", 12).text(), "12");
  EXPECT_EQ(fit("device", UINT64_MAX).text(), "18446744073709551615");
  EXPECT_EQ(fit("device", 1.5).text(), "1.5");
  EXPECT_EQ(fit("device", false).text(), "false");
  EXPECT_EQ(fit("device", Time{1500}).text(), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(fit("device", Json{"[1]"}).text(), "[1]");
}

TEST_F(SchemaOfABatchTest, JsonTakesEverything) {
  EXPECT_EQ(fit("more", "a\"b").text(), "\"a\\\"b\"");
  EXPECT_EQ(fit("more", 5).text(), "5");
}

TEST_F(SchemaOfABatchTest, OfManyUnknownColumnsEachIsReported) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) {
    names.push_back("an unknown column " + std::to_string(i));
  }
  const std::vector<Value> values(200, Value(1));
  const Batch batch(names);
  RowBatch rows = batch;
  rows.values = values.data();
  rows.row_count = 1;
  project(rows);
  const std::string report = schema_.take_report();
  for (const std::string& name : names) {
    EXPECT_NE(report.find('"' + name + '"'), std::string_view::npos);
  }
  project(rows);
  EXPECT_TRUE(schema_.take_report().empty());
}

TEST_F(SchemaOfABatchTest, OneReportNamesAllThatWasLost) {
  project(Batch({"x", "y", "flow", "z"}).row({1, 2, "fast", 3}));
  EXPECT_EQ(schema_.take_report(),
            "there is no column \"x\", \"y\" or \"z\": what was not in the "
            "first batch or is not in the table is dropped from now on; the "
            "column \"flow\" holds reals: values that do not fit are left out "
            "from now on, such as texts");
}

TEST_F(SchemaOfABatchTest, NewNamesWithoutEndAreNotKeptForEver) {
  std::size_t reports = 0;
  std::string last;
  for (int i = 0; i < 3000; ++i) {
    project(Batch({"new" + std::to_string(i)}).row({1}));
    const std::string report = schema_.take_report();
    if (report.empty()) continue;
    ++reports;
    last = report;
  }
  EXPECT_EQ(reports, 1000u);
  EXPECT_TRUE(last.ends_with("; no more names will be reported")) << last;
}

TEST(SchemaTest, NamesThatDifferInCaseAreDistinguished) {
  Schema schema({.ignore_case = true});
  const Batch first = Batch({"t", "T", "t_2", "x"}).row({1, 2, 3, 4});
  ASSERT_TRUE(schema.set_from(first).ok());
  EXPECT_EQ(schema.columns()[0].name, "t");
  EXPECT_EQ(schema.columns()[1].name, "T_2");
  EXPECT_EQ(schema.columns()[2].name, "t_2_2");
  const Batch later = Batch({"T", "t", "X"}).row({20, 10, 40});
  schema.match(later);
  EXPECT_EQ(schema.value(later, 0, 0).integer(), 10);
  EXPECT_EQ(schema.value(later, 0, 1).integer(), 20);
  EXPECT_TRUE(schema.value(later, 0, 2).is_null());
  EXPECT_EQ(schema.value(later, 0, 3).integer(), 40);
}

// The values of the only row, by column of the table.
std::vector<std::int64_t> integers_in(Schema& schema, const RowBatch& rows) {
  schema.match(rows);
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < schema.columns().size(); ++i) {
    const Value value = schema.value(rows, 0, i);
    values.push_back(value.is_null() ? 0 : value.integer());
  }
  return values;
}

// 0 stands for null.
using Integers = std::vector<std::int64_t>;

void set_integers(Schema& schema, std::initializer_list<std::string> names) {
  std::vector<SchemaColumn> columns;
  for (const std::string& name : names) {
    columns.push_back({name, Kind::integer});
  }
  ASSERT_TRUE(schema.set(columns).ok());
}

TEST(SchemaTest, TheExactNameGoesBeforeOneOfAnotherCase) {
  Schema schema({.ignore_case = true});
  ASSERT_TRUE(schema.set_from(Batch({"flow", "Flow"}).row({1, 2})).ok());
  EXPECT_EQ(integers_in(schema, Batch({"Flow"}).row({3})), (Integers{0, 3}));
  EXPECT_EQ(integers_in(schema, Batch({"flow"}).row({4})), (Integers{4, 0}));
  EXPECT_EQ(integers_in(schema, Batch({"FLOW"}).row({5})), (Integers{5, 0}));
  EXPECT_EQ(integers_in(schema, Batch({"FLOW", "Flow", "flow"}).row({5, 6, 7})),
            (Integers{7, 6}));
  EXPECT_NE(schema.take_report().find("\"FLOW\""), std::string_view::npos);
}

TEST(SchemaTest, ATableFindsTheNamesThatItsCaseMadeItChange) {
  Schema schema({.ignore_case = true});
  set_integers(schema, {"flow", "Flow_2", "Other"});
  EXPECT_EQ(integers_in(schema, Batch({"Flow"}).row({3})), (Integers{0, 3, 0}));
  EXPECT_EQ(
      integers_in(schema, Batch({"Flow", "other", "flow"}).row({3, 4, 5})),
      (Integers{5, 3, 4}));
  EXPECT_EQ(integers_in(schema, Batch({"FLOW"}).row({6})), (Integers{6, 0, 0}));
  EXPECT_TRUE(schema.take_report().empty());
}

TEST(SchemaTest, ANumberInAColumnsNameAloneSaysNothing) {
  Schema schema({.ignore_case = true});
  set_integers(schema, {"flow_2"});
  EXPECT_EQ(integers_in(schema, Batch({"flow"}).row({1})), Integers{0});
  EXPECT_FALSE(schema.take_report().empty());
}

TEST(SchemaTest, ATableFindsTheNamesThatWereMadeValid) {
  Schema schema;
  set_integers(schema, {"c\xEF\xBF\xBD", "c\xEF\xBF\xBD_2"});
  EXPECT_EQ(integers_in(schema, Batch({"c\xff", "c\xfe"}).row({1, 2})),
            (Integers{1, 2}));
  // From now on it is known which is which.
  EXPECT_EQ(integers_in(schema, Batch({"c\xfe"}).row({3})), (Integers{0, 3}));
  EXPECT_TRUE(schema.take_report().empty());
  EXPECT_EQ(integers_in(schema, Batch({"c\xfd"}).row({3})), (Integers{0, 0}));
  EXPECT_FALSE(schema.take_report().empty());
}

TEST(SchemaTest, ATableFindsTheNamesThatWereCut) {
  Schema schema({.longest_name = 16});
  set_integers(schema, {std::string(16, 'n'), std::string(14, 'n') + "_2"});
  const Batch both =
      Batch({std::string(20, 'n'), std::string(21, 'n')}).row({1, 2});
  EXPECT_EQ(integers_in(schema, both), (Integers{1, 2}));
  const Batch second = Batch({std::string(21, 'n')}).row({3});
  EXPECT_EQ(integers_in(schema, second), (Integers{0, 3}));
  EXPECT_TRUE(schema.take_report().empty());
}

TEST(SchemaTest, AColumnWhoseNameIsThereIsNotTakenForAnother) {
  Schema schema({.longest_name = 16});
  set_integers(schema, {std::string(16, 'n')});
  EXPECT_EQ(integers_in(schema, Batch({std::string(16, 'n')}).row({1})),
            Integers{1});
  EXPECT_EQ(integers_in(schema, Batch({std::string(20, 'n')}).row({2})),
            Integers{0});
  EXPECT_FALSE(schema.take_report().empty());
}

TEST(SchemaTest, NamesAreDifferentWhereCaseCounts) {
  Schema schema;
  ASSERT_TRUE(schema.set_from(Batch({"t", "T"}).row({1, 2})).ok());
  EXPECT_EQ(schema.columns()[1].name, "T");
}

TEST(SchemaTest, NamesAreMadeValid) {
  Schema schema;
  const Batch first = Batch({std::string("a\0b", 3), "c\xff"}).row({1, 2});
  ASSERT_TRUE(schema.set_from(first).ok());
  EXPECT_EQ(schema.columns()[0].name,
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(schema.columns()[1].name, "c\xEF\xBF\xBD");
  schema.match(first);
  EXPECT_EQ(schema.value(first, 0, 1).integer(), 2);
}

TEST(SchemaTest, TimesBecomeTextIfAskedFor) {
  Schema schema({.times_as_text = true});
  const Batch first = Batch({"at"}).row({Time{0}});
  ASSERT_TRUE(schema.set_from(first).ok());
  schema.match(first);
  EXPECT_EQ(schema.columns()[0].kind, Kind::text);
  EXPECT_EQ(schema.value(first, 0, 0).text(), "1970-01-01T00:00:00.000000Z");
}

TEST(SchemaTest, AnExistingTableIsTakenAsItIs) {
  Schema schema;
  ASSERT_TRUE(schema.set({{"flow", Kind::real}, {"any", Kind::null}}).ok());
  const Batch rows = Batch({"any", "flow"}).row({"x", 1});
  schema.match(rows);
  EXPECT_EQ(schema.value(rows, 0, 0).real(), 1.0);
  EXPECT_EQ(schema.value(rows, 0, 1).text(), "x");
}

TEST(SchemaTest, AThousandColumnsAreTakenAndFound) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  const Batch batch(names);
  const std::vector<Value> values(1000, Value(1));
  RowBatch rows = batch;
  rows.values = values.data();
  rows.row_count = 1;
  Schema schema;
  ASSERT_TRUE(schema.set_from(rows).ok());
  schema.match(rows);
  EXPECT_EQ(schema.value(rows, 0, 999).integer(), 1);
}

// Names of letters that differ in case only: number `i` of them.
std::string case_variant(std::size_t i) {
  std::string name;
  for (std::size_t bit = 0; bit < 11; ++bit) {
    name += (i >> bit & 1) != 0 ? 'A' : 'a';
  }
  return name;
}

class ManyNames {
 public:
  explicit ManyNames(std::vector<std::string> names)
      : names_(std::move(names)), values_(names_.size(), Value(1)) {
    for (const std::string& name : names_) columns_.push_back({name});
  }
  operator RowBatch() const {  // NOLINT: it is one
    return {columns_.data(), columns_.size(), values_.data(), 1, Time{}};
  }
  std::size_t size() const { return names_.size(); }
  const std::string& operator[](std::size_t i) const { return names_[i]; }

 private:
  std::vector<std::string> names_;
  std::vector<Column> columns_;
  std::vector<Value> values_;
};

// The rule as it reads, which tries every number.
std::vector<std::string> unique_names(const ManyNames& names,
                                      const SchemaOptions& options) {
  const std::size_t most =
      options.longest_name == 0 ? SIZE_MAX : options.longest_name;
  const auto fold = [&](const std::string& name) {
    return options.ignore_case ? folded(name) : name;
  };
  std::set<std::string> taken;
  std::vector<std::string> unique;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name(utf8_prefix(names[i], most));
    for (int number = 2; taken.count(fold(name)) != 0; ++number) {
      const std::string suffix = "_" + std::to_string(number);
      name = std::string(utf8_prefix(names[i], most - suffix.size())) + suffix;
    }
    taken.insert(fold(name));
    unique.push_back(name);
  }
  return unique;
}

void expect_rule(const ManyNames& names, const SchemaOptions& options,
                 bool has_numbers = false) {
  Schema schema(options);
  ASSERT_TRUE(schema.set_from(names).ok());
  const std::vector<std::string> expected = unique_names(names, options);
  std::vector<SchemaColumn> columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ(schema.columns()[i].name, expected[i]);
    columns.push_back({expected[i], Kind::integer});
  }
  schema.match(names);
  EXPECT_TRUE(schema.take_report().empty());
  // Who finds the table knows it again, but for names that are both given and
  // made.
  if (has_numbers) return;
  Schema later(options);
  ASSERT_TRUE(later.set(columns).ok());
  later.match(names);
  EXPECT_TRUE(later.take_report().empty());
}

TEST(SchemaTest, ManyNamesAlikeFollowTheRule) {
  std::vector<std::string> variants;
  std::vector<std::string> long_names;
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < 300; ++i) {
    variants.push_back(case_variant(i * 5));
    long_names.push_back(std::string(63, 'n') + std::to_string(i));
    mixed.push_back(std::string(58, 'n') + std::to_string(i % 40 + 100) +
                    case_variant(i));
    if (i % 7 == 0) mixed.push_back("a_" + std::to_string(i));
    if (i % 3 == 0) mixed.push_back(i % 2 == 0 ? "a" : "A");
  }
  expect_rule(ManyNames(variants), {.ignore_case = true});
  expect_rule(ManyNames(long_names), {.longest_name = 63});
  expect_rule(ManyNames(mixed), {.longest_name = 63}, true);
  expect_rule(ManyNames(mixed), {.ignore_case = true, .longest_name = 63},
              true);
  expect_rule(ManyNames(mixed), {.ignore_case = true}, true);
}

// With a comparison of every two names for every number, this took minutes.
TEST(SchemaTest, NamesAlikeCostNoMoreThanOthers) {
  std::vector<std::string> variants;
  std::vector<std::string> long_names;
  for (std::size_t i = 0; i < 1600; ++i) {
    variants.push_back(case_variant(i));
    long_names.push_back(std::string(63, 'n') + std::to_string(i));
  }
  for (const SchemaOptions& options : {SchemaOptions{.ignore_case = true},
                                       SchemaOptions{.longest_name = 63}}) {
    const ManyNames names(options.ignore_case ? variants : long_names);
    Schema schema(options);
    ASSERT_TRUE(schema.set_from(names).ok());
    const std::vector<SchemaColumn> columns = schema.columns();
    for (int i = 0; i < 50; ++i) schema.match(names);
    Schema later(options);
    ASSERT_TRUE(later.set(columns).ok());
    for (int i = 0; i < 50; ++i) later.match(names);
  }
}

TEST(SchemaTest, MoreColumnsThanATableTakesAreReportedOnce) {
  std::vector<std::string> names;
  for (int i = 0; i < 1900; ++i) names.push_back("c" + std::to_string(i));
  const ManyNames batch(names);
  Schema schema;
  ASSERT_TRUE(schema.set_from(batch).ok());
  EXPECT_EQ(schema.columns().size(), 1600u);
  EXPECT_EQ(schema.columns().back().name, "c1599");
  schema.match(batch);
  EXPECT_EQ(schema.take_report(),
            "the first batch has 1900 columns, of which a table takes 1600: "
            "the others, the first of which is \"c1600\", are dropped from now "
            "on");
  schema.match(batch);
  EXPECT_TRUE(schema.take_report().empty());
  EXPECT_EQ(schema.value(batch, 0, 1599).integer(), 1);
}

}  // namespace
}  // namespace stogger
