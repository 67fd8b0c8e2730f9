#include <fmt/chrono.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "stogger/chrono.h"
#include "stogger/fmt.h"
#include "stogger/json.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"

namespace shop {

// Something that {fmt} can format and nothing else knows.
struct Price {
  int cents;
};
enum class Color { red };

}  // namespace shop

template <>
struct fmt::formatter<shop::Price> : fmt::formatter<double> {
  auto format(const shop::Price& price, fmt::format_context& context) {
    if (price.cents < 0) throw fmt::format_error("a negative price");
    return fmt::format_to(context.out(), "{:.2f} EUR", price.cents / 100.0);
  }
};
template <>
struct fmt::formatter<shop::Color> : fmt::formatter<std::string_view> {
  auto format(shop::Color, fmt::format_context& context) {
    return fmt::format_to(context.out(), "red");
  }
};

namespace stogger {
namespace {

using testing::Capture;
using namespace std::chrono_literals;

class AdaptersTest : public ::testing::Test {
 protected:
  // What arrives where this was logged.
  template <class T>
  testing::CapturedField logged(const T& object) {
    capture_.clear();
    system_.logger().info("e", {{"value", object}});
    return *capture_.events().at(0).find("value");
  }
  template <class T>
  std::string text(const T& object) {
    return std::string(logged(object).value().text());
  }
  template <class T>
  Kind kind(const T& object) {
    return logged(object).value().kind();
  }

  System system_;
  Capture capture_{system_};
};

// --- chrono.h ----------------------------------------------------------------

using Days = std::chrono::sys_days;

TEST_F(AdaptersTest, TimePointsAreTimes) {
  const std::chrono::system_clock::time_point moment(1795225168656642007ns);
  EXPECT_EQ(logged(moment).value().time(), Time{1795225168656642007});
  const std::chrono::sys_seconds second(1795225168s);
  EXPECT_EQ(logged(second).value().time(), Time{1795225168000000000});
  EXPECT_EQ(logged(Days(std::chrono::days(-1))).value().time(),
            Time{-86400000000000});
  EXPECT_EQ(to_time(second), Time{1795225168000000000});
}

TEST_F(AdaptersTest, TimesThatAreTooFarAwayAreTheFarthestOnes) {
  using namespace std::chrono;
  EXPECT_EQ(to_time(Days(year(3000) / 1 / 1)), Time{INT64_MAX});
  EXPECT_EQ(to_time(Days(year(1000) / 1 / 1)), Time{INT64_MIN});
  EXPECT_EQ(to_time(sys_seconds::max()), Time{INT64_MAX});
  EXPECT_EQ(to_time(sys_seconds::min()), Time{INT64_MIN});
  EXPECT_EQ(to_time(sys_time<nanoseconds>::max()), Time{INT64_MAX});
  EXPECT_EQ(to_time(sys_time<nanoseconds>::min()), Time{INT64_MIN});
  EXPECT_EQ(to_time(Days(year(2262) / 4 / 11)), Time{days(106751) / 1ns});
  EXPECT_EQ(to_time(Days(year(1677) / 9 / 22)), Time{days(-106751) / 1ns});
  using PreciseTime = sys_time<duration<std::int64_t, std::pico>>;
  EXPECT_EQ(to_time(PreciseTime::max()), Time{9223372036854775});
  static_assert(to_time(Days(days(1))) == Time{86400000000000});
}

TEST_F(AdaptersTest, DurationsAreSeconds) {
  EXPECT_EQ(kind(1500ms), Kind::real);
  EXPECT_EQ(logged(1500ms).value().real(), 1.5);
  EXPECT_EQ(logged(-2h).value().real(), -7200.0);
  EXPECT_EQ(logged(1ns).value().real(), 1e-9);
  EXPECT_EQ(logged(std::chrono::duration<float>(0.5F)).value().real(), 0.5);
}

TEST_F(AdaptersTest, OptionalDurationsAreNullOrSeconds) {
  EXPECT_TRUE(logged(std::optional<std::chrono::seconds>()).value().is_null());
  EXPECT_EQ(logged(std::optional<std::chrono::seconds>(3s)).value().real(),
            3.0);
}

TEST_F(AdaptersTest, CapturesCompareAdaptedValues) {
  system_.logger().info("e", {{"took", 1500ms},
                              {"body", nlohmann::json{{"a", {1, 2}}}},
                              {"price", shop::Price{1999}}});
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"took", 1500ms}}));
  EXPECT_FALSE(capture_.has(Level::info, "e", {{"took", 1501ms}}));
  EXPECT_TRUE(capture_.has(Level::info, "e",
                           {{"body", nlohmann::json{{"a", {1, 2}}}}}));
  EXPECT_TRUE(
      capture_.has(Level::info, "e", {{"body", Json{"{\"a\": [1,2] }"}}}));
  EXPECT_TRUE(capture_.has(Level::info, "e", {{"price", shop::Price{1999}}}));
}

