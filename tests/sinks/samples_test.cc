// Samples in files, read back by Python.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/options.h"
#include "module/registry.h"
#include "sample/typed_options.h"
#include "sinks/builtin.h"
#include "stogger/sample_sinks.h"
#include "support/kept_report.h"
#include "support/small_disk.h"
#include "tests/sinks/sample_sinks.h"
#include "tests/support/typed_options.h"

namespace stogger {
namespace {

using nlohmann::json;

std::vector<std::vector<std::string>> rows_of(const Sink& memory) {
  std::vector<std::vector<std::string>> rows;
  EXPECT_OK(visit_rows(
      memory,
      [](Fields row, void* out) {
        std::vector<std::string> names;
        for (const Field& field : row) names.emplace_back(field.key);
        static_cast<decltype(rows)*>(out)->push_back(names);
      },
      &rows));
  return rows;
}

// What all of them have in common.
class AnySampleSinkTest : public SampleSinkTest,
                          public ::testing::WithParamInterface<const char*> {
 protected:
  SinkPtr make_one() {
    if (GetParam() == std::string_view("memory")) {
      SinkPtr sink;
      EXPECT_OK(make_sample_sink(MemoryConfig{}, &sink));
      return sink;
    }
    return make(GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Each, AnySampleSinkTest,
                         ::testing::Values("csv", "jsonl", "sqlite", "memory"));

TEST_P(AnySampleSinkTest, OpeningAndClosingMayComeTwice) {
  SinkPtr sink = make_one();
  EXPECT_OK(sink->open());
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->close());
}

TEST_P(AnySampleSinkTest, WritingToAClosedOneFails) {
  SinkPtr sink = make_one();
  EXPECT_OK(sink->close());
  EXPECT_EQ(write(*sink, {sample({})}).code(), Code::unavailable);
}

TEST_P(AnySampleSinkTest, ItCanBeOpenedAgainAndGoesOn) {
  SinkPtr sink = make_one();
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->open());
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_OK(sink->close());
  if (GetParam() == std::string_view("memory")) return;
  SKIP_WITHOUT_PYTHON();
  EXPECT_EQ(rows_of_type(GetParam()), 2u);
}

TEST_P(AnySampleSinkTest, AnEmptyBatchIsNothing) {
  SinkPtr sink = make_one();
  EXPECT_OK(write_to(*sink, {}));
  EXPECT_OK(write(*sink, {}));
  EXPECT_OK(sink->close());
  if (GetParam() == std::string_view("jsonl")) {
    EXPECT_EQ(std::filesystem::file_size(path_), 0u);
  }
}

TEST_P(AnySampleSinkTest, WritingBeforeOpeningFailsAndClosingDoesNot) {
  const Field given[] = {{"path", path_}};
  const bool has_path = GetParam() != std::string_view("memory");
  Options read(GetParam(), has_path ? Fields(given) : Fields());
  OptionsAccess::set_for_samples(read);
  SinkType type;
  ASSERT_OK(find_sink_type(GetParam(), &type));
  SinkPtr sink;
  ASSERT_OK(make_sink(type, read, &sink));
  EXPECT_EQ(write_to(*sink, {}).code(), Code::unavailable);
  EXPECT_OK(sink->close());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_P(AnySampleSinkTest, ItsColumnsAreThoseOfTheFirstBatch) {
  SinkPtr sink = make_one();
  EXPECT_EQ(sink->columns().column_count, 0u);
  const Field first[] = {{"flow", 1.5}, {"n", 7}};
  const Field later[] = {{"flow", 1.5}, {"n", 7}, {"late", 1}};
  for (const Fields fields : {Fields(first), Fields(later)}) {
    EXPECT_OK(write(*sink, {sample(fields)}));
    const RowBatch columns = sink->columns();
    const bool has_table = GetParam() == std::string_view("csv") ||
                           GetParam() == std::string_view("sqlite");
    ASSERT_EQ(columns.column_count, has_table ? 9u : 0u);
    if (has_table) {
      EXPECT_EQ(columns.columns[6].name, "flow");
    }
  }
}

// 5 batches of 2 and one of 1.
TEST_P(AnySampleSinkTest, SeveralBatchesAndAPartOfOneAreWrittenWhole) {
  if (GetParam() != std::string_view("memory")) SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make_one();
  const std::vector<Sample> samples(11, sample({}));
  EXPECT_OK(pipe(samples, *sink, {.batch_size = 2}));
  EXPECT_OK(sink->close());
  if (GetParam() == std::string_view("memory")) {
    EXPECT_EQ(rows_of(*sink).size(), 11u);
  } else {
    EXPECT_EQ(rows_of_type(GetParam()), 11u);
  }
}

TEST_P(AnySampleSinkTest, AThousandColumnsAreTaken) {
  SinkPtr sink = make_one();
  std::vector<std::string> names;
  std::vector<Field> fields;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  for (const std::string& name : names) fields.emplace_back(name, 1.5);
  EXPECT_OK(write(*sink, {sample(fields), sample(fields)}));
  EXPECT_OK(sink->close());
  EXPECT_TRUE(reports_.empty());
}

// --- memory ------------------------------------------------------------------

TEST_F(SampleSinkTest, MemoryKeepsTheRowsOverClosing) {
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(MemoryConfig{.max_rows = 3}, &sink));
  const Field fields[] = {{"a", 1}};
  EXPECT_OK(
      write(*sink, {sample({}), sample(fields), sample({}), sample(fields)}));
  EXPECT_OK(sink->close());
  const auto rows = rows_of(*sink);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].size(), 8u);
  // Each with its own fields only.
  EXPECT_EQ(rows[1].size(), 7u);
}

