// The recipes for logrotate, with the real one, while a service logs all the
// time.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/recipes/service.h"
#include "tests/support/document.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class LogrotateRecipe : public ::testing::Test {
 protected:
  static constexpr int kRounds = 6;

  void SetUp() override {
    if (std::system("command -v logrotate >/dev/null") != 0) {
      GTEST_SKIP() << "logrotate is not installed";
    }
  }

  void configure(std::string_view name) {
    const std::string configuration = folder_.file("logrotate.conf");
    write_file(configuration,
               replaced(recipe(name), "/var/log/shop", folder_.path()));
    std::filesystem::permissions(configuration,
                                 std::filesystem::perms::owner_read);
    write_file(folder_.file("shop.toml"),
               "[stogger]\nlog_to_console = false\n"
               "[stogger.sinks.lines]\ntype = 'jsonl'\npath = '" +
                   log_ + "'\n");
  }

  // Starts a service, rotates while it logs, and ends it.
  void run(const std::string& from, int rounds) {
    const std::string command = "logrotate -f -s " + folder_.file("state") +
                                " " + folder_.file("logrotate.conf") +
                                " 2>/dev/null";
    const pid_t service =
        start_service({"--from", from, folder_.file("shop.toml")});
    for (int i = 0; i < rounds; ++i) {
      wait_for_lines(log_);
      const int status = std::system(command.c_str());
      // gzip warns of a file that grows while it is read: then it is 1.
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    }
    wait_for_lines(log_);
    EXPECT_TRUE(stop_service(service));
  }

  void take_all() {
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      const std::string path = entry.path().string();
      if (!path.starts_with(log_) || path.ends_with(".lock")) continue;
      ++files_;
      const std::string text = folder_.file("text");
      const std::string program = path.ends_with(".gz") ? "zcat " : "cat ";
      ASSERT_EQ(std::system((program + path + " >" + text).c_str()), 0);
      const std::string lines = read_file(text);
      EXPECT_EQ(lines.find('\0'), std::string::npos) << "a hole in " << path;
      ticks_.take(lines);
    }
  }

  Ticks ticks_;
  int files_ = 0;

 private:
  TempFolder folder_;
  const std::string log_ = folder_.file("shop.log");
};

// Rotated twice within five seconds, a file of a running service is deleted as
// early as by the next recipe. So each round has a service of its own.
TEST_F(LogrotateRecipe, RenamingLeavesEachEventOnce) {
  configure("rename");
  for (int i = 0; i < kRounds; ++i) run(std::to_string(i), 1);
  take_all();
  expect_each_once(ticks_, kRounds);
  EXPECT_EQ(files_, kRounds + 1);
}

TEST_F(LogrotateRecipe, CompressingAtOnceLosesNothing) {
  configure("compress");
  run("a", kRounds);
  take_all();
  EXPECT_GT(ticks_.total(), 0);
  EXPECT_EQ(ticks_.torn(), 0);
  EXPECT_EQ(ticks_.gaps(), 0);
  EXPECT_EQ(files_, kRounds + 1);
}

TEST_F(LogrotateRecipe, TruncatingLosesOneStretchEachTime) {
  configure("copytruncate");
  run("a", kRounds);
  take_all();
  EXPECT_GT(ticks_.total(), 0);
  EXPECT_LE(ticks_.torn(), kRounds);
  EXPECT_EQ(ticks_.repeated(), 0);
  EXPECT_LE(ticks_.gaps(), kRounds);
  EXPECT_EQ(files_, kRounds + 1);
}

}  // namespace
}  // namespace stogger
