// The sink: its files, whatever happens to them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "sinks/parquet/parquet.h"
#include "tests/parquet/judges.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::int64_t kSecond = 1000000000;

SinkPtr make_for_samples(const std::vector<Field>& fields) {
  Options options("parquet", fields);
  options.set_for_samples(true);
  SinkPtr sink;
  const Status status = make_parquet_sink(options, &sink);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return sink;
}

Rows numbered(std::int64_t first, std::int64_t count, Time now = kTestTime) {
  Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
  for (std::int64_t i = first; i < first + count; ++i) {
    rows.add({i, i % 2 == 0 ? "even" : "odd"});
  }
  rows.at(now);
  return rows;
}

Tally tally_of(const SinkPtr& sink) {
  Tally tally;
  EXPECT_TRUE(sink->tally(&tally));
  return tally;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The values of the column seq.
std::vector<std::int64_t> numbers_in(const json& found) {
  std::vector<std::int64_t> numbers;
  if (!found.contains("rows")) return numbers;
  for (const json& row : found["rows"]) {
    const auto text = row[0].get<std::string>();
    std::int64_t number = -1;
    std::from_chars(text.data() + 2, text.data() + text.size(), number);
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::int64_t> counted(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = first; i < first + count; ++i) numbers.push_back(i);
  return numbers;
}

std::vector<std::string> groups_in(const json& found) {
  std::vector<std::string> rows;
  if (!found.contains("groups")) return rows;
  for (const json& group : found["groups"]) {
    rows.push_back(group["rows"].get<std::string>());
  }
  return rows;
}

class ParquetSinkTest : public testing::Test {
 protected:
  ParquetSinkTest() { fs::create_directory(folder()); }

  std::string folder() const { return folder_.file("data"); }
  std::string path() const { return folder() + "/run.parquet"; }
  SinkPtr make(std::vector<Field> fields = {}) {
    path_ = path();
    fields.emplace_back("path", path_);
    if (std::none_of(fields.begin(), fields.end(),
                     [](const Field& field) { return field.key == "sync"; })) {
      fields.emplace_back("sync", false);
    }
    return make_for_samples(fields);
  }
  SinkPtr open(std::vector<Field> fields = {}) {
    SinkPtr sink = make(std::move(fields));
    EXPECT_OK(sink->open());
    return sink;
  }
  std::vector<std::string> files() const { return names_in(folder()); }

  TempFolder folder_;
  std::string path_;
};

using Names = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;
using Groups = std::vector<std::string>;

// ---- Options

TEST_F(ParquetSinkTest, WrongOptionsAreRefused) {
  const auto refused = [](std::string_view key, Value value) {
    return refusal(make_parquet_sink,
                   {{"path", "/tmp/x.parquet"}, {key, value}});
  };
  EXPECT_NE(refused("row_group_rows", 0), "");
  EXPECT_NE(refused("row_group_rows", -5), "");
  EXPECT_NE(refused("row_groups", "file"), "");
  EXPECT_NE(refused("compression", "gzip"), "");
  EXPECT_NE(refused("compression_level", 0), "");
  EXPECT_NE(refused("checkpoint_s", -1), "");
  EXPECT_NE(refused("mode", "append"), "");
  EXPECT_NE(refused("times", "iso"), "");
  EXPECT_NE(refusal(make_parquet_sink, {}), "");
  EXPECT_NE(refusal(make_parquet_sink, {{"path", "/tmp/x"},
                                        {"compression", "none"},
                                        {"compression_level", 3}}),
            "");
  EXPECT_EQ(refused("compression", "zstd"), "");
}

TEST_F(ParquetSinkTest, TheCompressionAskedForIsUsed) {
  SKIP_WITHOUT_JUDGES();
  const std::pair<const char*, const char*> kinds[] = {
      {nullptr, "ZSTD"},
      {"zstd", "ZSTD"},
      {"snappy", "SNAPPY"},
      {"none", "UNCOMPRESSED"}};
  for (const auto& [option, codec] : kinds) {
    SinkPtr sink = option == nullptr
                       ? open({{"mode", "truncate"}})
                       : open({{"mode", "truncate"}, {"compression", option}});
    ASSERT_OK(sink->write(numbered(0, 100)));
    ASSERT_OK(sink->close());
    const json found = agreed(path());
    EXPECT_EQ(numbers_in(found), counted(0, 100));
    EXPECT_EQ(found["groups"][0]["columns"][0]["codec"], codec);
  }
  EXPECT_EQ(files(), Names{"run.parquet"});
}

TEST_F(ParquetSinkTest, TimesAreTextIfAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"times", "text"}});
  Rows rows({{"at", Kind::time}});
  rows.add({kTestTime});
  ASSERT_OK(sink->write(rows));
  ASSERT_OK(sink->close());
  expect_table(path(), json::array({json::array({"at", "text"})}),
               {{as_judged("2026-11-21T01:39:28.656642Z", Kind::text)}});
}