TEST_F(SampleSinkTest, MemoryKeepsEverySample) {
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(MemoryConfig{}, &sink));
  EXPECT_OK(write(*sink, std::vector<Sample>(12000, sample({}))));
  EXPECT_EQ(rows_of(*sink).size(), 12000u);
  EXPECT_EQ(dropped_rows(*sink), 0u);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(SampleSinkTest, WhatMemoryDropsIsReportedOnceAndCounted) {
  SinkPtr sink;
  ASSERT_OK(make_sample_sink("memory", {{"max_rows", 10}}, &sink));
  EXPECT_OK(write(*sink, std::vector<Sample>(10, sample({}))));
  EXPECT_TRUE(reports_.empty());
  EXPECT_OK(write(*sink, std::vector<Sample>(64, sample({}))));
  EXPECT_OK(write(*sink, std::vector<Sample>(3, sample({}))));
  EXPECT_EQ(rows_of(*sink).size(), 10u);
  EXPECT_EQ(dropped_rows(*sink), 67u);
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_NE(reports_[0].find("max_rows = 10"), std::string::npos)
      << reports_[0];
}

TEST_F(SampleSinkTest, OtherSinksHaveNoRowsToVisit) {
  SinkPtr sink = make("csv");
  EXPECT_EQ(visit_rows(
                *sink, [](Fields, void*) {}, nullptr)
                .code(),
            Code::invalid);
  EXPECT_EQ(dropped_rows(*sink), 0u);
}

TEST_F(SampleSinkTest, AVisitorMayThrowAnything) {
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(MemoryConfig{}, &sink));
  EXPECT_OK(write(*sink, {sample({})}));
  const Status status = visit_rows(
      *sink, [](Fields, void*) { throw 7; }, nullptr);
  EXPECT_EQ(status.code(), Code::internal);
  EXPECT_EQ(status.message(), "threw something that is no std::exception");
}

// --- CSV ---------------------------------------------------------------------

TEST_F(SampleSinkTest, CsvHasAHeaderAndItsRows) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("csv");
  const Field fields[] = {{"flow", 1.5},
                          {"note", "a \"b\",\r\nc"},
                          {"open", true},
                          {"none", nullptr}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(csv(), json::parse(R"([
    ["device","unit_id","requested_at","received_at","midpoint_at","latency_s",
     "flow","note","open","none","status"],
    ["mfc1","A","2026-11-21T01:39:28.656642Z","2026-11-21T01:39:28.657642Z",
     "2026-11-21T01:39:28.657142Z","0.001","1.5","a \"b\",\r\nc","true","",""]
  ])"));
  EXPECT_EQ(read_file(path_).find("\r\n"), read_file(path_).find('\r'));
}

