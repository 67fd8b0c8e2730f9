#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "os/file.h"
#include "sinks/builtin.h"
#include "tests/support/captured_reports.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"
#include "tests/support/time_zone.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kDay = 24 * 3600 * kSecond;

// Sinks of the type `file` on one path, and a time to set.
class FileSink : public ::testing::Test {
 protected:
  void make(std::vector<Field> fields) {
    fields.push_back({"path", path_});
    sink_ = make_or_throw(make_file_sink, fields);
  }
  void make_open(const std::vector<Field>& fields) {
    make(fields);
    ASSERT_OK(sink_->open());
  }
  Status write(std::string_view line) {
    return write_to(*sink_, line_rows({line}, now_));
  }
  Status write_batch(const std::vector<std::string_view>& lines) {
    return write_to(*sink_, line_rows(lines, now_));
  }
  void advance(double seconds) {
    now_.ns += static_cast<std::int64_t>(seconds * 1e9);
  }
  Tally tally() const {
    Tally tally;
    EXPECT_TRUE(sink_->tally(&tally));
    return tally;
  }
  std::string content(std::string_view suffix = "") const {
    return read_file(path_ + std::string(suffix));
  }
  bool exists(std::string_view suffix) const {
    return std::filesystem::exists(path_ + std::string(suffix));
  }

  TempFolder folder_;
  std::string path_ = folder_.file("app.log");
  Time now_ = kTestTime;
  SinkPtr sink_;
};

// Limits the size of files while it lives, for sinks opened in that time.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_;
};

// While it lives, bytes can be added to the file, and nothing else.
class AppendOnly {
 public:
  explicit AppendOnly(const std::string& path)
      : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    works_ = set(true);
  }
  ~AppendOnly() {
    set(false);
    ::close(file_);
  }
  AppendOnly(const AppendOnly&) = delete;
  AppendOnly& operator=(const AppendOnly&) = delete;
  bool works() const { return works_; }

 private:
  bool set(bool on) {
    int flags = 0;
    if (::ioctl(file_, FS_IOC_GETFLAGS, &flags) != 0) return false;
    flags = on ? flags | FS_APPEND_FL : flags & ~FS_APPEND_FL;
    return ::ioctl(file_, FS_IOC_SETFLAGS, &flags) == 0;
  }

  const int file_;
  bool works_ = false;
};

// The number of write(2) calls this process has made.
std::int64_t write_calls() {
  std::ifstream in("/proc/self/io");
  std::string name;
  std::int64_t count = 0;
  while (in >> name >> count) {
    if (name == "syscw:") return count;
  }
  return -1;
}

// ---- Options

TEST_F(FileSink, FormatDecidesTheForm) {
  make({});
  EXPECT_EQ(sink_->form(), RowForm::text);
  make({{"format", "json"}});
  EXPECT_EQ(sink_->form(), RowForm::json);
  make({{"format", "logfmt"}});
  EXPECT_EQ(sink_->form(), RowForm::logfmt);
  EXPECT_EQ(sink_->target(), path_);
}

TEST_F(FileSink, TimesOfTextMayBeLocal) {
  make({{"time", "local"}});
  EXPECT_EQ(sink_->form(), RowForm::local_text);
  make({{"format", "json"}, {"time", "utc"}});
  EXPECT_EQ(sink_->form(), RowForm::json);
  for (const char* format : {"json", "logfmt"}) {
    EXPECT_THAT(
        refusal(make_file_sink,
                {{"path", path_}, {"format", format}, {"time", "local"}}),
        HasSubstr("always in UTC"));
    EXPECT_EQ(refusal(make_file_sink, {{"path", path_},
                                       {"format", format},
                                       {"rotation", "daily"},
                                       {"time", "local"}}),
              "");
  }
}

TEST_F(FileSink, WrongOptionsAreRefused) {
  EXPECT_THAT(refusal(make_file_sink, {}), HasSubstr("path"));
  EXPECT_THAT(refusal(make_file_sink, {{"path", ""}}), HasSubstr("path"));
  EXPECT_THAT(refusal(make_file_sink, {{"path", "~/app.log"}}),
              HasSubstr("not expanded"));
  EXPECT_THAT(refusal(make_file_sink, {{"path", "/var/log/"}}),
              HasSubstr("folder"));
  const std::vector<Field> wrong = {{"format", "xml"},  {"rotation", "weekly"},
                                    {"max_bytes", 0},   {"backup_count", -1},
                                    {"flush", "never"}, {"mode", "write"},
                                    {"colour", true},   {"time", "CET"}};
  for (const Field& field : wrong) {
    EXPECT_THAT(refusal(make_file_sink, {{"path", path_}, field}),
                HasSubstr(std::string(field.key)));
  }
  EXPECT_FALSE(exists(""));
}

