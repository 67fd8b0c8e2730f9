#include "config/expand.h"

#include "config/reading.h"

namespace stogger {
namespace {

TEST(ExpandTest, TextWithoutVariablesIsKept) {
  for (const char* text : {"", "$", "$$", "$x", "{x}", "a$", "$ {x}", "}"}) {
    const Expanded expanded = expand_variables(text);
    EXPECT_EQ(expanded.text, text);
    EXPECT_EQ(expanded.shown, text);
    EXPECT_EQ(expanded.error, "");
  }
}

TEST(ExpandTest, VariablesAreReplaced) {
  const ScopedVariable one("STOGGER_TEST_ONE", "1");
  const ScopedVariable empty("STOGGER_TEST_EMPTY", "");
  const Expanded expanded = expand_variables(
      "<${STOGGER_TEST_ONE}${STOGGER_TEST_EMPTY}$${STOGGER_TEST_ONE}>");
  EXPECT_EQ(expanded.text, "<1${STOGGER_TEST_ONE}>");
  EXPECT_EQ(expanded.error, "");
}

TEST(ExpandTest, ValuesAreNotExpandedAgain) {
  const ScopedVariable loop("STOGGER_TEST_LOOP", "${STOGGER_TEST_LOOP}");
  EXPECT_EQ(expand_variables("${STOGGER_TEST_LOOP}").text,
            "${STOGGER_TEST_LOOP}");
}

TEST(ExpandTest, WhatNamesNoVariableIsAnError) {
  const ScopedVariable unset("STOGGER_TEST_UNSET", nullptr);
  EXPECT_EQ(expand_variables("${STOGGER_TEST_UNSET}").error,
            "the environment variable STOGGER_TEST_UNSET is not set");
  EXPECT_EQ(expand_variables("a ${").error,
            "\"${\" is not closed; write $${ for ${ itself");
  EXPECT_EQ(expand_variables("${}").error,
            "\"${}\" names no environment variable; write $${ for ${ itself");
  EXPECT_EQ(expand_variables("${a b}").error,
            "\"${a b}\" names no environment variable; write $${ for ${ "
            "itself");
  EXPECT_FALSE(expand_variables("${A=B}").error.empty());
}

TEST(ExpandTest, SecretVariablesAreNotShown) {
  const ScopedVariable secret("STOGGER_TEST_PASSWORD", "s3cret");
  const ScopedVariable plain("STOGGER_TEST_HOST", "db");
  const Expanded expanded =
      expand_variables("${STOGGER_TEST_HOST}/${STOGGER_TEST_PASSWORD}/$${x}");
  EXPECT_EQ(expanded.text, "db/s3cret/${x}");
  EXPECT_EQ(expanded.shown, "db/${STOGGER_TEST_PASSWORD}/$${x}");
}

TEST(ExpandTest, ProtectedTextComesBack) {
  for (const char* text : {"", "${x}", "$${x}", "$$${", "a${b}c${", "$"}) {
    EXPECT_EQ(expand_variables(protect_variables(text)).text, text);
  }
}

}  // namespace
}  // namespace stogger
