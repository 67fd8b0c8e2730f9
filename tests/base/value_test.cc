#include "stogger/value.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/value_capture.h"

namespace stogger {

// User types: the customisation point is found in their own namespace.
namespace shop {

struct OrderId {
  int number;
};
void write_value(ValueWriter& out, const OrderId& id) { out.set(id.number); }

struct Customer {
  std::string name;
  OrderId order;
};
void write_value(ValueWriter& out, const Customer& customer) {
  out.append(customer.name);
  out.append("/");
  out.append(std::to_string(customer.order.number));
}

struct Wrapped {
  OrderId inner;
};
void write_value(ValueWriter& out, const Wrapped& wrapped) {
  out.set(wrapped.inner);
}

struct Silent {};
void write_value(ValueWriter&, const Silent&) {}

struct Throwing {};
void write_value(ValueWriter& out, const Throwing&) {
  out.append("half of it");
  throw std::runtime_error("no such customer");
}

struct ThrowingAnything {};
void write_value(ValueWriter&, const ThrowingAnything&) { throw 42; }

struct Endless {};
void write_value(ValueWriter& out, const Endless& endless) { out.set(endless); }

struct Changing {};
void write_value(ValueWriter& out, const Changing&) {
  out.append("first");
  out.set(7);
  out.append("la");
  out.append("st");
}

struct AsJson {};
void write_value(ValueWriter& out, const AsJson&) {
  const std::string temporary = "{\"a\":1}";
  out.set(Json{temporary});
}

// Puts JSON together.
struct Basket {
  OrderId order;
  std::string note;
};
void write_value(ValueWriter& out, const Basket& basket) {
  out.append("replaced");
  out.append_json("{\"order\":");
  out.append_json_value(basket.order);
  out.append_json(",\"note\":");
  out.append_json_value(basket.note);
  out.append_json("}");
}

struct JsonThenText {};
void write_value(ValueWriter& out, const JsonThenText&) {
  out.append_json("[");
  out.append("text");
}

struct ArrayOfItself {};
void write_value(ValueWriter& out, const ArrayOfItself& self) {
  out.append_json("[");
  out.append_json_value(self);
  out.append_json("]");
}

struct LongJson {};
void write_value(ValueWriter& out, const LongJson&) {
  for (int i = 0; i < 10; ++i) {
    out.append_json_value("123456");
    out.append_json(",");
  }
}

struct ConvertsToText {
  std::string text;
  operator std::string_view() const { return text; }
};

}  // namespace shop

namespace {

Value resolve(const Value& value, Arena& arena) {
  return ValueCapture::resolve(value, arena);
}

TEST(ValueTest, EveryIntegerTypeKeepsItsValue) {
  EXPECT_EQ(Value(static_cast<signed char>(-5)).integer(), -5);
  EXPECT_EQ(Value(static_cast<unsigned char>(200)).integer(), 200);
  EXPECT_EQ(Value(static_cast<short>(-300)).integer(), -300);
  EXPECT_EQ(Value(static_cast<unsigned short>(60000)).integer(), 60000);
  EXPECT_EQ(Value(-70000).integer(), -70000);
  EXPECT_EQ(Value(4000000000u).integer(), 4000000000);
  EXPECT_EQ(Value(std::numeric_limits<long>::min()).integer(), INT64_MIN);
  EXPECT_EQ(Value(std::numeric_limits<long long>::max()).integer(), INT64_MAX);
  EXPECT_EQ(Value(std::size_t{7}).kind(), Kind::integer);
}

TEST(ValueTest, OnlyWhatDoesNotFitAnInt64IsUnsigned) {
  const auto most = static_cast<std::uint64_t>(INT64_MAX);
  EXPECT_EQ(Value(most).kind(), Kind::integer);
  EXPECT_EQ(Value(most + 1).kind(), Kind::unsigned_integer);
  EXPECT_EQ(Value(most + 1).unsigned_integer(), most + 1);
  EXPECT_EQ(Value(UINT64_MAX).unsigned_integer(), UINT64_MAX);
  EXPECT_EQ(Value(std::int64_t{-1}).kind(), Kind::integer);
}

TEST(ValueTest, BooleansAreNoIntegers) {
  EXPECT_EQ(Value(true).kind(), Kind::boolean);
  EXPECT_TRUE(Value(true).boolean());
  EXPECT_FALSE(Value(false).boolean());
}

TEST(ValueTest, RealsKeepEveryBit) {
  EXPECT_EQ(Value(1.5F).real(), 1.5);
  EXPECT_EQ(Value(0.1).real(), 0.1);
  EXPECT_TRUE(std::signbit(Value(-0.0).real()));
  EXPECT_EQ(Value(5e-324).real(), 5e-324);
}

TEST(ValueTest, FloatsAreTheirShortestDecimal) {
  EXPECT_EQ(Value(14.7F).kind(), Kind::real);
  EXPECT_EQ(Value(14.7F).real(), 14.7);
  EXPECT_EQ(Value(-0.1F).real(), -0.1);
  EXPECT_EQ(Value(101.325F).real(), 101.325);
  EXPECT_EQ(Value(1e10F).real(), 1e10);
  EXPECT_EQ(Value(16777216.0F).real(), 16777216.0);
  EXPECT_EQ(Value(1e-45F).real(), 1e-45);
  EXPECT_EQ(Value(FLT_MIN).real(), 1.1754944e-38);
  EXPECT_EQ(Value(FLT_MAX).real(), 3.4028235e38);
  EXPECT_EQ(Value(std::optional(14.7F)).real(), 14.7);
  const Value copy = Value(14.7F);
  EXPECT_EQ(Value(copy).real(), 14.7);
}

TEST(ValueTest, FloatsWithoutADecimalStayWhatTheyAre) {
  EXPECT_TRUE(std::signbit(Value(-0.0F).real()));
  EXPECT_EQ(Value(HUGE_VALF).real(), HUGE_VAL);
  EXPECT_EQ(Value(-HUGE_VALF).real(), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(Value(std::nanf("")).real()));
}

TEST(ValueTest, AFloatReadsBackFromItsDecimal) {
  std::mt19937 random(7);
  for (int i = 0; i < 100000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    const auto value = std::bit_cast<float>(bits);
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(static_cast<float>(Value(value).real()), value) << bits;
  }
}

TEST(ValueTest, TextComesInManyTypes) {
  const std::string string = "text";
  const char array[] = "text";
  EXPECT_EQ(Value("text").text(), "text");
  EXPECT_EQ(Value(string).text(), "text");
  EXPECT_EQ(Value(std::string_view(string)).text(), "text");
  EXPECT_EQ(Value(array).text(), "text");
  EXPECT_EQ(Value(shop::ConvertsToText{"text"}).kind(), Kind::text);
  EXPECT_EQ(Value(std::string_view("a\0b", 3)).text().size(), 3u);
}

TEST(ValueTest, ACharIsTextOfOneCharacter) {
  for (int c = -128; c < 128; ++c) {
    const Value value(static_cast<char>(c));
    ASSERT_EQ(value.kind(), Kind::text);
    ASSERT_EQ(value.text(), std::string(1, static_cast<char>(c)));
  }
}

TEST(ValueTest, NullsAreNull) {
  const char* nothing = nullptr;
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value(nullptr).is_null());
  EXPECT_TRUE(Value(nothing).is_null());
  EXPECT_TRUE(Value(std::optional<int>()).is_null());
  EXPECT_FALSE(Value("").is_null());
  EXPECT_FALSE(Value(std::string_view()).is_null());
}

TEST(ValueTest, OptionalsAreTheirValue) {
  EXPECT_EQ(Value(std::optional<int>(5)).integer(), 5);
  EXPECT_EQ(Value(std::optional<bool>(true)).kind(), Kind::boolean);
  const std::optional<std::string> text = "text";
  EXPECT_EQ(Value(text).text(), "text");
  const std::optional<shop::OrderId> id = shop::OrderId{3};
  EXPECT_EQ(Value(id).kind(), Kind::custom);
}

TEST(ValueTest, TimesAndJsonKeepTheirKind) {
  EXPECT_EQ(Value(Time{-1}).time(), Time{-1});
  EXPECT_EQ(Value(Json{"[1]"}).kind(), Kind::json);
  EXPECT_EQ(Value(Json{"[1]"}).text(), "[1]");
}

TEST(ValueTest, CustomTypesAreWrittenOut) {
  Arena arena;
  EXPECT_EQ(resolve(shop::OrderId{42}, arena).integer(), 42);
  EXPECT_EQ(resolve(shop::Customer{"ann", {7}}, arena).text(), "ann/7");
  EXPECT_EQ(resolve(shop::Wrapped{{9}}, arena).integer(), 9);
  EXPECT_TRUE(resolve(shop::Silent{}, arena).is_null());
}

TEST(ValueTest, WhatACustomTypeSetLastIsItsValue) {
  Arena arena;
  EXPECT_EQ(resolve(shop::Changing{}, arena).text(), "last");
  const Value json = resolve(shop::AsJson{}, arena);
  EXPECT_EQ(json.kind(), Kind::json);
  EXPECT_EQ(json.text(), "{\"a\":1}");
}

TEST(ValueTest, ACustomTypeMayBeJson) {
  Arena arena;
  const Value json = resolve(shop::Basket{{7}, "a\"b"}, arena);
  EXPECT_EQ(json.kind(), Kind::json);
  EXPECT_EQ(json.text(), R"({"order":7,"note":"a\"b"})");
  const Value text = resolve(shop::JsonThenText{}, arena);
  EXPECT_EQ(text.kind(), Kind::text);
  EXPECT_EQ(text.text(), "text");
}

