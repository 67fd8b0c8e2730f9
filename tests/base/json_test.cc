#include "base/json.h"

#include <gtest/gtest.h>
#include <locale.h>
#include <stdlib.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/harmful.h"
#include "base/names.h"
#include "base/utf8.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;
using Limits = std::numeric_limits<double>;

const std::string kMark(kReplacement);

std::string string_json(std::string_view text,
                        std::uint32_t* sanitized = nullptr) {
  Buffer out;
  const std::uint32_t count = append_json_string(out, text);
  if (sanitized != nullptr) *sanitized = count;
  return std::string(out.view());
}

std::string value_json(const Value& value) {
  Buffer out;
  append_json_value(out, value);
  EXPECT_EQ(json_value_size(value), out.size());
  return std::string(out.view());
}

// --- Strings -----------------------------------------------------------------

TEST(JsonStringTest, EscapesWhatJsonMustEscape) {
  EXPECT_EQ(string_json(""), "\"\"");
  EXPECT_EQ(string_json("plain"), "\"plain\"");
  EXPECT_EQ(string_json("\"\\/"), "\"\\\"\\\\/\"");
  EXPECT_EQ(string_json("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
  EXPECT_EQ(string_json("\x01\x1b[31m\x1f"), "\"\\u0001\\u001b[31m\\u001f\"");
  EXPECT_EQ(string_json("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

// Valid JSON may hold these as they are, but a terminal obeys the first kind,
// and some readers end lines at the others.
TEST(JsonStringTest, EscapesTerminalControlsAndLineSeparators) {
  EXPECT_EQ(string_json("\xC2\x80\xC2\x85\xC2\x9B\xC2\x9F"),
            "\"\\u0080\\u0085\\u009b\\u009f\"");
  EXPECT_EQ(string_json("\xE2\x80\xA8\xE2\x80\xA9"), "\"\\u2028\\u2029\"");
  EXPECT_EQ(string_json("\xC2\xA0\xE2\x80\xA7\xE2\x81\x9F"),
            "\"\xC2\xA0\xE2\x80\xA7\xE2\x81\x9F\"");
}

TEST(JsonStringTest, BadBytesAndNulAreReplacedAndCountedOncePerValue) {
  std::uint32_t sanitized = 9;
  EXPECT_EQ(string_json("fine \xC3\xA4\n", &sanitized), "\"fine \xC3\xA4\\n\"");
  EXPECT_EQ(sanitized, 0u);
  EXPECT_EQ(string_json("a\0b\0"sv, &sanitized),
            "\"a" + kMark + "b" + kMark + "\"");
  EXPECT_EQ(sanitized, 1u);
  EXPECT_EQ(string_json("\xFF\xE2\x82z", &sanitized),
            "\"" + kMark + kMark + "z\"");
  EXPECT_EQ(sanitized, 1u);
  EXPECT_EQ(string_json("\xED\xA0\x80", &sanitized),
            "\"" + kMark + kMark + kMark + "\"");
  EXPECT_EQ(sanitized, 1u);
}

TEST(JsonStringTest, EveryCodePointComesBack) {
  for (std::uint32_t c = 1; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    const auto byte = [](std::uint32_t b) { return static_cast<char>(b); };
    std::string text;
    if (c < 0x80) {
      text = {byte(c)};
    } else if (c < 0x800) {
      text = {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      text = {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)),
              byte(0x80 | (c & 0x3F))};
    } else {
      text = {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)),
              byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
    }
    // All of them in a few strings, so that parsing takes no time.
    static std::string collected;
    collected += text;
    if (collected.size() < 100000 && c != 0x10FFFF) continue;
    std::uint32_t sanitized = 0;
    const std::string json = string_json(collected, &sanitized);
    ASSERT_EQ(sanitized, 0u);
    ASSERT_EQ(nlohmann::json::parse(json).get<std::string>(), collected);
    collected.clear();
  }
}

TEST(JsonStringTest, SpecialCharactersComeBackWhereverTheyStand) {
  for (std::size_t size = 1; size < 50; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const std::string_view special :
           {"\""sv, "\\"sv, "\n"sv, "\x1b"sv, "\xC3\xA4"sv, "\x7F"sv}) {
        std::string text(size, 'b');
        text.replace(at, 1, special);
        ASSERT_EQ(nlohmann::json::parse(string_json(text)).get<std::string>(),
                  text);
      }
    }
  }
}

TEST(JsonStringTest, NeverTakesMoreRoomThanItSays) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text(random() % 40, 'x');
    const bool wild = random() % 2 == 0;
    for (char& c : text) {
      if (wild || random() % 8 == 0) c = static_cast<char>(random());
    }
    // Of exactly that size, so that a sanitizer sees a byte too many.
    const auto room = std::make_unique<char[]>(json_string_room(text));
    std::uint32_t sanitized = 0;
    const char* const end = write_json_string(room.get(), text, &sanitized);
    const std::string_view json(room.get(),
                                static_cast<std::size_t>(end - room.get()));
    ASSERT_LE(json.size(), json_string_room(text));
    ASSERT_TRUE(is_clean_text(json));
    ASSERT_TRUE(nlohmann::json::accept(json)) << json;
  }
}

