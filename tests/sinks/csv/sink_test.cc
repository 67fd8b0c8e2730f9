#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/options.h"
#include "os/file.h"
#include "sinks/builtin.h"
#include "stogger/testing.h"
#include "tests/support/csv_rows.h"
#include "tests/support/file_clock.h"
#include "tests/support/kept_report.h"
#include "tests/support/mode_of.h"
#include "tests/support/open_file.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/seconds.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr std::string_view kHeader =
    "timestamp,level,event,func,scope,data\r\n";
constexpr std::string_view kLine =
    "2026-11-21T01:39:28.656642Z,info,user-login,handle,,"
    "\"{\"\"user_id\"\":42}\"\r\n";
std::string both(std::string_view a, std::string_view b) {
  return std::string(a) + std::string(b);
}

// But for lock files.
std::vector<std::string> names_of_files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".lock") continue;
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class CsvSink : public ::testing::Test {
 protected:
  std::string folder_file(std::string_view name) { return folder_.file(name); }

  // Opened, at 2026-11-21T01:39:28Z.
  SinkPtr open(const std::vector<Field>& more = {}) {
    std::vector<Field> fields = {{"path", path_}};
    fields.insert(fields.end(), more.begin(), more.end());
    Options options("csv", Fields(fields.data(), fields.size()));
    clock_.set(kTestTime);
    OptionsAccess::set_clock(options, &clock_);
    SinkPtr sink;
    EXPECT_OK(make_csv_sink(options, &sink));
    EXPECT_OK(sink->open());
    return sink;
  }
  std::string content() { return read_file(path_); }

  TempFolder folder_;
  const std::string path_ = folder_file("log.csv");
  testing::ManualClock clock_;
};

TEST_F(CsvSink, WritesAHeaderAndRows) {
  SinkPtr sink = open();
  EXPECT_EQ(content(), kHeader);
  EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
  EXPECT_EQ(content(), both(kHeader, both(kLine, kLine)));
  EXPECT_EQ(sink->target(), path_);
}

TEST_F(CsvSink, TheTimeOfAnEventHasSixDigits) {
  SinkPtr sink = open();
  TableRow row;
  row.timestamp.ns += 999;
  EXPECT_OK(write_to(*sink, table_rows({row})));
  EXPECT_EQ(content(), both(kHeader, kLine));
}

TEST_F(CsvSink, CreatesParentFolders) {
  const std::string path = folder_file("a/b/log.csv");
  SinkPtr sink = make_or_throw(make_csv_sink, {{"path", path}});
  EXPECT_OK(sink->open());
  EXPECT_EQ(read_file(path), kHeader);
}

TEST_F(CsvSink, WritesTheColumnsOfItsOption) {
  SinkPtr sink = open({{"columns", Json{R"(["event","user_id","ms"])"}}});
  ASSERT_EQ(sink->columns().column_count, 3u);
  EXPECT_EQ(sink->columns().columns[1].name, "user_id");
  EXPECT_EQ(sink->columns().columns[1].kind, Kind::null);
  EXPECT_OK(write_to(
      *sink,
      field_rows({{{"event", "a"}, {"user_id", 7}, {"ms", 0.5}},
                  {{"event", "b"}, {"user_id", nullptr}, {"ms", nullptr}}})));
  EXPECT_EQ(content(), "event,user_id,ms\r\na,7,0.5\r\nb,,\r\n");
}

TEST_F(CsvSink, ForPeopleARowIsALineAndNothingIsCalculated) {
  const std::vector<std::string> hostile = {"=cmd|' /C calc'!A0", "a\r\nb",
                                            "\x1b[2J",
                                            "\xE2\x80\xAE"
                                            "txt",
                                            "@x"};
  SinkPtr sink = open({{"columns", Json{R"(["a"])"}}, {"for_people", true}});
  for (const std::string& text : hostile) {
    EXPECT_OK(write_to(*sink, field_rows({{{"a", text}}})));
  }
  EXPECT_EQ(content(),
            "a\r\n'=cmd|' /C calc'!A0\r\na\\r\\nb\r\n\\x1b[2J\r\n"
            "\\u202etxt\r\n'@x\r\n");
  EXPECT_OK(sink->close());
  // What is there is found again.
  sink = open({{"columns", Json{R"(["a"])"}}, {"for_people", true}});
  EXPECT_EQ(names_of_files(folder_file("")).size(), 1u);
}

