// The two files, on file systems that lack something and in races.
#include "sinks/parquet/twin_files.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

namespace fs = std::filesystem;

// What the system calls below do; 0 and nothing: what they always do.
struct Faults {
  int rename_error = 0;  // of those that swap names, or overwrite nothing
  int link_error = 0;
  int folder_error = 0;  // of fsync() of a folder
  std::function<void()> before_swap;
  int synced_folders = 0;
};

Faults faults;

int fails(int error) noexcept {
  errno = error;
  return -1;
}

}  // namespace
}  // namespace stogger

extern "C" int renameat2(int from_folder, const char* from, int to_folder,
                         const char* to, unsigned flags) noexcept {
  using stogger::faults;
  if (faults.rename_error != 0) return stogger::fails(faults.rename_error);
  if (flags == RENAME_EXCHANGE && faults.before_swap) faults.before_swap();
  return static_cast<int>(
      ::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

extern "C" int linkat(int from_folder, const char* from, int to_folder,
                      const char* to, int flags) noexcept {
  using stogger::faults;
  if (faults.link_error != 0) return stogger::fails(faults.link_error);
  return static_cast<int>(
      ::syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}

extern "C" int fsync(int descriptor) {
  using stogger::faults;
  struct stat info;
  if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
    if (faults.folder_error != 0) return stogger::fails(faults.folder_error);
    ++faults.synced_folders;
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace stogger {
namespace {

class TwinFilesTest : public ::testing::Test {
 protected:
  // Other tests of this process have folders synced, too.
  TwinFilesTest() { faults = {}; }
  ~TwinFilesTest() override { faults = {}; }

  TwinFiles open(bool sync) {
    TwinFiles files({.path = path(), .sync = sync, .clock = Clock::real()});
    bool resumed = false;
    EXPECT_OK(files.open(&resumed));
    return files;
  }
  std::string path() const { return folder_.file("run.parquet"); }
  std::string back_path() const { return folder_.file(".run.parquet.next"); }
  std::vector<std::string> contents() const {
    std::vector<std::string> contents;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      contents.push_back(read_file(entry.path().string()));
    }
    std::sort(contents.begin(), contents.end());
    return contents;
  }

  TempFolder folder_;
};

using Contents = std::vector<std::string>;

TEST_F(TwinFilesTest, TheFrontIsCompleteWhateverTheFileSystemLacks) {
  for (const int rename_error : {EINVAL, ENOSYS, EOPNOTSUPP}) {
    for (const int link_error : {0, EPERM, EOPNOTSUPP, EMLINK, ENOSYS}) {
      faults.rename_error = rename_error;
      faults.link_error = link_error;
      TwinFiles files = open(false);
      std::string added;
      for (const char* more : {"a", "b", "c", "d"}) {
        ASSERT_OK(files.publish(more, "end"));
        added += more;
        EXPECT_EQ(read_file(path()), added + "end");
        EXPECT_FALSE(files.has_moved());
      }
      files.close();
      EXPECT_EQ(contents(), Contents{"abcdend"});
      fs::remove(path());
    }
  }
}

TEST_F(TwinFilesTest, AFailureToLinkIsReported) {
  TwinFiles files = open(false);
  ASSERT_OK(files.publish("a", "end"));
  faults.rename_error = EINVAL;
  faults.link_error = EIO;
  EXPECT_FALSE(files.publish("b", "end").ok());
  EXPECT_EQ(read_file(path()), "aend");
  faults.link_error = 0;
  ASSERT_OK(files.publish("c", "end"));
  EXPECT_EQ(read_file(path()), "acend");
}

TEST_F(TwinFilesTest, WhatTakesThePlaceOfTheFrontJustBeforeTheSwapIsKept) {
  TwinFiles files = open(false);
  ASSERT_OK(files.publish("a", "end"));
  faults.before_swap = [&] {
    fs::remove(path());
    write_file(path(), "someone else's");
    faults.before_swap = nullptr;
  };
  ASSERT_OK(files.publish("b", "end"));
  EXPECT_EQ(files.take_notice(), "another program has put a file at \"" +
                                     path() +
                                     "\", which is kept under a dated name");
  ASSERT_OK(files.publish("c", "end"));
  EXPECT_EQ(files.take_notice(), "");
  files.close();
  EXPECT_EQ(read_file(path()), "abcend");
  EXPECT_EQ(contents(), (Contents{"abcend", "someone else's"}));
}

TEST_F(TwinFilesTest, EachNameIsOnTheDiskBeforeTheNextSwap) {
  TwinFiles files = open(true);
  ASSERT_OK(files.publish("a", "end"));
  EXPECT_EQ(faults.synced_folders, 1);
  ASSERT_OK(files.publish("b", "end"));
  EXPECT_EQ(faults.synced_folders, 2);
  faults.folder_error = EIO;
  ASSERT_OK(files.publish("c", "end"));
  const std::string back = read_file(back_path());
  // The name may still stand for the back.
  EXPECT_FALSE(files.publish("d", "end").ok());
  EXPECT_EQ(read_file(path()), "abcend");
  EXPECT_EQ(read_file(back_path()), back);
  faults.folder_error = 0;
  ASSERT_OK(files.publish("d", "end"));
  EXPECT_EQ(read_file(path()), "abcdend");
}

TEST_F(TwinFilesTest, WhereFoldersCannotBeBroughtToTheDiskNothingFails) {
  faults.folder_error = EINVAL;
  TwinFiles files = open(true);
  for (int i = 0; i < 3; ++i) ASSERT_OK(files.publish("a", "end"));
  EXPECT_EQ(read_file(path()), "aaaend");
}

TEST_F(TwinFilesTest, WithoutSyncNothingWaitsForTheDisk) {
  TwinFiles files = open(false);
  for (int i = 0; i < 3; ++i) ASSERT_OK(files.publish("a", "end"));
  EXPECT_EQ(faults.synced_folders, 0);
}

}  // namespace
}  // namespace stogger