// ---- Files

TEST_F(ParquetSinkTest, WithoutRowsThereIsNoFile) {
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 0)));
  ASSERT_OK(sink->flush());
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{});
}

TEST_F(ParquetSinkTest, ParentFoldersAreMade) {
  const std::string path = folder_.file("a/b/c/run.parquet");
  SinkPtr sink = make_for_samples({{"path", path}});
  ASSERT_OK(sink->open());
  ASSERT_OK(sink->write(numbered(0, 1)));
  ASSERT_OK(sink->close());
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(ParquetSinkTest, ClosingLeavesOneCompleteFile) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 3)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(agreed(path())["pairs"]["stogger.state"], "open");
  ASSERT_OK(sink->write(numbered(3, 3)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(files(), (Names{".run.parquet.next", "run.parquet"}));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  const json found = agreed(path());
  EXPECT_EQ(found["pairs"]["stogger.state"], "complete");
  EXPECT_EQ(numbers_in(found), counted(0, 6));
  EXPECT_EQ(found["created_by"], "stogger version 0.1.0");
}

TEST_F(ParquetSinkTest, ASinkOpenedAgainGoesOnInItsFile) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  for (std::int64_t i = 0; i < 4; ++i) {
    ASSERT_OK(sink->write(numbered(i, 1)));
    ASSERT_OK(sink->close());
    ASSERT_OK(sink->open());
  }
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 4));
}

TEST_F(ParquetSinkTest, AFileOfAnotherLifeGetsADatedName) {
  SKIP_WITHOUT_JUDGES();
  for (std::int64_t i = 0; i < 3; ++i) {
    SinkPtr sink = open();
    ASSERT_OK(sink->write(numbered(10 * i, 2)));
    ASSERT_OK(sink->close());
  }
  EXPECT_EQ(numbers_in(agreed(path())), counted(20, 2));
  const Names names = files();
  ASSERT_EQ(names.size(), 3u);
  std::set<std::int64_t> all;
  for (const std::string& name : names) {
    EXPECT_TRUE(name.starts_with("run.")) << name;
    EXPECT_TRUE(name.ends_with(".parquet")) << name;
    for (const std::int64_t i : numbers_in(agreed(folder() + "/" + name))) {
      EXPECT_TRUE(all.insert(i).second);
    }
  }
  EXPECT_EQ(all.size(), 6u);
}

TEST_F(ParquetSinkTest, TruncateOverwritesOnceThereAreRows) {
  SKIP_WITHOUT_JUDGES();
  write_file(path(), "old");
  SinkPtr sink = open({{"mode", "truncate"}});
  EXPECT_EQ(read_file(path()), "old");
  ASSERT_OK(sink->write(numbered(0, 2)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 2));
}

TEST_F(ParquetSinkTest, TwoWritersDoNotShareAFile) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr first = open();
  ASSERT_OK(first->write(numbered(0, 1)));
  ASSERT_OK(first->flush());
  SinkPtr second = open();
  SinkPtr third = open();
  ASSERT_OK(second->write(numbered(10, 1)));
  ASSERT_OK(third->write(numbered(20, 1)));
  ASSERT_OK(first->write(numbered(1, 1)));
  for (SinkPtr* sink : {&third, &first, &second}) ASSERT_OK((*sink)->close());
  EXPECT_EQ(files(), (Names{"run-2.parquet", "run-3.parquet", "run.parquet"}));
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 2));
  EXPECT_EQ(numbers_in(agreed(folder() + "/run-2.parquet")), Numbers{10});
  EXPECT_EQ(numbers_in(agreed(folder() + "/run-3.parquet")), Numbers{20});
}