TEST_F(CsvSink, ColumnsAreFoundByName) {
  SinkPtr sink = open({{"columns", Json{R"(["a","b","c"])"}}});
  EXPECT_OK(write_to(*sink, field_rows({{{"c", 3}, {"a", 1}}})));
  EXPECT_EQ(content(), "a,b,c\r\n1,,3\r\n");
}

TEST_F(CsvSink, WhatHasNoColumnIsLeftOutAndReportedOnce) {
  SinkPtr sink = open({{"columns", Json{R"(["a","b"])"}}});
  const Rows rows = field_rows({{{"a", 1}, {"d", 4}}, {{"a", 2}, {"d", 5}}});
  const KeptReport said = said_of(*sink, rows);
  EXPECT_TRUE(said.refused.empty());
  ASSERT_EQ(said.notices.size(), 1u);
  EXPECT_TRUE(said.notices[0].starts_with("there is no column \"d\""));
  EXPECT_TRUE(said_of(*sink, rows).is_empty());
  EXPECT_EQ(content(), "a,b\r\n1,\r\n2,\r\n1,\r\n2,\r\n");
}

TEST_F(CsvSink, SaysWhatIsWrongWithItsOptions) {
  EXPECT_EQ(refusal(make_csv_sink, {}), "test sink: \"path\" is required");
  EXPECT_EQ(refusal(make_csv_sink, {{"path", "~/x.csv"}}),
            "test sink: \"path\" begins with ~, which is not expanded: write "
            "${HOME} instead");
  EXPECT_EQ(refusal(make_csv_sink, {{"path", "x"}, {"columns", Json{"[]"}}}),
            "test sink: \"columns\" must name a column");
  EXPECT_EQ(refusal(make_csv_sink,
                    {{"path", "x"}, {"columns", Json{R"(["a","a"])"}}}),
            "test sink: \"columns\" contains \"a\" twice");
  EXPECT_EQ(
      refusal(make_csv_sink, {{"path", "x"}, {"columns", Json{R"(["a",""])"}}}),
      "test sink: \"columns\" must not contain an empty name");
  EXPECT_EQ(refusal(make_csv_sink, {{"path", "x"}, {"columns", "event"}}),
            "test sink: \"columns\" must be a list of texts, not text");
  EXPECT_NE(refusal(make_csv_sink, {{"path", "x"}, {"mode", "new"}}), "");
}

// ---- Files that are there already

TEST_F(CsvSink, AppendsToAFileWithItsColumns) {
  write_file(path_, both(kHeader, kLine));
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(content(), both(kHeader, both(kLine, kLine)));
  EXPECT_EQ(names_of_files(folder_.path()),
            std::vector<std::string>{"log.csv"});
}

TEST_F(CsvSink, KeepsAFileWithOtherColumnsUnderADatedName) {
  write_file(path_, "a,b\r\n1,2\r\n");
  ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(content(), both(kHeader, kLine));
  EXPECT_EQ(mode_of(path_), 0604u);
  EXPECT_EQ(read_file(folder_file("log.2026-11-21T013928Z.csv")),
            "a,b\r\n1,2\r\n");
}

TEST_F(CsvSink, ADatedNameThatIsTakenIsNotOverwritten) {
  write_file(folder_file("log.2026-11-21T013928Z.csv"), "kept");
  write_file(path_, "a,b\r\n1,2\r\n");
  open();
  EXPECT_EQ(read_file(folder_file("log.2026-11-21T013928Z.csv")), "kept");
  EXPECT_EQ(read_file(folder_file("log.2026-11-21T013928Z-2.csv")),
            "a,b\r\n1,2\r\n");
}