// --- Values ------------------------------------------------------------------

TEST(JsonValueTest, EveryKindHasItsForm) {
  EXPECT_EQ(value_json(nullptr), "null");
  EXPECT_EQ(value_json(true), "true");
  EXPECT_EQ(value_json(false), "false");
  EXPECT_EQ(value_json(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(value_json(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(value_json(14.7), "14.7");
  EXPECT_EQ(value_json(1.0), "1.0");
  EXPECT_EQ(value_json(-0.0), "-0.0");
  EXPECT_EQ(value_json("a\"b"), "\"a\\\"b\"");
  EXPECT_EQ(value_json(Time{1}), "\"1970-01-01T00:00:00.000000001Z\"");
  EXPECT_EQ(value_json(Json{"{\"a\":[1,2]}"}), "{\"a\":[1,2]}");
}

TEST(JsonValueTest, SpecialRealsAreStrings) {
  EXPECT_EQ(value_json(Limits::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(value_json(Limits::infinity()), "\"Infinity\"");
  EXPECT_EQ(value_json(-Limits::infinity()), "\"-Infinity\"");
}

TEST(JsonValueTest, NeverTakesMoreRoomThanItSays) {
  for (const Value value :
       {Value(nullptr), Value(true), Value(INT64_MIN), Value(UINT64_MAX),
        Value(-Limits::max()), Value(-Limits::denorm_min()),
        Value(-2.2250738585072014e-308), Value(-Limits::infinity()),
        Value(Time{INT64_MIN}), Value("\x01\x01\x01"), Value(Json{"[1]"})}) {
    EXPECT_LE(json_value_size(value), json_value_room(value));
  }
}

TEST(JsonValueTest, SizesAreThoseOfWhatIsWritten) {
  std::mt19937 random(2);
  for (int i = 0; i < 3000; ++i) {
    std::string text(random() % 1000, 'x');
    const int wild = static_cast<int>(random() % 3);
    for (char& c : text) {
      if (wild == 2 || (wild == 1 && random() % 300 == 0)) {
        c = static_cast<char>(random());
      }
    }
    ASSERT_EQ(json_value_size(text), string_json(text).size());

    // The longest prefix that fits: one character more would not.
    const std::size_t most = random() % 1200;
    const std::string_view prefix = json_string_prefix(text, most);
    ASSERT_TRUE(std::string_view(text).starts_with(prefix));
    ASSERT_LE(json_value_size(prefix), std::max<std::size_t>(most, 2));
    const std::string_view rest = std::string_view(text).substr(prefix.size());
    if (rest.empty()) continue;
    const std::size_t next = prefix.size() + utf8_step(rest).size;
    ASSERT_GT(json_value_size(std::string_view(text).substr(0, next)), most);
  }
}

// --- JSON given as text ------------------------------------------------------

constexpr std::string_view kNotValid = "(not valid)";

// Members whose name is `token` or `key` are secrets.
bool is_test_secret(const void*, std::string_view key) {
  return equal_ignoring_case(key, "token") || key == "key";
}

std::string clean(std::string_view json, std::uint32_t* sanitized = nullptr) {
  Buffer out;
  out.append("before");
  std::uint32_t count = 0;
  const bool valid =
      append_clean_json(out, json, &is_test_secret, nullptr, &count);
  if (sanitized != nullptr) *sanitized = count;
  EXPECT_TRUE(out.view().starts_with("before"));
  if (!valid) {
    EXPECT_EQ(out.view(), "before");
    return std::string(kNotValid);
  }
  return std::string(out.view().substr(6));
}

TEST(CleanJsonTest, ValidTextIsWrittenInCompactForm) {
  EXPECT_EQ(clean(" null "), "null");
  EXPECT_EQ(clean("[ ]"), "[]");
  EXPECT_EQ(clean("{ }"), "{}");
  EXPECT_EQ(clean("\n[1 , true,\tfalse, null, \"x\"]\r\n"),
            "[1,true,false,null,\"x\"]");
  EXPECT_EQ(clean("{\"a\": {\"b\": [ {}, [], {\"c\": 1} ] }, \"d\": 2}"),
            "{\"a\":{\"b\":[{},[],{\"c\":1}]},\"d\":2}");
}

TEST(CleanJsonTest, OtherTextIsRefused) {
  for (const std::string_view text :
       {""sv,         " "sv,        "{"sv,       "[1,]"sv,        "{\"a\":}"sv,
        "{a:1}"sv,    "'x'"sv,      "nul"sv,     "1 2"sv,         "[1] x"sv,
        "01"sv,       "+1"sv,       ".5"sv,      "1."sv,          "NaN"sv,
        "Infinity"sv, "\"\xFF\""sv, "\"\\x\""sv, "\"\\ud800\""sv, "\"a\nb\""sv,
        "// c\n1"sv,  "[1]\0"sv,    "\"a"sv}) {
    EXPECT_EQ(clean(text), kNotValid) << text;
  }
}

TEST(CleanJsonTest, NumbersStayAsTheyWereGiven) {
  for (const std::string_view number :
       {"0", "-1", "9223372036854775807", "-9223372036854775808",
        "18446744073709551615", "18446744073709551616", "1.50", "1e2", "1E+2",
        "-0.0", "0.1000000000000000055511151231257827",
        "123456789012345678901234567890.5"}) {
    EXPECT_EQ(clean(number), number);
  }
}

TEST(CleanJsonTest, NumbersBeyondEveryDoubleAreRefused) {
  EXPECT_EQ(clean("[1e400]"), kNotValid);
  EXPECT_EQ(clean("[-1e400]"), kNotValid);
  EXPECT_EQ(clean("[1e-400]"), kNotValid);
  // A zero is one whatever its exponent is, but not to PostgreSQL.
  EXPECT_EQ(clean("[0e-20000,-0e5,0.0E+2000000000,0.0,0]"),
            "[0.0,-0.0,0.0,0.0,0]");
  EXPECT_EQ(clean("[0.0e-400,4.9e-324]"), "[0.0,4.9e-324]");
  EXPECT_EQ(clean("[0." + std::string(100000, '1') + "]"),
            "[0.1111111111111111]");
}

TEST(CleanJsonTest, StringsAreEscapedAgain) {
  EXPECT_EQ(clean("\"\\u00e4\\u20ac\\ud83d\\ude00\""),
            "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  EXPECT_EQ(clean("\"\\/\\u001b\\u009b\\u2028\""),
            "\"/\\u001b\\u009b\\u2028\"");
  std::uint32_t sanitized = 0;
  EXPECT_EQ(clean("{\"a\\u0000\":[\"\\u0000\",\"b\"]}", &sanitized),
            "{\"a" + kMark + "\":[\"" + kMark + "\",\"b\"]}");
  EXPECT_EQ(sanitized, 2u);
}

std::string nested(std::size_t depth, std::string_view open,
                   std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(CleanJsonTest, NestingEndsAt64Levels) {
  EXPECT_EQ(clean(nested(64, "[", "]")), nested(64, "[", "]"));
  EXPECT_EQ(clean(nested(65, "[", "]")), kNotValid);
  EXPECT_EQ(clean(nested(64, "{\"a\":", "}")), nested(64, "{\"a\":", "}"));
  EXPECT_EQ(clean(nested(65, "{\"a\":", "}")), kNotValid);
  EXPECT_EQ(clean(nested(1000000, "[", "]")), kNotValid);
  EXPECT_EQ(clean(std::string(1000000, '[')), kNotValid);
  // Also where nobody will see it.
  EXPECT_EQ(clean("{\"token\":" + nested(64, "[", "]") + "}"), kNotValid);
}

TEST(CleanJsonTest, SecretsAreReplacedWholeAtAnyDepth) {
  EXPECT_EQ(clean("{\"token\":\"abc\",\"b\":1}"),
            "{\"token\":\"[REDACTED]\",\"b\":1}");
  for (const std::string_view secret :
       {"1", "-1.5", "null", "true", "\"x\"", "[]", "{}", "[1,[2,{\"a\":3}],4]",
        "{\"a\":{\"token\":1},\"b\":[1,2]}"}) {
    EXPECT_EQ(clean("[{\"a\":[{\"ToKeN\":" + std::string(secret) +
                    ",\"c\":2}],\"key\":" + std::string(secret) + "},5]"),
              "[{\"a\":[{\"ToKeN\":\"[REDACTED]\",\"c\":2}],"
              "\"key\":\"[REDACTED]\"},5]")
        << secret;
  }
  EXPECT_EQ(clean("{\"\\u0074oken\":1}"), "{\"token\":\"[REDACTED]\"}");
  EXPECT_EQ(clean("[\"token\",\"key\"]"), "[\"token\",\"key\"]");
}

TEST(CleanJsonTest, WithoutATestNothingIsSecret) {
  Buffer out;
  std::uint32_t sanitized = 0;
  EXPECT_TRUE(
      append_clean_json(out, "{\"token\": 1}", nullptr, nullptr, &sanitized));
  EXPECT_EQ(out.view(), "{\"token\":1}");
}

// A locale in which one and a half is 1,5, as a program may set it.
class CommaLocale {
 public:
  CommaLocale() {
    write_file(folder_.file("source"),
               "LC_NUMERIC\ndecimal_point \"<U002C>\"\n"
               "thousands_sep \"<U002E>\"\ngrouping 3;3\nEND LC_NUMERIC\n");
    const std::string command = "localedef -c -i " + folder_.file("source") +
                                " " + folder_.file("comma") + " >" +
                                folder_.file("output") + " 2>&1";
    static_cast<void>(::system(command.c_str()));
    ::setenv("LOCPATH", folder_.path().c_str(), 1);
    is_set_ = ::setlocale(LC_NUMERIC, "comma") != nullptr &&
              std::strcmp(::localeconv()->decimal_point, ",") == 0;
  }
  ~CommaLocale() {
    ::setlocale(LC_NUMERIC, "C");
    ::unsetenv("LOCPATH");
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;

  bool is_set() const { return is_set_; }
  std::string why_not() const {
    return "localedef could not make a locale: " +
           read_file(folder_.file("output"));
  }

 private:
  TempFolder folder_;
  bool is_set_ = false;
};

TEST(CleanJsonTest, TheLocaleOfTheProgramChangesNothing) {
  const CommaLocale comma;
  if (!comma.is_set()) GTEST_SKIP() << comma.why_not();
  EXPECT_EQ(clean("[1.5,-2.25e3]"), "[1.5,-2.25e3]");
  EXPECT_EQ(value_json(1234567.5), "1234567.5");
  EXPECT_STREQ(::localeconv()->decimal_point, ",");
}

TEST(JsonStringTest, WhatChangesWhatAReaderSeesIsEscaped) {
  const auto hex = [](std::uint32_t unit) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", unit);
    return std::string(text);
  };
  const auto encode = [&](std::uint32_t c) {
    const std::string escape = c < 0x10000
                                   ? hex(c)
                                   : hex(0xD800 + ((c - 0x10000) >> 10)) +
                                         hex(0xDC00 + ((c - 0x10000) & 0x3FF));
    return nlohmann::json::parse('"' + escape + '"').get<std::string>();
  };
  for (std::uint32_t c = 1; c < 0xE0200; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    if (c == 0x30000) c = 0xE0000 - 1;
    const std::string text = "a" + encode(c) + "b";
    const std::string json = string_json(text);
    ASSERT_EQ(nlohmann::json::parse(json), text) << c;
    for (std::string_view rest = json; !rest.empty();) {
      const Utf8Step step = utf8_step(rest);
      ASSERT_FALSE(is_harmful(step.codepoint)) << c;
      rest.remove_prefix(step.size);
    }
  }
  EXPECT_EQ(string_json("\x7F"), "\"\\u007f\"");
  EXPECT_EQ(string_json("\xE2\x80\xAE"), "\"\\u202e\"");
  EXPECT_EQ(string_json("\xF3\xA0\x81\x81"), "\"\\udb40\\udc41\"");
  EXPECT_EQ(string_json("\xF0\x9F\x98\x80"), "\"\xF0\x9F\x98\x80\"");
}

TEST(JsonValueTest, NoMoreIsMeasuredThanIsAskedFor) {
  const std::string text(1000, '"');
  EXPECT_EQ(json_value_size(text, 2002), 2002u);
  EXPECT_GT(json_value_size(text, 2001), 2001u);
  EXPECT_GT(json_value_size(text, 0), 0u);
  EXPECT_GT(json_value_size(Json{text}, 999), 999u);
  EXPECT_EQ(json_value_size(Json{text}, 1000), 1000u);
  EXPECT_EQ(json_value_size("", 2), 2u);
  EXPECT_EQ(json_value_size(12, 0), 2u);
}

}  // namespace
}  // namespace stogger
