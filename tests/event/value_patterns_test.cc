#include "event/value_patterns.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "event/compose.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

class ValuePatternsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ValuePatterns::is_built_in()) GTEST_SKIP() << "built without RE2";
  }
  static std::string clean(std::vector<std::string> patterns,
                           std::string_view text) {
    const ValuePatterns compiled(std::move(patterns));
    Buffer out;
    compiled.append_clean(out, text, "#");
    const std::string result(out.view());
    EXPECT_EQ(compiled.match(text), result != text) << text;
    return result;
  }
};

TEST_F(ValuePatternsTest, EachMatchIsReplaced) {
  const std::vector<std::string> cards = {"\\b\\d{4}-\\d{4}\\b"};
  EXPECT_EQ(clean(cards, "1234-5678"), "#");
  EXPECT_EQ(clean(cards, "a 1234-5678, 1111-2222."), "a #, #.");
  EXPECT_EQ(clean(cards, "x1234-5678"), "x1234-5678");
  EXPECT_EQ(clean(cards, ""), "");
}

TEST_F(ValuePatternsTest, MatchesOfSeveralPatternsThatTouchBecomeOne) {
  EXPECT_EQ(clean({"abc", "cde"}, "-abcde-"), "-#-");
  EXPECT_EQ(clean({"\\d", "[a-c]"}, "1a2-b.3"), "#-#.#");
  EXPECT_EQ(clean({"\\d{4}", "\\d{8}"}, "12345678 123456789"), "# #9");
  EXPECT_EQ(clean({"cde", "abcdefg"}, "abcdefg"), "#");
}

TEST_F(ValuePatternsTest, WhatMatchesNothingHidesNothing) {
  EXPECT_EQ(ValuePatterns({"x*"}).match("abc"), true);
  Buffer out;
  ValuePatterns({"x*", "\\b"}).append_clean(out, "axx \xC3\xA9x", "#");
  EXPECT_EQ(out.view(), "a# \xC3\xA9#");
}

TEST_F(ValuePatternsTest, PatternsDoNotChangeEachOther) {
  EXPECT_EQ(clean({"(?i)abc", "def"}, "ABC DEF def"), "# DEF #");
  EXPECT_EQ(clean({"a|b", "^c"}, "b cc"), "# cc");
  EXPECT_EQ(clean({"\\Qa.", "b"}, "a. b ax"), "# # ax");
  EXPECT_EQ(clean({"\\Qx", "\\Qy\\E"}, "x y"), "# #");
  EXPECT_EQ(clean({"(?P<n>a)", "(?P<n>b)"}, "a b"), "# #");
}

// Each match was looked for up to the end: one after the other, they would take
// hours.
TEST_F(ValuePatternsTest, OfVeryManyMatchesInALongTextTheRestIsHidden) {
  const std::string text(1024 * 1024, 'a');
  EXPECT_EQ(clean({"a(?:.*x)?"}, text), "#");
  std::string mixed;
  while (mixed.size() < 1024 * 1024) mixed += "a-";
  const std::string hidden = clean({"a(?:.*x)?"}, mixed);
  EXPECT_LT(hidden.size(), 100U);
  EXPECT_TRUE(hidden.starts_with("#-#-")) << hidden;
  EXPECT_TRUE(hidden.ends_with("-#")) << hidden;
  // As many as this are found in a text of a usual size.
  std::string usual;
  for (int i = 0; i < 1000; ++i) usual += "1234 ";
  EXPECT_EQ(clean({"\\d+"}, usual).find('1'), std::string::npos);
  EXPECT_EQ(clean({"\\d+"}, usual).size(), 2000U);
}

TEST_F(ValuePatternsTest, Re2SaysWhatIsWrong) {
  EXPECT_EQ(ValuePatterns::why_wrong("a+"), "");
  EXPECT_EQ(ValuePatterns::why_wrong("(abc"), "missing ): (abc");
  EXPECT_EQ(ValuePatterns::why_wrong("(?=a)"), "invalid perl operator: (?=");
  EXPECT_NE(ValuePatterns::why_wrong("((a{100}){100}){100}"), "");
  EXPECT_NE(ValuePatterns::why_wrong("[\\pL\\pN]{1000}"), "")
      << "takes too much memory";
}

