#include "render/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/plain.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "tests/support/test_event.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;
using Limits = std::numeric_limits<double>;

const std::string kMark(kReplacement);

std::string visible(std::string_view text, std::uint32_t* sanitized = nullptr) {
  Buffer out;
  const std::uint32_t count = append_visible(out, text);
  if (sanitized != nullptr) *sanitized = count;
  return std::string(out.view());
}

// A value as it stands in a pair; written into room of the promised size, so
// that a sanitizer sees a byte too many.
std::string pair_value(const Value& value) {
  const std::size_t room = pair_value_room(value);
  const auto out = std::make_unique<char[]>(room);
  std::uint32_t sanitized = 0;
  char* const end = write_pair_value(out.get(), value, &sanitized);
  EXPECT_LE(end, out.get() + room);
  return {out.get(), end};
}

// --- Text that cannot harm ---------------------------------------------------

TEST(VisibleTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(visible("plain text, \"quoted\" \\ too"),
            "plain text, \"quoted\" \\ too");
  EXPECT_EQ(visible("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(visible("\x01\x1b[31m\x7F"), "\\x01\\x1b[31m\\x7f");
  EXPECT_EQ(visible("\xC2\x85\xC2\x9B"), "\\u0085\\u009b");
  EXPECT_EQ(visible("\xE2\x80\xA8\xE2\x80\xA9"), "\\u2028\\u2029");
}

TEST(VisibleTest, CharactersThatTurnTheDirectionOfWritingAreEscaped) {
  EXPECT_EQ(visible("\xE2\x80\xAE\xE2\x81\xA6\xD8\x9C\xE2\x80\x8E\xEF\xBB\xBF"),
            "\\u202e\\u2066\\u061c\\u200e\\ufeff");
}

TEST(VisibleTest, LettersOfEveryScriptStay) {
  const std::string text =
      "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xD7\x90\xC2\xA0";
  EXPECT_EQ(visible(text), text);
}

TEST(VisibleTest, BadBytesAndNulAreReplacedAndCountedOnce) {
  std::uint32_t sanitized = 0;
  EXPECT_EQ(visible("a\0b\xFF\xE2\x82z"sv, &sanitized),
            "a" + kMark + "b" + kMark + kMark + "z");
  EXPECT_EQ(sanitized, 1u);
  EXPECT_EQ(visible("\n", &sanitized), "\\n");
  EXPECT_EQ(sanitized, 0u);
}

TEST(VisibleTest, NeverTakesMoreRoomThanItSays) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text(random() % 40, 'x');
    const bool wild = random() % 2 == 0;
    for (char& c : text) {
      if (wild || random() % 8 == 0) c = static_cast<char>(random());
    }
    const auto out = std::make_unique<char[]>(text.size() * kVisibleGrowth);
    std::uint32_t sanitized = 0;
    const char* const end = write_visible(out.get(), text, &sanitized);
    ASSERT_LE(end, out.get() + text.size() * kVisibleGrowth);
    ASSERT_TRUE(is_clean_text({out.get(), end}));
    pair_value(text);
  }
}

TEST(PairValueTest, TextIsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(pair_value("plain"), "plain");
  EXPECT_EQ(pair_value("10.0.0.1:80/path?q"), "10.0.0.1:80/path?q");
  EXPECT_EQ(pair_value("\xC3\xA4\xE2\x82\xAC"), "\xC3\xA4\xE2\x82\xAC");
  EXPECT_EQ(pair_value(""), "\"\"");
  EXPECT_EQ(pair_value("two words"), "\"two words\"");
  EXPECT_EQ(pair_value("a=b"), "\"a=b\"");
  EXPECT_EQ(pair_value("say \"hi\""), "\"say \\\"hi\\\"\"");
  EXPECT_EQ(pair_value("\""), "\"\\\"\"");
  EXPECT_EQ(pair_value("C:\\temp"), "\"C:\\\\temp\"");
  EXPECT_EQ(pair_value("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(pair_value("\xFF"), "\"" + kMark + "\"");
}

TEST(PairValueTest, OtherKindsAreNotQuoted) {
  EXPECT_EQ(pair_value(nullptr), "null");
  EXPECT_EQ(pair_value(true), "true");
  EXPECT_EQ(pair_value(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(pair_value(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(pair_value(-0.0), "-0.0");
  EXPECT_EQ(pair_value(-Limits::denorm_min()), "-5e-324");
  EXPECT_EQ(pair_value(-Limits::max()), "-1.7976931348623157e+308");
  EXPECT_EQ(pair_value(Limits::quiet_NaN()), "NaN");
  EXPECT_EQ(pair_value(-Limits::infinity()), "-Infinity");
  EXPECT_EQ(pair_value(Time{INT64_MIN}), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(pair_value(Json{"[1,2]"}), "[1,2]");
  EXPECT_EQ(pair_value(Json{"{\"a\":1}"}), "\"{\\\"a\\\":1}\"");
}

TEST(PlainTest, ValuesReadAsPeopleReadThem) {
  const auto plain = [](const Value& value) {
    Buffer out;
    append_plain(out, value);
    return std::string(out.view());
  };
  EXPECT_EQ(plain("text \"x\""), "text \"x\"");
  EXPECT_EQ(plain(Limits::quiet_NaN()), "NaN");
  EXPECT_EQ(plain(kTestTime), "2026-11-21T01:39:28.656642Z");
  EXPECT_EQ(plain(nullptr), "null");
  EXPECT_EQ(plain(false), "false");
  EXPECT_EQ(plain(Json{"[1]"}), "[1]");
}

// --- The line ----------------------------------------------------------------

// What stands behind the time, the level and the event, in a line of the event.
std::string body(TestEvent& event, RowForm form = RowForm::text) {
  const std::string line = event.line(form);
  EXPECT_TRUE(line.ends_with('\n'));
  return line.substr(27, line.size() - 28);
}

TEST(TextTest, HasTimeLevelEventAndFields) {
  TestEvent event("user-login", {{"user_id", 42}, {"ip", "10.0.0.1"}});
  EXPECT_EQ(event.line(RowForm::text),
            "2026-11-21T01:39:28.656Z I user-login                     "
            "user_id=42 ip=10.0.0.1\n");
}

TEST(TextTest, TheMessageIsFollowedByWhatItDoesNotShow) {
  TestEvent event("user-login", {{"ms", 3}, {"user", 42}, {"ip", "10.0.0.7"}},
                  "User {user} logged in");
  event.event.logger = "http";
  event.event.scope = "checkout";
  EXPECT_EQ(event.line(RowForm::text),
            "2026-11-21T01:39:28.656Z I user-login                     "
            "User 42 logged in  ms=3 ip=10.0.0.7 logger=http scope=checkout\n");
}

TEST(TextTest, AMessageMayShowAllThereIs) {
  TestEvent event("e", {{"user", 42}}, "User {user} logged in");
  EXPECT_EQ(body(event), "e" + std::string(30, ' ') + "User 42 logged in");
  event.event.scope = "s o";
  EXPECT_TRUE(body(event).ends_with(" User 42 logged in  scope=\"s o\""));
}

TEST(TextTest, LoggerAndScopeComeLast) {
  TestEvent event("e", {{"a", 1}});
  event.event.logger = "http";
  EXPECT_TRUE(body(event).ends_with("  a=1 logger=http"));
  event.event.scope = "checkout";
  EXPECT_TRUE(body(event).ends_with("  a=1 logger=http scope=checkout"));
  event.event.logger = {};
  EXPECT_TRUE(body(event).ends_with("  a=1 scope=checkout"));
  event.event.field_count = 0;
  EXPECT_EQ(body(event), "e" + std::string(30, ' ') + "scope=checkout");
}

TEST(TextTest, ASecretThatTheMessageShowsIsNotShownAgain) {
  TestEvent event("e", {{"password", "[REDACTED]"}, {"a", 1}}, "{password}!");
  EXPECT_TRUE(body(event).ends_with(" [REDACTED]!  a=1"));
}

TEST(TextTest, AValueThatDoesNotFitItsSpecificationFollows) {
  TestEvent event("e", {{"a", "x"}}, "{a:d} and {b}");
  EXPECT_TRUE(body(event).ends_with(" <bad format> and <missing>  a=x"));
}

TEST(TextTest, OfManyFieldsTheLaterOnesAreAllThere) {
  std::vector<std::string> keys;
  for (int i = 0; i < 66; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.push_back({key, 1});
  TestEvent event("e", fields, "{k0} {k63} {k64}");
  const std::string shown = body(event);
  EXPECT_NE(shown.find(" 1 1 1  k1=1 "), std::string::npos) << shown;
  EXPECT_TRUE(shown.ends_with(" k62=1 k64=1 k65=1")) << shown;
}

TEST(TextTest, TheTimeMayBeLocal) {
  TestEvent event("e", {{"a", 1}});
  for (const auto& [local, utc] :
       {std::pair(RowForm::local_text, RowForm::text),
        std::pair(RowForm::colored_local_text, RowForm::colored_text)}) {
    const bool colored = utc == RowForm::colored_text;
    const std::size_t at = colored ? 4 : 0;
    std::string line = event.line(local);
    char time[40];
    char* const end = write_local_timestamp(time, kTestTime);
    ASSERT_EQ(line.substr(at, 29), std::string(time, end));
    EXPECT_EQ(line.replace(at, 29, "2026-11-21T01:39:28.656Z"),
              event.line(utc));
  }
}

TEST(TextTest, EveryLevelHasItsLetter) {
  const std::string letters = "TDIWECA";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    TestEvent event("e");
    event.event.level = static_cast<Level>(i);
    EXPECT_EQ(event.line(RowForm::text)[25], letters[i]);
  }
}

TEST(TextTest, TheEventIsPaddedToThirtyAndNeverCut) {
  const auto shown = [](std::string_view name) {
    TestEvent event(name, {{"a", 1}});
    return body(event);
  };
  EXPECT_EQ(shown(""), std::string(30, ' ') + " a=1");
  EXPECT_EQ(shown(std::string(29, 'x')), std::string(29, 'x') + "  a=1");
  EXPECT_EQ(shown(std::string(30, 'x')), std::string(30, 'x') + " a=1");
  EXPECT_EQ(shown(std::string(31, 'x')), std::string(31, 'x') + " a=1");
  EXPECT_EQ(shown(std::string(500, 'x')), std::string(500, 'x') + " a=1");
  // By characters, not by bytes.
  EXPECT_EQ(shown("\xC3\xA4\xE2\x82\xAC"),
            "\xC3\xA4\xE2\x82\xAC" + std::string(28, ' ') + " a=1");
  std::string umlauts;
  for (int i = 0; i < 29; ++i) umlauts += "\xC3\xA4";
  EXPECT_EQ(shown(umlauts), umlauts + "  a=1");
  EXPECT_EQ(shown("a\nb"), "a\\nb" + std::string(26, ' ') + " a=1");
}

TEST(TextTest, NoBlanksStandAtTheEnd) {
  const auto line = [](std::string_view name, std::string_view text = {},
                       std::vector<Field> fields = {}) {
    TestEvent event(name, std::move(fields), text);
    return body(event);
  };
  const std::string padded = "e" + std::string(29, ' ');
  EXPECT_EQ(line("e"), "e");
  EXPECT_EQ(line("e  "), "e");
  EXPECT_EQ(line("e", "{a}", {{"a", ""}}), "e");
  EXPECT_EQ(line("e", "{a}", {{"a", "  "}}), "e");
  EXPECT_EQ(line("e", " x  "), padded + "  x");
  EXPECT_EQ(line("e", "{a}  ", {{"a", ""}, {"b", ""}}), padded + " b=\"\"");
  EXPECT_EQ(line("e", "x ", {{"b", 1}}), padded + " x  b=1");
  EXPECT_EQ(line("e", "x\n"), padded + " x\\n");
  for (const std::string_view nothing : {"", "   "}) {
    TestEvent event(nothing);
    EXPECT_EQ(event.line(RowForm::text), "2026-11-21T01:39:28.656Z I\n");
  }
}

TEST(TextTest, NoBlanksStandAtTheEndOfColoredLines) {
  const auto line = [](std::string_view name, std::string_view text = {}) {
    TestEvent event(name, {}, text);
    const std::string all = event.line(RowForm::colored_text);
    const std::string_view level = "\x1b[32m\x1b[1mI\x1b[0m";
    const std::size_t at = all.find(level);
    return at == all.npos ? all : all.substr(at + level.size());
  };
  EXPECT_EQ(line("e"), " \x1b[1me\x1b[0m\n");
  EXPECT_EQ(line("e "), " \x1b[1me\x1b[0m\n");
  EXPECT_EQ(line(" "), "\n");
  EXPECT_EQ(line("e", "  "), " \x1b[1me\x1b[0m\n");
  EXPECT_EQ(line("e", "x  "),
            " \x1b[1me" + std::string(29, ' ') + "\x1b[0m x\n");
}

TEST(TextTest, ANameDoesNotPassForPairs) {
  const auto shown = [](std::string_view name) {
    TestEvent event(name, {{"a", 1}});
    return body(event);
  };
  EXPECT_EQ(shown("a name with five words in it a"),
            "a name with five words in it a a=1");
  EXPECT_EQ(shown("login               a=2 admin=true"),
            "\"login               a=2 admin=true\" a=1");
  EXPECT_EQ(shown("\"a\\b\""),
            "\"\\\"a\\\\b\\\"\"" + std::string(20, ' ') + " a=1");
}

TEST(TextTest, KeysAreQuotedLikeValues) {
  TestEvent event("e", {{"a b", 1}, {"", 2}, {"a=\n", 3}});
  EXPECT_TRUE(
      event.line(RowForm::text).ends_with(" \"a b\"=1 \"\"=2 \"a=\\n\"=3\n"));
}

TEST(TextTest, ColorsAreThoseOfTheLevels) {
  const auto line = [](Level level) {
    TestEvent event("e", {{"a", 1}, {"b", "x"}});
    event.event.level = level;
    return event.line(RowForm::colored_text);
  };
  const std::string padded = "e" + std::string(29, ' ');
  EXPECT_EQ(line(Level::info),
            "\x1b[2m2026-11-21T01:39:28.656Z\x1b[0m \x1b[32m\x1b[1mI\x1b[0m "
            "\x1b[1m" +
                padded +
                "\x1b[0m "
                "\x1b[36ma\x1b[0m=\x1b[35m1\x1b[0m "
                "\x1b[36mb\x1b[0m=\x1b[35mx\x1b[0m\n");
  for (const Level level : {Level::trace, Level::debug, Level::info}) {
    EXPECT_NE(line(level).find("\x1b[32m\x1b[1m"), std::string::npos);
  }
  EXPECT_NE(line(Level::warning).find("\x1b[33m\x1b[1m"), std::string::npos);
  for (const Level level : {Level::error, Level::critical, Level::alert}) {
    EXPECT_NE(line(level).find("\x1b[31m\x1b[1m"), std::string::npos);
  }
}

TEST(TextTest, FieldsBehindAMessageAreDim) {
  TestEvent event("e", {{"a", 1}, {"b", 2}}, "{a} x");
  event.event.logger = "l";
  EXPECT_TRUE(event.line(RowForm::colored_text)
                  .ends_with("\x1b[0m 1 x \x1b[2m b=2 logger=l\x1b[0m\n"));
  TestEvent shown("e", {{"a", 1}}, "{a} x");
  EXPECT_TRUE(shown.line(RowForm::colored_text).ends_with("\x1b[0m 1 x\n"));
}

TEST(TextTest, PairsOfOtherRenderersHaveNoColors) {
  TestEvent event("e", {{"a", 1}, {"b", "x y"}, {"c", "\xFF"}});
  Buffer out;
  EXPECT_EQ(append_pairs(out, event.event), 1u);
  EXPECT_EQ(out.view(), " a=1 b=\"x y\" c=\"" + kMark + "\"");
}

// --- logfmt ------------------------------------------------------------------

TEST(LogfmtTest, HasTheMembersOfTheJsonLine) {
  TestEvent event("user-login", {{"user_id", 42}, {"who", "ann b"}},
                  "User {user_id}");
  event.event.func = "handle";
  event.event.scope = "request";
  event.event.logger = "http";
  EXPECT_EQ(event.line(RowForm::logfmt),
            "timestamp=2026-11-21T01:39:28.656642Z level=info event=user-login "
            "func=handle scope=request message=\"User 42\" logger=http "
            "user_id=42 who=\"ann b\"\n");
}

TEST(LogfmtTest, LeavesOutWhatThereIsNot) {
  TestEvent event("e");
  EXPECT_EQ(event.line(RowForm::logfmt),
            "timestamp=2026-11-21T01:39:28.656642Z level=info event=e\n");
}

TEST(LogfmtTest, EmptyTextsAreThere) {
  TestEvent event("", {{"a", ""}}, "{a}");
  event.event.func = "";
  EXPECT_EQ(event.line(RowForm::logfmt),
            "timestamp=2026-11-21T01:39:28.656642Z level=info event=\"\" "
            "func=\"\" message=\"\" a=\"\"\n");
}

}  // namespace
}  // namespace stogger