// ---- Opening

TEST_F(FileSink, ParentFoldersAreCreated) {
  path_ = folder_.file("a/b/c/app.log");
  make_open({});
  EXPECT_OK(write("one\n"));
  EXPECT_EQ(content(), "one\n");
}

TEST_F(FileSink, APathBelowAFileFailsAndSaysSo) {
  write_file(folder_.file("plain"), "");
  path_ = folder_.file("plain/app.log");
  make({});
  const Status status = sink_->open();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(folder_.file("plain") + "\": Not a directory"));
}

TEST_F(FileSink, AFolderIsNoFile) {
  std::filesystem::create_directory(path_);
  make({});
  EXPECT_THAT(std::string(sink_->open().message()),
              HasSubstr("Is a directory"));
}

TEST_F(FileSink, AppendKeepsWhatIsThere) {
  write_file(path_, "old\n");
  make_open({});
  EXPECT_OK(write("new\n"));
  EXPECT_EQ(content(), "old\nnew\n");
}

TEST_F(FileSink, TruncateEmptiesTheFileOnceInAProcess) {
  write_file(path_, "old\n");
  make_open({{"mode", "truncate"}});
  EXPECT_OK(write("one\n"));
  ASSERT_OK(sink_->close());
  ASSERT_OK(sink_->open());
  EXPECT_OK(write("two\n"));
  make_open({{"mode", "truncate"}});
  EXPECT_OK(write("three\n"));
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
}

TEST_F(FileSink, TruncateSparesWhatThisProcessHasWritten) {
  make_open({});
  EXPECT_OK(write("one\n"));
  make_open({{"mode", "truncate"}});
  EXPECT_OK(write("two\n"));
  EXPECT_EQ(content(), "one\ntwo\n");
}

// ---- Writing by line

TEST_F(FileSink, ALineIsInTheFileWhenWriteReturns) {
  make_open({});
  EXPECT_OK(write("one\n"));
  EXPECT_EQ(content(), "one\n");
  EXPECT_EQ(tally().written, 1u);
}

TEST_F(FileSink, EveryEventAndEveryBatchIsOneWrite) {
  if (kSanitized) GTEST_SKIP() << "sanitizers call write(2) themselves";
  make_open({{"rotation", "size"}});
  EXPECT_OK(write("first\n"));
  const std::int64_t before = write_calls();
  if (before < 0) GTEST_SKIP() << "/proc/self/io does not count writes";
  for (int i = 0; i < 10; ++i) EXPECT_OK(write("one\n"));
  EXPECT_OK(write_batch({"two\n", "three\n", "four\n"}));
  EXPECT_EQ(write_calls() - before, 11);
}

TEST_F(FileSink, ALineWithoutItsNewlineGetsOne) {
  make_open({});
  EXPECT_OK(write("one"));
  EXPECT_OK(write_batch({"two", "three\n"}));
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
}

TEST_F(FileSink, RowsThatAreNoEventsAreWrittenAsJson) {
  make_open({});
  EXPECT_OK(write_to(*sink_, field_rows({{{"flow", 1.5}, {"valve", "open"}}})));
  EXPECT_EQ(content(), "{\"flow\":1.5,\"valve\":\"open\"}\n");
}

TEST_F(FileSink, LinesSurviveKill) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    make({});
    bool fine = sink_->open().ok();
    for (std::uint32_t i = 0; fine; ++i) {
      fine = write("line " + std::to_string(i) + "\n").ok() &&
             ::write(ends[1], &i, sizeof i) == sizeof i;
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  std::uint32_t last = 0;
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(::read(ends[0], &last, sizeof last),
              static_cast<ssize_t>(sizeof last));
  }
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  while (::read(ends[0], &last, sizeof last) == sizeof last) {
  }
  ::close(ends[0]);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  std::ifstream in(path_);
  std::string line;
  for (std::uint32_t i = 0; i <= last; ++i) {
    ASSERT_TRUE(std::getline(in, line));
    EXPECT_EQ(line, "line " + std::to_string(i));
  }
}

// ---- Writing in blocks

TEST_F(FileSink, ABlockStaysInMemoryUntilFlush) {
  make_open({{"flush", "block"}});
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write_batch({"two\n", "three\n"}));
  EXPECT_EQ(content(), "");
  EXPECT_EQ(tally().written, 0u);
  EXPECT_EQ(tally().buffered, 3u);
  EXPECT_OK(sink_->flush());
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
  EXPECT_EQ(tally().written, 3u);
  EXPECT_EQ(tally().buffered, 0u);
}

