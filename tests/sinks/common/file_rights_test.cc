// Modes of files, locks that only writers can hold, and what a check says.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/builtin.h"
#include "stogger/clock.h"
#include "tests/support/kept_report.h"
#include "tests/support/mode_of.h"
#include "tests/support/other_user.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RightsFindings final : public CheckFindings {
 public:
  void would_change(std::string_view what) override {
    changes.emplace_back(what);
  }
  void warn(std::string_view what) override { warnings.emplace_back(what); }

  std::vector<std::string> changes;
  std::vector<std::string> warnings;
};

class FileRights : public ::testing::Test {
 protected:
  SinkPtr open(SinkFactory factory, std::vector<Field> options = {}) {
    options.push_back({"path", path_});
    SinkPtr sink = make_or_throw(factory, options);
    EXPECT_OK(sink->open());
    return sink;
  }
  RightsFindings check(SinkFactory factory, std::vector<Field> options = {}) {
    options.push_back({"path", path_});
    RightsFindings findings;
    checked_ = make_or_throw(factory, options)->check(findings);
    return findings;
  }
  Status write(Sink& sink, std::string_view line = "one\n") {
    now_.ns += 2000000000;
    return write_to(sink, line_rows({line}, now_));
  }
  // What lies in the folder, and what is in it.
  std::vector<std::string> picture() const {
    std::vector<std::string> entries;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path())) {
      const std::string path = entry.path().string();
      entries.push_back(path + " " + std::to_string(mode_of(path)) + " " +
                        (entry.is_regular_file() ? read_file(path) : ""));
    }
    std::sort(entries.begin(), entries.end());
    return entries;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("app.log");
  Time now_ = kTestTime;
  Status checked_;
};

// ---- Modes

TEST_F(FileRights, FilesAndFoldersAreClosedToOthers) {
  path_ = folder_.file("a/b/app.log");
  const mode_t before = ::umask(0);
  open(make_file_sink);
  ::umask(before);
  EXPECT_EQ(mode_of(path_), 0640u);
  EXPECT_EQ(mode_of(folder_.file("a/b")), 0750u);
}

TEST_F(FileRights, ModesCanBeChosen) {
  path_ = folder_.file("a/app.log");
  const mode_t before = ::umask(0);
  for (const SinkFactory factory :
       {make_file_sink, make_jsonl_sink, make_csv_sink}) {
    open(factory, {{"file_mode", "0664"}, {"folder_mode", "0770"}});
    EXPECT_EQ(mode_of(path_), 0664u);
    EXPECT_EQ(mode_of(folder_.file("a")), 0770u);
    std::filesystem::remove_all(folder_.file("a"));
  }
  ::umask(before);
}

TEST_F(FileRights, ModesThatCannotBeAreRefused) {
  for (const char* mode : {"0666", "0642", "rw", "0888", "", "1640", "0440"}) {
    EXPECT_THAT(refusal(make_jsonl_sink, {{"path", "x"}, {"file_mode", mode}}),
                HasSubstr("file_mode"))
        << mode;
  }
  EXPECT_THAT(refusal(make_csv_sink, {{"path", "x"}, {"folder_mode", "0777"}}),
              HasSubstr("must not let all others write"));
  EXPECT_THAT(refusal(make_file_sink, {{"path", "x"}, {"file_mode", 640}}),
              HasSubstr("file_mode"));
}

TEST_F(FileRights, RotationKeepsModeAndOwnership) {
  write_file(path_, "");
  ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
  if (is_root()) {
    ASSERT_EQ(::chown(path_.c_str(), 0, kSharedGroup), 0);
  }
  const SinkPtr sink =
      open(make_file_sink, {{"rotation", "size"}, {"max_bytes", 5}});
  EXPECT_OK(write(*sink));
  EXPECT_OK(write(*sink));
  struct stat info;
  for (const std::string& path : {path_, path_ + ".1"}) {
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0604u) << path;
    if (is_root()) {
      EXPECT_EQ(info.st_gid, kSharedGroup) << path;
    }
  }
}

TEST_F(FileRights, AFileThatWasMovedAwayHandsItsModeOn) {
  const SinkPtr sink = open(make_file_sink);
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  std::filesystem::rename(path_, path_ + ".old");
  EXPECT_OK(write(*sink));
  EXPECT_EQ(mode_of(path_), 0600u);
}

// ---- Locks

