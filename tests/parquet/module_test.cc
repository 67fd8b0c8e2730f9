// The module as programs use it: loaded by the name of its type.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stogger/log.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"
#include "stogger/system.h"
#include "tests/parquet/judges.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using nlohmann::json;

class ParquetModule : public ::testing::Test {
 protected:
  ParquetModule() { ::setenv("STOGGER_MODULE_PATH", PARQUET_TEST_MODULES, 1); }
  std::string path() const { return folder_.file("run.parquet"); }
  // What is in each, hidden ones included.
  std::map<std::string, std::string> all_files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      files[entry.path().filename()] = read_file(entry.path());
    }
    return files;
  }
  // A hundred samples of three devices.
  void push_samples(Sink& sink) {
    Pipe pipe(sink, {.batch_size = 16});
    const char* devices[] = {"mfc1", "mfc2", "gauge"};
    for (int i = 0; i < 100; ++i) {
      const Time at{kTestTime.ns + i * 10000000};
      const Field fields[] = {{"pressure", 14.5 + i / 8.0}, {"count", i}};
      ASSERT_OK(pipe.push({.device = devices[i % 3],
                           .unit_id = "A",
                           .requested_at = at,
                           .received_at = Time{at.ns + 2000000},
                           .fields = fields}));
    }
    ASSERT_OK(pipe.finish());
  }
  void expect_samples(const json& found) {
    EXPECT_EQ(found["columns"].dump(),
              R"([["device","text"],["unit_id","text"],)"
              R"(["requested_at","time"],["received_at","time"],)"
              R"(["midpoint_at","time"],["latency_s","real"],)"
              R"(["pressure","real"],["count","integer"],)"
              R"(["status","text"]])");
    ASSERT_EQ(found["rows"].size(), 100u);
    const json& row = found["rows"][99];
    EXPECT_EQ(row[0], as_judged("mfc1", Kind::text));
    EXPECT_EQ(row[2], as_judged(Time{kTestTime.ns + 990000000}, Kind::time));
    EXPECT_EQ(row[5], as_judged(0.002, Kind::real));
    EXPECT_EQ(row[6], as_judged(14.5 + 99 / 8.0, Kind::real));
    EXPECT_EQ(row[7], "i:99");
    EXPECT_EQ(row[8], as_judged("", Kind::text));
  }

  TempFolder folder_;
};

TEST_F(ParquetModule, APipeFillsOneRowGroup) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink;
  const std::string file = path();
  ASSERT_OK(make_sample_sink("parquet", {{"path", file}}, &sink));
  push_samples(*sink);
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  expect_samples(found);
  EXPECT_EQ(found["groups"].size(), 1u);
}

TEST_F(ParquetModule, TheTypedFormGathersBatches) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink;
  const std::string file = path();
  ASSERT_OK(make_sample_sink(
      ParquetConfig{.path = file, .compression = "snappy"}, &sink));
  push_samples(*sink);
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  expect_samples(found);
  ASSERT_EQ(found["groups"].size(), 1u);
  EXPECT_EQ(found["groups"][0]["columns"][0]["codec"], "SNAPPY");
}

TEST_F(ParquetModule, TheTypedFormHasEveryOption) {
  SKIP_WITHOUT_JUDGES();
  const std::string file = path();
  write_file(file, "of another program");
  SinkPtr sink;
  ASSERT_OK(make_sample_sink(ParquetConfig{.path = file,
                                           .mode = "truncate",
                                           .compression = "gzip",
                                           .compression_level = 9,
                                           .row_group_rows = 60,
                                           .checkpoint_s = 0,
                                           .checkpoint_rows = 80,
                                           .sync = false},
                             &sink));
  push_samples(*sink);
  // Without a checkpoint by time, and before the sink is closed.
  EXPECT_EQ(agreed(path())["rows"].size(), 100u);
  ASSERT_OK(sink->close());
  EXPECT_EQ(all_files().size(), 1u);
  const json found = agreed(path());
  expect_samples(found);
  EXPECT_EQ(found["groups"].size(), 2u);
  EXPECT_EQ(found["groups"][0]["columns"][0]["codec"], "GZIP");
  EXPECT_NE(make_sample_sink(ParquetConfig{.path = file,
                                           .compression = "gzip",
                                           .compression_level = 10},
                             &sink)
                .message()
                .find("compression_level"),
            std::string_view::npos);
  EXPECT_OK(make_sample_sink(
      ParquetConfig{.path = file, .roll_bytes = 1000, .roll_s = 60}, &sink));
}