TEST_F(CsvSink, EverythingButTheSameHeaderIsAnother) {
  for (const std::string_view other :
       {"timestamp,level,event,func,scope,data\n",
        "timestamp,level,event,func,scope,data,more\r\n",
        "timestamp,level,event,func,scope\r\n", "\r\n", "no csv at all"}) {
    write_file(path_, other);
    open();
    EXPECT_EQ(content(), kHeader) << other;
  }
  EXPECT_EQ(names_of_files(folder_.path()).size(), 6u);
}

TEST_F(CsvSink, CanBeginAgain) {
  write_file(path_, both(kHeader, kLine));
  SinkPtr sink = open({{"mode", "truncate"}});
  EXPECT_EQ(content(), kHeader);
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->open());
  EXPECT_EQ(content(), both(kHeader, kLine)) << "only the first time";
}

TEST_F(CsvSink, ATornLineIsCut) {
  const std::string whole = both(kHeader, kLine);
  for (std::size_t size = whole.size() + 1; size < whole.size() + kLine.size();
       ++size) {
    write_file(path_, both(whole, kLine).substr(0, size));
    SinkPtr sink = open();
    ASSERT_EQ(content(), whole) << size;
  }
}

TEST_F(CsvSink, ALineTornInsideQuotesIsCut) {
  const std::string whole = "a\r\n\"1\r\n\"\r\n";
  for (const std::string_view torn : {"\"", "\"x\r\n", "\"x\r\n\"\"\r\n"}) {
    write_file(path_, both(whole, torn));
    open({{"columns", Json{R"(["a"])"}}});
    EXPECT_EQ(content(), whole) << torn;
  }
}

TEST_F(CsvSink, ATornLineOfALargeFileIsCut) {
  std::string whole(kHeader);
  while (whole.size() < 17 * 1024 * 1024) whole += kLine;
  const std::string breaks = both(kLine, "\"\r\n,\"\",x\r\n\",b,c,d,,\r\n");
  for (const std::string_view torn :
       {kLine.substr(0, kLine.size() - 1), kLine.substr(0, 9)}) {
    write_file(path_, both(both(whole, breaks), torn));
    open();
    EXPECT_EQ(std::filesystem::file_size(path_), whole.size() + breaks.size());
  }
  EXPECT_EQ(names_of_files(folder_.path()).size(), 1u);
}

// The tail begins inside a cell, the line ends of which are none.
TEST_F(CsvSink, ALongCellAtTheEndOfALargeFileIsNoTornLine) {
  std::string whole(kHeader);
  while (whole.size() < 17 * 1024 * 1024) whole += kLine;
  whole += "\"";
  for (int i = 0; i < 300000; ++i) whole += "line\r\n\"\"x, y\"\" ,\r\n";
  whole += "\",b,c,d,e,f\r\n";
  write_file(path_, whole);
  open();
  EXPECT_EQ(std::filesystem::file_size(path_), whole.size());
  write_file(path_, both(whole, "torn,\"of"));
  open();
  EXPECT_EQ(std::filesystem::file_size(path_), whole.size());
}

// Read from inside of his cells, his text ends each cell where it begins
// another: both readings are right then, and one takes all that follows for the
// beginning of a line.
TEST_F(CsvSink, TextThatReadsAsLinesCutsNoneOfALargeFile) {
  std::string whole(kHeader);
  while (whole.size() < 17 * 1024 * 1024) whole += kLine;
  std::string cell = "\",";
  for (int i = 0; i < 5000; ++i) cell += std::string(98, 'x') + "\r\n";
  cell += "\"";
  for (int i = 0; i < 11; ++i) whole += "a,b," + cell + ",d,e,f\r\n";
  for (int i = 0; i < 2000; ++i) whole += "a,b,admin-created,d,e,f\r\n";
  write_file(path_, whole);
  open();
  EXPECT_EQ(std::filesystem::file_size(path_), whole.size());
}

