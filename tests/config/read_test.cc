#include <errno.h>

#include <string>

#include "config/reading.h"

namespace stogger {
namespace {

class ReadTest : public ConfigTest {
 protected:
  // Reads the text alone, without making sinks of it.
  Config read(std::string_view toml) {
    std::vector<Problem> problems;
    Config config = read_config(toml, "c.toml", &problems);
    problems_ = to_lines(std::move(problems));
    return config;
  }

  Lines problems_;
};

TEST_F(ReadTest, EmptyTableGivesTheDefaults) {
  const Config config = read("[stogger]\n");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.level, Level::info);
  EXPECT_EQ(config.logdir, "");
  EXPECT_EQ(config.syslog_identifier, ::program_invocation_short_name);
  EXPECT_TRUE(config.log_to_console);
  EXPECT_FALSE(config.caller_info);
  EXPECT_TRUE(config.report_events);
  EXPECT_EQ(config.redact, Lines({"password", "passwd", "secret", "token",
                                  "api_key", "authorization"}));
  EXPECT_TRUE(config.sinks.empty());
}

TEST_F(ReadTest, EverySettingIsRead) {
  const Config config = read(R"(
[stogger]
level = "WARN"
syslog_identifier = "shop"
log_to_console = false
caller_info = true
report_events = false
redact = ["pin", "puk"]
)");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.level, Level::warning);
  EXPECT_EQ(config.syslog_identifier, "shop");
  EXPECT_FALSE(config.log_to_console);
  EXPECT_TRUE(config.caller_info);
  EXPECT_FALSE(config.report_events);
  EXPECT_EQ(config.redact, Lines({"pin", "puk"}));
}

// The parser asserts that a key begins here.
TEST_F(ReadTest, ControlCharacterWhereAKeyBeginsIsAProblem) {
  for (const char* toml :
       {"[\n\v", "[stogger]\n\v = 1\n", "[[\f]]\n", "a.\v"}) {
    read(toml);
    EXPECT_EQ(problems_.size(), 1u) << toml;
  }
}

TEST_F(ReadTest, OtherTablesBelongToOthers) {
  read("title = 1\n[service]\nlevle = 2\n[[jobs]]\n[stogger]\n");
  EXPECT_EQ(problems_, Lines());
}

TEST_F(ReadTest, SinkHasItsOptionsInTheOrderOfTheFile) {
  const Config config = read(R"([stogger.sinks.zebra]
type = "sqlite"
path = "/z"
create_table = true
busy_timeout_ms = 7
rate = 0.5
columns = ["a", "b"]
[stogger.sinks.ant]
type = "file"
level = "debug"
)");
  EXPECT_EQ(problems_, Lines());
  ASSERT_EQ(config.sinks.size(), 2u);
  const SinkConfig& zebra = config.sinks[0];
  EXPECT_EQ(zebra.name, "zebra");
  EXPECT_EQ(zebra.type, "sqlite");
  EXPECT_EQ(zebra.where.line, 1);
  EXPECT_EQ(zebra.type_where.line, 2);
  ASSERT_EQ(zebra.options.size(), 5u);
  EXPECT_EQ(zebra.options[0].value.view().text(), "/z");
  EXPECT_EQ(zebra.options[0].where.line, 3);
  EXPECT_EQ(zebra.options[0].where.column, 1);
  EXPECT_TRUE(zebra.options[1].value.view().boolean());
  EXPECT_EQ(zebra.options[2].value.view().integer(), 7);
  EXPECT_EQ(zebra.options[3].value.view().real(), 0.5);
  EXPECT_EQ(zebra.options[4].value.view().kind(), Kind::json);
  EXPECT_EQ(zebra.options[4].value.view().text(), R"(["a","b"])");
  EXPECT_EQ(zebra.options[4].shown, R"(["a", "b"])");
  EXPECT_EQ(config.sinks[1].name, "ant");
  EXPECT_EQ(config.sinks[1].level, Level::debug);
}

TEST_F(ReadTest, SinkWithoutALevelHasTheDefaultOne) {
  const Config config = read(R"(
[stogger.sinks.before]
type = "memory"
[stogger]
level = "error"
[stogger.sinks.after]
type = "memory"
[stogger.sinks.own]
type = "memory"
level = "trace"
)");
  EXPECT_EQ(problems_, Lines());
  ASSERT_EQ(config.sinks.size(), 3u);
  EXPECT_EQ(config.sinks[0].level, Level::error);
  EXPECT_EQ(config.sinks[1].level, Level::error);
  EXPECT_EQ(config.sinks[2].level, Level::trace);
}

TEST_F(ReadTest, LevelVariableOverridesTheDefaultLevelOnly) {
  const ScopedVariable variable("STOGGER_LEVEL", "debug");
  const Config config = read(R"([stogger]
level = "error"
[stogger.sinks.a]
type = "memory"
[stogger.sinks.b]
type = "memory"
level = "alert"
)");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.level, Level::debug);
  EXPECT_EQ(config.sinks[0].level, Level::debug);
  EXPECT_EQ(config.sinks[1].level, Level::alert);
}

TEST_F(ReadTest, EmptyLevelVariableIsAsGoodAsNone) {
  const ScopedVariable variable("STOGGER_LEVEL", "");
  EXPECT_EQ(read("[stogger]\nlevel = \"error\"").level, Level::error);
  EXPECT_EQ(problems_, Lines());
}

TEST_F(ReadTest, LevelVariableThatIsNoLevelIsAProblem) {
  const ScopedVariable variable("STOGGER_LEVEL", "verbose");
  EXPECT_EQ(read("[stogger]\nlevel = \"error\"").level, Level::error);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_EQ(problems_[0],
            "$STOGGER_LEVEL: its value must be \"trace\", \"debug\", \"info\", "
            "\"warning\", \"error\", \"critical\", \"alert\" or \"off\", not "
            "\"verbose\"");
}

TEST_F(ReadTest, LogdirStandsForAFileSink) {
  const Config config = read(R"([stogger]
logdir = "/var/log/shop/"
syslog_identifier = "shop"
)");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.logdir, "/var/log/shop/");
  ASSERT_EQ(config.sinks.size(), 1u);
  EXPECT_EQ(config.sinks[0].name, "file");
  EXPECT_EQ(config.sinks[0].type, "file");
  EXPECT_EQ(config.sinks[0].origin, "logdir");
  ASSERT_EQ(config.sinks[0].options.size(), 1u);
  EXPECT_EQ(config.sinks[0].options[0].value.view().text(),
            "/var/log/shop/shop.log");
}

TEST_F(ReadTest, LogFileIsNamedAfterTheProgramByDefault) {
  const Config config = read("[stogger]\nlogdir = \"logs\"");
  ASSERT_EQ(config.sinks.size(), 1u);
  EXPECT_EQ(config.sinks[0].options[0].value.view().text(),
            "logs/" + std::string(::program_invocation_short_name) + ".log");
}

TEST_F(ReadTest, LogdirThatCannotBeUsedIsAProblem) {
  read("[stogger]\nlogdir = \"\"");
  EXPECT_EQ(problems_, Lines({"c.toml:2:1: \"logdir\" must not be empty"}));
  read("[stogger]\nlogdir = \"~/logs\"");
  EXPECT_EQ(problems_, Lines({"c.toml:2:1: \"logdir\" begins with ~, which is "
                              "not expanded; write ${HOME}"}));
  EXPECT_TRUE(read("[stogger]\nlogdir = \"x\"\nsyslog_identifier = \"../evil\"")
                  .sinks.empty());
  EXPECT_EQ(problems_,
            Lines({"c.toml:3:1: \"syslog_identifier\" must not contain \"/\" "
                   "when there is a logdir: the log file is named after it"}));
}

TEST_F(ReadTest, IdentifierIsTextOnOneLine) {
  EXPECT_EQ(read("[stogger]\nsyslog_identifier = \"a\\nb\"").syslog_identifier,
            ::program_invocation_short_name);
  EXPECT_EQ(
      problems_,
      Lines({"c.toml:2:1: \"syslog_identifier\" must be text on one line"}));
  read("[stogger]\nsyslog_identifier = \"\"");
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"syslog_identifier\" must not be empty"}));
}

