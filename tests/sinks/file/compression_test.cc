#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/folder.h"
#include "sinks/builtin.h"
#include "sinks/file/compression_job.h"
#include "sinks/file/compressor.h"
#include "sinks/file/rotation.h"
#include "tests/support/decompress.h"
#include "tests/support/eventually.h"
#include "tests/support/kept_report.h"
#include "tests/support/mode_of.h"
#include "tests/support/other_user.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Next = CompressionJob::Next;
using Names = std::vector<std::string>;

// Lines that do not compress to next to nothing.
std::string many_lines(std::size_t bytes) {
  std::mt19937_64 random(1);
  std::string lines;
  while (lines.size() < bytes) lines += std::to_string(random()) + "\n";
  return lines;
}

void set_time(const std::string& path, Time time) {
  const timespec at = {time.ns / kSecond, time.ns % kSecond};
  const timespec times[2] = {at, at};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

class CompressionTest : public ::testing::Test {
 protected:
  explicit CompressionTest(Compression compression = Compression::zstd,
                           bool dated = false)
      : job_(OldFiles{dated, 3, true}, compression) {
    write_file(path_, "present\n");
    look();
  }

  void look() { look_with(job_); }
  void look_with(CompressionJob& job) const {
    Folder folder;
    ASSERT_OK(folder.open(path_, FileModes(), true));
    job.look_in(std::move(folder));
  }
  // An old file that was written at kTestTime.
  void write_old(std::string_view suffix, std::string_view text) const {
    const std::string path = path_ + std::string(suffix);
    write_file(path, text);
    set_time(path, kTestTime);
  }
  Next step() { return job_.step(now_, &when_); }
  // Until there is nothing to do at once.
  Next run() {
    Next next = Next::now;
    while (next == Next::now) next = step();
    return next;
  }
  // Of a small file: until all of it is in PATH.compressing.
  void begin() {
    for (const char* const piece : {"open", "read", "end"}) {
      ASSERT_EQ(step(), Next::now) << piece;
    }
  }
  void rotate() const {
    Folder folder;
    ASSERT_OK(folder.open(path_, FileModes(), true));
    ASSERT_OK(rotate_by_number(folder, OldFiles{false, 3, true}));
  }
  std::string content(std::string_view suffix) const {
    return read_file(path_ + std::string(suffix));
  }
  // All names but those of the log and its lock, without "app.log".
  Names old() const {
    Names names;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename().string();
      if (name == "app.log" || name == "app.log.lock") continue;
      names.push_back(name.substr(std::string_view("app.log").size()));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("app.log");
  Time now_{kTestTime.ns + 60 * kSecond};
  Time when_{};
  CompressionJob job_;
};

TEST_F(CompressionTest, AnOldFileIsCompressedByZstd) {
  const std::string lines = many_lines(1000000);
  write_old(".1", lines);
  write_old(".2", "");
  ASSERT_EQ(::chmod((path_ + ".1").c_str(), 0604), 0);
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".1.zst", ".2.zst"}));
  EXPECT_EQ(unzstd(content(".1.zst")), lines);
  EXPECT_EQ(unzstd(content(".2.zst")), "");
  EXPECT_LT(content(".1.zst").size(), lines.size() * 2 / 3);
  EXPECT_EQ(mode_of(path_ + ".1.zst"), 0604u);
  struct stat info;
  ASSERT_EQ(::stat((path_ + ".1.zst").c_str(), &info), 0);
  EXPECT_EQ(info.st_mtim.tv_sec, kTestTime.ns / kSecond);
  EXPECT_EQ(content(""), "present\n");
  EXPECT_FALSE(job_.has_notice());
}

class GzipTest : public CompressionTest {
 protected:
  GzipTest() : CompressionTest(Compression::gzip, true) {}
};