TEST_F(SampleSinkTest, CsvTakesTheColumnsOfTheWholeFirstBatch) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("csv");
  const Field a[] = {{"a", 1}};
  const Field b[] = {{"b", 2}};
  const Field c[] = {{"c", 3}, {"b", 4}};
  EXPECT_OK(write(*sink, {sample(a), sample(b)}));
  EXPECT_OK(write(*sink, {sample(c)}));
  EXPECT_OK(write(*sink, {sample(c)}));
  const json rows = csv();
  EXPECT_EQ(rows[0][6], "a");
  EXPECT_EQ(rows[0][8], "b");
  EXPECT_EQ(rows[0].size(), 9u);
  EXPECT_EQ(rows[3][6], "");
  EXPECT_EQ(rows[3][8], "4");
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_NE(reports_[0].find("there is no column \"c\""), std::string::npos);
  EXPECT_NE(reports_[0].find(path_), std::string::npos);
}

TEST_F(SampleSinkTest, AnEmptyCsvIsAnEmptyFile) {
  SinkPtr sink = make("csv");
  EXPECT_OK(write(*sink, {}));
  EXPECT_OK(sink->close());
  struct stat info;
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 0);
}

TEST_F(SampleSinkTest, CsvBeginsAgainUnlessItAppends) {
  SKIP_WITHOUT_PYTHON();
  for (int i = 0; i < 2; ++i) {
    SinkPtr sink = make("csv");
    EXPECT_OK(write(*sink, {sample({})}));
  }
  EXPECT_EQ(csv().size(), 2u);
  SinkPtr sink;
  EXPECT_OK(make_sample_sink(CsvConfig{.path = path_, .append = true}, &sink));
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(csv().size(), 3u);
}

TEST_F(SampleSinkTest, AppendingOtherColumnsKeepsTheOldFile) {
  SKIP_WITHOUT_PYTHON();
  write_file(path_, "x,y\r\n1,2\r\n");
  SinkPtr sink = make("csv", {{"mode", "append"}});
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(csv()[0][0], "device");
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path() != path_ + ".lock") ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST_F(SampleSinkTest, CsvColumnsCanBeChosen) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("csv", {{"columns", Json{"[\"flow\",\"device\"]"}}});
  const Field fields[] = {{"flow", 1}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_EQ(csv(), json::parse(R"([["flow","device"],["1","mfc1"]])"));
}

TEST_F(SampleSinkTest, CsvCellsHoldWhateverComesLater) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("csv");
  const Field first[] = {{"x", 1}};
  const Field later[] = {{"x", "text"}};
  const Field nan[] = {{"x", std::nan("")}};
  const Field big[] = {{"x", UINT64_MAX}};
  EXPECT_OK(write(*sink, {sample(first)}));
  EXPECT_OK(write(*sink, {sample(later), sample(nan), sample(big)}));
  const json rows = csv();
  EXPECT_EQ(rows[2][6], "text");
  EXPECT_EQ(rows[3][6], "NaN");
  EXPECT_EQ(rows[4][6], "18446744073709551615");
}

TEST_F(SampleSinkTest, CsvNamesThatHadToBeMadeValidKeepTheirValues) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("csv");
  const Field fields[] = {{"bad\xff", 1}, {"bad\xfe", 2}};
  const Field later[] = {{"bad\xfe", 3}};
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(write(*sink, {sample(later)}));
  const json rows = csv();
  EXPECT_EQ(rows[0][6], "bad\xEF\xBF\xBD");
  EXPECT_EQ(rows[0][7], "bad\xEF\xBF\xBD_2");
  EXPECT_EQ(rows[1][6], "1");
  EXPECT_EQ(rows[1][7], "2");
  EXPECT_EQ(rows[2][6], "");
  EXPECT_EQ(rows[2][7], "3");
  EXPECT_TRUE(reports_.empty());
}

// --- JSON lines --------------------------------------------------------------

TEST_F(SampleSinkTest, EachJsonLineHasItsOwnKeys) {
  SKIP_WITHOUT_PYTHON();
  SinkPtr sink = make("jsonl");
  const Field a[] = {{"a", 1}, {"none", nullptr}};
  const Field b[] = {{"b \"quoted\"", std::nan("")},
                     {"t", kTime},
                     {"more", Json{"{\"x\":[1]}"}}};
  EXPECT_OK(write(*sink, {sample(a), sample(b)}));
  const json rows = lines();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], json::parse(R"({
    "device":"mfc1","unit_id":"A","requested_at":"2026-11-21T01:39:28.656642Z",
    "received_at":"2026-11-21T01:39:28.657642Z",
    "midpoint_at":"2026-11-21T01:39:28.657142Z","latency_s":0.001,
    "a":1,"none":null,"status":""})"));
  EXPECT_EQ(rows[1]["b \"quoted\""], "NaN");
  EXPECT_EQ(rows[1]["more"]["x"][0], 1);
  EXPECT_FALSE(rows[1].contains("a"));
  EXPECT_TRUE(reports_.empty());
}

