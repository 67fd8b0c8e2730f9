#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "config/reading.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class BuildTest : public ConfigTest {};

TEST_F(BuildTest, ConsoleIsStartedByDefault) {
  const Built built = build_text("[stogger]\nlevel = \"warning\"\n");
  EXPECT_EQ(built.problems, Lines());
  ASSERT_EQ(built.names(), Lines({"console"}));
  EXPECT_EQ(built.sinks[0].type, "console");
  EXPECT_EQ(built.sinks[0].level, Level::warning);
  EXPECT_EQ(built.sinks[0].origin, "log_to_console");
}

TEST_F(BuildTest, ExplicitConsoleReplacesTheAutomaticOne) {
  for (const char* name : {"console", "screen"}) {
    const Built built = build_text(
        "[stogger]\nlog_to_console = true\n[stogger.sinks." +
        std::string(name) + "]\ntype = \"console\"\n" + "level = \"error\"");
    EXPECT_EQ(built.problems, Lines());
    ASSERT_EQ(built.names(), Lines({name}));
    EXPECT_EQ(built.sinks[0].level, Level::error);
    EXPECT_EQ(built.sinks[0].origin, "");
  }
}

TEST_F(BuildTest, ExplicitConsoleThatIsWrongIsReplacedByTheAutomaticOne) {
  const Built built = build_text(
      "[stogger.sinks.console]\ntype = \"console\"\ncolour = \"no\"");
  EXPECT_EQ(built.problems, Lines({"c.toml:3:1: unknown key \"colour\" in "
                                   "[stogger.sinks.console]"}));
  ASSERT_EQ(built.names(), Lines({"console"}));
  EXPECT_EQ(built.sinks[0].origin, "log_to_console");
}

TEST_F(BuildTest, ConsoleHasAStreamAndAFormat) {
  const Built built = build_text(R"([stogger.sinks.out]
type = "console"
stream = "stdout"
format = "json"
)");
  EXPECT_EQ(built.problems, Lines());
  ASSERT_EQ(built.names(), Lines({"out"}));
  EXPECT_EQ(built.sinks[0].sink->target(), "stdout");
  EXPECT_EQ(build_text("[stogger.sinks.out]\ntype = \"console\"\n"
                       "stream = \"stdin\"\nformat = \"xml\"\n")
                .problems.size(),
            2u);
}

TEST_F(BuildTest, ConsoleIsALastResort) {
  for (const char* toml :
       {"[stogger]\nlog_to_console = false\n[stogger.sinks.a]\n",
        "[stogger]\nlog_to_console = false\ncolour = 1\n", "", "[stogger",
        "\xFF"}) {
    const Built built = build_text(toml);
    EXPECT_EQ(built.problems.size(), 1u) << toml;
    ASSERT_EQ(built.names(), Lines({"console"})) << toml;
    EXPECT_EQ(built.sinks[0].level, Level::info);
  }
}

TEST_F(BuildTest, SinkThatIsRightIsStartedBesideOneThatIsNot) {
  const Built built = build_text(R"([stogger]
log_to_console = false
[stogger.sinks.right]
type = "memory"
[stogger.sinks.wrong]
type = "memory"
max_rows = "many"
[stogger.sinks.level]
type = "memory"
level = "loud"
[stogger.sinks.nothing]
type = "nothing"
)");
  EXPECT_EQ(built.problems.size(), 3u);
  EXPECT_EQ(built.names(), Lines({"right"}));
}

TEST_F(BuildTest, NothingToLogToIsAWarning) {
  const Built built = build_text("[stogger]\nlog_to_console = false\n");
  EXPECT_TRUE(built.sinks.empty());
  EXPECT_EQ(
      built.problems,
      Lines({"c.toml:1:1: warning: there is no sink: every event is lost"}));
}

