#include "render/message.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_event.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;

std::string message(std::string_view text, std::vector<Field> fields = {}) {
  TestEvent event("disk-low", std::move(fields), text);
  event.event.level = Level::warning;
  return std::string(event.message());
}

TEST(MessageTest, FieldsAreFilledInByName) {
  EXPECT_EQ(message("Only {free_mb:.1f} MB left on {mount}",
                    {{"free_mb", 120.5}, {"mount", "/var"}}),
            "Only 120.5 MB left on /var");
  EXPECT_EQ(message("{a}{b}{a}", {{"a", 1}, {"b", 2}}), "121");
  EXPECT_EQ(message("no braces"), "no braces");
}

TEST(MessageTest, MissingAndNullFieldsAreMarked) {
  EXPECT_EQ(message("{none} and {null}", {{"null", nullptr}}),
            "<missing> and <missing>");
  EXPECT_EQ(message("{none:>10.3f}"), "<missing>");
  EXPECT_EQ(message("{} {0} {1:d}"), "<missing> <missing> <missing>");
  EXPECT_EQ(message("{ a }", {{"a", 1}}), "<missing>");
  EXPECT_EQ(message("{a.b} {a[0]} {a!r}", {{"a", 1}}),
            "<missing> <missing> <missing>");
}

TEST(MessageTest, KeysMayBeAnything) {
  EXPECT_EQ(message("{}", {{"", "empty"}}), "empty");
  EXPECT_EQ(message("{0}", {{"0", "zero"}}), "zero");
  EXPECT_EQ(message("{a b}", {{"a b", 1}}), "1");
  EXPECT_EQ(message("{\xC3\xA4}", {{"\xC3\xA4", 1}}), "1");
}

TEST(MessageTest, DoubledBracesAreBraces) {
  EXPECT_EQ(message("{{}}"), "{}");
  EXPECT_EQ(message("{{{a}}}", {{"a", 1}}), "{1}");
  EXPECT_EQ(message("{{a}}", {{"a", 1}}), "{a}");
  EXPECT_EQ(message("100%{{"), "100%{");
}

TEST(MessageTest, FromABraceWithoutItsPairOnTheTemplateStands) {
  EXPECT_EQ(message("a {b", {{"b", 1}}), "a <bad format>{b");
  EXPECT_EQ(message("{b} }", {{"b", 1}}), "1 <bad format>}");
  EXPECT_EQ(message("}{b}", {{"b", 1}}), "<bad format>}{b}");
  EXPECT_EQ(message("{b", {{"b", 1}}), "<bad format>{b");
  EXPECT_EQ(message("{"), "<bad format>{");
  EXPECT_EQ(message("}"), "<bad format>}");
  EXPECT_EQ(message("{{{"), "{<bad format>{");
}

TEST(MessageTest, NestedFieldsAreNotKnown) {
  EXPECT_EQ(message("{a:{b}}", {{"a", 1}, {"b", 2}}), "<bad format>{a:{b}}");
  EXPECT_EQ(message("{a:{}}", {{"a", 1}}), "<bad format>{a:{}}");
}

TEST(MessageTest, EveryKindReadsAsPeopleReadIt) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message("{v}", {{"v", true}}), "true");
  EXPECT_EQ(message("{v}", {{"v", INT64_MIN}}), "-9223372036854775808");
  EXPECT_EQ(message("{v}", {{"v", UINT64_MAX}}), "18446744073709551615");
  EXPECT_EQ(message("{v}", {{"v", 0.1}}), "0.1");
  EXPECT_EQ(message("{v}", {{"v", 2.0}}), "2.0");
  EXPECT_EQ(message("{v}", {{"v", -infinity}}), "-Infinity");
  EXPECT_EQ(message("{v}", {{"v", "a \"b\"\n"}}), "a \"b\"\n");
  EXPECT_EQ(message("{v}", {{"v", ""}}), "");
  EXPECT_EQ(message("{v}", {{"v", kTestTime}}), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(message("{v}", {{"v", Json{"{\"a\":1}"}}}), "{\"a\":1}");
}

TEST(MessageTest, EveryKindTakesTheSpecificationsOfFmt) {
  EXPECT_EQ(message("{v:>7}|{v:d}", {{"v", true}}), "   true|1");
  EXPECT_EQ(message("{v:05d}|{v:x}|{v:+}", {{"v", 42}}), "00042|2a|+42");
  EXPECT_EQ(message("{v:#x}", {{"v", UINT64_MAX}}), "0xffffffffffffffff");
  EXPECT_EQ(message("{v:.2f}|{v:e}|{v:>8.1f}|{v:010.3f}", {{"v", 3.14159}}),
            "3.14|3.141590e+00|     3.1|000003.142");
  EXPECT_EQ(message("{v:>5}|{v:*^5}|{v:.1}", {{"v", "ab"}}), "   ab|*ab**|a");
  EXPECT_EQ(message("{v:\xC3\xA4>4}", {{"v", "ab"}}),
            "\xC3\xA4\xC3\xA4"
            "ab");
  EXPECT_EQ(message("{v:.10}", {{"v", kTestTime}}), "2026-11-21");
  EXPECT_EQ(message("{v:>5}", {{"v", Json{"[1]"}}}), "  [1]");
}