TEST_F(ReadTest, TextWithoutQuotesIsReportedAsThat) {
  const std::string_view kEnd = "; true and false are written without";
  const std::pair<const char*, const char*> cases[] = {
      {"level = info", "level = \"...\""},
      {"level = debug  # all", "level = \"...\""},
      {"level=warning", "level = \"...\""},
      {"logdir = /var/log/shop", "logdir = \"...\""},
      {"logdir = ${HOME}/logs", "logdir = \"...\""},
      {"log_to_console = yes", "log_to_console = \"...\""},
      {"log_to_console = True", "log_to_console = \"...\""},
      {"syslog_identifier = \xC3\xA4", "syslog_identifier = \"...\""},
      {"redact = [password, token]", "redact = [\"...\"]"},
      {"fields.service = shop", "fields.service = \"...\""}};
  for (const auto& [line, advice] : cases) {
    problems_.clear();
    read("[stogger]\n" + std::string(line) + "\ncaller_info = true\n");
    ASSERT_EQ(problems_.size(), 1u) << line;
    EXPECT_TRUE(problems_[0].starts_with("c.toml:2:")) << problems_[0];
    EXPECT_TRUE(problems_[0].ends_with(" text needs quotes, as in " +
                                       std::string(advice) + std::string(kEnd)))
        << problems_[0];
  }
}