TEST_F(FileSink, ABlockIsWrittenOnceItsOldestRowIsASecondOld) {
  make_open({{"flush", "block"}});
  EXPECT_OK(write("one\n"));
  advance(0.9);
  EXPECT_OK(write("two\n"));
  EXPECT_EQ(content(), "");
  advance(0.2);
  EXPECT_OK(write("three\n"));
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
  EXPECT_OK(write("four\n"));
  EXPECT_EQ(tally().buffered, 1u);
}

TEST_F(FileSink, AFullBlockIsWritten) {
  make_open({{"flush", "block"}});
  const std::string line(1023, 'x');
  const std::int64_t before = write_calls();
  for (int i = 0; i < 127; ++i) EXPECT_OK(write(line + "\n"));
  EXPECT_EQ(content(), "");
  EXPECT_OK(write(line + "\n"));
  EXPECT_EQ(content().size(), 128u * 1024);
  if (before >= 0 && !kSanitized) {
    EXPECT_EQ(write_calls() - before, 1);
  }
}

TEST_F(FileSink, ARowLargerThanABlockIsWritten) {
  make_open({{"flush", "block"}});
  const std::string line = std::string(1 << 20, 'x') + "\n";
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write(line));
  EXPECT_EQ(content(), "one\n" + line);
  EXPECT_EQ(tally().written, 2u);
}

TEST_F(FileSink, AnAbandonedBlockIsForgotten) {
  make_open({{"flush", "block"}});
  EXPECT_OK(write("the parent's\n"));
  sink_->abandon();
  EXPECT_EQ(tally().buffered, 0u);
  ASSERT_OK(sink_->open());
  EXPECT_OK(write("the child's\n"));
  ASSERT_OK(sink_->close());
  EXPECT_EQ(content(), "the child's\n");
}

TEST_F(FileSink, DestroyingTheSinkWritesTheBlock) {
  make_open({{"flush", "block"}});
  EXPECT_OK(write("one\n"));
  sink_.reset();
  EXPECT_EQ(content(), "one\n");
}

// ---- A full disk

TEST_F(FileSink, ATornLineIsCut) {
  const FileSizeLimit limit(10);
  make_open({});
  EXPECT_OK(write("1234567\n"));
  const Status status = write("abcdefg\n");
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("File too large"));
  EXPECT_EQ(content(), "1234567\n");
  EXPECT_EQ(tally().written, 1u);
  // What fits is still written.
  EXPECT_OK(write("9\n"));
  EXPECT_EQ(content(), "1234567\n9\n");
}

TEST_F(FileSink, OfATornBatchTheWholeLinesStayAndCount) {
  const FileSizeLimit limit(10);
  make_open({});
  EXPECT_FALSE(write_batch({"123\n", "456\n", "789\n", "abc\n"}).ok());
  EXPECT_EQ(content(), "123\n456\n");
  EXPECT_EQ(tally().written, 2u);
  EXPECT_EQ(tally().buffered, 0u);
}

TEST_F(FileSink, ATornLineThatCannotBeCutIsEnded) {
  const FileSizeLimit limit(10);
  make_open({});
  EXPECT_OK(write("1234567\n"));
  const AppendOnly append_only(path_);
  if (!append_only.works()) GTEST_SKIP() << "this disk knows no chattr +a";
  EXPECT_FALSE(write("abcdefg\n").ok());
  EXPECT_EQ(content(), "1234567\nab");
  const FileSizeLimit raised(RLIM_INFINITY);
  EXPECT_OK(write("next\n"));
  EXPECT_EQ(content(), "1234567\nab\nnext\n");
}

TEST_F(FileSink, ATornLineFromBeforeIsEnded) {
  write_file(path_, "whole\ntorn");
  make_open({{"flush", "block"}});
  EXPECT_OK(write_batch({"one\n", "two\n"}));
  EXPECT_OK(sink_->flush());
  EXPECT_EQ(content(), "whole\ntorn\none\ntwo\n");
}

// Were it left open, the next event would be lost with it.
TEST_F(FileSink, AnIncompleteLineOfAnotherProgramIsEnded) {
  make_open({});
  EXPECT_OK(write("one\n"));
  std::ofstream(path_, std::ios::app) << "to be ";
  const SinkPtr other = make_or_throw(make_file_sink, {{"path", path_}});
  ASSERT_OK(other->open());
  EXPECT_OK(write_to(*other, line_rows({"two\n"})));
  EXPECT_EQ(content(), "one\nto be \ntwo\n");
}

