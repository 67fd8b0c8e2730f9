// What another user of the machine cannot do to a service that logs as root, or
// as itself, into a folder that he may change.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/file.h"
#include "os/folder.h"
#include "tests/support/access_list.h"
#include "tests/support/mode_of.h"
#include "tests/support/other_user.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;
using Creation = Folder::Creation;

// Opens the file to append, as a sink does. Writes a byte into it.
Status append_to(const std::string& path) {
  Folder folder;
  Status status = folder.open(path, FileModes(), true);
  int file = -1;
  int error = 0;
  if (status.ok()) {
    status = folder.open_file(folder.name(), O_WRONLY | O_APPEND | O_TRUNC,
                              Creation::if_missing, 0, &file, &error);
  }
  if (file != -1) {
    if (::write(file, "x", 1) != 1) status = Status(Code::internal, "write");
    ::close(file);
  }
  return status;
}

// A folder for all, and beside it what only root may touch.
class HostileFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNLESS_ROOT();
    ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
    std::filesystem::create_directory(in("safe"));
    write_file(in("safe/passwd"), "root");
    std::filesystem::create_directory(in("all"));
    set_mode("all", 0777);
  }
  void set_mode(std::string_view name, mode_t mode) {
    ASSERT_EQ(::chmod(in(name).c_str(), mode), 0);
  }
  std::string in(std::string_view name) const { return temp_.file(name); }
  // As nobody.
  bool put_link(const std::string& to, const std::string& name) {
    return as_nobody(
        [&] { return ::symlink(to.c_str(), in(name).c_str()) == 0; });
  }
  bool put_file(const std::string& name, mode_t mode) {
    return as_nobody([&] {
      ::umask(0);
      return ::close(::open(in(name).c_str(), O_CREAT | O_WRONLY, mode)) == 0;
    });
  }
  std::string refusal(std::string_view name) {
    const Status status = append_to(in(name));
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(read_file(in("safe/passwd")), "root");
    return std::string(status.message());
  }
  // Everything that nobody can prepare, with each mode of the folder.
  void try_everything();

  TempFolder temp_;
};

void HostileFolderTest::try_everything() {
  for (const mode_t mode : {0777u, 01777u}) {
    SCOPED_TRACE(mode);
    set_mode("all", mode);
    ASSERT_TRUE(put_link(in("safe/passwd"), "all/log"));
    ASSERT_TRUE(put_link(in("safe/new"), "all/new"));
    ASSERT_TRUE(put_link(in("safe"), "all/sub"));
    ASSERT_TRUE(put_file("all/his", 0666));
    ASSERT_TRUE(
        as_nobody([&] { return ::mkfifo(in("all/fifo").c_str(), 0666) == 0; }));
    EXPECT_THAT(refusal("all/log"), HasSubstr("link of another user"));
    EXPECT_THAT(refusal("all/new"), HasSubstr("link of another user"));
    EXPECT_THAT(refusal("all/sub/passwd"), HasSubstr("link of another user"));
    EXPECT_THAT(refusal("all/sub/other"), HasSubstr("link of another user"));
    EXPECT_THAT(refusal("all/his"),
                HasSubstr("belongs to another user (uid 65534)"));
    EXPECT_FALSE(append_to(in("all/fifo")).ok());
    EXPECT_FALSE(std::filesystem::exists(in("safe/new")));
    EXPECT_FALSE(std::filesystem::exists(in("safe/other")));
    EXPECT_EQ(read_file(in("all/his")), "");
    EXPECT_OK(append_to(in("all/mine")));
    EXPECT_OK(append_to(in("all/mine")));
    for (const char* name : {"log", "new", "sub", "his", "fifo", "mine"}) {
      std::filesystem::remove(in("all/") + name);
    }
  }
}

TEST_F(HostileFolderTest, NeitherLinksNorFilesOfOthersAreUsed) {
  try_everything();
}

TEST_F(HostileFolderTest, ALinkOfAnotherUserIsRefusedWhereverItLies) {
  ASSERT_EQ(::symlink("passwd", in("safe/link").c_str()), 0);
  EXPECT_OK(append_to(in("safe/link")));
  write_file(in("safe/passwd"), "root");
  ASSERT_EQ(::lchown(in("safe/link").c_str(), kNobody, kNobody), 0);
  EXPECT_THAT(refusal("safe/link"), HasSubstr("link of another user"));
}