TEST_F(BuildTest, NameOfTheConsoleIsTaken) {
  const char* sink = "[stogger.sinks.console]\ntype = \"memory\"\n";
  Built built = build_text(sink);
  ASSERT_EQ(built.problems.size(), 1u);
  EXPECT_TRUE(built.problems[0].starts_with(
      "c.toml:1:1: the name \"console\" is that of the sink"));
  ASSERT_EQ(built.names(), Lines({"console"}));
  EXPECT_EQ(built.sinks[0].type, "console");

  built = build_text("[stogger]\nlog_to_console = false\n" + std::string(sink));
  EXPECT_EQ(built.problems, Lines());
  EXPECT_EQ(built.sinks[0].type, "memory");
}

TEST_F(BuildTest, ConsoleGivesWayToTheJournalItWouldWriteTo) {
  struct stat status = {};
  ASSERT_EQ(::fstat(2, &status), 0);
  const std::string stream =
      std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  const char* journald = "[stogger.sinks.j]\ntype = \"journald\"\n";
  {
    const ScopedVariable variable("JOURNAL_STREAM", stream.c_str());
    EXPECT_EQ(build_text(journald).names(), Lines({"j"}));
    EXPECT_EQ(build_text("[stogger]").names(), Lines({"console"}));
    EXPECT_EQ(build_text(std::string(journald) + "facility = []\n").names(),
              Lines({"console"}));
    EXPECT_EQ(build_text(std::string(journald) +
                         "[stogger.sinks.console]\ntype = \"console\"")
                  .names(),
              Lines({"j", "console"}));
  }
  for (const std::string& other :
       {std::string("1:1"), std::string(), std::string("x"), stream + "x",
        ":" + stream, stream.substr(0, stream.find(':'))}) {
    const ScopedVariable variable("JOURNAL_STREAM", other.c_str());
    EXPECT_EQ(build_text(journald).names(), Lines({"console", "j"})) << other;
  }
}

TEST_F(BuildTest, UnknownKeyOfASinkHasAPosition) {
  const Built built = build_text(R"([stogger.sinks.audit]
type = "jsonl"
path = "/nowhere/a"
  levle = "debug"
)");
  EXPECT_EQ(built.problems,
            Lines({"c.toml:4:3: unknown key \"levle\" in [stogger.sinks.audit] "
                   "(did you mean \"level\"?)"}));
}

TEST_F(BuildTest, EveryProblemOfASinkIsReported) {
  const ScopedVariable unset("STOGGER_TEST_UNSET", nullptr);
  const Built built = build_text(R"([stogger.sinks.a]
type = "file"
path = "${STOGGER_TEST_UNSET}"
level = 1
rotation = "dayly"
max_bytes = "10"
backup_count = -1
colour = {}
)");
  EXPECT_EQ(built.problems.size(), 6u);
  for (std::size_t i = 0; i < built.problems.size(); ++i) {
    EXPECT_TRUE(built.problems[i].starts_with(
        "c.toml:" + std::to_string(i + 3) + ":1: "))
        << built.problems[i];
  }
}

TEST_F(BuildTest, AWrongNameOfAKeyHasAPosition) {
  EXPECT_EQ(build_text("[stogger.sinks.a]\ntype = \"jsonl\"\npath = "
                       "\"/nowhere/a\"\n keys = {level = \"event\"}\n")
                .problems,
            Lines({"c.toml:4:2: \"keys\" gives two keys the name \"event\""}));
  EXPECT_EQ(build_text("[stogger.sinks.a]\ntype = \"jsonl\"\npath = "
                       "\"/nowhere/a\"\nkeys = \"severity\"\n")
                .problems,
            Lines({"c.toml:4:1: \"keys\" must be a table of texts, not text"}));
}

TEST_F(BuildTest, AWrongColumnHasAPosition) {
  const auto problems_of = [](const std::string& columns) {
    return build_text(
               "[stogger.sinks.a]\ntype = \"sqlite\"\n"
               "path = \"/nowhere/a\"\n columns = " +
               columns + "\n")
        .problems;
  };
  EXPECT_EQ(problems_of("{service = \"txt\"}"),
            Lines({"c.toml:4:2: \"columns\" gives \"service\" the type "
                   "\"txt\": it must be \"text\", \"integer\", \"real\", "
                   "\"boolean\", \"time\" or \"json\" (did you mean "
                   "\"text\"?)"}));
  EXPECT_EQ(problems_of("[\"service\"]"),
            Lines({"c.toml:4:2: \"columns\" must be a table of texts only"}));
  EXPECT_EQ(problems_of("{service = 1}"),
            Lines({"c.toml:4:2: \"columns\" must be a table of texts only"}));
}