// Where it is wrong, and what is said.
struct Mistake {
  const char* text;
  const char* problem;
};

constexpr Mistake kMistakes[] = {
    {"rotation = 5x",
     "1:12: no number, which has neither a unit nor commas; text needs quotes, "
     "as in rotation = \"...\""},
    {"max_bytes = 10 MB",
     "1:13: no number, which has neither a unit nor commas; text needs quotes, "
     "as in max_bytes = \"...\""},
    {"max_bytes = 10,000",
     "1:13: no number, which has neither a unit nor commas; text needs quotes, "
     "as in max_bytes = \"...\""},
    {"n = .5",
     "1:5: a number has digits before and after its point, and text needs "
     "quotes, as in n = \"...\""},
    {"file_mode = 0640",
     "1:13: a number does not begin with 0: an octal one is 0o640, and text "
     "needs quotes, as in file_mode = \"...\""},
    {"n = 99999999999999999999", "1:5: the number is too large"},
    {"day = 2026-1-1",
     "1:7: no date and no time: they are 2026-01-31, 10:00:00 or "
     "2026-01-31T10:00:00Z, and text needs quotes, as in day = \"...\""},
    {"path = \"a",
     "1:8: the text that begins here is not closed: \" is missing before the "
     "end of the line"},
    {"path = 'a\nlevel = \"info\"",
     "1:8: the text that begins here is not closed: ' is missing before the "
     "end of the line"},
    {"redact = [\"a\", \"b]\n",
     "1:16: the text that begins here is not closed: \" is missing before the "
     "end of the line"},
    {"\n\xC3\xA4 = 1",
     "2:1: a key of other characters than letters, digits, - "
     "and _ needs quotes"},
    {"x = '\xC3\xA4\xC3\xA4' \"",
     "1:10: only a comment, which begins with #, "
     "may follow a value: each KEY = VALUE has a "
     "line of its own, and quotes in a text are "
     "written \\\""},
    {"path = \"\"\"a\nb\n",
     "1:8: the text that begins here with three quotes is not closed"},
    {"path = \"C:\\dir\"",
     "1:12: a backslash in double quotes begins an escape: write \\\\ for "
     "each, or put the text in single quotes"},
    {"path = \xE2\x80\x9C"
     "a\xE2\x80\x9D",
     "1:8: these quotes are typographic ones: write \"...\""},
    {"a = 1 b = 2",
     "1:7: only a comment, which begins with #, may follow a value: each KEY = "
     "VALUE has a line of its own, and quotes in a text are written \\\""},
    {"level = ", "1:9: there is no value after the ="},
    {"level = # all\n", "1:9: there is no value after the ="},
    {"level\n", "1:6: there is a key without a value: write KEY = VALUE"},
    {"= 1", "1:1: there is no key before the ="},
    {"level: \"info\"", "1:6: between key and value there is =, not :"},
    {"log level = 1",
     "1:5: a line is KEY = VALUE, and a key with blanks needs quotes"},
    {"; all", "1:1: a comment begins with #"},
    {"[stogger\nlevel = \"info\"",
     "1:1: the name of a table is not closed: it ends with ], as in [stogger]"},
    {"[[stogger.limits]\n",
     "1:1: the name of a table is not closed: it ends with ]], as in "
     "[[stogger.limits]]"},
    {"[]", "1:2: a table has a name, as in [stogger]"},
    {"[a b]",
     "1:4: the name of a table that has other characters than letters, digits, "
     "- and _ needs quotes"},
    {"[a] b",
     "1:5: only a comment, which begins with #, may follow the name of a "
     "table"},
    {"a = 1\na = 2", "2:1: a is there already, further up: it is written once"},
    {"a = 1\na.b = 2",
     "2:1: a.b is there already, further up: it is written once"},
    {"[a]\n[b]\n[a]  # a",
     "3:1: [a] is there already, further up: it is written once"},
    {"x = {a = 1, a = 2}", "1:17: a key is there twice in these braces"},
    {"x = [1, 2\n",
     "1:5: the list that begins here is not closed: it ends with ]"},
    {"x = [\n  \"a\"  # one\n  \"b\"]",
     "3:3: between the items of a list there is one comma"},
    {"x = {a = 1\n}",
     "1:5: the table that begins here is not closed: it ends with }, on the "
     "same line"},
    {"x = {a: 1}",
     "1:7: in braces there are KEY = VALUE, with commas between them and none "
     "at the end"},
    {"a = \"\xFF\"",
     "1:5: a character that is not UTF-8: save the file as UTF-8"},
};