TEST_F(HostileFolderTest, AHardLinkToAFileOfRootIsRefused) {
  std::filesystem::create_hard_link(in("safe/passwd"), in("all/log"));
  EXPECT_THAT(refusal("all/log"), HasSubstr("other names"));
}

TEST_F(HostileFolderTest, AFolderOfAnotherUserIsOpenToOthers) {
  set_mode("all", 0755);
  ASSERT_EQ(::chown(in("all").c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(::symlink("log", in("all/link").c_str()), 0);
  EXPECT_THAT(refusal("all/link"), HasSubstr("others may change"));
  EXPECT_OK(append_to(in("all/log")));
}

// ---- Folders of other users

TEST_F(HostileFolderTest, AFolderThatAnotherUserMadeBeforeIsRefused) {
  for (const mode_t mode : {0777u, 01777u}) {
    set_mode("all", mode);
    ASSERT_TRUE(as_nobody([&] {
      ::umask(0);
      return ::mkdir(in("all/app").c_str(), 0777) == 0 &&
             ::chmod(in("all/app").c_str(), 02777) == 0 &&
             ::mkdir(in("all/app/sub").c_str(), 0777) == 0;
    }));
    std::filesystem::create_directory(in("all/app/own"));
    for (const char* name :
         {"all/app/log", "all/app/sub/log", "all/app/own/log",
          "all/app/new/log", "all/app/own/../log"}) {
      EXPECT_THAT(refusal(name), HasSubstr("all/app\": the folder belongs to "
                                           "another user (uid 65534)"));
      EXPECT_FALSE(std::filesystem::exists(in(name)));
    }
    Folder folder;
    bool complete = false;
    EXPECT_FALSE(folder.open_for_check(in("all/app/log"), {}, &complete).ok());
    ASSERT_EQ(::chown(in("all/app").c_str(), 0, 0), 0);
    EXPECT_OK(append_to(in("all/app/log")));
    std::filesystem::remove_all(in("all/app"));
  }
}

// Also for who shares a group with him: a folder in /tmp proves nothing.
TEST_F(HostileFolderTest, AFolderThatAnotherUserMadeBeforeIsRefusedByAUser) {
  ASSERT_TRUE(
      as_nobody([&] { return ::mkdir(in("all/app").c_str(), 0777) == 0; }));
  ASSERT_EQ(::chown(in("all/app").c_str(), kNobody, kSharedGroup), 0);
  set_mode("all/app", 02770);
  const auto append = [&] { return append_to(in("all/app/log")).ok(); };
  EXPECT_FALSE(as_user(kSomebody, append, {kSharedGroup}));
  set_mode("all", 0755);
  EXPECT_TRUE(as_user(kSomebody, append, {kSharedGroup}));
}

// As /var/log of Ubuntu: a group that may write there was chosen by root.
TEST_F(HostileFolderTest, AFolderOfAnotherUserIsUsedWhereAGroupMayWrite) {
  ASSERT_EQ(::chown(in("all").c_str(), 0, kSharedGroup), 0);
  set_mode("all", 0775);
  std::filesystem::create_directory(in("all/app"));
  ASSERT_EQ(::chown(in("all/app").c_str(), kNobody, kNobody), 0);
  EXPECT_OK(append_to(in("all/app/log")));
}

// As a volume of a container that somebody has opened to all.
TEST_F(HostileFolderTest, AFolderOfAnotherUserIsUsedInAnotherOneOfHis) {
  std::filesystem::create_directory(in("all/app"));
  for (const char* name : {"all", "all/app"}) {
    ASSERT_EQ(::chown(in(name).c_str(), kNobody, kNobody), 0);
  }
  EXPECT_OK(append_to(in("all/app/log")));
}

TEST_F(HostileFolderTest, TheWayUpLeadsIntoNoFolderThatAnotherUserMade) {
  ASSERT_TRUE(
      as_nobody([&] { return ::mkdir(in("all/app").c_str(), 0777) == 0; }));
  std::filesystem::create_directory(in("all/app/mine"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(in("all/app/mine"));
  EXPECT_FALSE(append_to("../log").ok());
  std::filesystem::current_path(before);
}

// A folder that root gave to him: he says who reads what comes into it, so that
// is for nobody but its owner.
class OthersFolderTest : public HostileFolderTest {
 protected:
  void SetUp() override {
    HostileFolderTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(::chown(in("all").c_str(), kNobody, kNobody), 0);
    set_mode("all", 02755);
    before_ = ::umask(0);
  }
  void TearDown() override { ::umask(before_); }

  bool can_he_read(const std::string& path) {
    return as_nobody(
        [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC) != -1; });
  }
  void set_access_list() {
    if (!set_default_access_list(in("all"), kNobody)) {
      GTEST_SKIP() << "no access lists on " << in("all");
    }
  }
  void expect_that_he_reads_nothing();

  mode_t before_ = 0;
};

void OthersFolderTest::expect_that_he_reads_nothing() {
  Folder folder;
  // As if the configuration said so.
  ASSERT_OK(
      folder.open(in("all/sub/log"), {.file = 0664, .folder = 0770}, true));
  int file = -1;
  int error = 0;
  ASSERT_OK(folder.open_file("log", O_WRONLY, Creation::if_missing, 0, &file,
                             &error));
  ::close(file);
  ASSERT_OK(folder.open(in("all/log"), {.file = 0660, .folder = 0770}, true));
  ASSERT_OK(folder.open_file("log", O_WRONLY, Creation::if_missing, 0, &file,
                             &error));
  ::close(file);
  EXPECT_EQ(folder.create_empty("empty", 0660), 0);
  EXPECT_EQ(mode_of(in("all/sub")), 0700u);
  EXPECT_EQ(mode_of(in("all/sub/log")), 0664u);
  for (const char* name : {"all/log", "all/empty"}) {
    EXPECT_EQ(mode_of(in(name)), 0600u);
    EXPECT_FALSE(can_he_read(in(name))) << name;
    // Nothing is left that a later change of the mode would bring to life.
    set_mode(name, 0660);
    EXPECT_FALSE(can_he_read(in(name))) << name;
  }
  set_mode("all/sub", 0770);
  EXPECT_FALSE(can_he_read(in("all/sub/log")));
  set_mode("all/sub", 0771);
  set_mode("all/sub/log", 0660);
  EXPECT_FALSE(can_he_read(in("all/sub/log")));
}

TEST_F(OthersFolderTest, HisGroupGetsNoRights) {
  expect_that_he_reads_nothing();
}

TEST_F(OthersFolderTest, HisAccessListGivesNoRights) {
  set_access_list();
  if (IsSkipped()) return;
  expect_that_he_reads_nothing();
}

// Rotation gives the new file the mode of the old one.
TEST_F(OthersFolderTest, HisAccessListGivesNoRightsToASuccessor) {
  write_file(in("all/log"), "");
  set_mode("all/log", 0640);
  ASSERT_EQ(::chown(in("all/log").c_str(), 0, 0), 0);
  set_access_list();
  if (IsSkipped()) return;
  struct stat predecessor;
  ASSERT_EQ(::stat(in("all/log").c_str(), &predecessor), 0);
  std::filesystem::rename(in("all/log"), in("all/log.1"));
  Folder folder;
  ASSERT_OK(folder.open(in("all/log"), {}, false));
  File file;
  ASSERT_OK(file.open_successor(folder, "log", predecessor));
  EXPECT_EQ(mode_of(in("all/log")), 0640u);
  EXPECT_FALSE(can_he_read(in("all/log")));
}

// Where the group of the old one cannot be given to the new one.
TEST_F(OthersFolderTest, HisGroupGetsNoRightsToASuccessor) {
  write_file(in("all/log"), "");
  set_mode("all", 02777);
  struct stat predecessor;
  ASSERT_EQ(::stat(in("all/log").c_str(), &predecessor), 0);
  predecessor.st_mode = S_IFREG | 0640;
  predecessor.st_gid = kSharedGroup;
  std::filesystem::rename(in("all/log"), in("all/log.1"));
  ASSERT_TRUE(as_user(kSomebody, [&] {
    Folder folder;
    File file;
    return folder.open(in("all/log"), {}, false).ok() &&
           file.open_successor(folder, "log", predecessor).ok();
  }));
  EXPECT_EQ(mode_of(in("all/log")), 0600u);
}

TEST_F(OthersFolderTest, AGroupOfThisProcessKeepsItsRights) {
  ASSERT_EQ(::chown(in("all").c_str(), kNobody, kSharedGroup), 0);
  set_mode("all", 02770);
  ASSERT_TRUE(as_user(kSomebody, [&] { return append_to(in("all/log")).ok(); },
                      {kSharedGroup}));
  EXPECT_EQ(mode_of(in("all/log")), 0640u);
  EXPECT_TRUE(as_user(
      kNobody,
      [&] { return ::open(in("all/log").c_str(), O_RDONLY | O_CLOEXEC) != -1; },
      {kSharedGroup}));
}

// Who sets it on a folder of his own, or root on one of root's, means it.
TEST_F(OthersFolderTest, AnAccessListOfOnesOwnIsKept) {
  set_access_list();
  if (IsSkipped()) return;
  ASSERT_EQ(::chown(in("all").c_str(), 0, 0), 0);
  ASSERT_OK(append_to(in("all/log")));
  EXPECT_TRUE(can_he_read(in("all/log")));
}

TEST_F(OthersFolderTest, AGroupOfAFolderOfOnesOwnIsKept) {
  ASSERT_EQ(::chown(in("all").c_str(), 0, kNobody), 0);
  set_mode("all", 02750);
  ASSERT_OK(append_to(in("all/log")));
  EXPECT_TRUE(can_he_read(in("all/log")));
}

// ---- Groups

TEST_F(HostileFolderTest, AGroupIsTrustedByItsMembers) {
  set_mode("all", 0770);
  ASSERT_EQ(::chown(in("all").c_str(), 0, kSharedGroup), 0);
  Folder folder;
  ASSERT_OK(folder.open(in("all/log"), FileModes(), false));
  EXPECT_TRUE(folder.is_open_to_others());
  const auto open_by_member = [&] {
    return folder.open(in("all/log"), FileModes(), false).ok() &&
           !folder.is_open_to_others();
  };
  EXPECT_TRUE(as_user(kSomebody, open_by_member, {kSharedGroup}));
}

TEST_F(HostileFolderTest, AFileOfAnotherUserIsUsedWhereAGroupSharesIt) {
  ASSERT_EQ(::chmod(in("all").c_str(), 01777), 0);
  ASSERT_TRUE(put_file("all/log", 0660));
  ASSERT_EQ(::chown(in("all/log").c_str(), kNobody, kSharedGroup), 0);
  const auto append = [&] { return append_to(in("all/log")).ok(); };
  EXPECT_TRUE(as_user(kSomebody, append, {kSharedGroup}));
  EXPECT_FALSE(as_user(kSomebody, append));
  EXPECT_FALSE(append());
  set_mode("all/log", 0664);
  EXPECT_FALSE(as_user(kSomebody, append, {kSharedGroup}));
}

TEST_F(HostileFolderTest, AFileOfRootIsUsedByWhoeverMayWriteToIt) {
  write_file(in("all/log"), "");
  set_mode("all/log", 0666);
  EXPECT_TRUE(
      as_user(kSomebody, [&] { return append_to(in("all/log")).ok(); }));
}

TEST_F(HostileFolderTest, AStandardStreamMayBelongToAnyone) {
  ASSERT_TRUE(put_file("all/his", 0600));
  const int file = ::open(in("all/his").c_str(), O_WRONLY);
  EXPECT_OK(append_to("/dev/fd/" + std::to_string(file)));
  EXPECT_EQ(read_file(in("all/his")), "x");
  ::close(file);
}

TEST_F(HostileFolderTest, TheRightToSearchAFolderIsEnough) {
  std::filesystem::create_directories(in("way/logs"));
  set_mode("way", 0711);
  set_mode("way/logs", 0733);
  write_file(in("way/logs/log"), "");
  ASSERT_EQ(::chown(in("way/logs/log").c_str(), kSomebody, kSomebody), 0);
  EXPECT_TRUE(as_user(kSomebody, [&] {
    return append_to(in("way/logs/log")).ok() &&
           append_to(in("way/logs/new")).ok();
  }));
}

TEST_F(HostileFolderTest, ACheckKnowsWhatMayBeWritten) {
  write_file(in("safe/log"), "");
  set_mode("safe", 0755);
  set_mode("safe/log", 0644);
  const auto find = [&](std::string_view name, bool writable) {
    Folder folder;
    return folder.open(in(name), FileModes(), false).ok() &&
           folder.check_file(folder.name(), writable).ok();
  };
  EXPECT_TRUE(as_user(kSomebody, [&] {
    return find("safe/log", false) && !find("safe/log", true) &&
           !find("safe/new", true) && find("all/new", true);
  }));
}

// Somebody swaps what lies on the way all the time, and what lies at its end.
TEST_F(HostileFolderTest, SwappingNamesLeadsNowhere) {
  for (const char* name : {"safe/logs", "all/way", "all/logs"}) {
    std::filesystem::create_directory(in(name));
  }
  set_mode("all/way", 0777);
  set_mode("all/logs", 0777);
  Signal started;
  const pid_t attacker = start_child([&] {
    if (!become(kNobody)) return false;
    ::symlink(in("safe").c_str(), in("all/way-link").c_str());
    ::symlink(in("safe/passwd").c_str(), in("all/log-link").c_str());
    started.give();
    while (true) {
      ::renameat2(AT_FDCWD, in("all/way").c_str(), AT_FDCWD,
                  in("all/way-link").c_str(), RENAME_EXCHANGE);
      ::rename(in("all/log-link").c_str(), in("all/logs/log").c_str());
      ::rename(in("all/logs/log").c_str(), in("all/log-link").c_str());
    }
  });
  EXPECT_TRUE(started.take());
  int opened = 0;
  for (int i = 0; i < 500; ++i) {
    if (append_to(in("all/way/passwd")).ok()) ++opened;
    if (append_to(in("all/way/logs/log")).ok()) ++opened;
    if (append_to(in("all/logs/log")).ok()) ++opened;
  }
  kill_child(attacker);
  EXPECT_GT(opened, 0);
  EXPECT_EQ(read_file(in("safe/passwd")), "root");
  EXPECT_TRUE(std::filesystem::is_empty(in("safe/logs")));
}

// Sets what the kernel itself forbids, for the time of a test.
class Protection {
 public:
  Protection(std::string_view what, std::string_view value)
      : path_("/proc/sys/fs/protected_" + std::string(what)),
        before_(read_file(path_)) {
    set(value);
    if (!read_file(path_).starts_with(value)) {
      why_not_ = path_ + " cannot be set here";
    }
  }
  ~Protection() { set(before_); }
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;
  const std::string& why_not() const { return why_not_; }

 private:
  void set(std::string_view value) { std::ofstream(path_) << value; }

  const std::string path_;
  const std::string before_;
  std::string why_not_;
};

// Runs alone: it changes settings of the whole machine.
class KernelProtectionTest : public HostileFolderTest {};

TEST_F(KernelProtectionTest, NothingRestsOnTheKernelsOwnProtection) {
  for (const char* value : {"0", "1"}) {
    SCOPED_TRACE(value);
    const Protection symlinks("symlinks", value);
    const Protection hardlinks("hardlinks", value);
    const Protection regular("regular", value);
    const Protection fifos("fifos", value);
    for (const Protection* each : {&symlinks, &hardlinks, &regular, &fifos}) {
      if (!each->why_not().empty()) GTEST_SKIP() << each->why_not();
    }
    try_everything();
  }
  const Protection none("hardlinks", "0");
  set_mode("safe", 0755);
  set_mode("all", 01777);
  ASSERT_TRUE(as_nobody([&] {
    return ::link(in("safe/passwd").c_str(), in("all/log").c_str()) == 0;
  }));
  EXPECT_THAT(refusal("all/log"), HasSubstr("other names"));
}

}  // namespace
}  // namespace stogger
