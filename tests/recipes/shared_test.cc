// The recipes for containers, for several processes and users, and for programs
// that give their rights up.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/recipes/service.h"
#include "tests/support/decompress.h"
#include "tests/support/document.h"
#include "tests/support/mode_of.h"
#include "tests/support/other_user.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

std::string read_to_end(int descriptor) {
  std::string text;
  char chunk[1 << 16];
  ssize_t size = 0;
  while ((size = ::read(descriptor, chunk, sizeof chunk)) > 0) {
    text.append(chunk, static_cast<std::size_t>(size));
  }
  ::close(descriptor);
  return text;
}

class SharedRecipe : public ::testing::Test {
 protected:
  // Writes the configuration of that recipe, for the folder of the test.
  std::string configure(std::string_view name) {
    const std::string path = folder_.file("shop.toml");
    write_file(path, replaced(recipe(name), "/var/log/shop", logs_));
    return path;
  }
  // From all files of the log.
  Ticks ticks() const {
    Ticks ticks;
    for (const auto& entry : std::filesystem::directory_iterator(logs_)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".lock")) ticks.take(read_file(path));
    }
    return ticks;
  }

  const TempFolder folder_;
  const std::string logs_ = folder_.file("logs");
};

// What the service prints on a stream that root has opened.
void expect_json_on(int ours, int theirs) {
  const TempFolder folder;
  const std::string configuration = folder.file("shop.toml");
  const std::string said = folder.file("said");
  write_file(configuration, recipe("container"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  const pid_t service = start_service({"--count", "1000", configuration}, [&] {
    const int err = ::open(said.c_str(), O_WRONLY | O_CREAT, 0600);
    ::close(ours);
    return ::dup2(theirs, STDOUT_FILENO) == STDOUT_FILENO &&
           ::dup2(err, STDERR_FILENO) == STDERR_FILENO &&
           (!is_root() || become(kNobody));
  });
  ::close(theirs);
  Ticks ticks;
  ticks.take(read_to_end(ours));
  EXPECT_TRUE(succeeded(service));
  expect_each_once(ticks);
  EXPECT_EQ(ticks.total(), 1000);
  EXPECT_EQ(read_file(said), "");
}

TEST(ContainerRecipe, StdoutHasJsonThroughAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  expect_json_on(ends[0], ends[1]);
}

TEST(ContainerRecipe, StdoutHasJsonThroughASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  expect_json_on(ends[0], ends[1]);
}

TEST_F(SharedRecipe, ProcessesThatRotateLeaveEachEventOnce) {
  constexpr int kProcesses = 4;
  const std::string configuration = configure("processes");
  // Rotated often, and nothing removed.
  write_file(configuration,
             replaced(replaced(read_file(configuration), "10000000", "100000"),
                      "backup_count = 20", "backup_count = 1000"));
  std::vector<pid_t> services;
  for (int i = 0; i < kProcesses; ++i) {
    services.push_back(start_service(
        {"--from", std::to_string(i), "--count", "5000", configuration}));
  }
  for (const pid_t service : services) EXPECT_TRUE(succeeded(service));
  expect_each_once(ticks(), kProcesses);
}

TEST_F(SharedRecipe, OldFilesAreCompressedWhileAServiceLogs) {
  const std::string configuration = configure("compressed");
  const std::string old = logs_ + "/events.jsonl.2026-11-01";
  std::filesystem::create_directory(logs_);
  write_file(old, "{}\n");
  std::filesystem::last_write_time(
      old,
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(24));
  const pid_t service = start_service({configuration});
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(old); }));
  EXPECT_TRUE(stop_service(service));
  EXPECT_EQ(unzstd(read_file(old + ".zst")), "{}\n");
}

TEST_F(SharedRecipe, AKilledProcessHoldsUpNobody) {
  const std::string configuration = configure("processes");
  const std::string log = logs_ + "/events.jsonl";
  const pid_t killed = start_service({"--from", "killed", configuration});
  wait_for_lines(log);
  kill_child(killed);
  EXPECT_TRUE(succeeded(
      start_service({"--from", "other", "--count", "1000", configuration})));
  const Ticks found = ticks();
  EXPECT_EQ(found.torn(), 0);
  EXPECT_EQ(found.repeated(), 0);
  EXPECT_EQ(found.services().at("other").found.size(), 1000u);
}

TEST_F(SharedRecipe, UsersOfAGroupWriteOneLogAndOthersCannotReadIt) {
  SKIP_UNLESS_ROOT();
  const std::string command =
      replaced(replaced(recipe("folder"), "/var/log/shop", logs_), "-g shop",
               "-g " + std::to_string(kSharedGroup));
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string configuration = configure("users");
  const std::string log = logs_ + "/events.jsonl";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  std::vector<pid_t> services;
  for (const uid_t user : {kNobody, kSomebody}) {
    services.push_back(start_service(
        {"--from", std::to_string(user), "--count", "2000", configuration},
        [user] {
          ::umask(007);
          return become(user, {kSharedGroup});
        }));
  }
  for (const pid_t service : services) EXPECT_TRUE(succeeded(service));
  expect_each_once(ticks(), services.size());
  EXPECT_EQ(mode_of(log), 0660u);
  EXPECT_TRUE(as_user(kSomebody + 1,
                      [&] { return ::access(log.c_str(), R_OK) == 0; },
                      {kSharedGroup}));
  EXPECT_FALSE(
      as_user(kSomebody + 1, [&] { return ::access(log.c_str(), R_OK) == 0; }));
}

TEST_F(SharedRecipe, AProgramInAJailRotatesItsLogThere) {
  SKIP_UNLESS_ROOT();
  const std::string log = folder_.file("log");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  std::filesystem::create_directory(log);
  std::filesystem::create_directory(folder_.file("etc"));
  ASSERT_EQ(::chown(log.c_str(), kNobody, kNobody), 0);
  write_file(folder_.file("etc/shop.toml"),
             replaced(recipe("jail"), "10000000", "100000"));
  ASSERT_TRUE(succeeded(start_service(
      {"--jail", folder_.path(), "--user", std::to_string(kNobody), "--count",
       "5000"},
      // The sanitizer looks for leaks by way of /proc, which is not there.
      [] { return ::setenv("LSAN_OPTIONS", "detect_leaks=0", 1) == 0; })));
  EXPECT_NE(read_file(log + "/shop.log").find("n=4999\n"), std::string::npos);
  EXPECT_EQ(mode_of(log + "/shop.log"), 0640u);
  EXPECT_TRUE(std::filesystem::exists(log + "/shop.log.1"));
}

}  // namespace
}  // namespace stogger