TEST_F(FileSink, ABlockThatDoesNotFitStaysAndIsWrittenOnce) {
  {
    const FileSizeLimit limit(10);
    make_open({{"flush", "block"}});
    EXPECT_OK(write_batch({"123\n", "456\n", "789\n"}));
    EXPECT_FALSE(sink_->flush().ok());
    EXPECT_EQ(content(), "123\n456\n");
    EXPECT_EQ(tally().written, 2u);
    EXPECT_EQ(tally().buffered, 1u);
    const Status closed = sink_->close();
    EXPECT_FALSE(closed.ok());
    EXPECT_THAT(std::string(closed.message()), HasSubstr("1 event stays"));
    EXPECT_EQ(tally().buffered, 1u);
    ASSERT_OK(sink_->open());
    // It is kept, but as long as the file takes nothing, that is no recovery.
    EXPECT_FALSE(write("abc\n").ok());
    EXPECT_EQ(tally().buffered, 2u);
    EXPECT_FALSE(sink_->close().ok());
  }
  ASSERT_OK(sink_->open());
  EXPECT_OK(write("def\n"));
  EXPECT_OK(sink_->close());
  EXPECT_EQ(content(), "123\n456\n789\nabc\ndef\n");
  EXPECT_EQ(tally().written, 5u);
  EXPECT_EQ(tally().buffered, 0u);
}

TEST_F(FileSink, AFullBufferRefusesWhatDoesNotFit) {
  path_ = "/dev/full";
  make_open({{"flush", "block"}});
  const std::string line = std::string(999, 'x') + "\n";
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  for (int i = 0; i < 200; ++i) {
    const Status status = write(line);
    ++(status.ok() ? accepted : refused);
    if (!status.ok()) {
      EXPECT_THAT(std::string(status.message()), HasSubstr("No space left"));
    }
  }
  EXPECT_EQ(accepted, 131u);
  EXPECT_EQ(refused, 69u);
  EXPECT_EQ(tally().buffered, accepted);
  // A smaller one still has room.
  EXPECT_FALSE(write(std::string(49, 'y') + "\n").ok());
  EXPECT_EQ(tally().buffered, accepted + 1);
}

TEST_F(FileSink, ADiskThatFillsLosesOnlyWhatIsCountedAndHeals) {
  const std::string disk = folder_.file("disk");
  std::filesystem::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "this user cannot mount a small disk";
  }
  path_ = disk + "/app.log";
  make_open({});
  std::vector<std::string> kept;
  int lost = 0;
  const auto log = [&](int i) {
    // Odd sizes, so that lines do not end where pages do.
    const std::string line = std::to_string(i) + std::string(700, 'x') + "\n";
    if (write(line).ok()) {
      kept.push_back(line);
    } else {
      ++lost;
      static_cast<void>(sink_->close());
      static_cast<void>(sink_->open());
    }
  };
  for (int i = 0; i < 200; ++i) log(i);
  EXPECT_GT(lost, 0);
  const std::uint64_t full = tally().written;
  write_file(path_, "");  // what an administrator does
  const std::vector<std::string> before_healing = kept;
  kept.clear();
  for (int i = 200; i < 210; ++i) log(i);
  EXPECT_EQ(full, before_healing.size());
  EXPECT_EQ(kept.size(), 10u);
  std::string wanted;
  for (const std::string& line : kept) wanted += line;
  EXPECT_EQ(content(), wanted);
  sink_.reset();
  ::umount(disk.c_str());
}

// ---- Moved and deleted files

TEST_F(FileSink, AMovedFileIsLeftWithinAMillisecond) {
  make_open({});
  EXPECT_OK(write("one\n"));
  std::filesystem::rename(path_, path_ + ".old");
  advance(0.0004);
  EXPECT_OK(write("two\n"));
  advance(0.0006);
  EXPECT_OK(write("three\n"));
  EXPECT_EQ(content(".old"), "one\ntwo\n");
  EXPECT_EQ(content(), "three\n");
}

TEST_F(FileSink, ALineInADeletedFileIsWrittenAgainThoughOthersWroteLater) {
  make_open({});
  const SinkPtr other = make_or_throw(make_jsonl_sink, {{"path", path_}});
  ASSERT_OK(other->open());
  EXPECT_OK(write_to(*other, line_rows({"other\n"}, now_)));
  EXPECT_OK(write("one\n"));
  std::filesystem::remove(path_);
  EXPECT_OK(write("two\n"));
  EXPECT_OK(write_to(*other, line_rows({"more\n"}, now_)));
  advance(1);
  EXPECT_OK(write("three\n"));
  EXPECT_THAT(content(), HasSubstr("two\n"));
}

TEST_F(FileSink, AFlushLooksForItsFile) {
  make_open({{"flush", "block"}});
  EXPECT_OK(write("one\n"));
  EXPECT_OK(sink_->flush());
  std::filesystem::rename(path_, path_ + ".old");
  EXPECT_OK(write("two\n"));
  EXPECT_OK(sink_->flush());
  EXPECT_EQ(content(), "two\n");
}