TEST_F(BuildTest, MissingOptionPointsAtTheTable) {
  EXPECT_EQ(build_text("[stogger]\n  [stogger.sinks.a]\n  type = \"file\"\n")
                .problems,
            Lines({"c.toml:2:3: \"path\" is required"}));
}

TEST_F(BuildTest, UnknownTypePointsAtTheType) {
  const Built built =
      build_text("[stogger.sinks.a]\ntype = \"sqllite\"\npath = 1\n");
  ASSERT_EQ(built.problems.size(), 1u);
  EXPECT_TRUE(built.problems[0].starts_with(
      "c.toml:2:1: unknown sink type \"sqllite\" (did you mean \"sqlite\"?)"))
      << built.problems[0];
}

TEST_F(BuildTest, SinkOfAMissingModuleIsMadeWithAWarning) {
  const Built built = build_text(
      "[stogger.sinks.a]\ntype = \"parquet\"\npath = \"a.parquet\"\n");
  ASSERT_EQ(built.problems.size(), 1u);
  EXPECT_TRUE(built.problems[0].starts_with(
      "c.toml:2:1: warning: the sink \"a\" cannot be opened: the package "
      "stogger-parquet is not installed: there is no stogger_parquet.so in "))
      << built.problems[0];
  EXPECT_EQ(built.names(), Lines({"console", "a"}));
}

TEST_F(BuildTest, TwoSinksMustNotWriteToOneFile) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.file("real"));
  std::filesystem::create_symlink("real", folder.file("link"));
  const Built built =
      build_text("[stogger.sinks.a]\ntype = \"file\"\npath = \"" +
                 folder.file("real/x.log") +
                 "\"\n[stogger.sinks.b]\ntype = \"jsonl\"\npath = \"" +
                 folder.file("link/./x.log") + "\"\n");
  EXPECT_EQ(built.problems,
            Lines({"c.toml:6:1: the sinks \"a\" and \"b\" write to the same "
                   "file \"" +
                   folder.file("real/x.log") + "\""}));
  EXPECT_EQ(built.names(), Lines({"console", "a"}));
}

TEST_F(BuildTest, RelativeAndAbsolutePathsMeetInOneFile) {
  const std::string here = std::filesystem::current_path().string();
  const Built built = build_text(
      "[stogger.sinks.a]\ntype = \"csv\"\npath = \"no/such/folder/x\"\n"
      "[stogger.sinks.b]\ntype = \"csv\"\npath = \"" +
      here + "/no/such/folder/x\"\n");
  EXPECT_EQ(built.problems.size(), 1u);
}

TEST_F(BuildTest, LogdirCountsAsASink) {
  const Built built = build_text(
      "[stogger]\nlogdir = \"/nowhere\"\nsyslog_identifier = \"shop\"\n"
      "[stogger.sinks.a]\ntype = \"jsonl\"\npath = \"/nowhere/shop.log\"\n");
  EXPECT_EQ(built.problems,
            Lines({"c.toml:2:1: the sinks \"a\" and \"file\" write to the same "
                   "file \"/nowhere/shop.log\""}));
}

TEST_F(BuildTest, DevicesMayBeShared) {
  EXPECT_EQ(build_text("[stogger.sinks.a]\ntype = \"file\"\n"
                       "path = \"/dev/null\"\n[stogger.sinks.b]\n"
                       "type = \"jsonl\"\npath = \"/dev/null\"\n")
                .problems,
            Lines());
}

TEST_F(BuildTest, TablesOfOneDatabaseAreDifferentTargets) {
  const std::string one =
      "[stogger.sinks.a]\ntype = \"sqlite\"\npath = \"/nowhere/x\"\n";
  const std::string two =
      "[stogger.sinks.b]\ntype = \"sqlite\"\npath = \"/nowhere/x\"\n";
  EXPECT_EQ(build_text(one + two + "table = \"other\"").problems, Lines());
  EXPECT_EQ(build_text(one + two).problems.size(), 1u);
  EXPECT_EQ(build_text(one + two + "table = \"stogger_logs\"").problems.size(),
            1u);
}

