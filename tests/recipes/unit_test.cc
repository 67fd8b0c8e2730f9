// The recipe for a systemd unit.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/recipes/service.h"
#include "tests/support/document.h"
#include "tests/support/eventually.h"
#include "tests/support/mode_of.h"
#include "tests/support/program.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

TEST(UnitRecipe, SystemdFindsNothingWrong) {
  if (std::system("command -v systemd-analyze >/dev/null") != 0) {
    GTEST_SKIP() << "systemd-analyze is not installed";
  }
  const TempFolder folder;
  const std::string unit = folder.file("shop.service");
  write_file(unit,
             replaced(recipe("unit"), "/usr/local/bin/shop", RECIPES_SERVICE));
  // What it only warns of does not change the exit code.
  const std::string command =
      "systemd-analyze verify " + unit + " >" + folder.file("said") + " 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(read_file(folder.file("said")), "");
}

// In an environment as the unit describes it.
class UnitConfiguration : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(logs_);
    std::filesystem::create_directory(state_);
    write_file(configuration_, recipe("unit configuration"));
  }
  pid_t start(std::vector<std::string> arguments) {
    arguments.push_back(configuration_);
    return start_service(arguments, [this] {
      ::umask(027);
      return ::setenv("LOGS_DIRECTORY", logs_.c_str(), 1) == 0 &&
             ::setenv("STATE_DIRECTORY", state_.c_str(), 1) == 0;
    });
  }

  const TempFolder folder_;
  const std::string logs_ = folder_.file("logs");
  const std::string state_ = folder_.file("state");
  const std::string configuration_ = folder_.file("shop.toml");
};

TEST_F(UnitConfiguration, WritesToTheFoldersOfTheUnit) {
  ASSERT_TRUE(succeeded(start({"--count", "10"})));
  EXPECT_NE(read_file(logs_ + "/shop.log").find("n=9\n"), std::string::npos);
  EXPECT_EQ(mode_of(logs_ + "/shop.log"), 0640u);
  EXPECT_EQ(mode_of(state_ + "/audit.db"), 0640u);
  EXPECT_TRUE(std::filesystem::is_directory(state_ + "/stogger"));
  EXPECT_EQ(SqliteQuery(state_ + "/audit.db")
                .one("SELECT count(*) FROM stogger_logs WHERE event = 'tick'"),
            "10");
}

TEST_F(UnitConfiguration, IsCheckedWithTheVariablesThatSystemdSets) {
  if (kProgram == nullptr) GTEST_SKIP() << "the program stogger is not built";
  const std::string check =
      std::string(kProgram) + " check " + configuration_ + " >/dev/null 2>&1";
  EXPECT_NE(std::system(check.c_str()), 0);
  EXPECT_EQ(std::system(("LOGS_DIRECTORY=" + logs_ +
                         " STATE_DIRECTORY=" + state_ + " " + check)
                            .c_str()),
            0);
}

TEST_F(UnitConfiguration, WhatAKillLeavesIsDeliveredByTheNextStart) {
  const std::string log = logs_ + "/shop.log";
  const pid_t killed = start({"--from", "killed", "--count", "2000", "--stay"});
  EXPECT_TRUE(eventually(
      [&] { return read_file(log).find("n=1999\n") != std::string::npos; }));
  kill_child(killed);
  ASSERT_TRUE(succeeded(start({"--from", "next", "--count", "1"})));
  const std::string numbers =
      "json_extract(data, '$.n')) FROM stogger_logs WHERE event = 'tick' AND "
      "json_extract(data, '$.from') = 'killed'";
  SqliteQuery audit(state_ + "/audit.db");
  EXPECT_EQ(audit.one("SELECT count(" + numbers), "2000");
  EXPECT_EQ(audit.one("SELECT count(DISTINCT " + numbers), "2000");
}

}  // namespace
}  // namespace stogger
