// redact, redact_keys and redact_values.
#include <string>

#include "config/reading.h"
#include "event/compose.h"
#include "stogger/system.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class RedactTest : public ConfigTest {
 protected:
  Config read(std::string_view toml) {
    std::vector<Problem> problems;
    Config config = read_config(toml, "c.toml", &problems);
    problems_ = to_lines(std::move(problems));
    return config;
  }

  Lines problems_;
};

TEST_F(RedactTest, KeysAreAddedToThoseThatAreHiddenAnyway) {
  Lines names = Redaction::default_names();
  names.insert(names.end(), {"ssn", "card_*"});
  EXPECT_EQ(read("[stogger]\nredact_keys = [\"ssn\", \"card_*\"]").redact,
            names);
  EXPECT_EQ(
      read("[stogger]\nredact = [\"pin\"]\nredact_keys = [\"ssn\"]").redact,
      Lines({"pin", "ssn"}));
  EXPECT_EQ(read("[stogger]\nredact = []\nredact_keys = [\"ssn\"]").redact,
            Lines({"ssn"}));
  EXPECT_EQ(problems_, Lines());
}

TEST_F(RedactTest, NamesThatAreNoneAreProblems) {
  const Config config = read(
      "[stogger]\nredact = [\"a*b\"]\nredact_keys = [\"\"]\n"
      "redact_values = 1");
  EXPECT_EQ(config.redact, Redaction::default_names());
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"redact\" has a name that has a * that is not "
                   "at its end",
                   "c.toml:3:1: \"redact_keys\" has a name that is empty; * "
                   "alone stands for all",
                   "c.toml:4:1: \"redact_values\" must be a list of texts, not "
                   "an integer"}));
}

TEST_F(RedactTest, WithoutPatternsNothingIsSearched) {
  for (const char* more : {"", "redact_values = []"}) {
    EXPECT_EQ(read(std::string("[stogger]\n") + more).redact_values, nullptr);
    EXPECT_EQ(problems_, Lines());
  }
}

TEST_F(RedactTest, APatternThatRe2RefusesIsAProblemWhereItStands) {
  if (!ValuePatterns::is_built_in()) GTEST_SKIP() << "built without RE2";
  const Config config =
      read("[stogger]\nredact_values = ['ok_\\d+',\n  '(abc', '', 'a{2,1}']");
  EXPECT_EQ(problems_,
            Lines({"c.toml:3:3: \"redact_values\": RE2 refuses the pattern "
                   "\"(abc\": missing ): (abc",
                   "c.toml:3:11: \"redact_values\": RE2 refuses the pattern "
                   "\"\": it is empty",
                   "c.toml:3:15: \"redact_values\": RE2 refuses the pattern "
                   "\"a{2,1}\": invalid repetition size: {2,1}"}));
  ASSERT_NE(config.redact_values, nullptr) << "the one that is right counts";
  EXPECT_TRUE(config.redact_values->match("ok_1"));
  std::string many = "[stogger]\nredact_values = [";
  for (int i = 0; i < 33; ++i) many += "'a',";
  read(many + "]");
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"redact_values\" has more than 32 patterns"}));
}

TEST_F(RedactTest, PatternsOfABuildWithoutRe2AreAProblem) {
  if (ValuePatterns::is_built_in()) GTEST_SKIP() << "built with RE2";
  read("[stogger]\nredact_values = ['a']");
  EXPECT_EQ(problems_, Lines({"c.toml:2:1: \"redact_values\" is not possible: "
                              "this stogger was built without RE2"}));
}

// Also what looks like a password.
TEST_F(RedactTest, IsDescribedAsItIsGiven) {
  if (!ValuePatterns::is_built_in()) GTEST_SKIP() << "built without RE2";
  const std::string given =
      "redact_keys = [\"ssn\"]\nredact_values = [\"password=\\\\S+\", "
      "\"tok_\"]\n";
  const Built built = build_text("[stogger]\n" + given);
  EXPECT_EQ(built.problems, Lines());
  EXPECT_TRUE(built.config.clear_secrets.empty());
  const std::string shown = describe(built.config, built.sinks);
  EXPECT_NE(shown.find(given), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"authorization\"]\n"), std::string::npos) << shown;
}

TEST_F(RedactTest, AReloadExchangesThePatterns) {
  if (!ValuePatterns::is_built_in()) GTEST_SKIP() << "built without RE2";
  const TempFolder folder;
  const std::string file = folder.file("log");
  System system;
  const auto load = [&](const std::string& settings) {
    return system.load_text("[stogger]\nlog_to_console = false\n" + settings +
                                "\n[stogger.sinks.out]\ntype = \"jsonl\"\nmode "
                                "= \"truncate\"\npath = \"" +
                                file + "\"\n",
                            "c.toml");
  };
  const Logger log = system.logger();
  ASSERT_OK(load("redact_values = ['one']"));
  log.info("a", {{"k", "one two"}});
  ASSERT_OK(load("redact_values = ['two']"));
  log.info("b", {{"k", "one two"}});
  EXPECT_FALSE(load("redact_values = ['(']").ok());
  log.info("c", {{"k", "one two"}});
  EXPECT_OK(system.flush());
  const std::string lines = read_file(file);
  EXPECT_NE(lines.find("\"k\":\"[REDACTED] two\""), std::string::npos) << lines;
  const std::string_view kept = "\"k\":\"one [REDACTED]\"";
  EXPECT_NE(lines.find(kept), lines.rfind(kept)) << lines;
}

}  // namespace
}  // namespace stogger