TEST_F(GzipTest, DatedFilesAreCompressedByGzip) {
  const std::string lines = many_lines(1000000);
  write_old(".2026-11-20", lines);
  write_old(".2026-11-20.1", "more\n");
  write_old(".2026-11-20_13", "an hour\n");
  write_old(".1", "no date\n");
  write_old(".2026-11-2", "of others\n");
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".1", ".2026-11-2", ".2026-11-20.1.gz",
                          ".2026-11-20.gz", ".2026-11-20_13.gz"}));
  EXPECT_EQ(gunzip(path_ + ".2026-11-20.gz"), lines);
  EXPECT_EQ(gunzip(path_ + ".2026-11-20.1.gz"), "more\n");
}

TEST_F(GzipTest, ALateLineIsAStreamOfItsOwn) {
  write_old(".2026-11-20", "early\n");
  begin();
  write_file(path_ + ".2026-11-20", "early\nlate\n");
  set_time(path_ + ".2026-11-20", kTestTime);
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(gunzip(path_ + ".2026-11-20.gz"), "early\nlate\n");
}

TEST_F(CompressionTest, OnlyOldFilesOfThisLogAreCompressed) {
  for (const char* const suffix :
       {".4", ".0", ".01", ".1x", ".x", ".2026-11-20", ".lock", "2.1"}) {
    write_old(suffix, "other\n");
  }
  ASSERT_EQ(::symlink("app.log", (path_ + ".2").c_str()), 0);
  const Names before = old();
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), before);
}

// Whoever has not noticed the rotation may still write to it.
TEST_F(CompressionTest, AFileThatWasWrittenJustNowWaits) {
  write_old(".1", "one\n");
  now_ = {kTestTime.ns + CompressionJob::kQuiet - 1};
  EXPECT_EQ(run(), Next::later);
  EXPECT_EQ(when_.ns, kTestTime.ns + CompressionJob::kQuiet);
  EXPECT_EQ(old(), Names({".1"}));
  now_ = when_;
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".1.zst"}));
}

TEST_F(CompressionTest, ALateLineMakesItWaitAgainAndIsCompressedToo) {
  write_old(".1", "early\n");
  begin();
  write_file(path_ + ".1", "early\nlate\n");
  set_time(path_ + ".1", now_);
  EXPECT_EQ(run(), Next::later);
  EXPECT_EQ(when_.ns, now_.ns + CompressionJob::kQuiet);
  EXPECT_EQ(content(".1"), "early\nlate\n");
  now_ = when_;
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".1.zst"}));
  EXPECT_EQ(unzstd(content(".1.zst")), "early\nlate\n");
}

TEST_F(CompressionTest, AFileThatMovesMeanwhileGetsItsLastName) {
  write_old(".1", "one\n");
  begin();
  rotate();
  set_time(path_ + ".1", now_);
  EXPECT_EQ(run(), Next::later);
  EXPECT_EQ(old(), Names({".1", ".2.zst"}));
  EXPECT_EQ(content(".1"), "present\n");
  EXPECT_EQ(unzstd(content(".2.zst")), "one\n");
}

TEST_F(CompressionTest, AFileThatIsRemovedMeanwhileLeavesNothing) {
  write_old(".3", "three\n");
  begin();
  std::filesystem::remove(path_ + ".3");
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names());
  write_old(".3", "three\n");
  begin();
  std::filesystem::rename(path_ + ".3", path_ + ".elsewhere");
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".elsewhere"}));
  EXPECT_FALSE(job_.has_notice());
}

TEST_F(CompressionTest, RotationWaitsForNobodyWhileAFileIsCompressed) {
  write_old(".1", "one\n");
  begin();
  Folder folder;
  ASSERT_OK(folder.open(path_, FileModes(), true));
  LockFile rotation;
  ASSERT_OK(rotation.open(folder, "app.log.lock", 0600));
  ASSERT_TRUE(rotation.try_lock());
  EXPECT_EQ(run(), Next::later);
  EXPECT_EQ(content(".1"), "one\n");
  rotation.unlock();
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".1.zst"}));
}

