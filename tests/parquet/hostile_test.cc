// Others of the machine: what they put into the folder, and what they lock.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/parquet/sink_fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/mode_of.h"
#include "tests/support/other_user.h"
#include "tests/support/processes.h"

namespace stogger {
namespace {

namespace fs = std::filesystem;

class ParquetHostileTest : public ParquetSinkTest {
 protected:
  ParquetHostileTest() {
    // Others can get to the folder of the test.
    ::chmod(folder_.path().c_str(), 0755);
    ::chmod(folder().c_str(), 0755);
  }
  ~ParquetHostileTest() override { ::umask(umask_); }

  // Of all there is: names, owners, modes, sizes, times.
  std::string everything() const {
    std::string all;
    for (const std::string& name : names_in(folder())) {
      struct stat info;
      const std::string at = folder() + "/" + name;
      EXPECT_EQ(::lstat(at.c_str(), &info), 0);
      for (const auto number :
           {static_cast<long>(info.st_ino), static_cast<long>(info.st_uid),
            static_cast<long>(info.st_mode), static_cast<long>(info.st_size),
            static_cast<long>(info.st_mtim.tv_sec),
            static_cast<long>(info.st_mtim.tv_nsec),
            static_cast<long>(info.st_ctim.tv_nsec)}) {
        name_and(number, &all);
      }
      all += name + "\n";
    }
    struct stat info;
    EXPECT_EQ(::lstat(folder().c_str(), &info), 0);
    name_and(static_cast<long>(info.st_mtim.tv_nsec), &all);
    return all;
  }
  void open_to_all() { ::chmod(folder().c_str(), 01777); }
  std::string refusal() {
    SinkPtr sink = make();
    const Status status = sink->open();
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

 private:
  static void name_and(long number, std::string* all) {
    *all += std::to_string(number) + " ";
  }
  const mode_t umask_ = ::umask(022);
};

class Findings final : public CheckFindings {
 public:
  void would_change(std::string_view what) override {
    changes.emplace_back(what);
  }
  void warn(std::string_view what) override { warnings.emplace_back(what); }
  std::vector<std::string> changes;
  std::vector<std::string> warnings;
};

TEST_F(ParquetHostileTest, FilesAreForTheOwnerAndTheGroup) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    ::umask(mask);
    const std::string inside = folder_.file("new" + std::to_string(mask));
    SinkPtr sink = make_for_samples({{"path", inside + "/a.parquet"}});
    ASSERT_OK(sink->open());
    ASSERT_OK(write_to(*sink, numbered(0, 1)));
    ASSERT_OK(sink->flush());
    ASSERT_OK(write_to(*sink, numbered(1, 1)));
    ASSERT_OK(sink->flush());
    EXPECT_EQ(mode_of(inside), 0750 & ~mask);
    EXPECT_EQ(mode_of(inside + "/a.parquet"), 0640 & ~mask);
    EXPECT_EQ(mode_of(inside + "/.a.parquet.next"), 0640 & ~mask);
    EXPECT_EQ(mode_of(inside + "/.a.parquet.lock"), 0600u);
  }
}

TEST_F(ParquetHostileTest, ModesMayBeGiven) {
  SinkPtr sink = open({{"file_mode", "0664"}});
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(mode_of(path()), 0644u);
  ASSERT_OK(sink->close());
  ::umask(002);
  sink = open({{"file_mode", "0664"}});
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(mode_of(path()), 0664u);
  EXPECT_EQ(mode_of(folder() + "/.run.parquet.lock"), 0660u);
}

TEST_F(ParquetHostileTest, LocksOfAReaderStopNobody) {
  SKIP_UNLESS_ROOT();
  SinkPtr sink = open({{"file_mode", "0644"}});
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
    ASSERT_OK(sink->flush());
  }
  ASSERT_EQ(files().size(), 3u);
  Signal ready;
  const pid_t reader = start_child([&] {
    bool fine = become(kNobody);
    for (const std::string& name : Names{"run.parquet", ".run.parquet.next"}) {
      const int file = ::open((folder() + "/" + name).c_str(), O_RDONLY);
      fine = fine && file != -1 && ::flock(file, LOCK_EX | LOCK_NB) == 0;
      struct flock whole = {};
      whole.l_type = F_RDLCK;
      fine = fine && ::fcntl(file, F_OFD_SETLK, &whole) == 0;
    }
    const std::string lock = folder() + "/.run.parquet.lock";
    fine = fine && ::open(lock.c_str(), O_RDONLY) == -1 && errno == EACCES;
    if (fine) ready.give();
    for (;;) ::pause();
    return fine;
  });
  ASSERT_TRUE(ready.take());
  for (int i = 2; i < 5; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
    ASSERT_OK(sink->flush());
  }
  ASSERT_OK(sink->close());
  ASSERT_OK(sink->open());
  EXPECT_EQ(sink->target(), path());
  ASSERT_OK(write_to(*sink, numbered(5, 1)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(tally_of(sink).written, 6u);
  kill_child(reader);
}

TEST_F(ParquetHostileTest, FilesOfAStrangerAreNotTaken) {
  SKIP_UNLESS_ROOT();
  open_to_all();
  for (const std::string& name :
       Names{"run.parquet", ".run.parquet.next", ".run.parquet.lock"}) {
    const std::string file = folder() + "/" + name;
    ASSERT_TRUE(as_nobody([&] {
      ::umask(0);
      const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL, 0666);
      return made != -1 && ::write(made, "mine", 4) == 4;
    }));
    const std::string before = everything();
    const std::string why = refusal();
    EXPECT_TRUE(has(why, name)) << why;
    EXPECT_TRUE(has(why, "belongs to another user")) << why;
    EXPECT_EQ(read_file(file), "mine");
    fs::remove(file);
    EXPECT_EQ(files(), Names{});
  }
}

TEST_F(ParquetHostileTest, LinksOfAStrangerAreNotFollowed) {
  SKIP_UNLESS_ROOT();
  open_to_all();
  const std::string target = folder_.file("precious");
  write_file(target, "precious");
  for (const std::string& name :
       Names{"run.parquet", ".run.parquet.next", ".run.parquet.lock"}) {
    const std::string link = folder() + "/" + name;
    ASSERT_TRUE(as_nobody(
        [&] { return ::symlink(target.c_str(), link.c_str()) == 0; }));
    SinkPtr sink = make();
    if (sink->open().ok()) {
      static_cast<void>(write_to(*sink, numbered(0, 1)));
      static_cast<void>(sink->flush());
      ADD_FAILURE() << name << " was taken";
    }
    EXPECT_EQ(read_file(target), "precious");
    sink.reset();
    fs::remove(link);
  }
  EXPECT_EQ(names_in(folder_.path()), (Names{"data", "precious"}));
}

// One's own: a link at the path is followed, and what it leads to kept.
TEST_F(ParquetHostileTest, ALinkPutThereMeanwhileCostsNobodyAFile) {
  const std::string target = folder_.file("precious");
  write_file(target, "precious");
  SinkPtr sink = open();
  for (const std::string& name : Names{".run.parquet.next", "run.parquet"}) {
    for (int i = 0; i < 2; ++i) {
      ASSERT_OK(write_to(*sink, numbered(0, 1)));
      ASSERT_OK(sink->flush());
    }
    fs::remove(folder() + "/" + name);
    fs::create_symlink(target, folder() + "/" + name);
    ASSERT_OK(write_to(*sink, numbered(0, 1)));
    ASSERT_OK(sink->flush());
    bool is_kept = false;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      is_kept = is_kept || (entry.is_regular_file() &&
                            read_file(entry.path().string()) == "precious");
    }
    EXPECT_TRUE(is_kept);
  }
}