TEST_F(BuildTest, HomeFolderIsNotExpanded) {
  for (const char* type : {"file", "jsonl", "csv", "sqlite"}) {
    const Built built = build_text("[stogger.sinks.a]\ntype = \"" +
                                   std::string(type) + "\"\npath = \"~/x\"\n");
    ASSERT_EQ(built.problems.size(), 1u) << type;
    EXPECT_TRUE(built.problems[0].starts_with("c.toml:3:1: \"path\" "))
        << built.problems[0];
    EXPECT_NE(built.problems[0].find("${HOME}"), std::string::npos);
  }
}

TEST_F(BuildTest, NoTargetIsTouched) {
  const TempFolder folder;
  std::string toml = "[stogger]\nlogdir = \"" + folder.file("logs") + "\"\n";
  for (const char* type : {"file", "jsonl", "csv", "sqlite"}) {
    toml += "[stogger.sinks.my" + std::string(type) + "]\ntype = \"" + type +
            "\"\npath = \"" + folder.file(type) + "/x\"\n";
  }
  const Built built = build_text(toml);
  EXPECT_EQ(built.problems, Lines());
  EXPECT_EQ(built.sinks.size(), 6u);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(BuildTest, DeadLettersDoNotGoToTheFileOfASink) {
  const TempFolder folder;
  const std::string file = "\"" + folder.file("a") + "\"\n";
  const std::string sink =
      "[stogger.sinks.a]\ntype = \"sqlite\"\npath = " + file;
  const std::string other =
      "[stogger.sinks.b]\ntype = \"memory\"\ndead_letter = " + file;
  for (const std::string& toml : {sink + other, other + sink}) {
    const Built built = build_text(toml);
    ASSERT_EQ(built.problems.size(), 1u);
    EXPECT_NE(built.problems[0].find("write to the same file"),
              std::string::npos)
        << built.problems[0];
  }
  EXPECT_EQ(build_text(other +
                       "[stogger.sinks.c]\ntype = "
                       "\"memory\"\ndead_letter = " +
                       file)
                .problems,
            Lines());
  EXPECT_EQ(build_text(sink + "dead_letter = " + file).problems.size(), 1u);
}

TEST_F(BuildTest, DeadLettersNeedAFile) {
  const Built built =
      build_text("[stogger.sinks.b]\ntype = \"memory\"\ndead_letter = \"\"\n");
  ASSERT_EQ(built.problems.size(), 1u);
  EXPECT_NE(built.problems[0].find("\"dead_letter\" must not be empty"),
            std::string::npos)
      << built.problems[0];
}

TEST_F(BuildTest, FactoryLearnsItsSurroundings) {
  static std::string name;
  static std::string identifier;
  static Clock* clock;
  ASSERT_TRUE(
      register_sink("build-test-curious", [](Options& options, SinkPtr* sink) {
        name = options.sink_name();
        identifier = options.identifier();
        clock = options.clock();
        sink->reset(new NullSink);
        return Status();
      }).ok());
  const Built built = build_text(
      "[stogger]\nsyslog_identifier = \"shop\"\n"
      "[stogger.sinks.mine]\ntype = \"build-test-curious\"\n");
  EXPECT_EQ(built.problems, Lines());
  EXPECT_EQ(built.names(), Lines({"console", "mine"}));
  EXPECT_EQ(name, "mine");
  EXPECT_EQ(identifier, "shop");
  EXPECT_EQ(clock, Clock::real());
}

TEST_F(BuildTest, FactoryThatFailsIsAProblemOfTheTable) {
  ASSERT_TRUE(
      register_sink("build-test-failing", [](Options&, SinkPtr*) -> Status {
        throw std::runtime_error("out of ink");
      }).ok());
  EXPECT_EQ(
      build_text("[stogger.sinks.a]\ntype = \"build-test-failing\"\n").problems,
      Lines({"c.toml:1:1: the sink \"a\" cannot be made: out of ink"}));
}

}  // namespace
}  // namespace stogger