// After fork(), for what RE2 holds then may be locked for ever.
TEST_F(ValuePatternsTest, AreCompiledAgainWhenAThreadNeedsThem) {
  ValuePatterns patterns({"a", "b"});
  EXPECT_TRUE(patterns.match("xb"));
  patterns.after_fork_in_child();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(patterns.match("xb"));
      EXPECT_FALSE(patterns.match("xc"));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// --- In events ---------------------------------------------------------------

class PatternsOfEvents : public ValuePatternsTest {
 protected:
  std::string text(const Value& value, std::string_view key = "k") {
    const Field fields[] = {{key, value}};
    event_ = compose(nullptr, {Level::info, "e", fields, message_, {}},
                     kTestTime, settings_, scratch_);
    EXPECT_EQ(event_.field_count, 1U);
    return std::string(event_.fields[0].value.text());
  }

  std::string_view message_;
  EventSettings settings_{
      false,
      {},
      {},
      std::make_shared<ValuePatterns>(
          std::vector<std::string>{"\\b\\d{16}\\b", "tok_\\w+"})};
  EventScratch scratch_;
  Event event_;
};

TEST_F(PatternsOfEvents, WithoutAListNothingIsSearched) {
  EXPECT_EQ(EventSettings().redaction().patterns(), nullptr);
  EXPECT_NE(settings_.redaction().patterns(), nullptr);
}

TEST_F(PatternsOfEvents, TextsAndTemplatesAreSearched) {
  EXPECT_EQ(text("card 4111111111111111, tok_a1"),
            "card [REDACTED], [REDACTED]");
  EXPECT_EQ(text("nothing"), "nothing");
  message_ = "uses tok_1 for {k}";
  EXPECT_EQ(text("nothing"), "nothing");
  EXPECT_EQ(event_.message_template, "uses [REDACTED] for {k}");
}

TEST_F(PatternsOfEvents, StringsInJsonAreSearchedAsTheyRead) {
  EXPECT_EQ(text(Json{"{\"a\":[\"x tok_1\",{\"b\":\"4111111111111111\"}],"
                      "\"c\":\"\\u0074ok_2\",\"tok_3\":\"y\"}"}),
            "{\"a\":[\"x [REDACTED]\",{\"b\":\"[REDACTED]\"}],"
            "\"c\":\"[REDACTED]\",\"tok_3\":\"y\"}");
  EXPECT_EQ(event_.fields[0].value.kind(), Kind::json);
}

TEST_F(PatternsOfEvents, WhatIsNoJsonIsSearchedAsAText) {
  EXPECT_EQ(text(Json{"{\"a\":\"tok_1\""}), "{\"a\":\"[REDACTED]\"");
  // Where that ends is not known.
  EXPECT_EQ(text(Json{"{\"a\":\"\\u0074ok_1 x\""}), "[REDACTED]");
  EXPECT_EQ(text(Json{"{\"a\":\"\\\\u0074ok_1 x\""}), "[REDACTED]");
}

TEST_F(PatternsOfEvents, BytesThatAreNoTextHideNoSecret) {
  settings_ = EventSettings(false, {}, {},
                            std::make_shared<ValuePatterns>(
                                std::vector<std::string>{"key=.*", "a.b"}));
  EXPECT_EQ(text("key=1\xFF"
                 "2345"),
            "[REDACTED]");
  EXPECT_EQ(event_.sanitized, 1U);
  EXPECT_EQ(text(std::string_view("-a\0b", 4)), "-[REDACTED]");
  EXPECT_EQ(text(Json{"[\"key=1\\u00002345\"]"}), "[\"[REDACTED]\"]");
}

TEST_F(PatternsOfEvents, PasswordsInUrlsAreHiddenBesides) {
  settings_ = EventSettings(
      false, {"password"}, {},
      std::make_shared<ValuePatterns>(std::vector<std::string>{"tok_\\w+"}));
  EXPECT_EQ(text("tok_1 https://user:hunter2@host/?q=tok_2"),
            "[REDACTED] https://user:[REDACTED]@host/?q=[REDACTED]");
}

TEST_F(PatternsOfEvents, WhatIsNotSearchedIsNotShown) {
  const std::string half(600 * 1024, 'x');
  const Field fields[] = {{"a", half}, {"b", half}, {"c", "short"}};
  event_ = compose(nullptr, {Level::info, "e", fields, {}, {}}, kTestTime,
                   settings_, scratch_);
  ASSERT_EQ(event_.field_count, 3U);
  EXPECT_EQ(event_.fields[0].value.text(), half);
  EXPECT_EQ(event_.fields[1].value.text(), "[REDACTED]");
  EXPECT_EQ(event_.fields[2].value.text(), "short");
}

}  // namespace
}  // namespace stogger