TEST_F(ParquetHostileTest, ALinkOfAStrangerPutThereMeanwhileStopsTheSink) {
  SKIP_UNLESS_ROOT();
  ::chmod(folder().c_str(), 0777);
  const std::string target = folder_.file("precious");
  write_file(target, "precious");
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->flush());
  ASSERT_TRUE(as_nobody([&] {
    return ::unlink(path().c_str()) == 0 &&
           ::symlink(target.c_str(), path().c_str()) == 0;
  }));
  ASSERT_OK(write_to(*sink, numbered(1, 1)));
  const Status status = sink->flush();
  EXPECT_TRUE(has(std::string(status.message()), "run.parquet"))
      << status.message();
  EXPECT_EQ(tally_of(sink).buffered, 1u);
  EXPECT_EQ(read_file(target), "precious");
  EXPECT_EQ(names_in(folder_.path()), (Names{"data", "precious"}));
  fs::remove(path());
  ASSERT_OK(sink->flush());
  EXPECT_EQ(tally_of(sink).written, 2u);
}

// ---- The check

TEST_F(ParquetHostileTest, CheckSaysWhatWouldBeCreatedAndCreatesNothing) {
  Findings found;
  const std::string before = everything();
  EXPECT_OK(make()->check(found));
  EXPECT_EQ(found.changes, Names{"would create \"" + path() + "\""});

  Findings deeper;
  const std::string far = folder() + "/a/b/run.parquet";
  EXPECT_OK(make_for_samples({{"path", far}})->check(deeper));
  EXPECT_EQ(deeper.changes,
            Names{"would create the folder \"" + folder() + "/a\""});
  EXPECT_EQ(everything(), before);
}

TEST_F(ParquetHostileTest, CheckSaysWhatBecomesOfAFileAndLeavesItAlone) {
  write_file(path(), "another life");
  write_file(folder() + "/.run.parquet.next", "left by one that was killed");
  const std::string before = everything();
  Findings kept;
  EXPECT_OK(make()->check(kept));
  EXPECT_EQ(kept.changes, Names{"would give \"" + path() + "\" a dated name"});
  Findings lost;
  EXPECT_OK(make({{"mode", "truncate"}})->check(lost));
  EXPECT_EQ(lost.changes, Names{"would overwrite \"" + path() + "\""});
  EXPECT_EQ(everything(), before);
}

TEST_F(ParquetHostileTest, CheckOfARunningWriterSaysWhereItWouldWrite) {
  SinkPtr writer = open();
  ASSERT_OK(write_to(*writer, numbered(0, 1)));
  ASSERT_OK(writer->flush());
  const std::string before = everything();
  Findings found;
  EXPECT_OK(make()->check(found));
  EXPECT_EQ(found.changes,
            Names{"would create \"" + folder() +
                  "/run-2.parquet\", for another process writes to the path "
                  "itself"});
  EXPECT_EQ(everything(), before);
  ASSERT_OK(write_to(*writer, numbered(1, 1)));
  ASSERT_OK(writer->close());
}

TEST_F(ParquetHostileTest, CheckSaysWhatOpeningWouldSay) {
  fs::create_directory(path());
  Findings found;
  Status status = make()->check(found);
  EXPECT_TRUE(has(std::string(status.message()), "is no regular file"));
  EXPECT_EQ(refusal(), status.message());
  fs::remove(path());
  if (!is_root()) return;
  ::chown(folder_.path().c_str(), kNobody, kNobody);
  ::chmod(folder().c_str(), 0555);
  EXPECT_TRUE(as_nobody([&] {
    SinkPtr sink = make();
    const Status checked = sink->check(found);
    const Status opened = sink->open();
    return !checked.ok() && !opened.ok() &&
           has(std::string(checked.message()), "Permission denied");
  }));
}

}  // namespace
}  // namespace stogger