TEST_F(CsvSink, ATornHeaderIsFixed) {
  write_file(path_, kHeader.substr(0, 20));
  open();
  EXPECT_EQ(content(), kHeader);
  EXPECT_EQ(names_of_files(folder_.path()).size(), 1u);
}

TEST_F(CsvSink, LinesThatSomeoneElseAddedStay) {
  const std::string foreign = both(kHeader, "by hand\nwithout an end");
  write_file(path_, foreign);
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(content(), both(foreign, both("\r\n", kLine)));
}

// ---- Files that change under it

TEST_F(CsvSink, AMovedFileIsNoticedWithinASecond) {
  SinkPtr sink = open();
  Time now = kTestTime;
  EXPECT_OK(write_to(*sink, table_rows({{}}, now)));
  std::filesystem::rename(path_, folder_file("log.csv.1"));
  now.ns += kSecond;
  EXPECT_OK(write_to(*sink, table_rows({{}}, now)));
  EXPECT_EQ(content(), both(kHeader, kLine));
  EXPECT_EQ(read_file(folder_file("log.csv.1")), both(kHeader, kLine));
}

TEST_F(CsvSink, ADeletedFileIsMadeAgain) {
  SinkPtr sink = open();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  wait_for_tick();
  std::filesystem::remove_all(folder_.path());
  EXPECT_OK(write_to(*sink, table_rows({{}}, Time{kTestTime.ns + kSecond})));
  EXPECT_EQ(content(), both(kHeader, kLine));
}

TEST_F(CsvSink, AFileThatIsMovedWhileItsLockIsWaitedForIsNotTaken) {
  for (int round = 0; round < 5; ++round) {
    write_file(path_, "other\r\n");
    LockFile other;
    ASSERT_TRUE(take_lock(other, path_));
    SinkPtr sink = make_or_throw(make_csv_sink, {{"path", path_}});
    Status status;
    std::thread opener([&] { status = sink->open(); });
    // Long enough, mostly, to get to the lock; it gives up after 100 ms.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::filesystem::rename(path_, folder_file("moved.csv"));
    write_file(path_, kHeader);
    other.close();
    opener.join();
    if (!status.ok()) continue;
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_EQ(content(), both(kHeader, kLine));
    EXPECT_EQ(read_file(folder_file("moved.csv")), "other\r\n");
  }
}

TEST_F(CsvSink, TwoProgramsWithOtherColumnsDoNotChaseEachOtherForLong) {
  SinkPtr first = open();
  SinkPtr second = open({{"columns", Json{R"(["a"])"}}});
  Time now = kTestTime;
  int complaints = 0;
  for (int i = 0; i < 20; ++i) {
    now.ns += kSecond;
    const KeptReport one = said_of(*first, table_rows({{}}, now));
    const KeptReport other = said_of(*second, field_rows({{{"a", i}}}, now));
    for (const KeptReport* said : {&one, &other}) {
      if (said->is_empty()) continue;
      ++complaints;
      EXPECT_EQ(said->notices.size(), 1u);
      EXPECT_NE(said->text().find("another program writes different"),
                std::string::npos)
          << said->text();
    }
  }
  EXPECT_GE(complaints, 1);
  EXPECT_LE(complaints, 2);
  EXPECT_LE(names_of_files(folder_.path()).size(), 4u);
}

// ---- Several processes