TEST_F(FileSink, ADeletedFolderIsCreatedAgain) {
  path_ = folder_.file("logs/app.log");
  make_open({});
  EXPECT_OK(write("one\n"));
  std::filesystem::remove_all(folder_.file("logs"));
  advance(0.5);
  EXPECT_OK(write("two\n"));
  // The first one is there again if it was written to the deleted file within
  // the last millisecond.
  EXPECT_TRUE(content().ends_with("two\n")) << content();
}

TEST_F(FileSink, AFileTruncatedByOthersGrowsFromItsStart) {
  make_open({{"rotation", "size"}, {"max_bytes", 12}});
  EXPECT_OK(write("12345678\n"));
  write_file(path_, "");
  advance(0.5);
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write("two\n"));
  EXPECT_EQ(content(), "one\ntwo\n");
  EXPECT_FALSE(exists(".1"));
}

TEST_F(FileSink, AMovedFileIsKeptWhileThereIsNoOther) {
  path_ = folder_.file("logs/app.log");
  make_open({});
  EXPECT_OK(write("one\n"));
  std::filesystem::rename(folder_.file("logs"), folder_.file("moved"));
  write_file(folder_.file("logs"), "in the way");
  advance(1);
  EXPECT_THAT(said_of(*sink_, line_rows({"two\n"}, now_)).notices,
              ElementsAre(HasSubstr("Not a directory")));
  EXPECT_EQ(tally().written, 2u);
  advance(1);
  EXPECT_OK(write("three\n"));
  EXPECT_EQ(read_file(folder_.file("moved/app.log")), "one\ntwo\nthree\n");
  std::filesystem::remove(folder_.file("logs"));
  advance(1);
  const CapturedReports reports;
  EXPECT_OK(write("four\n"));
  EXPECT_EQ(content(), "four\n");
  EXPECT_THAT(reports.text(), HasSubstr("is followed again"));
}

TEST_F(FileSink, ADeletedFileThatCannotBeReplacedIsAFailure) {
  path_ = folder_.file("logs/app.log");
  make_open({});
  EXPECT_OK(write("one\n"));
  std::filesystem::remove_all(folder_.file("logs"));
  write_file(folder_.file("logs"), "in the way");
  advance(1);
  const Status status = write("two\n");
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Not a directory"));
  EXPECT_EQ(tally().written, 1u);
  static_cast<void>(sink_->close());
  EXPECT_FALSE(sink_->open().ok());
  std::filesystem::remove(folder_.file("logs"));
  ASSERT_OK(sink_->open());
  EXPECT_OK(write("three\n"));
  EXPECT_TRUE(content().ends_with("three\n")) << content();
}

// ---- Rotation by size

TEST_F(FileSink, AFileIsRotatedBeforeItGrowsTooLarge) {
  make_open({{"rotation", "size"}, {"max_bytes", 10}});
  EXPECT_OK(write("1234\n"));
  EXPECT_OK(write("5678\n"));
  EXPECT_FALSE(exists(".1"));
  EXPECT_OK(write("9\n"));
  EXPECT_EQ(content(".1"), "1234\n5678\n");
  EXPECT_EQ(content(), "9\n");
}

TEST_F(FileSink, WhatIsThereAtFirstCounts) {
  write_file(path_, "12345678\n");
  make_open({{"rotation", "size"}, {"max_bytes", 10}});
  EXPECT_OK(write("1\n"));
  EXPECT_EQ(content(".1"), "12345678\n");
  EXPECT_EQ(content(), "1\n");
}

TEST_F(FileSink, WhatOthersWriteCountsWithinASecond) {
  make_open({{"rotation", "size"}, {"max_bytes", 10}});
  EXPECT_OK(write("1\n"));
  std::ofstream(path_, std::ios::app) << "others\n";
  advance(0.5);
  EXPECT_OK(write("2\n"));
  EXPECT_EQ(content(".1"), "1\nothers\n");
  EXPECT_EQ(content(), "2\n");
}

TEST_F(FileSink, BackupCountFilesAreKept) {
  make_open({{"rotation", "size"}, {"max_bytes", 2}, {"backup_count", 3}});
  for (const char* line : {"1\n", "2\n", "3\n", "4\n", "5\n"}) {
    EXPECT_OK(write(line));
  }
  EXPECT_EQ(content(), "5\n");
  EXPECT_EQ(content(".1"), "4\n");
  EXPECT_EQ(content(".2"), "3\n");
  EXPECT_EQ(content(".3"), "2\n");
  EXPECT_FALSE(exists(".4"));
}

TEST_F(FileSink, NoBackupsMeansNoRotation) {
  make_open({{"rotation", "size"}, {"max_bytes", 2}, {"backup_count", 0}});
  EXPECT_OK(write("1\n"));
  EXPECT_OK(write("2\n"));
  EXPECT_EQ(content(), "1\n2\n");
  EXPECT_FALSE(exists(".1"));
}

