// Values that try to forge a line, to drive a terminal, or to break a format,
// in every place of an event and in every form that is one line.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "tests/support/test_event.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHostile[] = {
    // Lines that look like those of another event.
    "x\n2026-11-21T01:39:28.656Z C breach                         forged=1"sv,
    "x  ip=10.0.0.1 logger=auth scope=root"sv, "  "sv, "blanks at its end   "sv,
    "x\r\n{\"timestamp\":\"2026-11-21T01:39:28.656642Z\",\"level\":\"alert\"}"sv,
    "x\"}\n{\"event\":\"forged\"}"sv, "x level=alert event=forged"sv,
    "\" level=alert x=\""sv, "\\\" level=alert"sv, "\\"sv, "\\n"sv,
    // What a terminal obeys.
    "\x1b[2J\x1b[H\x1b]0;title\x07"sv, "\x1b[31m\x1b[0m"sv,
    "\xC2\x9B"
    "31m\xC2\x9D"
    "0;title\xC2\x9C"sv,
    "\x08\x08\x08\x7F\x0B\x0C\x00\x0E\x0F"sv, "\r\t\v\f"sv,
    // What ends a line for some readers.
    "a\xC2\x85"
    "b\xE2\x80\xA8"
    "c\xE2\x80\xA9"
    "d"sv,
    // What turns text around, and what cannot be seen.
    "user\xE2\x80\xAEnimda\xE2\x81\xA6x\xE2\x81\xA9\xD8\x9C\xEF\xBB\xBF"sv,
    // Bytes that are no UTF-8.
    "\xFF\xFE\x80\xBF"sv, "\xC0\xAF\xE0\x80\xAF\xED\xA0\x80\xF4\x90\x80\x80"sv,
    "cut \xF0\x9F\x98"sv, "\0in\0side\0"sv, "\xE2\x80"sv,
    // What formats care for.
    ""sv, " "sv, "="sv, "\""sv, "'; DROP TABLE stogger_logs; --"sv,
    "{x} {{ }} {x:999999}"sv, "null"sv, "%s%n%d"sv};

std::string mended(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool good = step.valid && step.codepoint != 0;
    out += good ? text.substr(0, step.size) : kReplacement;
    text.remove_prefix(step.size);
  }
  return out;
}