TEST_F(CsvSink, ProcessesThatStartAtOnceWriteOneHeader) {
  constexpr int kProcesses = 4;
  constexpr int kRows = 500;
  // Where another process keeps the lock for long, as on a machine with other
  // things to do, a call fails, and is made again.
  const auto made = [](const auto& call) {
    constexpr int kAttempts = 50;
    Status status = call();
    for (int i = 1; i < kAttempts && !status.ok(); ++i) status = call();
    return status.ok();
  };
  const auto body = [&](int process) {
    SinkPtr sink = make_or_throw(make_csv_sink, {{"path", path_}});
    if (!made([&] { return sink->open(); })) return false;
    const std::string event = "event " + std::to_string(process);
    const std::string data(static_cast<std::size_t>(100 * process), 'x');
    for (int i = 0; i < kRows; ++i) {
      const Rows rows =
          table_rows({{.event = event, .func = data, .scope = i}});
      if (!made([&] { return write_to(*sink, rows); })) return false;
    }
    return true;
  };
  EXPECT_TRUE(in_children(kProcesses, body));
  const std::vector<CsvLine> lines = read_csv(content());
  std::set<std::string> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    rows.insert(*lines[i][2] + "/" + *lines[i][4]);
  }
  EXPECT_EQ(lines.size(), 1u + kProcesses * kRows);
  EXPECT_EQ(rows.size(), 0u + kProcesses * kRows);
  EXPECT_EQ(lines[0][0], "timestamp");
}

TEST_F(CsvSink, ThereIsNeverMoreThanOneHeader) {
  for (int round = 0; round < 30; ++round) {
    const std::string path = folder_file("log" + std::to_string(round));
    Signal go;
    EXPECT_TRUE(in_children(4, [&](int process) {
      SinkPtr sink = make_or_throw(make_csv_sink, {{"path", path}});
      // All are there before one begins.
      if (process == 3) {
        for (int i = 0; i < 3; ++i) go.give();
      } else if (!go.take()) {
        return false;
      }
      return sink->open().ok();
    }));
    ASSERT_EQ(read_file(path), kHeader);
  }
}

TEST_F(CsvSink, ProgramsWithOtherColumnsNeverMixTheirLines) {
  constexpr int kProcesses = 6;
  Signal wrote[kProcesses];
  EXPECT_TRUE(in_children(kProcesses, [&](int process) {
    const std::string_view columns =
        process % 2 == 0 ? R"(["a"])" : R"(["b","c"])";
    SinkPtr sink = make_or_throw(make_csv_sink,
                                 {{"path", path_}, {"columns", Json{columns}}});
    Time now = kTestTime;
    for (int i = 0; i < 50; ++i) {
      now.ns += kSecond;
      if (!sink->open().ok()) continue;
      // A row may be stored though there is a complaint: the tally counts.
      static_cast<void>(
          process % 2 == 0
              ? write_to(*sink, field_rows({{{"a", "a"}}}, now))
              : write_to(*sink, field_rows({{{"b", "b"}, {"c", "c"}}}, now)));
    }
    Tally tally;
    if (!sink->close().ok() || !sink->tally(&tally)) return false;
    for (std::uint64_t i = 0; i < tally.written; ++i) wrote[process].give();
    return true;
  }));
  std::size_t written = 0;
  for (Signal& signal : wrote) written += signal.pending();
  std::size_t found = 0;
  for (const std::string& name : names_of_files(folder_.path())) {
    const std::vector<CsvLine> lines = read_csv(read_file(folder_file(name)));
    for (const CsvLine& line : lines) {
      EXPECT_EQ(line.size(), line[0] == "a" ? 1u : 2u);
      EXPECT_EQ(line[0], lines[0][0]);
    }
    found += lines.size() - 1;
  }
  EXPECT_EQ(found, written);
}

TEST_F(CsvSink, AWriterThatIsKilledLeavesWholeLines) {
  for (int round = 0; round < 5; ++round) {
    Signal begun;
    const pid_t child = start_child([&] {
      SinkPtr sink = make_or_throw(make_csv_sink, {{"path", path_}});
      if (!sink->open().ok()) return false;
      const std::string breaks(100000, '\n');
      for (int i = 0;; ++i) {
        static_cast<void>(write_to(*sink, table_rows({{.func = breaks}})));
        if (i == round) begun.give();
      }
    });
    ASSERT_TRUE(begun.take());
    kill_child(child);
    SinkPtr sink = open();
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_NO_THROW(EXPECT_GT(read_csv(content()).size(), 2u));
  }
}

