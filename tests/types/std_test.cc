#include "stogger/std.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <forward_list>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "stogger/fmt.h"
#include "stogger/json.h"
#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"

namespace shop {

struct OrderId {
  int number;
};
void write_value(stogger::ValueWriter& out, const OrderId& id) {
  out.set(id.number);
}

struct Throwing {};
void write_value(stogger::ValueWriter& out, const Throwing&) {
  out.append("half of it");
  throw std::runtime_error("no such customer");
}

struct Counted {
  int* count;
};
void write_value(stogger::ValueWriter& out, const Counted& counted) {
  out.set(++*counted.count);
}

// A range that has a form of its own.
struct Basket : std::vector<int> {
  using std::vector<int>::vector;
};
void write_value(stogger::ValueWriter& out, const Basket& basket) {
  out.set(basket.size());
}

// A range whose iteration fails.
struct Broken {
  const int* begin() const { throw std::runtime_error("broken"); }
  const int* end() const { return nullptr; }
};

enum class Color { red, green };
// One line for each enumeration: its number, or its name.
void write_value(stogger::ValueWriter& out, Color color) {
  out.set(color == Color::red ? "red" : "green");
}

class PaymentError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace shop

namespace stogger {
namespace {

using testing::Capture;

class StdTest : public ::testing::Test {
 protected:
  // What arrives where this was logged.
  template <class T>
  testing::CapturedField logged(const T& object) {
    capture_.clear();
    system_.logger().info("e", {{"value", object}});
    return *capture_.events().at(0).find("value");
  }
  template <class T>
  std::string of_kind(Kind kind, const T& object) {
    const testing::CapturedField field = logged(object);
    EXPECT_EQ(field.value().kind(), kind);
    return field.value().kind() == kind ? std::string(field.value().text())
                                        : std::string("another kind");
  }
  template <class T>
  std::string text(const T& object) {
    return of_kind(Kind::text, object);
  }
  template <class T>
  std::string json(const T& object) {
    return of_kind(Kind::json, object);
  }