TEST_F(FileSink, ALineLargerThanAFileGoesAloneIntoOne) {
  make_open({{"rotation", "size"}, {"max_bytes", 5}});
  EXPECT_OK(write("123456789\n"));
  EXPECT_FALSE(exists(".1"));
  EXPECT_OK(write("1\n"));
  EXPECT_OK(write("abcdefghi\n"));
  EXPECT_OK(write("2\n"));
  EXPECT_EQ(content(".3"), "123456789\n");
  EXPECT_EQ(content(".2"), "1\n");
  EXPECT_EQ(content(".1"), "abcdefghi\n");
  EXPECT_EQ(content(), "2\n");
}

TEST_F(FileSink, ABatchIsSpreadOverFiles) {
  make_open({{"rotation", "size"}, {"max_bytes", 5}});
  EXPECT_OK(write_batch({"1\n", "2\n", "3\n", "a long line\n", "4\n"}));
  EXPECT_EQ(content(".3"), "1\n2\n");
  EXPECT_EQ(content(".2"), "3\n");
  EXPECT_EQ(content(".1"), "a long line\n");
  EXPECT_EQ(content(), "4\n");
  EXPECT_EQ(tally().written, 5u);
}

TEST_F(FileSink, ABlockIsSpreadOverFiles) {
  make_open({{"rotation", "size"}, {"max_bytes", 5}, {"flush", "block"}});
  EXPECT_OK(write_batch({"1\n", "2\n"}));
  EXPECT_OK(write_batch({"3\n", "4\n"}));
  EXPECT_OK(sink_->flush());
  EXPECT_EQ(content(".1"), "1\n2\n");
  EXPECT_EQ(content(), "3\n4\n");
}

TEST_F(FileSink, AGapEndsTheShifting) {
  write_file(path_ + ".1", "was 1\n");
  write_file(path_ + ".3", "was 3\n");
  make_open({{"rotation", "size"}, {"max_bytes", 2}});
  EXPECT_OK(write("1\n"));
  EXPECT_OK(write("2\n"));
  EXPECT_EQ(content(".1"), "1\n");
  EXPECT_EQ(content(".2"), "was 1\n");
  EXPECT_EQ(content(".3"), "was 3\n");
}

TEST_F(FileSink, WhenItCannotBeRotatedTheFileGrowsOn) {
  // A folder that is not empty cannot be replaced by a file.
  std::filesystem::create_directories(path_ + ".1/occupied");
  make_open({{"rotation", "size"}, {"max_bytes", 2}, {"backup_count", 1}});
  EXPECT_OK(write("1\n"));
  EXPECT_THAT(said_of(*sink_, line_rows({"2\n", "3\n"}, now_)).notices,
              ElementsAre(HasSubstr("cannot be rotated")));
  EXPECT_EQ(tally().written, 3u);
  std::filesystem::remove_all(path_ + ".1");
  EXPECT_OK(write("4\n"));
  EXPECT_EQ(content(), "1\n2\n3\n4\n");
  advance(1);
  const CapturedReports reports;
  EXPECT_OK(write("5\n"));
  EXPECT_THAT(reports.text(), HasSubstr("is rotated again"));
  EXPECT_EQ(content(".1"), "1\n2\n3\n4\n");
  EXPECT_EQ(content(), "5\n");
}

TEST_F(FileSink, ADeviceIsNotRotated) {
  path_ = "/dev/null";
  make_open({{"rotation", "size"}, {"max_bytes", 2}, {"mode", "truncate"}});
  for (int i = 0; i < 5; ++i) EXPECT_OK(write("123456789\n"));
  EXPECT_FALSE(exists(".1"));
  EXPECT_TRUE(std::filesystem::is_character_file(path_));
}

// ---- Rotation by day