// --- json.h ------------------------------------------------------------------

TEST_F(AdaptersTest, JsonStaysJson) {
  const nlohmann::json object = {{"a", {1, 2.5, nullptr, true}},
                                 {"b", {{"c", "text \"x\"\n"}}}};
  EXPECT_EQ(kind(object), Kind::json);
  EXPECT_EQ(nlohmann::json::parse(text(object)), object);
  const nlohmann::ordered_json ordered = {{"z", 1}, {"a", 2}};
  EXPECT_EQ(text(ordered), "{\"z\":1,\"a\":2}");
  EXPECT_EQ(text(nlohmann::json("text")), "\"text\"");
  EXPECT_EQ(text(nlohmann::json()), "null");
  EXPECT_EQ(text(nlohmann::json(UINT64_MAX)), "18446744073709551615");
}

TEST_F(AdaptersTest, SecretsInsideJsonAreHidden) {
  const nlohmann::json object = {{"user", "ann"}, {"password", "hunter2"}};
  EXPECT_EQ(text(object), "{\"password\":\"[REDACTED]\",\"user\":\"ann\"}");
}

TEST_F(AdaptersTest, BadBytesInsideJsonAreFixed) {
  const nlohmann::json object = {{"text", "a\xFF"}};
  EXPECT_EQ(text(object), "{\"text\":\"a\xEF\xBF\xBD\"}");
}

TEST_F(AdaptersTest, JsonNestedTooDeeplyIsText) {
  nlohmann::json nested = 1;
  for (int i = 0; i < 64; ++i) nested = nlohmann::json::array({nested});
  EXPECT_EQ(kind(nested), Kind::json);
  nested = nlohmann::json::array({nested});
  EXPECT_EQ(kind(nested), Kind::text);
}

// --- fmt.h -------------------------------------------------------------------

TEST_F(AdaptersTest, WhateverFmtKnowsIsText) {
  EXPECT_EQ(text(shop::Price{1999}), "19.99 EUR");
  EXPECT_EQ(text(shop::Color::red), "red");
  EXPECT_EQ(text(std::vector<int>{1, 2, 3}), "[1, 2, 3]");
  EXPECT_EQ(text(std::map<std::string, int>{{"a", 1}}), "{\"a\": 1}");
  EXPECT_EQ(kind(shop::Price{1999}), Kind::text);
}

TEST_F(AdaptersTest, AFormatterThatThrowsSaysSo) {
  EXPECT_EQ(text(shop::Price{-1}), "[not writable: a negative price]");
}

// The other adapters, and what needs none, stand above it.
TEST_F(AdaptersTest, FmtDoesNotTakeWhatOthersKnowBetter) {
  EXPECT_EQ(kind(1500ms), Kind::real);
  EXPECT_EQ(kind(std::chrono::system_clock::now()), Kind::time);
  EXPECT_EQ(kind(nlohmann::json{{"a", 1}}), Kind::json);
  EXPECT_EQ(kind(std::string("text")), Kind::text);
  EXPECT_EQ(kind(5), Kind::integer);
  EXPECT_EQ(kind(true), Kind::boolean);
  EXPECT_EQ(kind(0.5F), Kind::real);
  EXPECT_EQ(kind(Time{5}), Kind::time);
  EXPECT_EQ(kind(Json{"1"}), Kind::json);
  EXPECT_EQ(kind(nullptr), Kind::null);
}

}  // namespace
}  // namespace stogger