TEST_F(ParquetSinkTest, WhatIsNoRegularFileIsRefused) {
  fs::create_directory(path());
  SinkPtr sink = make();
  EXPECT_FALSE(sink->open().ok());
  fs::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const Status status = sink->open();
  EXPECT_NE(status.message().find("no regular file"), std::string_view::npos)
      << status.message();
  EXPECT_EQ(files(), Names{"run.parquet"});
  fs::remove(path());
  EXPECT_OK(sink->open());
}

TEST_F(ParquetSinkTest, ALinkAtThePathIsPutAsideAndItsTargetLeftAlone) {
  const std::string target = folder_.file("other");
  write_file(target, "precious");
  fs::create_symlink(target, path());
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 1)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(read_file(target), "precious");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path())));
}

// ---- Row groups and checkpoints

TEST_F(ParquetSinkTest, EachBatchIsARowGroupIfAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_groups", "batch"}, {"row_group_rows", 4}});
  ASSERT_OK(sink->write(numbered(0, 2)));
  ASSERT_OK(sink->write(numbered(2, 1)));
  ASSERT_OK(sink->write(numbered(3, 6)));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(groups_in(found), (Groups{"2", "1", "4", "2"}));
  EXPECT_EQ(numbers_in(found), counted(0, 9));
}

TEST_F(ParquetSinkTest, RowGroupsHaveAsManyRowsAsAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_group_rows", 4}});
  for (std::int64_t i = 0; i < 5; ++i)
    ASSERT_OK(sink->write(numbered(2 * i, 2)));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(groups_in(found), (Groups{"4", "4", "2"}));
  EXPECT_EQ(numbers_in(found), counted(0, 10));
}

TEST_F(ParquetSinkTest, FrequentCheckpointsDoNotMakeSmallRowGroups) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"row_group_rows", 16}});
  for (std::int64_t i = 0; i < 40; ++i) {
    ASSERT_OK(sink->write(numbered(i, 1)));
    ASSERT_OK(sink->flush());
    EXPECT_EQ(tally_of(sink).buffered, 0u);
    if (i % 7 == 0) {
      EXPECT_EQ(numbers_in(agreed(path())), counted(0, i + 1));
    }
  }
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(groups_in(found), (Groups{"16", "16", "8"}));
  EXPECT_EQ(numbers_in(found), counted(0, 40));
}

TEST_F(ParquetSinkTest, RowsCountAsWrittenOnceACheckpointHasThem) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"checkpoint_s", 5.0}});
  ASSERT_OK(sink->write(numbered(0, 3)));
  EXPECT_EQ(tally_of(sink).buffered, 3u);
  EXPECT_EQ(tally_of(sink).written, 0u);
  EXPECT_FALSE(fs::exists(path()));
  ASSERT_OK(sink->write(numbered(3, 1, Time{kTestTime.ns + 4 * kSecond})));
  EXPECT_EQ(tally_of(sink).buffered, 4u);
  ASSERT_OK(sink->write(numbered(4, 1, Time{kTestTime.ns + 5 * kSecond})));
  EXPECT_EQ(tally_of(sink).written, 5u);
  EXPECT_EQ(tally_of(sink).buffered, 0u);
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 5));
  ASSERT_OK(sink->write(numbered(5, 1, Time{kTestTime.ns + 6 * kSecond})));
  EXPECT_EQ(tally_of(sink).buffered, 1u);
  // A clock that was set back makes no difference.
  ASSERT_OK(sink->write(numbered(6, 1, Time{kTestTime.ns - 9 * kSecond})));
  EXPECT_EQ(tally_of(sink).buffered, 0u);
}

TEST_F(ParquetSinkTest, CheckpointsComeAfterSoManyRows) {
  SinkPtr sink = open({{"checkpoint_s", 0.0}, {"checkpoint_rows", 10}});
  ASSERT_OK(sink->write(numbered(0, 9)));
  EXPECT_EQ(tally_of(sink).written, 0u);
  ASSERT_OK(sink->write(numbered(9, 1)));
  EXPECT_EQ(tally_of(sink).written, 10u);
}