TEST_F(ReadTest, WhatIsNoTomlIsSaidInUsualWordsWithItsPlace) {
  for (const Mistake& mistake : kMistakes) {
    problems_.clear();
    read(mistake.text);
    EXPECT_EQ(problems_, Lines({"c.toml:" + std::string(mistake.problem)}))
        << mistake.text;
  }
}

// Whatever stands anywhere, the words are not those of the parser.
TEST_F(ReadTest, NoPlaceOfAMistakeIsWithoutWords) {
  const std::string good =
      "[stogger]\nlevel = \"info\"\nredact = [\"a\", 'b']\n[a.\"b c\"]\nc = {d "
      "= 1.5, e = 2026-01-31}\nf = \"\"\"g\nh\"\"\"\n";
  for (std::size_t at = 0; at <= good.size(); ++at) {
    for (const char* const more :
         {"\"", "'", "[", "]", "{", "}", "=", ",", "x", "0", "#", "\n", "\\",
          "-", "\xE2\x80\x9C", "\xC3"}) {
      problems_.clear();
      read(std::string(good).insert(at, more));
      for (const std::string& problem : problems_) {
        EXPECT_EQ(problem.find("Error while"), std::string::npos)
            << problem << " for " << more << " at " << at;
      }
    }
  }
}

TEST_F(ReadTest, PostgresKeysStandForASink) {
  const Config config = read(R"([stogger]
enable_postgres = true
postgres_dsn = "postgresql://stogger:%PASSWORD%@db/logs"
postgres_table = "audit.events"
)");
  EXPECT_EQ(problems_, Lines());
  ASSERT_EQ(config.sinks.size(), 1u);
  const SinkConfig& sink = config.sinks[0];
  EXPECT_EQ(sink.name, "postgres");
  EXPECT_EQ(sink.type, "postgres");
  EXPECT_EQ(sink.where.line, 2);
  ASSERT_EQ(sink.options.size(), 2u);
  EXPECT_EQ(sink.options[0].key, "dsn");
  EXPECT_EQ(sink.options[0].given_as, "postgres_dsn");
  EXPECT_EQ(sink.options[0].value.view().text(),
            "postgresql://stogger:%PASSWORD%@db/logs");
  EXPECT_EQ(sink.options[1].key, "table");
  EXPECT_EQ(sink.options[1].given_as, "postgres_table");
  EXPECT_EQ(sink.options[1].value.view().text(), "audit.events");
  EXPECT_EQ(sink.options[1].where.line, 4);
}

TEST_F(ReadTest, PostgresTableNeedsNoSchema) {
  const Config config = read(
      "[stogger]\nenable_postgres = true\npostgres_dsn = \"host=db\"\n"
      "postgres_table = \"events\"\n");
  ASSERT_EQ(config.sinks.size(), 1u);
  ASSERT_EQ(config.sinks[0].options.size(), 2u);
  EXPECT_EQ(config.sinks[0].options[1].key, "table");
}

TEST_F(ReadTest, PostgresIsNotTriedUnlessItIsEnabled) {
  EXPECT_TRUE(read("[stogger]\npostgres_dsn = \"x\"").sinks.empty());
  EXPECT_EQ(problems_, Lines());
  EXPECT_TRUE(read("[stogger]\nenable_postgres = false\npostgres_dsn = \"x\"")
                  .sinks.empty());
  EXPECT_EQ(problems_, Lines());
}