TEST(MessageTest, SpecificationsThatDoNotFitAreMarked) {
  for (const std::string_view text :
       {"{n:s}", "{n:.2f}", "{n:zz}", "{n:.2}", "{n:%}", "{n:>5d5}"}) {
    EXPECT_TRUE(message(text, {{"n", 42}}).starts_with("<bad format>")) << text;
  }
  EXPECT_EQ(message("{v:d}", {{"v", "text"}}), "<bad format>");
  EXPECT_EQ(message("{v:d}", {{"v", 1.5}}), "<bad format>");
  EXPECT_EQ(message("{v:%Y}", {{"v", kTestTime}}), "<bad format>");
  EXPECT_EQ(message("{v:f}", {{"v", true}}), "<bad format>");
  EXPECT_EQ(message("a {v:d} b {w:d} c", {{"v", "x"}, {"w", 7}}),
            "a <bad format> b 7 c");
}

TEST(MessageTest, HugeWidthsAreMistakes) {
  EXPECT_EQ(message("{v:>1000000000}", {{"v", 1}}), "<bad format>");
  EXPECT_EQ(message("{v:>1000}", {{"v", "x"}}), "<bad format>");
  EXPECT_EQ(message("{v:.99999999999f}", {{"v", 1.0}}), "<bad format>");
  EXPECT_EQ(message("{v:>999}", {{"v", 1}}).size(), 999u);
  EXPECT_EQ(message("{v:>000000000000000000000000010}", {{"v", 1}}),
            "<bad format>");
}

TEST(MessageTest, NamesOfTheEventAreKnown) {
  TestEvent event("disk-low", {{"a", 1}},
                  "{event} {level} {logger} {func} "
                  "{scope} {timestamp} {message}");
  event.event.level = Level::warning;
  event.event.logger = "http";
  event.event.func = "handle";
  event.event.scope = "request";
  EXPECT_EQ(event.message(),
            "disk-low warning http handle request <missing> <missing>");
  event.event.logger = {};
  event.event.func = nullptr;
  event.event.scope = nullptr;
  event.event.message_template = "{logger} {func} {scope}";
  EXPECT_EQ(event.message(), "<missing> <missing> <missing>");
}

TEST(MessageTest, FieldsComeBeforeNamesOfTheEvent) {
  EXPECT_EQ(message("{level} {event} {message}",
                    {{"level", "high"}, {"event", "mine"}, {"message", 7}}),
            "high mine 7");
  EXPECT_EQ(message("{level} {a}", {{"level_", 1}, {"a_", 1}}),
            "warning <missing>");
}

std::uint64_t shown(std::string_view text, std::vector<Field> fields) {
  TestEvent event("e", std::move(fields), text);
  event.message();
  return event.event.shown_fields;
}

TEST(MessageTest, TheFieldsThatItShowsAreMarked) {
  EXPECT_EQ(shown("no braces", {{"a", 1}}), 0u);
  EXPECT_EQ(shown("{c} {a}", {{"a", 1}, {"b", 2}, {"c", 3}}), 5u);
  EXPECT_EQ(shown("{b:>5} {b}", {{"a", 1}, {"b", 2}}), 2u);
  EXPECT_EQ(shown("{event} {none} {{a}}", {{"a", 1}}), 0u);
  EXPECT_EQ(shown("{a}", {{"a", nullptr}}), 1u);
  EXPECT_EQ(shown("{a}", {{"a", ""}}), 1u);
}

TEST(MessageTest, AValueThatTheSpecificationDoesNotFitIsNotShown) {
  EXPECT_EQ(shown("{a:zz} {b:>1000}", {{"a", 1}, {"b", 2}}), 0u);
  EXPECT_EQ(shown("{a:zz} {a}", {{"a", 1}}), 1u);
  EXPECT_EQ(shown("{a} {a:zz}", {{"a", 1}}), 1u);
  EXPECT_EQ(shown("} {a}", {{"a", 1}}), 0u);
}

TEST(MessageTest, OnlyTheFirstSixtyFourFieldsAreMarked) {
  std::vector<std::string> keys;
  for (int i = 0; i < 70; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.push_back({key, 1});
  EXPECT_EQ(shown("{k63} {k64} {k69}", fields), std::uint64_t{1} << 63);
}

TEST(MessageTest, TemplatesMayHoldAnyBytes) {
  EXPECT_EQ(message("a\0{v}\xFF\n"sv, {{"v", "\0\xFE"sv}}),
            "a\0\0\xFE\xFF\n"sv);
  EXPECT_EQ(message("{v:\xFF>5}", {{"v", 1}}).size(),
            message("{v:\xFF>5}", {{"v", 1}}).size());
  EXPECT_EQ(message("{\xFF}"), "<missing>");
}

TEST(MessageTest, LongTemplatesAndValuesAreNoTrouble) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += "{v}-{v:>3}{{";
    expected += "ab- ab{";
  }
  EXPECT_EQ(message(text, {{"v", "ab"}}), expected);
  const std::string value(1 << 19, 'x');
  EXPECT_EQ(message("<{v}>", {{"v", value}}), "<" + value + ">");
  EXPECT_EQ(message(std::string(100000, '{')), std::string(50000, '{'));
}

}  // namespace
}  // namespace stogger