TEST_F(ParquetSinkTest, ManyBytesMakeARowGroupBeforeManyRowsDo) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"checkpoint_s", 0.0}});
  std::uint64_t most = 0;
  std::string text(1024 * 1024, ' ');
  for (std::int64_t i = 0; i < 150; ++i) {
    text.replace(0, 4, std::to_string(1000 + i));
    Rows rows({{"seq", Kind::integer}, {"text", Kind::text}});
    rows.add({i, Value(text)});
    ASSERT_OK(sink->write(rows));
    most = std::max(most, tally_of(sink).buffered);
  }
  EXPECT_LT(most, 70u);
  ASSERT_OK(sink->close());
  const auto found = judge({path()}, false)[0];
  EXPECT_EQ(found.duckdb["count"], "150");
  EXPECT_EQ(groups_in(found.hyparquet).size(), 3u);
}

// ---- Schema

TEST_F(ParquetSinkTest, TheFirstBatchMakesTheColumns) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  Rows first({{"seq", Kind::integer},
              {"mixed", Kind::null},
              {"big", Kind::unsigned_integer},
              {"number", Kind::null},
              {"nothing", Kind::null},
              {"flag", Kind::boolean},
              {"at", Kind::time}});
  first.add({1, "x", 1, 2, nullptr, true, kTestTime});
  first.add({2, 7, UINT64_MAX, 2.5, nullptr, nullptr, nullptr});
  ASSERT_OK(sink->write(first));
  Rows second({{"new", Kind::integer}, {"seq", Kind::integer}});
  second.add({9, 3});
  Status told = sink->write(second);
  EXPECT_EQ(told.code(), Code::rejected);
  EXPECT_NE(told.message().find("\"new\""), std::string_view::npos);
  EXPECT_OK(sink->write(second));
  ASSERT_OK(sink->close());
  const json found = agreed(path());
  EXPECT_EQ(found["columns"].dump(),
            R"([["seq","integer"],["mixed","text"],["big","unsigned"],)"
            R"(["number","real"],["nothing","text"],["flag","boolean"],)"
            R"(["at","time"]])");
  ASSERT_EQ(found["rows"].size(), 4u);
  EXPECT_EQ(found["rows"][1][1], as_judged("7", Kind::text));
  EXPECT_EQ(found["rows"][0][2], "u:1");
  EXPECT_EQ(found["rows"][1][2], "u:18446744073709551615");
  EXPECT_EQ(found["rows"][0][3], as_judged(2.0, Kind::real));
  EXPECT_EQ(found["rows"][3][0], "i:3");
  for (std::size_t i = 1; i < 7; ++i) EXPECT_EQ(found["rows"][3][i], nullptr);
  EXPECT_EQ(tally_of(sink).written, 4u);
}

TEST_F(ParquetSinkTest, EventsHaveTheSixColumnsOfALogRow) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = make_or_throw(
      make_parquet_sink, {{"path", Value(path_ = path())}, {"sync", false}});
  ASSERT_OK(sink->open());
  EXPECT_EQ(sink->form(), RowForm::table);
  const Rows rows = table_rows({{}, {.event = "second", .scope = "job"}});
  ASSERT_OK(sink->write(rows));
  ASSERT_OK(sink->close());
  expect_table(path(),
               json::parse(R"([["timestamp","time"],["level","text"],)"
                           R"(["event","text"],["func","text"],)"
                           R"(["scope","text"],["data","json"]])"),
               rows_as_judged(rows));
}

// ---- Rolling

TEST_F(ParquetSinkTest, RollsToANewFileBySize) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"roll_bytes", 1500}, {"row_group_rows", 100}});
  for (std::int64_t i = 0; i < 20; ++i) {
    ASSERT_OK(sink->write(numbered(100 * i, 100)));
  }
  ASSERT_OK(sink->close());
  const Names names = files();
  EXPECT_GT(names.size(), 2u);
  std::set<std::int64_t> all;
  for (const std::string& name : names) {
    const json found = agreed(folder() + "/" + name);
    EXPECT_EQ(found["pairs"]["stogger.state"], "complete");
    EXPECT_LT(fs::file_size(folder() + "/" + name), 3000u);
    for (const std::int64_t i : numbers_in(found)) {
      EXPECT_TRUE(all.insert(i).second) << i;
    }
  }
  EXPECT_EQ(all.size(), 2000u);
}