TEST_F(ReadTest, PostgresWithoutADsnIsAProblem) {
  EXPECT_TRUE(read("[stogger]\nenable_postgres = true").sinks.empty());
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"enable_postgres\" needs postgres_dsn"}));
  EXPECT_TRUE(read("[stogger]\nenable_postgres = true\npostgres_dsn = \"\"")
                  .sinks.empty());
  EXPECT_EQ(problems_,
            Lines({"c.toml:3:1: \"postgres_dsn\" must not be empty"}));
}

TEST_F(ReadTest, DsnThatCannotBeShownIsOneProblem) {
  read("[stogger]\nenable_postgres = true\npostgres_dsn = \"${\"");
  EXPECT_EQ(problems_.size(), 1u);
}

TEST_F(ReadTest, KeyAndTableForOneSinkAreAProblem) {
  const Config config = read(R"([stogger]
logdir = "/x"
enable_postgres = true
postgres_dsn = "host=db"
[stogger.sinks.file]
type = "file"
path = "/y"
[stogger.sinks.postgres]
type = "postgres"
)");
  EXPECT_EQ(
      problems_,
      Lines(
          {"c.toml:2:1: \"logdir\" and [stogger.sinks.file] both make a sink "
           "named \"file\"; keep one of them",
           "c.toml:3:1: \"enable_postgres\" and [stogger.sinks.postgres] both "
           "make a sink named \"postgres\"; keep one of them"}));
  ASSERT_EQ(config.sinks.size(), 2u);
  EXPECT_EQ(config.sinks[0].options[0].value.view().text(), "/y");
}

TEST_F(ReadTest, DuplicateSinkIsAProblem) {
  read("[stogger.sinks.a]\ntype = \"memory\"\n[stogger.sinks.a]\n");
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_TRUE(problems_[0].starts_with("c.toml:3:")) << problems_[0];
  EXPECT_NE(problems_[0].find("stogger.sinks.a"), std::string::npos);
}

TEST_F(ReadTest, UnknownKeysNameTheNearest) {
  read("[stogger]\nlevle = \"info\"\ncolour = 1\n  [stogger.sink.x]\n");
  EXPECT_EQ(
      problems_,
      Lines({"c.toml:2:1: unknown key \"levle\" in [stogger] (did you mean "
             "\"level\"?)",
             "c.toml:3:1: unknown key \"colour\" in [stogger]",
             "c.toml:4:12: unknown key \"sink\" in [stogger] (did you mean "
             "\"sinks\"?)"}));
}

TEST_F(ReadTest, WrongTypesAreProblemsAndTheDefaultsStay) {
  const Config config = read(R"([stogger]
level = 3
logdir = ["/x"]
syslog_identifier = 1.5
log_to_console = "no"
caller_info = 1
redact = "pin"
enable_postgres = "yes"
postgres_dsn = 2026-11-21
postgres_table = {}
)");
  EXPECT_EQ(
      problems_,
      Lines({"c.toml:2:1: \"level\" must be text, not an integer",
             "c.toml:3:1: \"logdir\" must be text, not a list",
             "c.toml:4:1: \"syslog_identifier\" must be text, not a number "
             "with a fraction",
             "c.toml:5:1: \"log_to_console\" must be true or false, not text",
             "c.toml:6:1: \"caller_info\" must be true or false, not an "
             "integer",
             "c.toml:7:1: \"redact\" must be a list of texts, not text",
             "c.toml:8:1: \"enable_postgres\" must be true or false, not text",
             "c.toml:9:1: \"postgres_dsn\" must be text, not a date or time",
             "c.toml:10:1: \"postgres_table\" must be text, not a table"}));
  EXPECT_EQ(config.level, Level::info);
  EXPECT_TRUE(config.log_to_console);
  EXPECT_EQ(config.redact, Redaction::default_names());
  EXPECT_TRUE(config.sinks.empty());
}

TEST_F(ReadTest, RedactListThatIsWrongHidesWhatIsHiddenWithoutOne) {
  EXPECT_EQ(read("[stogger]\nredact = [\"pin\", 1]").redact,
            Redaction::default_names());
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"redact\" must be a list of texts only"}));
}

TEST_F(ReadTest, EmptyRedactListHidesNothing) {
  EXPECT_TRUE(read("[stogger]\nredact = []").redact.empty());
  EXPECT_EQ(problems_, Lines());
}