TEST_F(SampleSinkTest, JsonLinesBeginAgainUnlessTheyAppend) {
  SKIP_WITHOUT_PYTHON();
  for (int i = 0; i < 2; ++i) {
    SinkPtr sink = make("jsonl");
    EXPECT_OK(write(*sink, {sample({})}));
  }
  EXPECT_EQ(lines().size(), 1u);
  SinkPtr sink;
  EXPECT_OK(
      make_sample_sink(JsonlConfig{.path = path_, .append = true}, &sink));
  EXPECT_OK(write(*sink, {sample({})}));
  EXPECT_EQ(lines().size(), 2u);
}

// --- a killed writer, a full disk --------------------------------------------

TEST_F(SampleSinkTest, WhatWasWrittenSurvivesTheWriter) {
  SKIP_WITHOUT_PYTHON();
  for (const char* type : {"csv", "jsonl", "sqlite"}) {
    path_ = folder_.file(std::string("killed.") + type);
    const pid_t child = ::fork();
    if (child == 0) {
      SinkPtr sink = make(type);
      Pipe pipe(*sink, {.batch_size = 10});
      for (int i = 0; i < 25; ++i) {
        static_cast<void>(pipe.push(sample({})));
      }
      while (pipe.summary().samples_emitted < 20) ::usleep(1000);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(rows_of_type(type), 20u) << type;
  }
}

TEST_F(SampleSinkTest, AFullDiskEndsThePipeWithWhatFittedWhole) {
  SKIP_WITHOUT_PYTHON();
  SmallDisk disk(std::size_t{1} << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string text(500, 'x');
  const Field fields[] = {{"text", text}};
  for (const char* type : {"csv", "jsonl", "sqlite"}) {
    path_ = disk.file(std::string("full.") + type);
    {
      SinkPtr sink = make(type);
      PipeSummary summary;
      Status status;
      {
        Pipe pipe(*sink, {.batch_size = 16});
        for (int i = 0; i < 5000 && status.ok(); ++i) {
          status = pipe.push(sample(fields));
        }
        status = pipe.finish(&summary);
      }
      EXPECT_EQ(status.code(), Code::unavailable) << type;
      EXPECT_NE(status.message().find("full."), std::string_view::npos);
      EXPECT_GT(summary.samples_emitted, 0u);
      EXPECT_GT(summary.samples_lost, 0u);
      EXPECT_EQ(rows_of_type(type), summary.samples_emitted) << type;
    }
    for (const char* end : {"", "-wal", "-shm", ".lock"}) {
      std::filesystem::remove(path_ + end);
    }
  }
}

TEST_F(SampleSinkTest, TheTypedFormsHaveEveryOption) {
  expect_all_in(options_of(MemoryConfig()), "memory", &make_memory_sink);
  expect_all_in(options_of(CsvConfig()), "csv", &make_csv_sink);
  expect_all_in(options_of(JsonlConfig()), "jsonl", &make_jsonl_sink,
                {"format", "keys"});  // which are for log events
  expect_all_in(options_of(SqliteConfig()), "sqlite", &make_sqlite_sink);
}

TEST_F(SampleSinkTest, TheOptionsOfTheTypedFormsArrive) {
  const auto mode = [&] {
    struct stat info = {};
    EXPECT_EQ(::stat(path_.c_str(), &info), 0);
    return info.st_mode & 0777;
  };
  const Field fields[] = {{"text", "=1+1"}};
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(
      CsvConfig{.path = path_, .for_people = true, .file_mode = "0600"},
      &sink));
  EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(sink->close());
  EXPECT_EQ(mode(), 0600u);
  EXPECT_NE(read_file(path_).find("'=1+1"), std::string::npos);
  std::filesystem::remove(path_);
  ASSERT_OK(make_sample_sink(JsonlConfig{.path = path_,
                                         .rotation = "size",
                                         .max_bytes = 100,
                                         .backup_count = 2,
                                         .file_mode = "0600"},
                             &sink));
  for (int i = 0; i < 9; ++i) EXPECT_OK(write(*sink, {sample(fields)}));
  EXPECT_OK(sink->close());
  EXPECT_EQ(mode(), 0600u);
  EXPECT_TRUE(std::filesystem::exists(path_ + ".2"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
}

}  // namespace
}  // namespace stogger