TEST_F(FileRights, WhoMayOnlyReadCannotHoldUpACsvFile) {
  SKIP_UNLESS_ROOT();
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  const SinkPtr sink = open(
      make_csv_sink, {{"columns", Json{R"(["line"])"}}, {"file_mode", "0644"}});
  Signal locked;
  Signal done;
  const pid_t reader = start_child([&] {
    if (!become(kNobody)) return false;
    const int file = ::open(path_.c_str(), O_RDONLY);
    struct flock whole = {};
    whole.l_type = F_RDLCK;
    const bool fine = ::flock(file, LOCK_EX | LOCK_NB) == 0 &&
                      ::fcntl(file, F_OFD_SETLK, &whole) == 0 &&
                      ::open((path_ + ".lock").c_str(), O_RDONLY) == -1;
    locked.give();
    return done.take() && fine;
  });
  ASSERT_TRUE(locked.take());
  EXPECT_OK(write(*sink, "x"));
  done.give();
  EXPECT_TRUE(succeeded(reader));
}

TEST_F(FileRights, WhoMayOnlyReadCannotKeepAFileFromBeingRotated) {
  SKIP_UNLESS_ROOT();
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  const SinkPtr sink =
      open(make_file_sink,
           {{"rotation", "size"}, {"max_bytes", 5}, {"file_mode", "0644"}});
  EXPECT_OK(write(*sink));
  Signal locked;
  Signal done;
  const pid_t reader = start_child([&] {
    if (!become(kNobody)) return false;
    const int file = ::open(path_.c_str(), O_RDONLY);
    struct flock whole = {};
    whole.l_type = F_RDLCK;
    const bool fine = ::flock(file, LOCK_EX | LOCK_NB) == 0 &&
                      ::fcntl(file, F_OFD_SETLK, &whole) == 0;
    locked.give();
    return done.take() && fine;
  });
  ASSERT_TRUE(locked.take());
  EXPECT_OK(write(*sink));
  EXPECT_OK(write(*sink));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".2"));
  EXPECT_EQ(mode_of(path_ + ".lock"), 0600u);
  done.give();
  EXPECT_TRUE(succeeded(reader));
}

TEST_F(FileRights, UsersOfAGroupShareAFileAndItsLock) {
  SKIP_UNLESS_ROOT();
  ASSERT_EQ(::chown(folder_.path().c_str(), 0, kSharedGroup), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 02770), 0);
  const auto log = [&] {
    ::umask(002);
    const SinkPtr sink = open(make_csv_sink, {{"columns", Json{R"(["line"])"}},
                                              {"file_mode", "0660"}});
    return write(*sink, "x").ok();
  };
  EXPECT_TRUE(as_user(kSomebody, log, {kSharedGroup}));
  EXPECT_TRUE(as_user(kSomebody + 1, log, {kSharedGroup}));
  EXPECT_EQ(read_file(path_), "line\r\nx\r\nx\r\n");
}

// A folder with the set-group-ID bit hands its group down to the files of
// everybody.
TEST_F(FileRights, TheGroupOfAFileSaysNothingWhereAllGetIt) {
  SKIP_UNLESS_ROOT();
  ASSERT_EQ(::chown(folder_.path().c_str(), 0, kSharedGroup), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 03777), 0);
  ASSERT_TRUE(as_nobody([&] {
    ::umask(077);
    write_file(path_, "");
    return ::chmod(path_.c_str(), 0660) == 0;
  }));
  struct stat info;
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  ASSERT_EQ(info.st_gid, kSharedGroup);
  EXPECT_TRUE(as_user(kSomebody,
                      [&] {
                        const Field fields[] = {{"path", path_}};
                        Options given("csv", fields);
                        SinkPtr sink;
                        return make_csv_sink(given, &sink).ok() &&
                               sink->open().code() == Code::unavailable;
                      },
                      {kSharedGroup}));
  EXPECT_EQ(read_file(path_), "");
}

TEST_F(FileRights, TheMessageNamesWhoHoldsTheLock) {
  const SinkPtr sink = open(make_csv_sink, {{"columns", Json{R"(["line"])"}}});
  Signal locked;
  Signal done;
  const pid_t holder = start_child([&] {
    const int file = ::open((path_ + ".lock").c_str(), O_RDWR);
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    const bool fine = ::fcntl(file, F_OFD_SETLK, &whole) == 0;
    locked.give();
    return done.take() && fine;
  });
  ASSERT_TRUE(locked.take());
  // It is not looked for longer than 20 ms, which may be too short on a machine
  // with much to do.
  const std::string wanted = "process " + std::to_string(holder) + " keeps";
  std::string message;
  for (int i = 0; i < 50 && message.find(wanted) == std::string::npos; ++i) {
    message = std::string(write(*sink, "x").message());
  }
  EXPECT_THAT(message, HasSubstr(wanted));
  done.give();
  EXPECT_TRUE(succeeded(holder));
  EXPECT_OK(write(*sink, "x"));
}

