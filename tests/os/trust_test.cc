#include "os/trust.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/processes.h"
#include "support/small_disk.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

constexpr uid_t kNobody = 65534;

class TrustTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can make files of other users";
    }
    std::filesystem::create_directory(folder_.file("etc"));
    ::chmod(folder_.path().c_str(), 0755);
    ::chmod(etc().c_str(), 0755);
    make(file());
  }

  std::string etc() const { return folder_.file("etc"); }
  std::string file() const { return folder_.file("etc/c.toml"); }

  static void make(const std::string& path) {
    write_file(path, "[stogger]\n");
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  }
  static void mode(const std::string& path, mode_t mode) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  static void give_away(const std::string& path) {
    ASSERT_EQ(::lchown(path.c_str(), kNobody, kNobody), 0);
  }
  static std::string fault(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_GE(descriptor, 0) << path;
    const std::string fault = why_untrusted(path, descriptor);
    ::close(descriptor);
    return fault;
  }

  TempFolder folder_;
};

TEST_F(TrustTest, WhatOnlyRootCanChangeIsTrusted) {
  EXPECT_EQ(fault(file()), "");
  EXPECT_EQ(fault(folder_.file("etc/../etc//./c.toml")), "");
}

TEST_F(TrustTest, RelativePathsAreLookedAtFromTheRootOn) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(etc());
  EXPECT_EQ(fault("c.toml"), "");
  mode(etc(), 0777);
  EXPECT_NE(fault("c.toml"), "");
  std::filesystem::current_path(before);
}

TEST_F(TrustTest, AFileOfAnotherUserIsNotTrusted) {
  give_away(file());
  EXPECT_EQ(fault(file()), file() +
                               " belongs to user 65534; root obeys only what "
                               "nobody else can change: chown root " +
                               file());
}

TEST_F(TrustTest, AFileThatOthersMayWriteIsNotTrusted) {
  for (const mode_t bits : {0666u, 0664u, 0646u}) {
    mode(file(), bits);
    EXPECT_EQ(fault(file()), file() +
                                 " can be written by others; root obeys only "
                                 "what nobody else can change: chmod go-w " +
                                 file())
        << std::oct << bits;
  }
}

// Nobody should change the mode of /tmp for it.
TEST_F(TrustTest, AFileInAFolderForEverybodyHasToMove) {
  mode(etc(), 01777);
  EXPECT_EQ(fault(file()),
            etc() +
                " can be written by others; root obeys only what nobody else "
                "can change: move the file to a folder that only root may "
                "write to");
  mode(etc(), 0755);
}

TEST_F(TrustTest, AFolderOfOthersIsNotTrustedHoweverFarUp) {
  for (const std::string& folder : {etc(), folder_.path()}) {
    give_away(folder);
    EXPECT_EQ(fault(file()),
              folder +
                  " belongs to user 65534; root obeys only what nobody else "
                  "can change: move the file to a folder that only root may "
                  "write to");
    ASSERT_EQ(::chown(folder.c_str(), 0, 0), 0);
    mode(folder, 0777);
    EXPECT_TRUE(fault(file()).starts_with(folder + " can be written by others"))
        << fault(file());
    mode(folder, 0775);
    EXPECT_NE(fault(file()), "");
    mode(folder, 0755);
  }
}

// Others cannot touch a folder of root in it, but can put files into it.
TEST_F(TrustTest, AStickyFolderIsFineOnTheWayOnly) {
  mode(folder_.path(), 01777);
  EXPECT_EQ(fault(file()), "");
  mode(folder_.path(), 0755);
  mode(etc(), 01777);
  EXPECT_TRUE(fault(file()).starts_with(etc() + " can be written by others"))
      << fault(file());
}

TEST_F(TrustTest, LinksAreFollowedWhereOnlyRootCanChangeThem) {
  const std::string link = folder_.file("link");
  std::filesystem::create_symlink("etc/c.toml", link);
  EXPECT_EQ(fault(link), "");
  std::filesystem::create_symlink(folder_.path(), folder_.file("etc/up"));
  EXPECT_EQ(fault(folder_.file("etc/up/etc/up/link")), "");
  give_away(link);
  EXPECT_TRUE(fault(link).starts_with(link + " belongs to user 65534"))
      << fault(link);
}

TEST_F(TrustTest, LinksInACircleAreNotFollowedForEver) {
  const std::string link = folder_.file("link");
  const int descriptor = ::open(file().c_str(), O_RDONLY | O_CLOEXEC);
  std::filesystem::create_symlink("other", link);
  std::filesystem::create_symlink("link", folder_.file("other"));
  EXPECT_NE(why_untrusted(link, descriptor), "");
  ::close(descriptor);
}

TEST_F(TrustTest, EveryFolderThatALinkLiesInIsLookedAt) {
  // theirs/second leads to root's own file; whoever owns `theirs` can change
  // that.
  std::filesystem::create_directory(folder_.file("theirs"));
  std::filesystem::create_symlink(file(), folder_.file("theirs/second"));
  std::filesystem::create_symlink("theirs/second", folder_.file("first"));
  EXPECT_EQ(fault(folder_.file("first")), "");
  give_away(folder_.file("theirs"));
  EXPECT_NE(fault(folder_.file("first")), "");
}

TEST_F(TrustTest, OnlyTheFileThatWasOpenedIsTrusted) {
  const int descriptor = ::open(file().c_str(), O_RDONLY | O_CLOEXEC);
  std::filesystem::rename(file(), file() + ".old");
  make(file());
  EXPECT_EQ(why_untrusted(file(), descriptor),
            file() + " was replaced while it was opened");
  ::close(descriptor);
}

// As containers get their configuration.
TEST_F(TrustTest, OnAReadOnlyFileSystemNobodyCanWrite) {
  SmallDisk disk(1 << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string real = disk.file("real");
  const std::string link = disk.file("link");
  make(real);
  std::filesystem::create_symlink("real", link);
  give_away(real);
  give_away(link);
  mode(std::filesystem::path(real).parent_path(), 0777);
  EXPECT_NE(fault(link), "");
  disk.set_read_only(true);
  EXPECT_EQ(fault(link), "");
}

TEST_F(TrustTest, OtherUsersRefuseOnlyWhatEverybodyCanWrite) {
  ASSERT_TRUE(in_child([&] {
    return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0 &&
           fault(file()).empty();
  }));
  ASSERT_EQ(::chown(file().c_str(), 7, 7), 0);
  mode(file(), 0664);
  ASSERT_TRUE(in_child([&] {
    return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0 &&
           fault(file()).empty();
  }));
  mode(file(), 0666);
  ASSERT_TRUE(in_child([&] {
    return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0 &&
           fault(file()).ends_with("chmod o-w " + file());
  }));
  mode(file(), 0644);
  mode(etc(), 0777);
  ASSERT_TRUE(in_child([&] {
    return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0 &&
           fault(file()).ends_with("chmod o-w " + etc());
  }));
}

}  // namespace
}  // namespace stogger