TEST_F(CompressionTest, OneOfSeveralProcessesDoesIt) {
  write_old(".1", "one\n");
  begin();
  CompressionJob other(OldFiles{false, 3, true}, Compression::zstd);
  look_with(other);
  EXPECT_EQ(other.step(now_, &when_), Next::later);
  EXPECT_EQ(when_.ns, now_.ns + kSecond);
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(other.step(now_, &when_), Next::done);
  EXPECT_EQ(unzstd(content(".1.zst")), "one\n");
}

// At each piece of work.
TEST_F(CompressionTest, AfterAKillEachLineIsThereAndTheNextStartGoesOn) {
  const std::string lines = many_lines(500000);
  for (int steps = 0;; ++steps) {
    write_old(".1", lines);
    const pid_t child = start_child([&] {
      CompressionJob job(OldFiles{false, 3, true}, Compression::zstd);
      look_with(job);
      Time when{};
      bool done = false;
      for (int i = 0; i < steps && !done; ++i) {
        done = job.step(now_, &when) == Next::done;
      }
      if (!done) ::raise(SIGKILL);
      return true;
    });
    const bool done = succeeded(child);
    if (!done && std::filesystem::exists(path_ + ".1")) {
      EXPECT_EQ(content(".1"), lines);
    } else {
      EXPECT_EQ(unzstd(content(".1.zst")), lines);
    }
    look();
    EXPECT_EQ(run(), Next::done);
    ASSERT_EQ(old(), Names({".1.zst"}));
    ASSERT_EQ(unzstd(content(".1.zst")), lines);
    std::filesystem::remove(path_ + ".1.zst");
    if (done) break;
  }
}

// Between the two names.
TEST_F(CompressionTest, AKillThatLeftBothLeavesOneInTheEnd) {
  write_old(".1", "one\n");
  EXPECT_EQ(run(), Next::done);
  write_old(".1", "one\n");
  look();
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names({".1.zst"}));
  EXPECT_EQ(unzstd(content(".1.zst")), "one\n");
}

TEST_F(CompressionTest, WhatAKillLeftBehindIsRemoved) {
  write_file(path_ + ".compressing", "half a file");
  EXPECT_EQ(run(), Next::done);
  EXPECT_EQ(old(), Names());
}

TEST(CompressionDiskTest, AFullDiskLeavesTheFileAndIsReportedOnce) {
  SmallDisk disk(1 << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("app.log");
  const std::string lines = many_lines(300000);
  write_file(path + ".1", lines);
  set_time(path + ".1", kTestTime);
  disk.fill();
  CompressionJob job(OldFiles{false, 3, true}, Compression::zstd);
  const auto run = [&] {
    Folder folder;
    ASSERT_OK(folder.open(path, FileModes(), true));
    job.look_in(std::move(folder));
    Time when{};
    while (job.step({kTestTime.ns + 60 * kSecond}, &when) == Next::now) {
    }
  };
  run();
  ASSERT_TRUE(job.has_notice());
  EXPECT_THAT(job.take_notice(),
              HasSubstr("an old file cannot be compressed, and stays as it "
                        "is: cannot write: No space left"));
  run();
  EXPECT_FALSE(job.has_notice());
  EXPECT_EQ(read_file(path + ".1"), lines);
  EXPECT_FALSE(std::filesystem::exists(path + ".compressing"));
  disk.make_room();
  run();
  EXPECT_EQ(job.take_notice(),
            "old files are compressed again; 2 attempts had failed");
  EXPECT_EQ(unzstd(read_file(path + ".1.zst")), lines);
}

TEST_F(CompressionTest, UsersOfAGroupTakeTurns) {
  SKIP_UNLESS_ROOT();
  ASSERT_EQ(::chown(folder_.path().c_str(), 0, kSharedGroup), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 02770), 0);
  write_old(".1", "one\n");
  ASSERT_EQ(::chown((path_ + ".1").c_str(), kSomebody, kSharedGroup), 0);
  ASSERT_EQ(::chmod((path_ + ".1").c_str(), 0660), 0);
  const auto compress = [&](int steps) {
    CompressionJob job(OldFiles{false, 3, true}, Compression::zstd);
    Folder folder;
    if (!folder.open(path_, FileModes(), true).ok()) return false;
    job.look_in(std::move(folder));
    Time when{};
    Next next = Next::now;
    for (int i = 0; i < steps && next == Next::now; ++i) {
      next = job.step(now_, &when);
    }
    if (job.has_notice()) return false;
    job.leave_to_parent();  // as if it was killed
    return true;
  };
  EXPECT_TRUE(as_user(kSomebody, [&] { return compress(2); }, {kSharedGroup}));
  EXPECT_EQ(old(), Names({".1", ".compressing"}));
  EXPECT_TRUE(
      as_user(kSomebody + 1, [&] { return compress(100); }, {kSharedGroup}));
  EXPECT_EQ(old(), Names({".1.zst"}));
  EXPECT_EQ(mode_of(path_ + ".1.zst"), 0660u);
}