TEST_F(CsvSink, ALockThatIsNeverGivenBackIsNotWaitedForLong) {
  SinkPtr sink = open();
  LockFile other;
  ASSERT_TRUE(take_lock(other, path_));
  const std::int64_t before = Clock::real()->monotonic_ns();
  const Status status = write_to(*sink, table_rows({{}}));
  const std::int64_t took = Clock::real()->monotonic_ns() - before;
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_LT(took, kSecond);
  EXPECT_EQ(content(), kHeader);
  other.close();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(content(), both(kHeader, kLine));
}

// ---- Disks and devices

TEST_F(CsvSink, AFullDiskTearsNoLineAndHeals) {
  SmallDisk disk(256 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.file("log.csv");
  SinkPtr sink = make_or_throw(make_csv_sink, {{"path", path}});
  ASSERT_OK(sink->open());
  disk.fill();
  const std::string text(1000, 'x');
  std::size_t written = 0;
  Status status;
  while ((status = write_to(*sink, table_rows({{.func = text}}))).ok())
    ++written;
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("No space left"), std::string_view::npos)
      << status.message();
  EXPECT_EQ(read_csv(read_file(path)).size(), written + 1);
  EXPECT_FALSE(write_to(*sink, table_rows({{.func = text}})).ok());
  disk.make_room();
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(read_csv(read_file(path)).size(), written + 2);
}

TEST_F(CsvSink, ABatchThatDoesNotFitLeavesNothing) {
  SmallDisk disk(64 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  SinkPtr sink = make_or_throw(make_csv_sink, {{"path", disk.file("log.csv")}});
  ASSERT_OK(sink->open());
  const std::string text(1000, 'x');
  EXPECT_FALSE(
      write_to(*sink, table_rows(std::vector<TableRow>(100, {.func = text})))
          .ok());
  EXPECT_EQ(read_file(disk.file("log.csv")), kHeader);
}

TEST_F(CsvSink, AHeaderThatDoesNotFitIsWrittenLater) {
  SmallDisk disk(64 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  SinkPtr sink = make_or_throw(make_csv_sink, {{"path", disk.file("log.csv")}});
  disk.fill();
  EXPECT_EQ(sink->open().code(), Code::unavailable);
  disk.make_room();
  EXPECT_OK(sink->open());
  EXPECT_EQ(read_file(disk.file("log.csv")), kHeader);
}

TEST_F(CsvSink, AReadOnlyDiskIsReported) {
  SmallDisk disk(64 * 1024);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  SinkPtr sink = make_or_throw(make_csv_sink, {{"path", disk.file("log.csv")}});
  disk.set_read_only(true);
  const Status status = sink->open();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_NE(status.message().find("Read-only file system"),
            std::string_view::npos)
      << status.message();
  disk.set_read_only(false);
  EXPECT_OK(sink->open());
}

TEST_F(CsvSink, ADeviceGetsAHeader) {
  SinkPtr sink = make_or_throw(make_csv_sink, {{"path", "/dev/null"}});
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  SinkPtr full = make_or_throw(make_csv_sink, {{"path", "/dev/full"}});
  EXPECT_EQ(full->open().code(), Code::unavailable);
}

TEST_F(CsvSink, APathStaysWhatItWasWhenTheFolderChanges) {
  EXPECT_TRUE(in_child([&] {
    if (::chdir(folder_.path().c_str()) != 0) return false;
    SinkPtr sink = make_or_throw(make_csv_sink, {{"path", "relative.csv"}});
    return ::chdir("/") == 0 && sink->open().ok() &&
           write_to(*sink, table_rows({{}})).ok();
  }));
  EXPECT_EQ(read_file(folder_file("relative.csv")), both(kHeader, kLine));
}

}  // namespace
}  // namespace stogger
