#include "os/folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/mode_of.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Creation = Folder::Creation;

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  const mode_t before_;
};

class FolderTest : public ::testing::Test {
 protected:
  Status open(const std::string& path, bool create = false) {
    return folder_.open(path, FileModes(), create);
  }
  // What is open afterwards is closed at once.
  Status open_file(const std::string& name, int flags = O_WRONLY | O_APPEND,
                   Creation creation = Creation::if_missing, mode_t mode = 0) {
    int file = -1;
    Status status =
        folder_.open_file(name, flags, creation, mode, &file, &error_);
    EXPECT_EQ(status.ok(), file > STDERR_FILENO);
    EXPECT_EQ(status.ok(), error_ == 0);
    if (file != -1) {
      EXPECT_NE(::fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
      ::close(file);
    }
    return status;
  }
  Status open_at(const std::string& path) {
    Status status = open(path);
    return status.ok() ? open_file(folder_.name()) : status;
  }
  std::string failure(const Status& status) {
    EXPECT_EQ(status.code(), Code::unavailable);
    return std::string(status.message());
  }
  std::string in(std::string_view name) const { return temp_.file(name); }
  void link(std::string_view to, std::string_view name) {
    std::filesystem::create_symlink(to, in(name));
  }

  TempFolder temp_;
  Folder folder_;
  int error_ = 0;
};

TEST_F(FolderTest, CreatesFoldersAndFilesThatOthersCannotRead) {
  const Umask umask(022);
  ASSERT_OK(open(in("a/b/file"), true));
  EXPECT_OK(open_file("file"));
  EXPECT_EQ(mode_of(in("a")), 0750u);
  EXPECT_EQ(mode_of(in("a/b")), 0750u);
  EXPECT_EQ(mode_of(in("a/b/file")), 0640u);
}

TEST_F(FolderTest, TheUmaskTakesRightsAway) {
  const Umask umask(077);
  ASSERT_OK(open(in("a/file"), true));
  EXPECT_OK(open_file("file"));
  EXPECT_EQ(mode_of(in("a")), 0700u);
  EXPECT_EQ(mode_of(in("a/file")), 0600u);
}

TEST_F(FolderTest, NothingNewIsWritableForAllWhateverTheUmask) {
  const Umask umask(0);
  ASSERT_OK(folder_.open(in("a/file"), {.file = 0666, .folder = 0777}, true));
  EXPECT_OK(open_file("file"));
  EXPECT_OK(open_file("other", O_WRONLY, Creation::always_new, 0622));
  EXPECT_EQ(mode_of(in("a")), 0775u);
  EXPECT_EQ(mode_of(in("a/file")), 0664u);
  EXPECT_EQ(mode_of(in("a/other")), 0620u);
}

TEST_F(FolderTest, LocksAreForThoseWhoMayWrite) {
  EXPECT_EQ(lock_mode(0640), 0600u);
  EXPECT_EQ(lock_mode(0644), 0600u);
  EXPECT_EQ(lock_mode(0664), 0660u);
  EXPECT_EQ(lock_mode(0660), 0660u);
  EXPECT_EQ(lock_mode(0600), 0600u);
}

TEST_F(FolderTest, WithoutCreationAMissingFolderIsAnError) {
  EXPECT_THAT(failure(open(in("a/file"))), HasSubstr("/a\": No such file"));
  EXPECT_FALSE(folder_.is_open());
  EXPECT_FALSE(std::filesystem::exists(in("a")));
}

TEST_F(FolderTest, ACheckLearnsWhichFolderIsMissing) {
  bool complete = true;
  ASSERT_OK(folder_.open_for_check(in("a/b/file"), {}, &complete));
  EXPECT_FALSE(complete);
  EXPECT_EQ(folder_.path(), in("a"));
  EXPECT_OK(folder_.check_file("a", true));
  EXPECT_FALSE(std::filesystem::exists(in("a")));
  ASSERT_OK(folder_.open_for_check(in("file"), {}, &complete));
  EXPECT_TRUE(complete);
  EXPECT_EQ(folder_.name(), "file");
}

TEST_F(FolderTest, ThePathIsWithoutDotsAndDoubledSlashes) {
  std::filesystem::create_directories(in("a/b"));
  ASSERT_OK(open(temp_.path() + "//a/./b/../b//file"));
  EXPECT_EQ(folder_.path(), in("a/b/file"));
  EXPECT_EQ(folder_.path_of("x"), in("a/b/x"));
  ASSERT_OK(open("/file"));
  EXPECT_EQ(folder_.path(), "/file");
  ASSERT_OK(open("/../.././file"));
  EXPECT_EQ(folder_.path(), "/file");
}

TEST_F(FolderTest, RelativePathsBeginAtTheWorkingFolder) {
  std::filesystem::create_directories(in("a/b"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(in("a"));
  EXPECT_OK(open("file"));
  EXPECT_EQ(folder_.path(), "file");
  EXPECT_OK(open("b/file"));
  EXPECT_EQ(folder_.path(), "b/file");
  EXPECT_OK(open("b/../file"));
  EXPECT_EQ(folder_.path(), "file");
  EXPECT_OK(open("../a/b/../../file"));
  EXPECT_EQ(folder_.path(), "../file");
  EXPECT_OK(open_file("file"));
  std::filesystem::current_path(before);
  EXPECT_TRUE(std::filesystem::exists(in("file")));
}

TEST_F(FolderTest, AFolderIsNoFile) {
  std::filesystem::create_directory(in("a"));
  for (const std::string& path :
       {in("a/"), in("a/."), in("a/.."), std::string("/"), in("b/")}) {
    EXPECT_THAT(failure(open(path, true)), HasSubstr("name a file in it"))
        << path;
  }
  ASSERT_OK(open(in("a")));
  EXPECT_THAT(failure(open_file("a")), HasSubstr("name a file in it"));
  EXPECT_THAT(failure(open_file("a", O_RDONLY)),
              HasSubstr("name a file in it"));
  EXPECT_EQ(error_, EISDIR);
  EXPECT_THAT(failure(folder_.check_file("a", true)),
              HasSubstr("name a file in it"));
  EXPECT_THAT(failure(open("")), HasSubstr("cannot open"));
}

TEST_F(FolderTest, AFileIsNoFolder) {
  write_file(in("a"), "");
  EXPECT_THAT(failure(open(in("a/file"), true)), HasSubstr("Not a directory"));
}

TEST_F(FolderTest, LinksInAFolderOfOnesOwnAreFollowed) {
  std::filesystem::create_directories(in("disk/logs"));
  link("disk/logs", "way");
  link(in("disk/logs/real"), "end");
  ASSERT_OK(open(in("way/file")));
  EXPECT_EQ(folder_.path(), in("disk/logs/file"));
  EXPECT_OK(open_file("file"));
  ASSERT_OK(open(in("end")));
  EXPECT_EQ(folder_.path(), in("disk/logs/real"));
  EXPECT_EQ(folder_.name(), "real");
  EXPECT_OK(open_file("real"));
  EXPECT_TRUE(std::filesystem::is_regular_file(in("disk/logs/real")));
  EXPECT_TRUE(folder_.is_at(in("end")));
}

TEST_F(FolderTest, ADanglingLinkLeadsToANewFile) {
  link("disk/logs/real", "end");
  EXPECT_FALSE(open(in("end")).ok());
  ASSERT_OK(open(in("end"), true));
  EXPECT_OK(open_file(folder_.name()));
  EXPECT_TRUE(std::filesystem::is_regular_file(in("disk/logs/real")));
}

TEST_F(FolderTest, LinksAreFollowedFortyTimes) {
  link("file", "l1");
  for (int i = 2; i <= 41; ++i) {
    link("l" + std::to_string(i - 1), "l" + std::to_string(i));
  }
  EXPECT_OK(open(in("l40")));
  EXPECT_EQ(folder_.name(), "file");
  EXPECT_FALSE(open(in("l41")).ok());
  link("round", "round");
  EXPECT_FALSE(open(in("round")).ok());
  EXPECT_FALSE(open(in("round/file")).ok());
}

TEST_F(FolderTest, ALinkThatComesAfterOpeningIsNotFollowed) {
  ASSERT_OK(open(in("file")));
  link("target", "file");
  for (const Creation creation :
       {Creation::never, Creation::if_missing, Creation::always_new}) {
    EXPECT_FALSE(open_file("file", O_WRONLY, creation).ok());
  }
  EXPECT_FALSE(folder_.check_file("file", false).ok());
  EXPECT_FALSE(std::filesystem::exists(in("target")));
}

TEST_F(FolderTest, OnesOwnLinkInAFolderForAllIsRefused) {
  std::filesystem::create_directory(in("tmp"));
  ASSERT_EQ(::chmod(in("tmp").c_str(), 01777), 0);
  link("file", "tmp/end");
  link(".", "tmp/way");
  EXPECT_THAT(failure(open(in("tmp/end"))),
              HasSubstr("a folder that others may change"));
  EXPECT_FALSE(open(in("tmp/way/file")).ok());
  EXPECT_OK(open_at(in("tmp/file")));
  EXPECT_TRUE(folder_.is_open_to_others());
}

TEST_F(FolderTest, KnowsWhichFoldersAreOpenToOthers) {
  const std::string path = in("a");
  std::filesystem::create_directory(path);
  const auto open_to_others = [&](mode_t mode) {
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_OK(open(path + "/file"));
    return folder_.is_open_to_others();
  };
  EXPECT_FALSE(open_to_others(0700));
  EXPECT_FALSE(open_to_others(0755));
  EXPECT_FALSE(open_to_others(0775));  // a group of this process
  EXPECT_TRUE(open_to_others(0777));
  EXPECT_TRUE(open_to_others(01777));
  EXPECT_TRUE(open_to_others(0702));
}

TEST_F(FolderTest, SaysWhatIsThereWithoutCreation) {
  ASSERT_OK(open(in("file")));
  EXPECT_FALSE(open_file("file", O_RDONLY, Creation::never).ok());
  EXPECT_EQ(error_, ENOENT);
  EXPECT_OK(open_file("file", O_WRONLY, Creation::always_new));
  EXPECT_FALSE(open_file("file", O_WRONLY, Creation::always_new).ok());
  EXPECT_EQ(error_, EEXIST);
  EXPECT_OK(open_file("file", O_RDONLY, Creation::never));
}

TEST_F(FolderTest, CutsAFileThatIsRight) {
  write_file(in("file"), "old");
  ASSERT_OK(open(in("file")));
  EXPECT_OK(open_file("file", O_WRONLY | O_TRUNC));
  EXPECT_EQ(read_file(in("file")), "");
}

TEST_F(FolderTest, AHardLinkIsRefusedWhereOthersMayPutIt) {
  write_file(in("other"), "kept");
  std::filesystem::create_directory(in("a"));
  std::filesystem::create_hard_link(in("other"), in("a/file"));
  EXPECT_OK(open_at(in("a/file")));
  ASSERT_EQ(::chmod(in("a").c_str(), 01777), 0);
  ASSERT_OK(open(in("a/file")));
  EXPECT_THAT(failure(open_file("file", O_WRONLY | O_TRUNC)),
              HasSubstr("other names"));
  EXPECT_EQ(error_, EMLINK);
  EXPECT_FALSE(folder_.check_file("file", true).ok());
  EXPECT_EQ(read_file(in("other")), "kept");
}

TEST_F(FolderTest, WhatIsNoRegularFileIsOpenedOrNamed) {
  ASSERT_EQ(::mkfifo(in("fifo").c_str(), 0600), 0);
  ASSERT_OK(open(in("fifo")));
  EXPECT_THAT(failure(open_file("fifo")), HasSubstr("nobody reads this FIFO"));
  const int reader = ::open(in("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_OK(open_file("fifo"));
  ::close(reader);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, in("socket").c_str());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address),
                   sizeof address),
            0);
  EXPECT_THAT(failure(open_file("socket")), HasSubstr("it is a socket"));
  ::close(socket);
  EXPECT_OK(open_at("/dev/null"));
}

TEST_F(FolderTest, StandardStreamsAreOpenedThroughTheKernel) {
  std::filesystem::create_directory(in("a"));
  ASSERT_EQ(::chmod(in("a").c_str(), 0777), 0);
  const int file = ::open(in("a/file").c_str(), O_CREAT | O_RDWR, 0600);
  std::filesystem::create_hard_link(in("a/file"), in("a/second"));
  const std::string number = std::to_string(file);
  for (const std::string& path :
       {"/proc/self/fd/" + number, "/dev/fd/" + number}) {
    ASSERT_OK(open(path));
    EXPECT_TRUE(folder_.is_magic());
    EXPECT_OK(folder_.check_file(folder_.name(), true));
    EXPECT_OK(open_file(folder_.name()));
    EXPECT_TRUE(folder_.is_at(path));
  }
  // It has no name any more, so its text is no path.
  std::filesystem::remove_all(in("a"));
  EXPECT_OK(open_at("/dev/fd/" + number));
  ::close(file);
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  EXPECT_OK(open_at("/dev/fd/" + std::to_string(pipe[1])));
  ::close(pipe[0]);
  ::close(pipe[1]);
  EXPECT_OK(open("/dev/stdout"));
  EXPECT_TRUE(folder_.is_magic());
}

TEST_F(FolderTest, RenamesAndRemovesByName) {
  write_file(in("a"), "a");
  write_file(in("b"), "b");
  ASSERT_OK(open(in("a")));
  EXPECT_EQ(folder_.rename_to_new("a", "b"), EEXIST);
  EXPECT_EQ(folder_.rename_to_new("a", "c"), 0);
  EXPECT_EQ(folder_.rename("c", "b"), 0);
  EXPECT_EQ(read_file(in("b")), "a");
  EXPECT_EQ(folder_.rename("a", "b"), ENOENT);
  EXPECT_EQ(folder_.sync(), 0);
  EXPECT_THAT(folder_.names(), ElementsAre("b"));
  write_file(in(".d"), "");
  EXPECT_THAT(folder_.names(), UnorderedElementsAre("b", ".d"));
  EXPECT_TRUE(folder_.exists("b"));
  EXPECT_EQ(folder_.remove("b"), 0);
  EXPECT_EQ(folder_.remove("b"), ENOENT);
  EXPECT_FALSE(folder_.exists("b"));
}

TEST_F(FolderTest, GoesOnInAFolderThatHasMoved) {
  std::filesystem::create_directory(in("a"));
  ASSERT_OK(open(in("a/file")));
  EXPECT_TRUE(folder_.is_at(in("a/file")));
  EXPECT_FALSE(folder_.is_at(in("a/other")));
  std::filesystem::rename(in("a"), in("b"));
  EXPECT_FALSE(folder_.is_at(in("a/file")));
  std::filesystem::create_directory(in("a"));
  EXPECT_FALSE(folder_.is_at(in("a/file")));
  EXPECT_OK(open_file("file"));
  EXPECT_TRUE(std::filesystem::exists(in("b/file")));
}

TEST_F(FolderTest, ACheckOpensAndChangesNothing) {
  ASSERT_EQ(::mkfifo(in("fifo").c_str(), 0600), 0);
  ASSERT_OK(open(in("file")));
  EXPECT_OK(folder_.check_file("file", true));
  EXPECT_OK(folder_.check_file("fifo", true));
  EXPECT_THAT(folder_.names(), ElementsAre("fifo"));
}

TEST_F(FolderTest, MovingPassesTheFolderOn) {
  ASSERT_OK(open(in("file")));
  const int descriptor = folder_.descriptor();
  Folder other(std::move(folder_));
  EXPECT_EQ(other.descriptor(), descriptor);
  EXPECT_EQ(other.path(), in("file"));
  EXPECT_TRUE(other.is_open());
  other.close();
  EXPECT_FALSE(other.is_open());
}

}  // namespace
}  // namespace stogger