TEST_F(ReadTest, WrongLevelNamesTheNearest) {
  const Config config = read(
      "[stogger]\nlevel = \"debgu\"\n[stogger.sinks.a]\ntype = \"memory\"\n"
      "level = \"loud\"\n");
  ASSERT_EQ(problems_.size(), 2u);
  EXPECT_EQ(problems_[0],
            "c.toml:2:1: \"level\" must be \"trace\", \"debug\", \"info\", "
            "\"warning\", \"error\", \"critical\", \"alert\" or \"off\", not "
            "\"debgu\" (did you mean \"debug\"?)");
  EXPECT_TRUE(problems_[1].starts_with("c.toml:5:1: \"level\" must be "));
  EXPECT_EQ(config.level, Level::info);
  EXPECT_TRUE(config.sinks[0].wrong);
}

TEST_F(ReadTest, SinkNeedsAType) {
  read("[stogger.sinks.a]\npath = \"/x\"\n");
  ASSERT_EQ(problems_.size(), 1u);
  // Other tests register types, too.
  EXPECT_TRUE(problems_[0].starts_with(
      "c.toml:1:1: \"type\" is required in [stogger.sinks.a]: \""))
      << problems_[0];
  EXPECT_NE(problems_[0].find("\"console\", "), std::string::npos);
  read("[stogger.sinks.a]\ntpye = \"file\"\n");
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: unknown key \"tpye\" in [stogger.sinks.a] (did "
                   "you mean \"type\"?)"}));
  read("[stogger.sinks.a]\ntype = 1\n");
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"type\" must be text, not an integer"}));
  read("[stogger.sinks.a]\ntype = \"\"\n");
  EXPECT_EQ(problems_, Lines({"c.toml:2:1: \"type\" must not be empty"}));
}

TEST_F(ReadTest, TablesMustBeTables) {
  read("stogger = 1");
  EXPECT_EQ(problems_,
            Lines({"c.toml:1:1: \"stogger\" must be a table: [stogger]"}));
  read("[[stogger]]\n");
  EXPECT_EQ(problems_,
            Lines({"c.toml:1:3: \"stogger\" must be a table: [stogger]"}));
  read("[stogger]\nsinks = 1");
  EXPECT_EQ(problems_, Lines({"c.toml:2:1: \"sinks\" must be a table of "
                              "tables: [stogger.sinks.NAME]"}));
  read("[stogger.sinks]\nfile = \"/x\"");
  EXPECT_EQ(problems_, Lines({"c.toml:2:1: \"file\" in [stogger.sinks] must be "
                              "a table: [stogger.sinks.file]"}));
}

TEST_F(ReadTest, SinkNameIsTextOnOneLine) {
  read("[stogger.sinks.\"\"]\ntype = \"memory\"");
  EXPECT_EQ(problems_, Lines({"c.toml:1:16: the name of a sink must be text on "
                              "one line, not \"\""}));
  read("[stogger.sinks.\"a\\nb\"]\ntype = \"memory\"");
  EXPECT_EQ(problems_, Lines({"c.toml:1:16: the name of a sink must be text on "
                              "one line, not \"a\\nb\""}));
  const Config config = read("[stogger.sinks.\"a b\"]\ntype = \"memory\"");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.sinks[0].name, "a b");
}

TEST_F(ReadTest, DottedKeysAndInlineTablesAreTables) {
  const Config config = read(
      "stogger.level = \"debug\"\n"
      "stogger.sinks = {a = {type = \"memory\"}}\n");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.level, Level::debug);
  ASSERT_EQ(config.sinks.size(), 1u);
  EXPECT_EQ(config.sinks[0].name, "a");
}

TEST_F(ReadTest, FileWithoutTheTableIsAProblem) {
  read("");
  const Lines empty = {
      "c.toml:1:1: the file is empty; it needs a [stogger] table"};
  EXPECT_EQ(problems_, empty);
  read(" \r\n\t\n");
  EXPECT_EQ(problems_, empty);
  read("# nothing\n[service]\nname = 1\n");
  EXPECT_EQ(problems_, Lines({"c.toml:1:1: there is no [stogger] table"}));
  read("[service]\n[stoger.sinks.a]\n");
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:2: there is no [stogger] table, but one named "
                   "\"stoger\" (did you mean \"stogger\"?)"}));
}

