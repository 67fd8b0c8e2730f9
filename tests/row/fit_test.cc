#include "row/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace stogger {
namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Time kTime{1795225168656642987};

// Value is a view: these texts are literals.
struct Case {
  Kind column;
  Value value;
  Value expected;  // null: it does not fit
};

const Case kCases[] = {
    // Of the same kind.
    {Kind::boolean, true, true},
    {Kind::integer, INT64_MIN, INT64_MIN},
    {Kind::unsigned_integer, UINT64_MAX, UINT64_MAX},
    {Kind::real, -0.5, -0.5},
    {Kind::text, "a", "a"},
    {Kind::time, kTime, kTime},
    {Kind::json, Json{"[1]"}, Json{"[1]"}},

    // Equal numbers, both ways.
    {Kind::real, 3, 3.0},
    {Kind::real, kExact, 9007199254740992.0},
    {Kind::real, kExact + 1, nullptr},
    {Kind::real, kExact + 2, 9007199254740994.0},
    {Kind::real, -kExact - 1, nullptr},
    {Kind::real, INT64_MIN, -kTwoTo63},
    {Kind::real, INT64_MAX, nullptr},
    {Kind::real, std::uint64_t{1} << 63, kTwoTo63},
    {Kind::real, UINT64_MAX - 2047, 18446744073709549568.0},
    {Kind::real, UINT64_MAX, nullptr},
    {Kind::integer, 3.0, 3},
    {Kind::integer, -0.0, 0},
    {Kind::integer, 3.5, nullptr},
    {Kind::integer, -kTwoTo63, INT64_MIN},
    {Kind::integer, kTwoTo63, nullptr},
    {Kind::integer, std::nan(""), nullptr},
    {Kind::integer, kInfinity, nullptr},
    {Kind::integer, UINT64_MAX, nullptr},
    {Kind::unsigned_integer, 7, 7},
    {Kind::unsigned_integer, -1, nullptr},
    {Kind::unsigned_integer, 7.0, 7},
    {Kind::unsigned_integer, kTwoTo63, std::uint64_t{1} << 63},
    {Kind::unsigned_integer, kTwoTo64, nullptr},
    {Kind::unsigned_integer, -1.0, nullptr},
    {Kind::unsigned_integer, 0.5, nullptr},

    // Booleans are integers, and not the other way round.
    {Kind::integer, true, 1},
    {Kind::integer, false, 0},
    {Kind::real, true, nullptr},
    {Kind::unsigned_integer, true, nullptr},
    {Kind::boolean, 1, nullptr},
    {Kind::boolean, "true", nullptr},

    // Text takes everything.
    {Kind::text, true, "true"},
    {Kind::text, 42, "42"},
    {Kind::text, UINT64_MAX, "18446744073709551615"},
    {Kind::text, 1.0, "1.0"},
    {Kind::text, std::nan(""), "NaN"},
    {Kind::text, kTime, "2026-11-21T01:39:28.656642Z"},
    {Kind::text, Time{-1}, "1969-12-31T23:59:59.999999Z"},
    {Kind::text, Json{"{\"a\":1}"}, "{\"a\":1}"},

    // JSON takes everything.
    {Kind::json, false, Json{"false"}},
    {Kind::json, 42, Json{"42"}},
    {Kind::json, 1.5, Json{"1.5"}},
    {Kind::json, kInfinity, Json{"\"Infinity\""}},
    {Kind::json, "a\"b", Json{"\"a\\\"b\""}},
    {Kind::json, Time{1500}, Json{"\"1970-01-01T00:00:00.000001500Z\""}},

    // Nothing is read from text.
    {Kind::integer, "1", nullptr},
    {Kind::real, "1.5", nullptr},
    {Kind::time, "2026-11-21T01:39:28Z", nullptr},
    {Kind::time, 0, nullptr},
    {Kind::integer, kTime, nullptr},
    {Kind::integer, Json{"1"}, nullptr},
};

// Alike to the bit, so that NaN is itself.
std::string described(const Value& value) {
  const std::string kind = std::to_string(static_cast<int>(value.kind())) + ":";
  switch (value.kind()) {
    case Kind::text:
    case Kind::json:
      return kind + std::string(value.text());
    case Kind::real:
      return kind + std::to_string(value.real());
    case Kind::null:
      return kind;
    default:
      return kind + std::to_string(value.integer());
  }
}

TEST(FitTest, AValueFitsIfNothingOfItIsLost) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(described(each.value) + " in a column of kind " +
                 std::to_string(static_cast<int>(each.column)));
    Arena texts;
    EXPECT_EQ(described(fitted(each.column, each.value, texts)),
              described(each.expected));
    EXPECT_EQ(fits(each.column, each.value), !each.expected.is_null());
  }
}

TEST(FitTest, AColumnOfAnyKindTakesValuesAsTheyAre) {
  for (const Case& each : kCases) {
    Arena texts;
    EXPECT_EQ(described(fitted(Kind::null, each.value, texts)),
              described(each.value));
  }
}

TEST(FitTest, NullFitsEveryColumn) {
  for (int kind = 0; kind <= static_cast<int>(Kind::json); ++kind) {
    Arena texts;
    EXPECT_TRUE(fits(static_cast<Kind>(kind), nullptr));
    EXPECT_TRUE(fitted(static_cast<Kind>(kind), nullptr, texts).is_null());
  }
}

TEST(FitTest, TheShortestDecimalOfAFloatCounts) {
  Arena texts;
  EXPECT_EQ(fitted(Kind::text, 14.7F, texts).text(), "14.7");
  EXPECT_EQ(fitted(Kind::integer, 14.0F, texts).integer(), 14);
}

}  // namespace
}  // namespace stogger
