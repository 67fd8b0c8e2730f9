// Programs that run with more rights than who started them: nothing that user
// may choose decides what they do.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "config/reading.h"
#include "support/processes.h"
#include "support/sanitizer.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

constexpr uid_t kNobody = 65534;

class PrivilegedTest : public ConfigTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can make set-user-ID programs";
    }
    if (kSanitized) {
      GTEST_SKIP() << "the runtime of sanitizers is not made for programs with "
                      "more rights than their caller";
    }
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    std::filesystem::create_directory(folder_.file("theirs"));
    ASSERT_EQ(::chown(folder_.file("theirs").c_str(), kNobody, kNobody), 0);
    std::filesystem::copy_file(PRIVILEGED_PROGRAM, program());
    ASSERT_EQ(::chmod(program().c_str(), 04755), 0);
    if (run("rights") != "more\n") {
      GTEST_SKIP() << folder_.path() << " is on a file system that is mounted "
                   << "with nosuid, or this process may gain no rights";
    }
  }

  std::string program() const { return folder_.file("program"); }

  // Runs it as nobody, with these variables; what it printed.
  std::string run(const std::string& arguments,
                  const std::string& variables = "") {
    const std::string out = folder_.file("theirs/out");
    const std::string command = "cd '" + folder_.file("theirs") + "' && " +
                                variables + " '" + program() + "' " +
                                arguments + " >'" + out + "' 2>&1";
    std::filesystem::remove(out);
    in_child([&] {
      return ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 &&
             ::setuid(kNobody) == 0 && std::system(command.c_str()) == 0;
    });
    return read_file(out);
  }

  TempFolder folder_;
};

TEST_F(PrivilegedTest, TheLevelIsNotTheCallersChoice) {
  EXPECT_EQ(run("level-without-init", "STOGGER_LEVEL=debug"), "debug is off\n");
  EXPECT_EQ(run("level", "STOGGER_LEVEL=debug"), "ok\ndebug is off\n");
}

TEST_F(PrivilegedTest, TheConfigurationIsNotTheCallersChoice) {
  const std::string file = folder_.file("theirs/c.toml");
  write_file(file, "[stogger]\n[stogger.sinks.theirs]\ntype = \"memory\"\n");
  EXPECT_EQ(run("init", "STOGGER_CONFIG=" + file), "console\n");
}

TEST_F(PrivilegedTest, ModulesAreNotTheCallersChoice) {
  const std::string theirs = folder_.file("theirs");
  EXPECT_EQ(run("module-folders", "STOGGER_MODULE_PATH=" + theirs).find(theirs),
            std::string::npos);
}

TEST_F(PrivilegedTest, VariablesAreAProblem) {
  const std::string text = run("variable", "HOME=" + folder_.file("theirs"));
  EXPECT_TRUE(text.starts_with(
      "c.toml:2:1: \"logdir\": ${HOME} is not replaced: this program runs with "
      "more rights than the user who started it, and the environment is that "
      "user's choice; write the value itself\n"))
      << text;
}

TEST_F(PrivilegedTest, ThePasswordOfTheEnvironmentIsNotUsed) {
  const std::string text = run("password", "STOGGER_POSTGRES_PASSWORD=theirs");
  if (text.find("not installed") != std::string::npos) {
    GTEST_SKIP() << "the postgres module is not built";
  }
  EXPECT_NE(text.find("STOGGER_POSTGRES_PASSWORD"), std::string::npos) << text;
  EXPECT_NE(text.find("is not set"), std::string::npos) << text;
}

TEST_F(PrivilegedTest, AConfigurationThatTheCallerOwnsIsRefused) {
  const std::string file = folder_.file("theirs/c.toml");
  write_file(file, "[stogger]\n");
  ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
  EXPECT_NE(run("load " + file).find(" belongs to user 65534; root obeys only"),
            std::string::npos);
}

// With the rights of a group alone, the user of the process is the caller.
TEST_F(PrivilegedTest, WithTheRightsOfAGroupTheCallerIsNotTrustedEither) {
  const std::string file = folder_.file("theirs/c.toml");
  write_file(file, "[stogger]\n");
  ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(::chmod(program().c_str(), 02755), 0);
  ASSERT_EQ(run("rights"), "more\n");
  EXPECT_NE(run("load " + file)
                .find(" belongs to user 65534; a program with "
                      "more rights than its caller obeys only"),
            std::string::npos);
  EXPECT_EQ(run("level", "STOGGER_LEVEL=debug"), "ok\ndebug is off\n");
}

}  // namespace
}  // namespace stogger