TEST(ValueTest, ATypeThatHoldsItselfEnds) {
  Arena arena;
  const std::string_view json = resolve(shop::ArrayOfItself{}, arena).text();
  EXPECT_EQ(json.substr(0, 3), "[[[");
  EXPECT_LT(json.size(), 1000u);
}

TEST(ValueTest, JsonIsCutWhereItIsTooLong) {
  Arena arena;
  for (const std::size_t most : {1u, 8u, 9u, 20u}) {
    const Value json = ValueCapture::resolve(shop::LongJson{}, arena, most);
    EXPECT_EQ(
        json.text(),
        std::string_view(R"("123456","123456","123456")").substr(0, most));
  }
}

TEST(ValueTest, ExceptionsOfCustomTypesBecomeText) {
  Arena arena;
  EXPECT_EQ(resolve(shop::Throwing{}, arena).text(),
            "[not writable: no such customer]");
  EXPECT_EQ(resolve(shop::ThrowingAnything{}, arena).text(), "[not writable]");
}

TEST(ValueTest, ATypeThatStandsForItselfIsNull) {
  Arena arena;
  EXPECT_TRUE(resolve(shop::Endless{}, arena).is_null());
}

std::size_t count(Fields fields) { return fields.size(); }

TEST(ValueTest, FieldsComeFromListsArraysAndRanges) {
  const Field array[] = {{"a", 1}, {"b", 2}};
  const std::vector<Field> vector = {{"a", 1}, {"b", 2}, {"c", 3}};
  const std::array<Field, 1> std_array = {Field("a", 1)};
  EXPECT_EQ(count({}), 0u);
  EXPECT_EQ(count({{"a", 1}}), 1u);
  EXPECT_EQ(count({{"a", 1}, {"b", "text"}}), 2u);
  EXPECT_EQ(count(array), 2u);
  EXPECT_EQ(count(vector), 3u);
  EXPECT_EQ(count(std_array), 1u);
  EXPECT_EQ(count(std::span<const Field>(vector).subspan(1)), 2u);
  EXPECT_EQ(Fields(array)[1].key, "b");
}

}  // namespace
}  // namespace stogger
