// Runs the program `stogger` itself.
#include "support/program.h"

#include <cstdio>
#include <filesystem>
#include <string>

#include "config/reading.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class ProgramTest : public ConfigTest {
 protected:
  void SetUp() override {
    if (kProgram == nullptr) {
      GTEST_SKIP() << "the program is not built (STOGGER_BUILD_TOOLS is off)";
    }
  }

  // Runs it with arguments that suit a shell; returns the exit code.
  int run(const std::string& arguments) {
    ProgramRun run = run_program(folder_, arguments);
    out_ = std::move(run.out);
    err_ = std::move(run.err);
    return run.code;
  }

  int check(std::string_view toml, const std::string& more = "") {
    write_file(folder_.file("c.toml"), toml);
    return run("check c.toml " + more);
  }

  TempFolder folder_;
  std::string out_;
  std::string err_;
};

TEST_F(ProgramTest, ProblemsArePrintedWithTheirPositions) {
  EXPECT_EQ(check("[stogger]\nlevle = \"info\"\n"
                  "[stogger.sinks.audit]\ntype = \"sqlite\"\n"),
            78);
  EXPECT_EQ(out_,
            "c.toml:2:1: unknown key \"levle\" in [stogger] (did you mean "
            "\"level\"?)\n"
            "c.toml:3:1: \"path\" is required\n");
  EXPECT_EQ(err_, "");
}

TEST_F(ProgramTest, EffectiveConfigurationIsPrinted) {
  EXPECT_EQ(check("[stogger]\nsyslog_identifier = \"shop\"\n"), 0);
  EXPECT_TRUE(out_.starts_with("[stogger]\nlevel = \"info\"\n")) << out_;
  EXPECT_EQ(err_, "");
}

TEST_F(ProgramTest, ATypeOfTheProgramsOwnIsAWarning) {
  const std::string toml =
      "[stogger.sinks.net]\ntype = \"carrier-pigeon\"\nport = 514\n"
      "[stogger.sinks.a]\ntype = \"jsonl\"\npath = \"a.jsonl\"\n";
  EXPECT_EQ(check(toml), 0);
  EXPECT_NE(out_.find("port = 514"), std::string::npos) << out_;
  EXPECT_TRUE(err_.starts_with(
      "c.toml:2:1: warning: unknown sink type \"carrier-pigeon\"; "))
      << err_;
  EXPECT_EQ(check(toml, "--connect"), 0);
  EXPECT_NE(out_.find("was not checked"), std::string::npos) << out_;
  EXPECT_EQ(check(toml, "--known carrier-pigeon"), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(ProgramTest, ASlipOfATypeIsAProblem) {
  EXPECT_EQ(check("[stogger.sinks.a]\ntype = \"sqllite\"\npath = \"a.db\"\n"),
            78);
  EXPECT_EQ(check("[stogger.sinks.a]\ntype = \"postgre\"\n"), 78);
  EXPECT_NE(out_.find("did you mean \"postgres\"?"), std::string::npos) << out_;
}

TEST_F(ProgramTest, OtherProblemsOfSuchAFileAreFound) {
  EXPECT_EQ(check("[stogger.sinks.net]\ntype = \"carrier-pigeon\"\n"
                  "[stogger.sinks.a]\ntype = \"jsonl\"\nflsh = 1\n",
                  "--known carrier-pigeon"),
            78);
}

TEST_F(ProgramTest, CheckTouchesNoTarget) {
  EXPECT_EQ(check("[stogger]\nlogdir = \"logs\"\n[stogger.sinks.a]\n"
                  "type = \"sqlite\"\npath = \"a.db\"\n"),
            0);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("logs")));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("a.db")));
}

TEST_F(ProgramTest, ConnectOpensNoSink) {
  EXPECT_EQ(check("[stogger]\nlogdir = \"logs\"\n", "--connect"), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("logs")));
  EXPECT_NE(out_.find("# sink \"file\" (file " + folder_.file("logs/")),
            std::string::npos)
      << out_;
}

TEST_F(ProgramTest, ConnectReportsWhatCannotBeOpened) {
  write_file(folder_.file("blocked"), "");
  EXPECT_EQ(check("[stogger]\nlogdir = \"blocked\"\n", "--connect"), 69);
  EXPECT_NE(out_.find("cannot be opened: "), std::string::npos) << out_;
  EXPECT_NE(out_.find("# sink \"console\" (console stderr) can be opened\n"),
            std::string::npos)
      << out_;
}

TEST_F(ProgramTest, ConnectDoesNotConnectWhatIsWrong) {
  EXPECT_EQ(check("[stogger]\nlogdir = \"logs\"\nx = 1\n", "--connect"), 78);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("logs")));
}

TEST_F(ProgramTest, WarningsLeaveTheListingAlone) {
  EXPECT_EQ(check("[stogger]\nlog_to_console = false\n"), 0);
  EXPECT_EQ(err_,
            "c.toml:1:1: warning: there is no sink: every event is lost\n");
  EXPECT_TRUE(out_.starts_with("[stogger]\n"));
}

TEST_F(ProgramTest, MissingFileIsABadConfiguration) {
  EXPECT_EQ(run("check none.toml"), 78);
  EXPECT_EQ(out_,
            "none.toml: cannot be read: No such file or directory (tried " +
                folder_.file("none.toml") + ")\n");
}

TEST_F(ProgramTest, ConfigVariableDoesNotReplaceTheFile) {
  const ScopedVariable variable("STOGGER_CONFIG", "/nowhere.toml");
  EXPECT_EQ(check("[stogger]\n"), 0);
}

TEST_F(ProgramTest, WrongUsageExitsWithTwo) {
  for (const char* arguments : {"", "check", "check a b", "chekc c.toml",
                                "--colour", "check c.toml --conect"}) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_EQ(out_, "") << arguments;
    EXPECT_NE(err_, "") << arguments;
  }
}

TEST_F(ProgramTest, HelpAndVersionAreNoFailure) {
  EXPECT_EQ(run("--help"), 0);
  EXPECT_NE(out_.find("check"), std::string::npos);
  EXPECT_EQ(run("check --help"), 0);
  EXPECT_NE(out_.find("--connect"), std::string::npos);
  EXPECT_EQ(run("--version"), 0);
  EXPECT_TRUE(out_.starts_with("stogger ")) << out_;
}

TEST_F(ProgramTest, OutputThatCannotBeWrittenIsAFailure) {
  write_file(folder_.file("c.toml"), "[stogger]\n");
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "there is no /dev/full";
  }
  // The shell takes the first redirection of the two for the inner command.
  EXPECT_EQ(run("check c.toml >/dev/full; echo $? 2>&1"), 0);
  EXPECT_EQ(out_, "1\n");
}

}  // namespace
}  // namespace stogger