TEST_F(ReadTest, SyntaxErrorsHaveAPosition) {
  struct Case {
    const char* toml;
    const char* where;
  };
  for (const Case& wrong : {Case{"[stogger]\nlevel = info\n", "c.toml:2:"},
                            Case{"[stogger\n", "c.toml:1:"},
                            Case{"[stogger]\nlevel = \"info\n", "c.toml:2:"},
                            Case{"[stogger]\nlevel\n", "c.toml:2:"},
                            Case{"[stogger]\na = 1\na = 2\n", "c.toml:3:"},
                            Case{"[stogger]\na = 1 b = 2\n", "c.toml:2:"},
                            Case{"\n\n= 1\n", "c.toml:3:"},
                            Case{"{\"stogger\": {}}", "c.toml:1:"}}) {
    const Config config = read(wrong.toml);
    ASSERT_EQ(problems_.size(), 1u) << wrong.toml;
    EXPECT_TRUE(problems_[0].starts_with(wrong.where)) << problems_[0];
    EXPECT_GT(problems_[0].size(), std::string(wrong.where).size() + 10);
    EXPECT_TRUE(config.sinks.empty());
  }
}

TEST_F(ReadTest, TextThatIsNotUtf8IsAProblem) {
  read("[stogger]\nsyslog_identifier = \"caf\xE9\"\n");
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_TRUE(problems_[0].starts_with("c.toml:2:")) << problems_[0];
  EXPECT_NE(problems_[0].find("UTF-8"), std::string::npos) << problems_[0];
  read(std::string_view("\xFF\xFE[\0s\0", 6));
  EXPECT_EQ(problems_.size(), 1u);
}

TEST_F(ReadTest, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(read("\xEF\xBB\xBF[stogger]\nlevel = \"debug\"").level,
            Level::debug);
  EXPECT_EQ(problems_, Lines());
}

TEST_F(ReadTest, LinesMayEndInCarriageReturns) {
  EXPECT_EQ(read("[stogger]\r\nlevel = \"debug\"\r\nx = 1\r\n").level,
            Level::debug);
  EXPECT_EQ(problems_, Lines({"c.toml:3:1: unknown key \"x\" in [stogger]"}));
}

TEST_F(ReadTest, VariablesExpandInStringsAndLists) {
  const ScopedVariable folder("STOGGER_TEST_FOLDER", "/data");
  const Config config = read(R"([stogger]
redact = ["${STOGGER_TEST_FOLDER}"]
[stogger.sinks.a]
type = "file"
path = "${STOGGER_TEST_FOLDER}/$${x}/$y/${STOGGER_TEST_FOLDER}"
)");
  EXPECT_EQ(problems_, Lines());
  EXPECT_EQ(config.redact, Lines({"/data"}));
  EXPECT_EQ(config.sinks[0].options[0].value.view().text(),
            "/data/${x}/$y//data");
}

TEST_F(ReadTest, VariableThatIsNotSetIsAProblem) {
  const ScopedVariable unset("STOGGER_TEST_UNSET", nullptr);
  const Config config = read(R"([stogger]
syslog_identifier = "${STOGGER_TEST_UNSET}"
[stogger.sinks.a]
type = "file"
path = "/x/${STOGGER_TEST_UNSET}"
)");
  EXPECT_EQ(problems_,
            Lines({"c.toml:2:1: \"syslog_identifier\": the environment "
                   "variable STOGGER_TEST_UNSET is not set",
                   "c.toml:5:1: \"path\": the environment variable "
                   "STOGGER_TEST_UNSET is not set"}));
  EXPECT_TRUE(config.sinks[0].wrong);
}

TEST_F(ReadTest, OtherTablesAreNotExpanded) {
  read("[stogger]\n[service]\nx = \"${STOGGER_TEST_UNSET}\"\n");
  EXPECT_EQ(problems_, Lines());
}

TEST_F(ReadTest, ProblemsAreOnOneLineEach) {
  const Problem problem{"a\nb", {3, 0}, "c\nd\x1b", false};
  EXPECT_EQ(to_line(problem),
            "a\xEF\xBF\xBD"
            "b:3:1: c\xEF\xBF\xBD"
            "d\xEF\xBF\xBD");
  EXPECT_EQ(to_line({"f", {}, "x", true}), "f: warning: x");
}

TEST_F(ReadTest, DefaultConfigIsWhatAnEmptyTableGives) {
  std::vector<Problem> problems;
  const Config config = default_config(&problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(config.level, Level::info);
  EXPECT_TRUE(config.log_to_console);
}

}  // namespace
}  // namespace stogger
