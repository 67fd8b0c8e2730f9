#include "base/hidden.h"

#include <gtest/gtest.h>

#include "base/quote.h"

namespace stogger {
namespace {

const std::vector<HiddenValue> kValues = {{"hunter2", "${PW}"},
                                          {"hunter2db", "${DB}"},
                                          {"a\"b\nc\u202E", "${ODD}"},
                                          {"no", "${SHORT}"},
                                          {"", "${EMPTY}"}};

TEST(HiddenTest, ValuesAreReplacedByTheNameOfTheirVariable) {
  EXPECT_EQ(hide_values(kValues, "host hunter2, again hunter2."),
            "host ${PW}, again ${PW}.");
  EXPECT_EQ(hide_values(kValues, ""), "");
  EXPECT_EQ(hide_values({}, "hunter2"), "hunter2");
}

TEST(HiddenTest, TheLongestWins) {
  EXPECT_EQ(hide_values(kValues, "hunter2db hunter2d."), "${DB} ${PW}d.");
}

TEST(HiddenTest, ShortValuesAreLeft) {
  EXPECT_EQ(hide_values(kValues, "cannot do it"), "cannot do it");
}

TEST(HiddenTest, ValuesAreFoundInQuotesAndWhereCharactersWereReplaced) {
  const std::string odd = kValues[2].value;
  EXPECT_EQ(hide_values(kValues, quoted(odd) + ": no"), "\"${ODD}\": no");
  EXPECT_EQ(hide_values(kValues, printable(odd)), "${ODD}");
}

TEST(HiddenTest, WhatIsLeftOfAValueThatWasCutIsHiddenToo) {
  const std::string secret = std::string(200, 'k') + "x";
  const std::vector<HiddenValue> values = {{secret, "${LONG}"}};
  EXPECT_EQ(hide_values(values, quoted(secret)), "\"${LONG}...\"");
  EXPECT_EQ(hide_values(values, quoted("path/" + secret)),
            "\"path/${LONG}...\"");
  EXPECT_EQ(hide_values(values, "failed: " + secret.substr(0, 50)),
            "failed: ${LONG}");
}

TEST(HiddenTest, DotsOfAValueThatWasCutMayBeThoseOfTheCut) {
  const std::string secret = "correct-horse-battery";
  for (std::size_t dots = 1; dots <= 4; ++dots) {
    const std::string value = secret + std::string(dots, '.') + "staple";
    for (std::size_t size = secret.size(); size < value.size(); ++size) {
      const std::string cut = "\"" + value.substr(0, size) + "...\": no";
      const std::string shown = hide_values({{value, "${S}"}}, cut);
      EXPECT_EQ(shown.find(secret), shown.npos) << cut << ": " << shown;
    }
  }
}

TEST(HiddenTest, WhatStandsBesideAValueMayCompleteItsFirstAndLastCharacter) {
  const std::string secret = "correct-horse-battery";
  const std::vector<HiddenValue> values = {
      {"\xA5" + secret + "\n\xE2\x80", "${S}"}};
  for (const std::string& text :
       {values[0].value, "\xE2\x80" + values[0].value + "\xA5"}) {
    for (const std::string& message :
         {text, quoted(text), printable(text), quoted(text + " and more")}) {
      const std::string shown = hide_values(values, message);
      EXPECT_EQ(shown.find(secret), shown.npos) << shown;
    }
  }
  // A value that is nothing else is found as it is.
  EXPECT_EQ(hide_values({{"\x80\x80\x80\x80", "${S}"}}, "a\x80\x80\x80\x80"),
            "a${S}");
}

}  // namespace
}  // namespace stogger