// ---- Rotation of files that are compressed

TEST_F(CompressionTest, RotationMovesCompressedFilesAndKeepsTheirNumber) {
  for (int i = 1; i <= 5; ++i) {
    write_file(path_, std::to_string(i));
    rotate();
    set_time(path_ + ".1", kTestTime);
    look();
    // One of them stays as it is.
    if (i != 4) {
      EXPECT_EQ(run(), Next::done);
    }
  }
  write_file(path_, "6");
  rotate();
  EXPECT_EQ(old(), Names({".1", ".2.zst", ".3.zst"}));
  EXPECT_EQ(unzstd(content(".2.zst")), "5");
  EXPECT_EQ(unzstd(content(".3.zst")), "4");
}

TEST_F(CompressionTest, WhatTakesThePlaceOfAnOldFileTakesAllOfIt) {
  write_file(path_ + ".1", "1");
  write_file(path_ + ".2.gz", "2");
  write_file(path_ + ".3.zst", "3");
  write_file(path_ + ".gz", "no old file");
  rotate();
  EXPECT_EQ(old(), Names({".1", ".2", ".3.gz", ".gz"}));
}

TEST_F(CompressionTest, OfDatedFilesTheNewestAreKept) {
  for (const char* const suffix :
       {".2026-11-17.zst", ".2026-11-18", ".2026-11-18.gz", ".2026-11-19.gz",
        ".2026-11-20_13.zst", ".2026-11-20.zst.old"}) {
    write_file(path_ + suffix, suffix);
  }
  Folder folder;
  ASSERT_OK(folder.open(path_, FileModes(), true));
  remove_old_dated(folder, OldFiles{true, 2, true});
  EXPECT_EQ(old(), Names({".2026-11-19.gz", ".2026-11-20.zst.old",
                          ".2026-11-20_13.zst"}));
  ASSERT_OK(rotate_by_date(folder, OldFiles{true, 2, true}, "2026-11-19"));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".2026-11-19.1"));
}

// ---- The thread

std::string comm_of(const std::string& task) {
  std::string name = read_file("/proc/self/task/" + task + "/comm");
  if (!name.empty()) name.pop_back();
  return name;
}

// The id of the thread of that name; 0 if there is none.
pid_t thread_named(std::string_view name) {
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/task")) {
    const std::string task = entry.path().filename().string();
    if (comm_of(task) == name) return std::stoi(task);
  }
  return 0;
}
// The one that compresses.
pid_t compressing_thread() { return thread_named("stogger-pack"); }

// Whether a descriptor of this process is one of a file below that path.
bool has_open(const std::string& path) {
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone && target.string().starts_with(path + ".")) return true;
  }
  return false;
}