TEST_F(ParquetSinkTest, RollsToANewFileByTime) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"roll_s", 60.0}});
  for (std::int64_t i = 0; i < 13; ++i) {
    const Time now{kTestTime.ns + i * 10 * kSecond};
    ASSERT_OK(sink->write(numbered(i, 1, now)));
  }
  ASSERT_OK(sink->close());
  EXPECT_EQ(files().size(), 3u);
  EXPECT_EQ(numbers_in(agreed(path())), Numbers{12});
  EXPECT_EQ(tally_of(sink).written, 13u);
}

// ---- Whatever happens to the files

TEST_F(ParquetSinkTest, AMovedFileKeepsItsRowsAndANewOneGetsTheRest) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 3)));
  ASSERT_OK(sink->flush());
  ASSERT_OK(sink->write(numbered(3, 3)));
  fs::rename(path(), folder() + "/moved.parquet");
  ASSERT_OK(sink->flush());
  ASSERT_OK(sink->write(numbered(6, 3)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), (Names{"moved.parquet", "run.parquet"}));
  EXPECT_EQ(numbers_in(agreed(folder() + "/moved.parquet")), counted(0, 3));
  EXPECT_EQ(numbers_in(agreed(path())), counted(3, 6));
  EXPECT_EQ(tally_of(sink).written, 9u);
}

TEST_F(ParquetSinkTest, WhatTookThePlaceOfTheFileIsKept) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 3)));
  ASSERT_OK(sink->flush());
  fs::remove(path());
  write_file(path(), "someone else's");
  ASSERT_OK(sink->write(numbered(3, 3)));
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
    ASSERT_OK(sink->write(numbered(i, 1)));
    ASSERT_OK(sink->flush());
    fs::remove(folder() + "/.run.parquet.next");
  }
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 12));
}

TEST_F(ParquetSinkTest, ADeletedFolderIsMadeAgain) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 2)));
  ASSERT_OK(sink->flush());
  fs::remove_all(folder());
  ASSERT_OK(sink->write(numbered(2, 2)));
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
  ASSERT_OK(sink->write(numbered(0, 250)));
  ASSERT_OK(sink->flush());
  disk.fill();
  const Status full = sink->write(numbered(250, 3000));
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
  ASSERT_OK(sink->write(numbered(3250, 1)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(numbers_in(agreed(path)), counted(0, 3251));
  EXPECT_EQ(tally_of(sink).written, 3251u);
  EXPECT_EQ(tally_of(sink).buffered, 0u);
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
    static_cast<void>(sink->write(rows));
    refused += tally_of(sink).buffered == before ? 1 : 0;
  }
  EXPECT_GT(refused, 100u);
  EXPECT_EQ(tally_of(sink).buffered + refused, 200u);
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
    return sink->open().ok() && sink->write(rows).ok() && !sink->flush().ok();
  }));
}

TEST_F(ParquetSinkTest, AChildHasAFileOfItsOwn) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(0, 2)));
  ASSERT_OK(sink->flush());
  ASSERT_OK(sink->write(numbered(2, 2)));
  EXPECT_TRUE(in_child([&] {
    sink->abandon();
    return sink->open().ok() && sink->write(numbered(100, 1)).ok() &&
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
      if (!sink->write(numbered(i, 1)).ok() || !sink->flush().ok() ||
          !fs::exists(path())) {
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
        if (!sink->write(numbered(i, 1)).ok()) return false;
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
    bool fine = sink->write(numbered(0, 3)).ok() && sink->flush().ok() &&
                sink->write(numbered(3, 3)).ok() && sink->flush().ok() &&
                sink->write(numbered(6, 3)).ok();
    ready.give();
    for (;;) ::pause();
    return fine;
  });
  ASSERT_TRUE(ready.take());
  kill_child(child);
  EXPECT_EQ(files(), (Names{".run.parquet.next", "run.parquet"}));
  SinkPtr sink = open();
  ASSERT_OK(sink->write(numbered(100, 1)));
  ASSERT_OK(sink->close());
  const Names names = files();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(numbers_in(agreed(folder() + "/" + names[0])), counted(0, 6));
  EXPECT_EQ(numbers_in(agreed(path())), Numbers{100});
}

}  // namespace
}  // namespace stogger
