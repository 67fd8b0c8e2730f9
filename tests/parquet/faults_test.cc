// The sink, whatever happens to its files and to itself.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "stogger/diagnostics.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/parquet/sink_fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"
#include "tests/support/processes.h"
#include "tests/support/small_disk.h"

namespace stogger {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// ---- Whatever happens to the files

TEST_F(ParquetSinkTest, AMovedFileKeepsItsRowsAndANewOneGetsTheRest) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 3)));
  ASSERT_OK(sink->flush());
  ASSERT_OK(write_to(*sink, numbered(3, 3)));
  fs::rename(path(), folder() + "/moved.parquet");
  ASSERT_OK(sink->flush());
  ASSERT_OK(write_to(*sink, numbered(6, 3)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), (Names{"moved.parquet", "run.parquet"}));
  EXPECT_EQ(numbers_in(agreed(folder() + "/moved.parquet")), counted(0, 3));
  EXPECT_EQ(numbers_in(agreed(path())), counted(3, 6));
  EXPECT_EQ(tally_of(sink).written, 9u);
}

TEST_F(ParquetSinkTest, WithoutFurtherRowsAMovedFileIsTheLast) {
  for (const bool rolls : {false, true}) {
    SinkPtr sink = rolls ? open({{"roll_s", 60.0}}) : open();
    ASSERT_OK(write_to(*sink, numbered(0, 3)));
    ASSERT_OK(sink->flush());
    fs::rename(path(), folder() + "/moved.parquet");
    if (rolls) {
      ASSERT_OK(
          write_to(*sink, numbered(3, 1, Time{kTestTime.ns + 60 * kSecond})));
      EXPECT_EQ(tally_of(sink).buffered, 1u);
      EXPECT_FALSE(fs::exists(path()));
    } else {
      ASSERT_OK(sink->close());
      EXPECT_EQ(files(), Names{"moved.parquet"});
    }
  }
}

TEST_F(ParquetSinkTest, WhatTookThePlaceOfTheFileIsKept) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 3)));
  ASSERT_OK(sink->flush());
  fs::remove(path());
  write_file(path(), "someone else's");
  ASSERT_OK(write_to(*sink, numbered(3, 3)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(numbers_in(agreed(path())), counted(3, 3));
  const Names names = files();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(read_file(folder() + "/" + names[0]), "someone else's");
}

TEST_F(ParquetSinkTest, ALostSecondFileIsMadeAgain) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_group_rows", 2}});
  for (std::int64_t i = 0; i < 12; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
    ASSERT_OK(sink->flush());
    fs::remove(folder() + "/.run.parquet.next");
  }
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 12));
}

TEST_F(ParquetSinkTest, ALostLockIsMadeAgain) {
  SinkPtr sink = open();
  for (std::int64_t i = 0; i < 3; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
    ASSERT_OK(sink->flush());
    fs::remove(folder() + "/.run.parquet.lock");
  }
  ASSERT_OK(write_to(*sink, numbered(3, 1)));
  ASSERT_OK(sink->flush());
  SinkPtr second = open();
  EXPECT_EQ(second->target(), folder() + "/run-2.parquet");
  ASSERT_OK(second->close());
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
}

TEST_F(ParquetSinkTest, WhoTakesALostLockStopsTheWriterAndLosesNothing) {
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->flush());
  fs::remove(folder() + "/.run.parquet.lock");
  SinkPtr other = open();
  ASSERT_EQ(other->target(), path());
  ASSERT_OK(write_to(*sink, numbered(1, 1)));
  const Status status = sink->flush();
  EXPECT_NE(status.message().find("another process has taken"),
            std::string_view::npos)
      << status.message();
  EXPECT_EQ(tally_of(sink).buffered, 1u);
  ASSERT_OK(other->close());
  ASSERT_OK(sink->flush());
  EXPECT_EQ(tally_of(sink).written, 2u);
}