// kTestTime is on 2026-11-21. A file has to be one of that day, too.
class DailyFileSink : public FileSink {
 protected:
  void set_day(const std::string& path, Time time) {
    const timespec at = {time.ns / kSecond, 0};
    const timespec times[2] = {at, at};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
};

TEST_F(DailyFileSink, TheNextDayBeginsAFile) {
  make_open({{"rotation", "daily"}});
  EXPECT_OK(write("saturday\n"));
  now_.ns += kDay;
  EXPECT_OK(write("sunday\n"));
  EXPECT_OK(write("sunday, too\n"));
  EXPECT_EQ(content(".2026-11-21"), "saturday\n");
  EXPECT_EQ(content(), "sunday\nsunday, too\n");
}

TEST_F(DailyFileSink, TheDayEndsAtMidnightUtc) {
  make_open({{"rotation", "daily"}});
  now_ = Time{kTestTime.ns / kDay * kDay + kDay - 1};
  EXPECT_OK(write("saturday\n"));
  EXPECT_FALSE(exists(".2026-11-21"));
  now_.ns += 1;
  EXPECT_OK(write("sunday\n"));
  EXPECT_EQ(content(".2026-11-21"), "saturday\n");
  EXPECT_EQ(content(), "sunday\n");
}

TEST_F(DailyFileSink, WithLocalTimesTheDayEndsAtLocalMidnight) {
  const TimeZone nepal("NPT-5:45");
  make_open({{"rotation", "daily"}, {"time", "local"}});
  // The file is of this moment, too.
  now_ = Time{kTestTime.ns / kDay * kDay + kDay * 3 / 4 + kDay / 96 - 1};
  EXPECT_OK(write("saturday\n"));
  EXPECT_FALSE(exists(".2026-11-21"));
  now_.ns += 1;
  EXPECT_OK(write("sunday\n"));
  EXPECT_EQ(content(".2026-11-21"), "saturday\n");
  EXPECT_EQ(content(), "sunday\n");
}

TEST_F(DailyFileSink, TheNextHourBeginsAFile) {
  make_open({{"rotation", "hourly"}, {"backup_count", 2}});
  for (const char* hour : {"one\n", "two\n", "three\n", "four\n"}) {
    EXPECT_OK(write(hour));
    now_.ns += kDay / 24;
  }
  EXPECT_FALSE(exists(".2026-11-21_01"));
  EXPECT_EQ(content(".2026-11-21_02"), "two\n");
  EXPECT_EQ(content(".2026-11-21_03"), "three\n");
  EXPECT_EQ(content(), "four\n");
}

TEST_F(DailyFileSink, FilesOfDaysAndHoursCountTogether) {
  write_file(path_ + ".2026-11-20", "a day");
  write_file(path_ + ".2026-11-20_23.1", "an hour");
  write_file(path_ + ".2026-11-20_2", "of others");
  make_open({{"rotation", "hourly"}, {"backup_count", 2}});
  EXPECT_OK(write("one\n"));
  now_.ns += kDay / 24;
  EXPECT_OK(write("two\n"));
  EXPECT_FALSE(exists(".2026-11-20"));
  EXPECT_TRUE(exists(".2026-11-20_23.1"));
  EXPECT_TRUE(exists(".2026-11-20_2"));
  EXPECT_TRUE(exists(".2026-11-21_01"));
}

TEST_F(DailyFileSink, AFileFromAnEarlierDayIsRotatedAtTheFirstWrite) {
  write_file(path_, "thursday\n");
  set_day(path_, Time{kTestTime.ns - 2 * kDay});
  make_open({{"rotation", "daily"}});
  EXPECT_OK(write("saturday\n"));
  EXPECT_EQ(content(".2026-11-19"), "thursday\n");
  EXPECT_EQ(content(), "saturday\n");
}

TEST_F(DailyFileSink, AFileOfTodayGoesOn) {
  write_file(path_, "early\n");
  set_day(path_, kTestTime);
  make_open({{"rotation", "daily"}});
  EXPECT_OK(write("late\n"));
  EXPECT_EQ(content(), "early\nlate\n");
}

TEST_F(DailyFileSink, ATakenNameGetsANumber) {
  write_file(path_ + ".2026-11-21", "taken\n");
  write_file(path_ + ".2026-11-21.1", "taken, too\n");
  make_open({{"rotation", "daily"}});
  EXPECT_OK(write("saturday\n"));
  now_.ns += kDay;
  EXPECT_OK(write("sunday\n"));
  EXPECT_EQ(content(".2026-11-21"), "taken\n");
  EXPECT_EQ(content(".2026-11-21.1"), "taken, too\n");
  EXPECT_EQ(content(".2026-11-21.2"), "saturday\n");
}

TEST_F(DailyFileSink, TheNewestFilesAreKept) {
  for (const char* suffix :
       {".2026-11-01", ".2026-11-19", ".2026-11-19.9", ".2026-11-19.10",
        ".2026-11-19.gz", ".1", "-other.2026-11-01"}) {
    write_file(path_ + suffix, suffix);
  }
  make_open({{"rotation", "daily"}, {"backup_count", 2}});
  EXPECT_OK(write("saturday\n"));
  now_.ns += kDay;
  EXPECT_OK(write("sunday\n"));
  EXPECT_TRUE(exists(".2026-11-21"));
  EXPECT_TRUE(exists(".2026-11-19.10"));
  EXPECT_FALSE(exists(".2026-11-19.9"));
  EXPECT_FALSE(exists(".2026-11-19"));
  EXPECT_FALSE(exists(".2026-11-01"));
  // What rotation did not make is not its to remove.
  EXPECT_TRUE(exists(".2026-11-19.gz"));
  EXPECT_TRUE(exists(".1"));
  EXPECT_TRUE(exists("-other.2026-11-01"));
}

// Who may create files in the folder, but delete none, must not make the sink
// do it for him.
TEST_F(DailyFileSink, FilesOfOthersDoNotPushOutTheOld) {
  if (!is_root()) GTEST_SKIP() << "only root can be another user, too";
  for (const char* const suffix : {".2026-11-18", ".2026-11-19"}) {
    write_file(path_ + suffix, suffix);
  }
  for (int i = 1; i <= 3; ++i) {
    const std::string name = path_ + ".9999-12-31." + std::to_string(i);
    write_file(name, "");
    ASSERT_EQ(::chown(name.c_str(), kNobody, kNobody), 0);
  }
  ASSERT_EQ(::symlink("elsewhere", (path_ + ".9999-12-30").c_str()), 0);
  make_open({{"rotation", "daily"}, {"backup_count", 3}});
  EXPECT_OK(write("saturday\n"));
  now_.ns += kDay;
  EXPECT_OK(write("sunday\n"));
  for (const char* const suffix :
       {".2026-11-18", ".2026-11-19", ".2026-11-21", ".9999-12-31.1"}) {
    EXPECT_TRUE(exists(suffix)) << suffix;
  }
}

TEST_F(DailyFileSink, AnEventThatComesLateDoesNotRotate) {
  make_open({{"rotation", "daily"}});
  now_ = Time{kTestTime.ns / kDay * kDay + kDay - 1};
  EXPECT_OK(write("saturday\n"));
  now_.ns += 1;
  EXPECT_OK(write("sunday\n"));
  now_.ns -= 1;
  EXPECT_OK(write("late\n"));
  now_.ns += 1;
  EXPECT_OK(write("sunday\n"));
  EXPECT_EQ(content(), "sunday\nlate\nsunday\n");
}

TEST_F(DailyFileSink, AClockThatWasWrongDoesNotKeepTheFile) {
  make_open({{"rotation", "daily"}});
  now_.ns += 400 * kDay;
  EXPECT_OK(write("in the future\n"));
  now_ = kTestTime;
  EXPECT_OK(write("saturday\n"));
  EXPECT_EQ(content(".2027-12-26"), "in the future\n");
  EXPECT_EQ(content(), "saturday\n");
}

TEST_F(DailyFileSink, AnEmptyFileHasNoDay) {
  write_file(path_, "");
  set_day(path_, Time{kTestTime.ns - 2 * kDay});
  make_open({{"rotation", "daily"}});
  EXPECT_OK(write("saturday\n"));
  EXPECT_EQ(content(), "saturday\n");
  EXPECT_FALSE(exists(".2026-11-19"));
}

// ---- Pipes

TEST_F(FileSink, AFifoWithoutAReaderIsRefused) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  make({});
  EXPECT_THAT(std::string(sink_->open().message()), HasSubstr("FIFO"));
}