  System system_;
  Capture capture_{system_};
};

TEST_F(StdTest, RangesAreArrays) {
  const int numbers[] = {1, 2};
  EXPECT_EQ(json(std::vector<int>{1, 2, 3}), "[1,2,3]");
  EXPECT_EQ(json(std::vector<std::string>{"a", "b"}), R"(["a","b"])");
  EXPECT_EQ(json(std::vector<int>{}), "[]");
  EXPECT_EQ(json(std::vector<bool>{true, false}), "[true,false]");
  EXPECT_EQ(json(std::array<double, 2>{0.5, 1e300}), "[0.5,1e+300]");
  EXPECT_EQ(json(std::span<const int>(numbers)), "[1,2]");
  EXPECT_EQ(json(numbers), "[1,2]");
  EXPECT_EQ(json(std::set<std::string_view>{"b", "a"}), R"(["a","b"])");
  EXPECT_EQ(json(std::list<float>{14.7F}), "[14.7]");
  EXPECT_EQ(json(std::forward_list<std::uint64_t>{UINT64_MAX}),
            "[18446744073709551615]");
}

TEST_F(StdTest, MapsWithTextKeysAreObjects) {
  EXPECT_EQ(json(std::map<std::string, int>{{"a", 1}, {"b", 2}}),
            R"({"a":1,"b":2})");
  EXPECT_EQ(json(std::unordered_map<std::string_view, bool>{{"a", true}}),
            R"({"a":true})");
  EXPECT_EQ(json(std::map<std::string, int>{}), "{}");
}

TEST_F(StdTest, OtherMapsAreArraysOfPairs) {
  EXPECT_EQ(json(std::map<int, std::string>{{1, "a"}, {2, "b"}}),
            R"([[1,"a"],[2,"b"]])");
  EXPECT_EQ(json(std::multimap<std::string, int>{{"a", 1}, {"a", 2}}),
            R"([["a",1],["a",2]])");
}

TEST_F(StdTest, ContainersNest) {
  EXPECT_EQ(json(std::map<std::string, std::vector<int>>{{"a", {1, 2}}}),
            R"({"a":[1,2]})");
  EXPECT_EQ(json(std::vector<std::vector<std::string>>{{"a"}, {}}),
            R"([["a"],[]])");
  EXPECT_EQ(json(std::optional(std::vector<int>{1})), "[1]");
  EXPECT_TRUE(logged(std::optional<std::vector<int>>()).value().is_null());
  EXPECT_EQ(json(std::vector<std::optional<int>>{1, std::nullopt}), "[1,null]");
}

TEST_F(StdTest, TypesOfUsersAreElements) {
  EXPECT_EQ(json(std::vector<shop::OrderId>{{7}, {8}}), "[7,8]");
  EXPECT_EQ(json(std::vector<shop::Color>{shop::Color::green}), R"(["green"])");
  EXPECT_EQ(json(std::vector<Json>{{R"({"a": 1})"}, {"no json"}}),
            R"([{"a":1},"no json"])");
  EXPECT_EQ(json(std::vector<nlohmann::json>{{{"a", 1}}}), R"([{"a":1}])");
  EXPECT_EQ(json(std::vector<Time>{{0}}), R"(["1970-01-01T00:00:00.000000Z"])");
}

TEST_F(StdTest, TextInJsonIsEscaped) {
  EXPECT_EQ(json(std::vector<std::string>{"a\"b\\\n"}), R"(["a\"b\\\n"])");
  EXPECT_EQ(json(std::map<std::string, std::string>{{"k\"", "\xFF"}}),
            "{\"k\\\"\":\"\xEF\xBF\xBD\"}");
}

TEST_F(StdTest, ATypeOfOnesOwnKeepsItsForm) {
  EXPECT_EQ(logged(shop::Basket{4, 5}).value().integer(), 2);
}

TEST_F(StdTest, PairsAndTuplesAreArrays) {
  EXPECT_EQ(json(std::pair(1, "a")), R"([1,"a"])");
  EXPECT_EQ(json(std::tuple(1, std::string("a"), 2.5)), R"([1,"a",2.5])");
  EXPECT_EQ(json(std::tuple()), "[]");
}

TEST_F(StdTest, AVariantIsWhatItHolds) {
  using Variant =
      std::variant<std::monostate, int, std::string, std::vector<int>>;
  EXPECT_TRUE(logged(Variant()).value().is_null());
  EXPECT_EQ(logged(Variant(42)).value().integer(), 42);
  EXPECT_EQ(text(Variant("x")), "x");
  EXPECT_EQ(json(Variant(std::vector<int>{1})), "[1]");
  EXPECT_TRUE(logged(std::monostate()).value().is_null());
}

TEST_F(StdTest, ErrorCodesNameTheirCategory) {
  EXPECT_EQ(text(std::make_error_code(std::errc::permission_denied)),
            "generic:13");
  EXPECT_EQ(text(std::error_code(2, std::system_category())), "system:2");
  EXPECT_EQ(text(std::errc::permission_denied), "generic:13");
}

TEST_F(StdTest, PathsExceptionsAndThreadsAreText) {
  EXPECT_EQ(text(std::filesystem::path("/var/log/a b")), "/var/log/a b");
  const shop::PaymentError failure("no money");
  EXPECT_EQ(text(failure), "no money");
  EXPECT_EQ(text(static_cast<const std::exception&>(failure)), "no money");
  std::ostringstream id;
  id << std::this_thread::get_id();
  EXPECT_EQ(text(std::this_thread::get_id()), id.str());
  EXPECT_EQ(json(std::vector<std::filesystem::path>{"/a"}), R"(["/a"])");
}

TEST_F(StdTest, WideTextIsUtf8) {
  const std::string all = "a\u00E4\u20AC\U0001F600";
  EXPECT_EQ(text(std::wstring(L"a\u00E4\u20AC\U0001F600")), all);
  EXPECT_EQ(text(L"a\u00E4\u20AC\U0001F600"), all);
  EXPECT_EQ(text(std::u8string(u8"a\u00E4\u20AC\U0001F600")), all);
  EXPECT_EQ(text(std::u16string(u"a\u00E4\u20AC\U0001F600")), all);
  EXPECT_EQ(text(std::u32string_view(U"a\u00E4\u20AC\U0001F600")), all);
  EXPECT_EQ(text(std::wstring()), "");
}

TEST_F(StdTest, BadWideTextIsReplaced) {
  const std::u16string alone = {u'a', char16_t{0xD83D}, u'b', char16_t{0xDE00}};
  EXPECT_EQ(text(alone), "a\uFFFDb\uFFFD");
  EXPECT_EQ(text(std::u16string{char16_t{0xD83D}}), "\uFFFD");
  EXPECT_EQ(text(std::u32string{char32_t{0x110000}}), "\uFFFD");
}

TEST_F(StdTest, WhatThrowsIsMarked) {
  EXPECT_EQ(json(std::vector<shop::Throwing>(2)),
            R"(["[not writable: no such customer]",)"
            R"("[not writable: no such customer]"])");
  EXPECT_EQ(text(shop::Broken()), "[not writable: broken]");
}

TEST_F(StdTest, NothingIsWrittenBelowTheLevel) {
  System system;
  int count = 0;
  const std::vector<shop::Counted> counted = {{&count}};
  system.logger().debug("e", {{"value", counted}});
  EXPECT_EQ(count, 0);
  system_.logger().info("e", {{"value", counted}});
  EXPECT_EQ(count, 1);
}

TEST_F(StdTest, WhatIsLongerThanAnEventIsCut) {
  const std::string value = text(std::vector<std::string>(300000, "abc"));
  EXPECT_EQ(value.substr(0, 8), R"(["abc",")");
  EXPECT_LE(value.size(), std::size_t{1} << 20);
}

TEST_F(StdTest, SecretsInMapsAreHidden) {
  EXPECT_EQ(json(std::map<std::string, std::string>{{"password", "x"}}),
            R"({"password":"[REDACTED]"})");
}

}  // namespace
}  // namespace stogger