TEST_F(ParquetModule, ItsColumnsAreThoseOfTheFirstBatch) {
  const std::string file = path();
  SinkPtr sink;
  ASSERT_OK(make_sample_sink("parquet", {{"path", file}}, &sink));
  EXPECT_EQ(sink->columns().column_count, 0u);
  push_samples(*sink);
  const RowBatch columns = sink->columns();
  ASSERT_EQ(columns.column_count, 9u);
  EXPECT_EQ(columns.columns[0].name, "device");
  EXPECT_EQ(columns.columns[0].kind, Kind::text);
  EXPECT_EQ(columns.columns[5].name, "latency_s");
  EXPECT_EQ(columns.columns[5].kind, Kind::real);
  ASSERT_OK(sink->close());
  EXPECT_EQ(sink->columns().column_count, 9u);
}

TEST_F(ParquetModule, TheTypedFormMakesARowGroupOfEachBatchIfAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink;
  const std::string file = path();
  ASSERT_OK(make_sample_sink(ParquetConfig{.path = file, .row_groups = "batch"},
                             &sink));
  push_samples(*sink);
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  expect_samples(found);
  EXPECT_GE(found["groups"].size(), 7u);
}

TEST_F(ParquetModule, TheTypedFormRefusesRowGroupsThatCannotBe) {
  SinkPtr sink;
  const std::string file = path();
  EXPECT_FALSE(
      make_sample_sink(ParquetConfig{.path = file, .row_group_rows = -5}, &sink)
          .ok());
  EXPECT_FALSE(
      make_sample_sink(ParquetConfig{.path = file, .row_groups = "file"}, &sink)
          .ok());
}

TEST_F(ParquetModule, AChildThatEndsLeavesTheFilesAlone) {
  SinkPtr sink;
  const std::string file = path();
  ASSERT_OK(make_sample_sink("parquet", {{"path", file}}, &sink));
  push_samples(*sink);
  const auto before = all_files();
  ASSERT_FALSE(before.empty());
  const pid_t child = ::fork();
  if (child == 0) {
    sink.reset();
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(all_files(), before);
  push_samples(*sink);
  EXPECT_OK(sink->close());
  EXPECT_EQ(all_files().size(), 1u);
}

TEST_F(ParquetModule, WhatCouldNotBeFlushedIsLost) {
  SinkPtr sink;
  const std::string file = path();
  ASSERT_OK(make_sample_sink("parquet", {{"path", file}}, &sink));
  PipeSummary summary;
  Pipe pipe(*sink);
  for (int i = 0; i < 100; ++i) ASSERT_OK(pipe.push({.device = "gauge"}));
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit small{10, usual.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = pipe.finish(&summary);
  ::setrlimit(RLIMIT_FSIZE, &usual);
  ::signal(SIGXFSZ, handler);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(summary.samples_emitted, 0u);
  EXPECT_EQ(summary.samples_lost, 100u);
  // It is in memory, and written by whoever asks once more.
  EXPECT_OK(sink->close());
  Tally tally;
  ASSERT_TRUE(sink->tally(&tally));
  EXPECT_EQ(tally.written, 100u);
}

TEST_F(ParquetModule, EventsOfASystemAreRows) {
  SKIP_WITHOUT_JUDGES();
  System system;
  SinkPtr sink;
  const std::string file = path();
  ASSERT_OK(make_sink("parquet", {{"path", file}}, &sink));
  ASSERT_OK(system.add_sink("table", std::move(sink)));
  system.logger("app").info("user-login", {{"user_id", 42}});
  ASSERT_OK(system.flush());
  EXPECT_EQ(agreed(path())["rows"].size(), 1u);
  system.logger("app").warning("user-logout", {{"user_id", 42}});
  ASSERT_OK(system.close());
  const json found = agreed(path());
  ASSERT_EQ(found["rows"].size(), 2u);
  EXPECT_EQ(found["rows"][1][1], as_judged("warning", Kind::text));
  EXPECT_EQ(found["rows"][1][2], as_judged("user-logout", Kind::text));
  EXPECT_EQ(found["rows"][0][5],
            as_judged(Json{R"({"logger":"app","user_id":42})"}, Kind::json));
  EXPECT_EQ(found["columns"][5][1], "json");
}

}  // namespace
}  // namespace stogger