TEST_F(FileSink, AFifoIsWrittenAndItsReaderMayLeave) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_NE(reader, -1);
  make_open({{"rotation", "size"}, {"max_bytes", 1}});
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write("two\n"));
  char bytes[16];
  EXPECT_EQ(::read(reader, bytes, sizeof bytes), 8);
  ::close(reader);
  EXPECT_THAT(std::string(write("three\n").message()),
              HasSubstr("Broken pipe"));
}

TEST_F(FileSink, AFifoThatNobodyEmptiesCostsAQuarterOfASecond) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_NE(reader, -1);
  make_open({});
  const std::string line(1 << 20, 'x');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(write(line + "\n").ok());
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  EXPECT_GE(took.count(), 0.2);
  EXPECT_LT(took.count(), 2.0);
  EXPECT_EQ(tally().written, 0u);
  ::close(reader);
}

// Whoever hands the rest of a batch over again takes the last rows for it.
TEST_F(FileSink, OfABatchThatAFullDiskTakesInPartTheFirstRowsAreKept) {
  SmallDisk disk(1 << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  path_ = disk.file("a.log");
  make_open({{"flush", "block"}});
  disk.fill();
  const std::string middling(10000, 'm');
  const std::string large(60000, 'l');
  std::vector<std::string_view> lines(12, middling);
  lines.emplace_back(large);
  lines.emplace_back("short");
  EXPECT_FALSE(write_batch(lines).ok());
  const Tally kept = tally();
  EXPECT_EQ(kept.written + kept.buffered, 12U);
  disk.make_room();
  EXPECT_OK(sink_->flush());
  EXPECT_OK(sink_->close());
  EXPECT_EQ(read_file(path_).find("short"), std::string::npos);
  EXPECT_EQ(read_file(path_).size(), 12U * 10001);
}

}  // namespace
}  // namespace stogger
