#include "config/controls.h"

#include <unistd.h>

#include <string>

#include "config/reading.h"

namespace stogger {
namespace {

class ControlsConfigTest : public ConfigTest {
 protected:
  static Lines problems(std::string_view toml) {
    return build_text(toml).problems;
  }
};

TEST_F(ControlsConfigTest, LevelsAreReadByLogger) {
  const Built built =
      build_text("[stogger.levels]\nhttp = \"debug\"\n\"db.pool\" = \"WARN\"");
  EXPECT_EQ(built.problems, Lines());
  EXPECT_EQ(built.config.levels.find("http.client"), Level::debug);
  EXPECT_EQ(built.config.levels.find("db.pool"), Level::warning);
}

TEST_F(ControlsConfigTest, WrongLevelsSayWhere) {
  EXPECT_EQ(problems("[stogger.levels]\nhttp = \"debgu\""),
            Lines({"c.toml:2:1: \"http\" must be \"trace\", \"debug\", \"info\""
                   ", \"warning\", \"error\", \"critical\", \"alert\" or "
                   "\"off\", not \"debgu\" (did you mean \"debug\"?)"}));
  EXPECT_EQ(problems("[stogger.levels]\nhttp = 3"),
            Lines({"c.toml:2:1: \"http\" must be a level, as text"}));
  EXPECT_EQ(problems("[stogger.levels]\ndb.pool = \"debug\""),
            Lines({"c.toml:2:1: [stogger.levels]: a name with dots stands in "
                   "quotes: \"db.pool\" = \"debug\""}));
  EXPECT_EQ(problems("[stogger.levels]\n\"\" = \"debug\""),
            Lines({"c.toml:2:1: [stogger.levels]: the rule \"\" has no name; "
                   "the level of all other loggers is `level`"}));
  EXPECT_EQ(problems("[stogger.levels]\nhttp = \"debug\"\nhttp = \"info\""),
            Lines({"c.toml:3:1: http is there already, further up: it is "
                   "written once"}));
  EXPECT_EQ(problems("[stogger.levels]\nhttp = \"\"").size(), 1U);
  EXPECT_EQ(problems("[stogger]\nlevels = \"debug\""),
            Lines({"c.toml:2:1: \"levels\" must be a table: [stogger.levels], "
                   "with a level for each logger"}));
}

TEST_F(ControlsConfigTest, TheEnvironmentGoesBeforeTheFile) {
  const ScopedVariable levels("STOGGER_LEVEL", "error,http=trace");
  const Built built = build_text(
      "[stogger]\nlevel = \"debug\"\n[stogger.levels]\nhttp = "
      "\"warning\"\ndb = \"info\"");
  EXPECT_EQ(built.problems, Lines());
  EXPECT_EQ(built.config.level, Level::error);
  EXPECT_EQ(built.config.levels.find("http"), Level::trace);
  EXPECT_EQ(built.config.levels.find("db"), Level::info);
}

TEST_F(ControlsConfigTest, FieldsTakeVariablesAndTheNameOfTheMachine) {
  const ScopedVariable none("HOSTNAME", nullptr);
  const ScopedVariable region("REGION", "eu");
  const Built built = build_text(
      "[stogger.fields]\nhost = \"${HOSTNAME}\"\nregion = \"${REGION}\"\n"
      "version = 2");
  EXPECT_EQ(built.problems, Lines());
  char name[300] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  ASSERT_EQ(built.config.fields.size(), 3u);
  EXPECT_EQ(built.config.fields[0].value.text(), name);
  EXPECT_EQ(built.config.fields[1].value.text(), "eu");
  EXPECT_NE(describe(built.config, built.sinks)
                .find("[stogger.fields]\nhost = \"${HOSTNAME}\"\n"
                      "region = \"${REGION}\"\nversion = 2\n"),
            std::string::npos);
}

TEST_F(ControlsConfigTest, WrongFieldsSayWhere) {
  EXPECT_EQ(problems("[stogger.fields]\nlevel = \"x\""),
            Lines({"c.toml:2:1: [stogger.fields]: \"level\" is something that "
                   "events have themselves; choose another name"}));
  EXPECT_EQ(problems("[stogger.fields]\nlist = [1]"),
            Lines({"c.toml:2:1: [stogger.fields]: \"list\" must be text, a "
                   "number or a boolean"}));
  EXPECT_EQ(problems("[stogger.fields]\nwhen = 2026-01-01"),
            Lines({"c.toml:2:1: [stogger.fields]: \"when\" must be text, a "
                   "number or a boolean"}));
  EXPECT_EQ(problems("[stogger.fields]\nx = \"${NO_SUCH_VARIABLE}\""),
            Lines({"c.toml:2:1: \"x\": the environment variable "
                   "NO_SUCH_VARIABLE is not set"}));
  EXPECT_EQ(
      problems("[stogger.fields]\nx = \"" + std::string(17000, 'x') + "\""),
      Lines({"c.toml:2:1: [stogger.fields]: \"x\" makes the fields take "
             "more than 16 KiB"}));
}

TEST_F(ControlsConfigTest, WrongLimitsSayWhere) {
  EXPECT_EQ(problems("[[stogger.limits]]\nevent = \"e\"\nper_second = -1"),
            Lines({"c.toml:3:1: \"per_second\" must be between 0.0 and "
                   "1000000.0, not -1.0"}));
  EXPECT_EQ(problems("[[stogger.limits]]\nevent = \"e\""),
            Lines({"c.toml:1:1: \"per_second\" is required, or \"sample\""}));
  EXPECT_EQ(problems("[[stogger.limits]]\nevent = \"a*b\"\nsample = 0.5"),
            Lines({"c.toml:2:1: \"event\" has a * that is not at its end"}));
  EXPECT_EQ(
      problems("[[stogger.limits]]\nper_second = 1\nsample = 0.5"),
      Lines({"c.toml:3:1: \"sample\" and \"per_second\" are two limits; keep "
             "one of them, or make two rules"}));
  EXPECT_EQ(problems("[[stogger.limits]]\nsample = 0.5\nper_secnd = 1"),
            Lines({"c.toml:3:1: unknown key \"per_secnd\" in "
                   "[stogger.limits] (did you mean \"per_second\"?)"}));
  EXPECT_EQ(problems("[[stogger.limits]]"),
            Lines({"c.toml:1:1: \"per_second\" is required, or \"sample\""}));
  // Of two that are the same, the first counts.
  EXPECT_EQ(problems("[[stogger.limits]]\nper_second = 1\n"
                     "[[stogger.limits]]\nper_second = 1"),
            Lines());
  EXPECT_EQ(problems("[stogger.limits]\nper_second = 1"),
            Lines({"c.toml:1:10: \"limits\" is a list of tables: "
                   "[[stogger.limits]]"}));
}

TEST_F(ControlsConfigTest, AWrongRecorderSaysWhere) {
  EXPECT_EQ(problems("[stogger.recorder]\nevents = 0"),
            Lines({"c.toml:2:1: \"events\" must be between 1 and 65536, not "
                   "0"}));
  EXPECT_EQ(problems("[stogger.recorder]\nlevel = \"debg\"").size(), 1u);
  EXPECT_EQ(problems("[stogger.recorder]\nevent = 3"),
            Lines({"c.toml:2:1: unknown key \"event\" in [stogger.recorder] "
                   "(did you mean \"events\"?)"}));
  EXPECT_EQ(problems("[[stogger.recorder]]\nevents = 3"),
            Lines({"c.toml:1:11: \"recorder\" must be a table: "
                   "[stogger.recorder]"}));
}

TEST_F(ControlsConfigTest, WrongFiltersSayWhere) {
  constexpr std::string_view kSink = "[stogger.sinks.m]\ntype = \"memory\"\n";
  EXPECT_EQ(problems(std::string(kSink) + "events = [\"a*b\"]"),
            Lines({"c.toml:3:1: \"events\" has a name that has a * that is not "
                   "at its end"}));
  EXPECT_EQ(problems(std::string(kSink) + "loggers = []"),
            Lines({"c.toml:3:1: \"loggers\" is empty: no event would pass; "
                   "leave it out"}));
  EXPECT_EQ(problems(std::string(kSink) + "not_events = \"x\"").size(), 1u);
}

TEST_F(ControlsConfigTest, WhatIsShownMeansTheSame) {
  const std::string once = [] {
    const Built built = build_text(
        "[stogger]\nlog_to_console = false\n[stogger.levels]\n\"db.pool\" = "
        "\"debug\"\n[[stogger.limits]]\n"
        "event = \"cache-*\"\nper_second = 10\n[[stogger.limits]]\n"
        "logger = \"http\"\nsample = 0.5\nsample_by = \"trace_id\"\n"
        "[stogger.recorder]\n"
        "[stogger.sinks.m]\ntype = \"memory\"\nevents = [\"a\", \"b*\"]");
    EXPECT_EQ(built.problems, Lines());
    return describe(built.config, built.sinks);
  }();
  const Built again = build_text(once);
  EXPECT_EQ(again.problems, Lines());
  EXPECT_EQ(describe(again.config, again.sinks), once);
  EXPECT_NE(once.find("[[stogger.limits]]\nevent = \"cache-*\"\n"
                      "per_second = 10.0\nburst = 10.0\n"),
            std::string::npos)
      << once;
  EXPECT_NE(once.find("events = [\"a\", \"b*\"]\n"), std::string::npos) << once;
  EXPECT_NE(once.find("[stogger.recorder]\nlevel = \"debug\"\nevents = 256\n"),
            std::string::npos)
      << once;
}

}  // namespace
}  // namespace stogger