TEST_F(ParquetSinkTest, AMovedFolderKeepsItsRowsAndANewOneGetsTheRest) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(sink->flush());
  fs::rename(folder(), folder_.file("moved"));
  ASSERT_OK(write_to(*sink, numbered(2, 2)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(numbers_in(agreed(path())), counted(2, 2));
  EXPECT_EQ(numbers_in(agreed(folder_.file("moved/run.parquet"))),
            counted(0, 2));
  EXPECT_EQ(names_in(folder_.file("moved")), Names{"run.parquet"});
  EXPECT_EQ(files(), Names{"run.parquet"});
}

TEST_F(ParquetSinkTest, ADeletedFolderIsMadeAgain) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(sink->flush());
  fs::remove_all(folder());
  ASSERT_OK(write_to(*sink, numbered(2, 2)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(numbers_in(agreed(path())), counted(2, 2));
}

TEST_F(ParquetSinkTest, AFullDiskLosesNothingThatIsInMemory) {
  SKIP_WITHOUT_JUDGES();
  SmallDisk disk(1024 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("run.parquet");
  SinkPtr sink = make_for_samples({{"path", path}, {"row_group_rows", 100}});
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, numbered(0, 250)));
  ASSERT_OK(sink->flush());
  disk.fill();
  const Status full = write_to(*sink, numbered(250, 3000));
  ASSERT_FALSE(full.ok());
  EXPECT_NE(full.message().find("No space"), std::string_view::npos)
      << full.message();
  const auto check = [&] {
    const Tally tally = tally_of(sink);
    EXPECT_GT(tally.buffered, 0u);
    EXPECT_EQ(tally.written + tally.buffered, 3250u);
    EXPECT_EQ(numbers_in(agreed(path)),
              counted(0, static_cast<std::int64_t>(tally.written)));
  };
  check();
  for (int i = 0; i < 3; ++i) {
    const Status closed = sink->close();
    EXPECT_NE(closed.message().find("rows stay"), std::string_view::npos)
        << closed.message();
    check();
    static_cast<void>(sink->open());
  }
  disk.make_room();
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, numbered(3250, 1)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(numbers_in(agreed(path)), counted(0, 3251));
  EXPECT_EQ(tally_of(sink).written, 3251u);
  EXPECT_EQ(tally_of(sink).buffered, 0u);
}

TEST_F(ParquetSinkTest, AFullDiskLosesNothingThatIsInMemoryWhenARollIsDue) {
  SKIP_WITHOUT_JUDGES();
  SmallDisk disk(64 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("run.parquet");
  SinkPtr sink = make_for_samples(
      {{"path", path}, {"checkpoint_s", 0.0}, {"roll_s", 60.0}});
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(sink->flush());
  disk.fill();
  for (std::int64_t i = 2; i < 20; ++i) {
    const Time now{kTestTime.ns + (60 + i) * kSecond};
    EXPECT_FALSE(write_to(*sink, numbered(i, 1, now)).ok());
  }
  EXPECT_EQ(tally_of(sink).written, 2u);
  EXPECT_EQ(tally_of(sink).buffered, 18u);
  disk.make_room();
  ASSERT_OK(sink->close());
  EXPECT_EQ(numbers_in(agreed(path)), counted(0, 20));
}

TEST_F(ParquetSinkTest, WithAFullDiskMemoryIsBounded) {
  SmallDisk disk(64 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("run.parquet");
  SinkPtr sink = make_for_samples({{"path", path}});
  ASSERT_OK(sink->open());
  disk.fill();
  std::string text(1024 * 1024, 'x');
  std::uint64_t refused = 0;
  for (std::int64_t i = 0; i < 200; ++i) {
    text[0] = static_cast<char>('a' + i % 26);
    text[1] = static_cast<char>('a' + i / 26);
    Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
    rows.add({i, Value(text)});
    const std::uint64_t before = tally_of(sink).buffered;
    static_cast<void>(write_to(*sink, rows));
    refused += tally_of(sink).buffered == before ? 1 : 0;
  }
  EXPECT_GT(refused, 100u);
  EXPECT_EQ(tally_of(sink).buffered + refused, 200u);
}

TEST_F(ParquetSinkTest, EventsOnAFullDiskWaitInMemory) {
  SmallDisk disk(64 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("run.parquet");
  std::vector<std::string> reports;
  set_diagnostics(
      [](std::string_view line, void* self) {
        static_cast<std::vector<std::string>*>(self)->emplace_back(line);
      },
      &reports);
  {
    System system;
    const Field fields[] = {
        {"path", path}, {"checkpoint_rows", 10}, {"sync", false}};
    Options options("parquet", fields);
    SinkPtr sink;
    ASSERT_OK(make_parquet_sink(options, &sink));
    ASSERT_OK(system.add_sink("table", std::move(sink)));
    Logger log = system.logger();
    log.info("before");
    ASSERT_OK(system.flush());
    disk.fill();
    for (int i = 0; i < 200; ++i) log.info("event", {{"number", i}});
    SinkStats stats = stats_of(system, "table");
    EXPECT_EQ(stats.dropped, 0u);
    EXPECT_EQ(stats.pending, 200u);
    EXPECT_EQ(stats.failed, 0u);
    ASSERT_EQ(reports.size(), 1u) << "not one for each event";
    EXPECT_NE(reports[0].find("rows wait in memory"), std::string::npos);
    EXPECT_FALSE(system.flush().ok());
    EXPECT_NE(reports.back().find("at flush"), std::string::npos);
    EXPECT_NE(reports.back().find("200 events kept"), std::string::npos);
    log.info("after");
    stats = stats_of(system, "table");
    EXPECT_EQ(stats.dropped, 0u);
    EXPECT_EQ(stats.pending, 201u);
    EXPECT_EQ(reports.size(), 2u);
    disk.make_room();
    EXPECT_OK(system.flush());
    stats = stats_of(system, "table");
    EXPECT_EQ(stats.written, 202u);
    EXPECT_EQ(stats.pending, 0u);
    // The next time is reported again.
    disk.fill();
    // More than fits into the pages that the files have.
    std::minstd_rand random(1);
    for (int i = 0; i < 200; ++i) {
      std::string text;
      for (int j = 0; j < 50; ++j) text += std::to_string(random());
      log.info("event", {{"text", text}});
    }
    ASSERT_EQ(reports.size(), 3u);
    EXPECT_NE(reports[2].find("rows wait in memory"), std::string::npos);
    disk.make_room();
  }
  set_diagnostics(nullptr);
}

TEST_F(ParquetSinkTest, ALimitOfTheFileSizeIsAFailureAndNoSignal) {
  EXPECT_TRUE(in_child([&] {
    const rlimit limit = {4096, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    SinkPtr sink = make({{"compression", "none"}});
    Rows rows({{"x", Kind::text}});
    for (int i = 0; i < 1000; ++i) {
      const std::string text = "row " + std::to_string(i);
      rows.add({Value(text)});
    }
    if (!sink->open().ok() || !write_to(*sink, rows).ok()) return false;
    return sink->flush().message().find("roll_bytes") != std::string_view::npos;
  }));
}

TEST_F(ParquetSinkTest, ARelativePathStaysWhereItWas) {
  EXPECT_TRUE(in_child([&] {
    if (::chdir(folder().c_str()) != 0) return false;
    SinkPtr sink = make_for_samples({{"path", "run.parquet"}, {"sync", false}});
    return ::chdir("/") == 0 && sink->open().ok() &&
           write_to(*sink, numbered(0, 10)).ok() && sink->close().ok();
  }));
  EXPECT_EQ(files(), Names{"run.parquet"});
}

TEST_F(ParquetSinkTest, WhatIsOpenGoesOnInAnotherRoot) {
  SKIP_UNLESS_ROOT();
  const std::string jail = folder_.file("jail");
  std::filesystem::create_directory(jail);
  EXPECT_TRUE(in_child([&] {
    SinkPtr sink = open();
    if (!write_to(*sink, numbered(0, 10)).ok() || !sink->flush().ok() ||
        ::chroot(jail.c_str()) != 0 || ::chdir("/") != 0) {
      return false;
    }
    return write_to(*sink, numbered(10, 10)).ok() && sink->flush().ok() &&
           write_to(*sink, numbered(20, 10)).ok() && sink->close().ok();
  }));
  EXPECT_EQ(files(), Names{"run.parquet"});
  EXPECT_TRUE(std::filesystem::is_empty(jail));
  SKIP_WITHOUT_JUDGES();
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 30));
}

TEST_F(ParquetSinkTest, WhatEventsWaitedInMemoryIsWrittenBeforeAFork) {
  System system;
  SinkPtr sink = make_or_throw(make_parquet_sink, {{"path", path()}});
  ASSERT_OK(system.add_sink("table", std::move(sink)));
  for (int i = 0; i < 20; ++i) system.logger().info("event");
  EXPECT_EQ(stats_of(system, "table").pending, 20u);
  EXPECT_TRUE(in_child([] { return true; }));
  EXPECT_EQ(stats_of(system, "table").pending, 0u);
  EXPECT_EQ(stats_of(system, "table").written, 20u);
}

TEST_F(ParquetSinkTest, AChildHasAFileOfItsOwn) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(sink->flush());
  ASSERT_OK(write_to(*sink, numbered(2, 2)));
  EXPECT_TRUE(in_child([&] {
    sink->abandon();
    return sink->open().ok() && write_to(*sink, numbered(100, 1)).ok() &&
           sink->close().ok();
  }));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), (Names{"run-2.parquet", "run.parquet"}));
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 4));
  EXPECT_EQ(numbers_in(agreed(folder() + "/run-2.parquet")), Numbers{100});
}