// ---- Emptied, moved, linked

TEST_F(FileRights, AnEmptiedCsvFileGetsItsHeader) {
  const SinkPtr sink = open(make_csv_sink, {{"columns", Json{R"(["line"])"}}});
  EXPECT_OK(write(*sink, "one"));
  write_file(path_, "");  // as copytruncate does
  EXPECT_OK(write(*sink, "two"));
  EXPECT_EQ(read_file(path_), "line\r\ntwo\r\n");
}

TEST_F(FileRights, ARelativePathStaysWhereItWas) {
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directory(folder_.file("elsewhere"));
  std::filesystem::current_path(folder_.path());
  path_ = "app.log";
  const SinkPtr sink =
      open(make_file_sink, {{"rotation", "size"}, {"max_bytes", 5}});
  EXPECT_OK(write(*sink));
  std::filesystem::current_path(folder_.file("elsewhere"));
  EXPECT_OK(write(*sink));
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(folder_.file("app.log")), "one\n");
  EXPECT_EQ(read_file(folder_.file("app.log.1")), "one\n");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.file("elsewhere")));
}

TEST_F(FileRights, AFileBehindALinkIsRotatedWhereItLies) {
  std::filesystem::create_directory(folder_.file("disk"));
  std::filesystem::create_symlink(folder_.file("disk/real.log"), path_);
  const SinkPtr sink =
      open(make_file_sink, {{"rotation", "size"}, {"max_bytes", 5}});
  EXPECT_OK(write(*sink));
  EXPECT_OK(write(*sink));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(read_file(folder_.file("disk/real.log.1")), "one\n");
  EXPECT_EQ(read_file(folder_.file("disk/real.log")), "one\n");
}

// ---- Checks

TEST_F(FileRights, ACheckChangesNothing) {
  write_file(path_, "old\n");
  const auto before = picture();
  EXPECT_THAT(check(make_file_sink, {{"mode", "truncate"}}).changes,
              ElementsAre(HasSubstr("would empty")));
  EXPECT_OK(checked_);
  EXPECT_THAT(check(make_csv_sink).changes,
              ElementsAre(HasSubstr("would rename")));
  EXPECT_OK(checked_);
  EXPECT_THAT(check(make_jsonl_sink, {{"rotation", "size"}}).changes,
              IsEmpty());
  EXPECT_OK(checked_);
  path_ = folder_.file("new.log");
  EXPECT_THAT(check(make_file_sink).changes,
              ElementsAre(HasSubstr("would create \"" + path_)));
  path_ = folder_.file("sub/below/new.log");
  EXPECT_THAT(check(make_file_sink).changes,
              ElementsAre(HasSubstr("would create the folder")));
  EXPECT_OK(checked_);
  EXPECT_EQ(picture(), before);
}

TEST_F(FileRights, ACheckKnowsThatRotationCannotWork) {
  write_file(path_, "");
  std::filesystem::create_directory(path_ + ".1");
  EXPECT_THAT(check(make_file_sink, {{"rotation", "size"}}).warnings,
              ElementsAre(HasSubstr("is a folder")));
  EXPECT_OK(checked_);
}

TEST_F(FileRights, ACheckTestsTheRightsOfTheFolder) {
  SKIP_UNLESS_ROOT();
  write_file(path_, "");
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chown(path_.c_str(), kSomebody, kSomebody), 0);
  EXPECT_TRUE(as_user(kSomebody, [&] {
    const RightsFindings findings =
        check(make_file_sink, {{"rotation", "size"}});
    if (!checked_.ok() || findings.warnings.empty()) return false;
    path_ = folder_.file("new.log");
    check(make_file_sink);
    return !checked_.ok();
  }));
}

TEST_F(FileRights, RotationThatCannotWorkIsReportedOnce) {
  SKIP_UNLESS_ROOT();
  write_file(path_, "");
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chown(path_.c_str(), kSomebody, kSomebody), 0);
  EXPECT_TRUE(as_user(kSomebody, [&] {
    const SinkPtr sink =
        open(make_file_sink, {{"rotation", "size"}, {"max_bytes", 5}});
    if (!write(*sink).ok()) return false;
    const KeptReport said = said_of(*sink, line_rows({"one\n"}, now_));
    return said.notices.size() == 1 &&
           said.notices[0].find("cannot be rotated") != std::string::npos &&
           write(*sink).ok() && read_file(path_) == "one\none\none\n";
  }));
}

}  // namespace
}  // namespace stogger
