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

TEST(ExpandTest, VariablesAreShownByTheirName) {
  const ScopedVariable secret("STOGGER_TEST_PASSWORD", "s3cret");
  const ScopedVariable plain("STOGGER_TEST_HOST", "db");
  const Expanded expanded =
      expand_variables("${STOGGER_TEST_HOST}/${STOGGER_TEST_PASSWORD}/$${x}");
  EXPECT_EQ(expanded.text, "db/s3cret/${x}");
  EXPECT_EQ(expanded.shown,
            "${STOGGER_TEST_HOST}/${STOGGER_TEST_PASSWORD}/$${x}");
  EXPECT_EQ(expanded.literal, "%PASSWORD%/%PASSWORD%/${x}");
}

TEST(ExpandTest, OnlyPathsMayGetIntoMessages) {
  const ScopedVariable plain("STOGGER_TEST_STAGE", "prod");
  const ScopedVariable path("STOGGER_TEST_FOLDER", "/var/log");
  const ScopedVariable pass("STOGGER_TEST_PASS", "/s3cret");
  const Expanded expanded = expand_variables(
      "${STOGGER_TEST_FOLDER}/${STOGGER_TEST_STAGE}${STOGGER_TEST_PASS}");
  ASSERT_EQ(expanded.hidden.size(), 2u);
  EXPECT_EQ(hide_values(expanded.hidden, "cannot open " + expanded.text),
            "cannot open /var/log/${STOGGER_TEST_STAGE}${STOGGER_TEST_PASS}");
}

TEST(ExpandTest, NamesThatTellOfSecretsAreKnown) {
  for (const char* name :
       {"DB_PASS", "db_pass", "PASS", "STRIPE_SK", "SK", "MQ_PW", "API_KEY",
        "KEY2", "key", "DSN", "postgres_dsn", "DB_PASSWORD", "GITHUB_TOKEN",
        "X-Api-Key"}) {
    EXPECT_TRUE(tells_of_secret(name)) << name;
  }
  for (const char* name : {"HOME", "HOSTNAME", "LOGDIR", "path", "keys", "task",
                           "compass", "pwrite", "monkey", ""}) {
    EXPECT_FALSE(tells_of_secret(name)) << name;
  }
}

TEST(ExpandTest, ProtectedTextComesBack) {
  for (const char* text : {"", "${x}", "$${x}", "$$${", "a${b}c${", "$"}) {
    EXPECT_EQ(expand_variables(protect_variables(text)).text, text);
  }
}

}  // namespace
}  // namespace stogger