// As on some network file systems.
bool forbid_swapping_of_names() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {6, filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(ParquetSinkTest, WhereNamesCannotBeSwappedItIsDoneInSteps) {
  SKIP_WITHOUT_JUDGES();
  write_file(path(), "another life");
  const pid_t child = start_child([&] {
    if (!forbid_swapping_of_names()) ::_exit(2);
    SinkPtr sink = open({{"row_group_rows", 4}});
    for (std::int64_t i = 0; i < 11; ++i) {
      // The first row finds the file of somebody else.
      const std::size_t notices = i == 0 ? 1 : 0;
      if (said_of(*sink, numbered(i, 1)).notices.size() != notices ||
          !sink->flush().ok() || !fs::exists(path())) {
        return false;
      }
    }
    return sink->close().ok();
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(status, 0);
  const Names names = files();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(read_file(folder() + "/" + names[0]), "another life");
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 11));
}

// ---- Killed writers

TEST_F(ParquetSinkTest, WhatAKilledWriterLeavesIsReadableUpToACheckpoint) {
  SKIP_WITHOUT_JUDGES();
  // Shared with the writer: the rows that it counts as written.
  void* const shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* const written = new (shared) std::atomic<std::uint64_t>;
  constexpr int kRounds = 40;
  std::vector<std::string> paths;
  std::vector<std::uint64_t> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    const std::string path =
        folder() + "/killed" + std::to_string(round) + ".parquet";
    written->store(0);
    const pid_t child = start_child([&] {
      SinkPtr sink =
          make_for_samples({{"path", path},
                            {"row_group_rows", 50},
                            {"checkpoint_rows", 10},
                            {"row_groups", round % 4 == 0 ? "batch" : "rows"},
                            {"sync", false}});
      if (!sink->open().ok()) return false;
      for (std::int64_t i = 0;; ++i) {
        if (!write_to(*sink, numbered(i, 1)).ok()) return false;
        Tally tally;
        sink->tally(&tally);
        written->store(tally.written);
      }
    });
    while (written->load() == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(round * 977));
    kill_child(child);
    paths.push_back(path);
    acknowledged.push_back(written->load());
  }
  const auto found = judge(paths);
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_FALSE(found[i].duckdb.contains("error")) << found[i].duckdb;
    ASSERT_FALSE(found[i].hyparquet.contains("error")) << found[i].hyparquet;
    const Numbers numbers = numbers_in(found[i].duckdb);
    EXPECT_EQ(numbers, numbers_in(found[i].hyparquet));
    EXPECT_GE(numbers.size(), acknowledged[i]);
    EXPECT_EQ(numbers, counted(0, static_cast<std::int64_t>(numbers.size())));
  }
  ::munmap(shared, 4096);
}

TEST_F(ParquetSinkTest, TheNextWriterClearsAwayWhatAKilledOneLeft) {
  SKIP_WITHOUT_JUDGES();
  Signal ready;
  const pid_t child = start_child([&] {
    SinkPtr sink = open();
    bool fine = write_to(*sink, numbered(0, 3)).ok() && sink->flush().ok() &&
                write_to(*sink, numbered(3, 3)).ok() && sink->flush().ok() &&
                write_to(*sink, numbered(6, 3)).ok();
    ready.give();
    for (;;) ::pause();
    return fine;
  });
  ASSERT_TRUE(ready.take());
  kill_child(child);
  EXPECT_EQ(files(),
            (Names{".run.parquet.lock", ".run.parquet.next", "run.parquet"}));
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(100, 1)));
  ASSERT_OK(sink->close());
  const Names names = files();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(numbers_in(agreed(folder() + "/" + names[0])), counted(0, 6));
  EXPECT_EQ(numbers_in(agreed(path())), Numbers{100});
}

}  // namespace
}  // namespace stogger