TEST_F(CompressionTest, WhatWasLeftIsCompressedInTheBackgroundAtTheStart) {
  write_old(".1", "one\n");
  for (int i = 0; i < 2; ++i) {
    const SinkPtr sink =
        make_or_throw(make_file_sink, {{"path", path_},
                                       {"rotation", "size"},
                                       {"max_bytes", 10},
                                       {"compress", i == 0 ? "zstd" : "gzip"}});
    ASSERT_OK(sink->open());
    const Names compressed = {i == 0 ? ".1.zst" : ".1.gz"};
    EXPECT_TRUE(eventually([&] { return old() == compressed; }));
    EXPECT_OK(sink->close());
    if (i != 0) break;
    EXPECT_EQ(unzstd(content(".1.zst")), "one\n");
    // It looks once more when it is done, and would compress the next one, too.
    EXPECT_TRUE(eventually([] { return thread_named("stogger-old") == 0; }));
    std::filesystem::remove(path_ + ".1.zst");
    write_old(".1", "one\n");
  }
  EXPECT_EQ(gunzip(path_ + ".1.gz"), "one\n");
  EXPECT_TRUE(eventually([] { return compressing_thread() == 0; }));
}

TEST_F(CompressionTest, TheThreadHasTheLowestPriorityAndChildrenHaveNoneOfIt) {
  const std::string lines = many_lines(20000000);
  write_old(".1", lines);
  const auto job = std::make_shared<CompressionJob>(OldFiles{false, 3, true},
                                                    Compression::zstd);
  look_with(*job);
  Compressor::instance().request(job);
  ASSERT_TRUE(eventually([&] { return has_open(path_); }));
  if (const pid_t thread = compressing_thread(); thread != 0) {
    EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(thread)), 19);
    EXPECT_EQ(IOPRIO_PRIO_CLASS(
                  ::syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, thread)),
              IOPRIO_CLASS_IDLE);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(in_child([&] { return !has_open(path_); }));
  }
  // A child has a thread of its own, for its own files.
  const std::string other = folder_.file("other.log");
  write_file(other + ".1", "one\n");
  set_time(other + ".1", kTestTime);
  EXPECT_TRUE(in_child([&] {
    Folder folder;
    if (!folder.open(other, FileModes(), true).ok()) return false;
    const auto own = std::make_shared<CompressionJob>(OldFiles{false, 3, true},
                                                      Compression::zstd);
    own->look_in(std::move(folder));
    Compressor::instance().request(own);
    return eventually(
        [&] { return std::filesystem::exists(other + ".1.zst"); });
  }));
  std::filesystem::remove(other + ".1.zst");
  std::filesystem::remove(other + ".lock");
  EXPECT_TRUE(eventually([&] { return old() == Names({".1.zst"}); }));
  EXPECT_EQ(unzstd(content(".1.zst")), lines);
}

// ---- Options

TEST_F(CompressionTest, WithoutRotationThereIsNothingToCompress) {
  EXPECT_THAT(refusal(make_jsonl_sink, {{"path", path_}, {"compress", "zstd"}}),
              HasSubstr("\"compress\" is for files that the option "
                        "\"rotation\" moves away"));
  EXPECT_THAT(
      refusal(make_jsonl_sink,
              {{"path", path_}, {"rotation", "size"}, {"compress", "xz"}}),
      HasSubstr("must be \"none\", \"zstd\" or \"gzip\""));
  EXPECT_EQ(
      refusal(make_jsonl_sink,
              {{"path", path_}, {"rotation", "hourly"}, {"compress", "gzip"}}),
      "");
}

TEST_F(CompressionTest, AFailureIsANoticeOfTheNextWrite) {
  write_old(".1", "one\n");
  std::filesystem::create_directory(path_ + ".compressing");
  const SinkPtr sink = make_or_throw(
      make_file_sink,
      {{"path", path_}, {"rotation", "size"}, {"compress", "zstd"}});
  ASSERT_OK(sink->open());
  Time now{kTestTime};
  KeptReport report;
  EXPECT_TRUE(eventually([&] {
    now.ns += kSecond;
    EXPECT_OK(sink->write(line_rows({"x\n"}, now), report));
    return !report.notices.empty();
  }));
  EXPECT_THAT(report.notices, ElementsAre(HasSubstr("cannot be compressed")));
}

}  // namespace
}  // namespace stogger