bool is_harmful(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

// What makes text read in another order than it is written.
bool turns(std::uint32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void expect_one_harmless_line(std::string_view line, bool is_json) {
  ASSERT_TRUE(line.ends_with('\n'));
  line.remove_suffix(1);
  ASSERT_FALSE(line.ends_with(' ')) << line;
  ASSERT_TRUE(is_clean_text(line)) << line;
  for (std::string_view rest = line; !rest.empty();) {
    const Utf8Step step = utf8_step(rest);
    // DEL and marks of direction are data in JSON: a terminal ignores the one,
    // and the others cannot leave their string.
    if (!is_json || step.codepoint != 0x7F) {
      ASSERT_FALSE(is_harmful(step.codepoint)) << line;
    }
    if (!is_json) {
      ASSERT_FALSE(turns(step.codepoint)) << line;
    }
    rest.remove_prefix(step.size);
  }
}

std::string without(std::string text, std::string_view what) {
  for (std::size_t at; (at = text.find(what)) != std::string::npos;) {
    text.erase(at, what.size());
  }
  return text;
}

std::string without_colors(std::string text) {
  for (const std::string_view color :
       {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m",
        "\x1b[35m", "\x1b[36m"}) {
    text = without(text, color);
  }
  return text;
}

// The event in all forms of one line.
void expect_harmless(TestEvent& event) {
  const std::string text = event.line(RowForm::text);
  expect_one_harmless_line(text, false);
  EXPECT_EQ(without_colors(event.line(RowForm::colored_text)), text);
  const std::string local = event.line(RowForm::local_text);
  expect_one_harmless_line(local, false);
  EXPECT_EQ(without_colors(event.line(RowForm::colored_local_text)), local);
  EXPECT_EQ(local.substr(29), text.substr(24));
  expect_one_harmless_line(event.line(RowForm::logfmt), false);
  const std::string json = event.line(RowForm::json);
  expect_one_harmless_line(json, true);
  EXPECT_TRUE(nlohmann::json::accept(json)) << json;
}

nlohmann::json json_of(TestEvent& event) {
  return nlohmann::json::parse(event.line(RowForm::json), nullptr, false);
}

class HostileTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(HostileTest, AsTheEventItStaysInItsLine) {
  TestEvent event(GetParam(), {{"a", 1}});
  expect_harmless(event);
  EXPECT_EQ(json_of(event)["event"], mended(GetParam()));
  EXPECT_EQ(json_of(event).size(), 4u);
}

TEST_P(HostileTest, AsAKeyItStaysInItsLine) {
  TestEvent event("e", {{"a", 1}, {GetParam(), "value"}, {"b", 2}});
  expect_harmless(event);
  EXPECT_EQ(json_of(event)[mended(GetParam())], "value");
  EXPECT_EQ(json_of(event).size(), 6u);
}

TEST_P(HostileTest, AsAValueItStaysInItsLine) {
  TestEvent event("e", {{"a", 1}, {"v", GetParam()}, {"b", 2}});
  expect_harmless(event);
  EXPECT_EQ(json_of(event)["v"], mended(GetParam()));
  EXPECT_EQ(json_of(event).size(), 6u);
}

TEST_P(HostileTest, AsFuncScopeAndLoggerItStaysInItsLine) {
  TestEvent event("e");
  event.event.func = GetParam();
  event.event.scope = GetParam();
  event.event.logger = GetParam();
  expect_harmless(event);
  EXPECT_EQ(json_of(event)["func"], mended(GetParam()));
  EXPECT_EQ(json_of(event)["scope"], mended(GetParam()));
  if (!GetParam().empty()) {
    EXPECT_EQ(json_of(event)["logger"], mended(GetParam()));
  }
}

TEST_P(HostileTest, AsATemplateItStaysInItsLine) {
  TestEvent event("e", {{"x", 1}}, GetParam());
  expect_harmless(event);
}

TEST_P(HostileTest, AsAPartOfTheMessageItStaysInItsLine) {
  TestEvent event("e", {{"v", GetParam()}}, "before {v} between {v:>20} after");
  expect_harmless(event);
  const std::string message = json_of(event)["message"];
  EXPECT_TRUE(message.starts_with("before " + mended(GetParam())));
}

TEST_P(HostileTest, InsideJsonItStaysInItsLine) {
  const nlohmann::json object = {{"v", mended(GetParam())}};
  const std::string json = object.dump();
  TestEvent event("e", {{"v", Json{json}}});
  const std::string text = event.line(RowForm::text);
  expect_one_harmless_line(text, false);
  expect_one_harmless_line(event.line(RowForm::logfmt), false);
}

INSTANTIATE_TEST_SUITE_P(Texts, HostileTest, ::testing::ValuesIn(kHostile),
                         [](const auto& text) {
                           return "Text" + std::to_string(text.index);
                         });

TEST(RandomBytesTest, StayInTheirLineAndComeBackInJson) {
  std::mt19937 random(20261121);
  const auto text = [&] {
    std::string bytes(random() % 30, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string texts[] = {text(), text(), text(),
                                 text(), text(), text()};
    TestEvent event(texts[0], {{texts[1], texts[2]}}, texts[3]);
    event.event.func = texts[4];
    event.event.logger = texts[5];
    expect_harmless(event);
    if (HasFatalFailure()) return;
    EXPECT_EQ(json_of(event)["event"], mended(texts[0]));
    EXPECT_EQ(json_of(event)["func"], mended(texts[4]));
  }
}

}  // namespace
}  // namespace stogger
