#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "config/reading.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

class ConfigFileTest : public ConfigTest {
 protected:
  // The problem that reading the file has.
  std::string problem_of(const std::string& path) {
    std::vector<Problem> problems;
    const Config config = read_config_file(path, FileUse::obey, &problems);
    EXPECT_TRUE(config.log_to_console);
    EXPECT_TRUE(config.sinks.empty());
    EXPECT_EQ(problems.size(), 1u);
    return problems.empty() ? std::string() : to_line(problems[0]);
  }

  TempFolder folder_;
};

TEST_F(ConfigFileTest, FileIsReadWhole) {
  const std::string path = folder_.file("c.toml");
  write_file(path, "#" + std::string(100000, 'x') +
                       "\n[stogger]\nlevel = \"debug\"\nx = 1\n");
  std::vector<Problem> problems;
  EXPECT_EQ(read_config_file(path, FileUse::obey, &problems).level,
            Level::debug);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(to_line(problems[0]),
            path + ":4:1: unknown key \"x\" in [stogger]");
}

TEST_F(ConfigFileTest, MissingFileIsReported) {
  const std::string path = folder_.file("none.toml");
  EXPECT_EQ(problem_of(path),
            path + ": cannot be read: No such file or directory");
}

TEST_F(ConfigFileTest, RelativePathIsReportedAsAbsolute) {
  EXPECT_EQ(problem_of("no/such.toml"),
            "no/such.toml: cannot be read: No such file or directory (tried " +
                std::filesystem::current_path().string() + "/no/such.toml)");
}

TEST_F(ConfigFileTest, FolderIsRefused) {
  EXPECT_EQ(problem_of(folder_.path()),
            folder_.path() + ": is a folder, not a TOML file");
}

TEST_F(ConfigFileTest, PipeIsRefusedAndNotWaitedFor) {
  const std::string path = folder_.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(problem_of(path), path + ": is no regular file");
}

TEST_F(ConfigFileTest, DeviceIsRefused) {
  EXPECT_EQ(problem_of("/dev/zero"), "/dev/zero: is no regular file");
}

TEST_F(ConfigFileTest, UnreadableFileIsReported) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const std::string path = folder_.file("c.toml");
  write_file(path, "[stogger]");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_EQ(problem_of(path), path + ": cannot be read: Permission denied");
}

TEST_F(ConfigFileTest, LinkInACircleIsReported) {
  const std::string path = folder_.file("c.toml");
  std::filesystem::create_symlink("c.toml", path);
  EXPECT_TRUE(problem_of(path).starts_with(path + ": cannot be read: "));
}

TEST_F(ConfigFileTest, HugeFileIsRefused) {
  const std::string path = folder_.file("huge.toml");
  write_file(path, "[stogger]\n");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
  EXPECT_EQ(problem_of(path),
            path + ": is larger than 10 MiB, so it is hardly a configuration");
}

TEST_F(ConfigFileTest, PathMustNameAFile) {
  EXPECT_EQ(problem_of(""), "configuration: no file is named");
  EXPECT_EQ(problem_of(std::string("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b: cannot be read: its name contains a NUL character");
}

}  // namespace
}  // namespace stogger
