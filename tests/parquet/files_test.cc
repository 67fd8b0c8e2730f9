// The files of the sink: their names, their ends, and how they roll.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/parquet/sink_fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/mode_of.h"
#include "tests/support/processes.h"

namespace stogger {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// ---- Files

TEST_F(ParquetSinkTest, WithoutRowsThereIsNoFile) {
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 0)));
  ASSERT_OK(sink->flush());
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{});
}

TEST_F(ParquetSinkTest, ParentFoldersAreMade) {
  const std::string path = folder_.file("a/b/c/run.parquet");
  SinkPtr sink = make_for_samples({{"path", path}});
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->close());
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(ParquetSinkTest, ClosingLeavesOneCompleteFile) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 3)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(agreed(path())["pairs"]["stogger.state"], "open");
  ASSERT_OK(write_to(*sink, numbered(3, 3)));
  ASSERT_OK(sink->flush());
  EXPECT_EQ(files(),
            (Names{".run.parquet.lock", ".run.parquet.next", "run.parquet"}));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  const json found = agreed(path());
  EXPECT_EQ(found["pairs"]["stogger.state"], "complete");
  EXPECT_EQ(numbers_in(found), counted(0, 6));
  EXPECT_EQ(found["created_by"], "stogger version 0.2.0");
}

TEST_F(ParquetSinkTest, ASinkOpenedAgainGoesOnInItsFile) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open();
  for (std::int64_t i = 0; i < 4; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
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
    ASSERT_OK(write_to(*sink, numbered(10 * i, 2)));
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

TEST_F(ParquetSinkTest, AFileThatMayOnlyBeReadGetsADatedName) {
  write_file(path(), "another life");
  ::chmod(path().c_str(), 0444);
  EXPECT_TRUE(in_child([&] {
    // Rights are no matter to the superuser.
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0) {
      for (const std::string& name : {folder_.path(), folder(), path()}) {
        if (::chown(name.c_str(), kNobody, kNobody) != 0) return false;
      }
      if (::setuid(kNobody) != 0) return false;
    }
    SinkPtr sink = make();
    return sink->open().ok() &&
           said_of(*sink, numbered(0, 2)).notices.size() == 1 &&
           sink->close().ok();
  }));
  const Names names = files();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(read_file(folder() + "/" + names[0]), "another life");
  EXPECT_EQ(names[1], "run.parquet");
}

TEST_F(ParquetSinkTest, AFileOfAnotherProgramGetsADatedNameWithALine) {
  const std::string line = "there is a file of another program at \"" + path() +
                           "\", which is kept under a dated name";
  for (const std::string& content :
       {std::string("listen = 80\n"), std::string(), std::string(20, '\0')}) {
    fs::remove_all(folder());
    fs::create_directories(folder());
    write_file(path(), content);
    SinkPtr sink = open();
    const KeptReport said = said_of(*sink, numbered(0, 2));
    EXPECT_EQ(said.notices, std::vector<std::string>{line});
    EXPECT_OK(write_to(*sink, numbered(2, 2)));
    ASSERT_OK(sink->close());
    ASSERT_EQ(files().size(), 2u);
    EXPECT_EQ(read_file(folder() + "/" + files()[0]), content);
  }
}

TEST_F(ParquetSinkTest, AFileThatTakesThePlaceOfOursGetsADatedNameWithALine) {
  SinkPtr sink = open();
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(sink->flush());
  fs::remove(path());
  write_file(path(), "listen = 80\n");
  ASSERT_OK(write_to(*sink, numbered(2, 2)));
  ASSERT_OK(sink->flush());
  const KeptReport said = said_of(*sink, numbered(4, 2));
  ASSERT_EQ(said.notices.size(), 1u);
  EXPECT_NE(said.notices[0].find("a file of another program"),
            std::string::npos);
  ASSERT_OK(sink->close());
}

TEST_F(ParquetSinkTest, TruncateOverwritesOnceThereAreRows) {
  SKIP_WITHOUT_JUDGES();
  write_file(path(), "old");
  SinkPtr sink = open({{"mode", "truncate"}});
  EXPECT_EQ(read_file(path()), "old");
  ASSERT_OK(write_to(*sink, numbered(0, 2)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(files(), Names{"run.parquet"});
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 2));
}

TEST_F(ParquetSinkTest, TwoWritersDoNotShareAFile) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr first = open();
  ASSERT_OK(write_to(*first, numbered(0, 1)));
  ASSERT_OK(first->flush());
  SinkPtr second = open();
  SinkPtr third = open();
  EXPECT_EQ(first->target(), path());
  EXPECT_EQ(second->target(), folder() + "/run-2.parquet");
  ASSERT_OK(write_to(*second, numbered(10, 1)));
  ASSERT_OK(write_to(*third, numbered(20, 1)));
  ASSERT_OK(write_to(*first, numbered(1, 1)));
  for (SinkPtr* sink : {&third, &first, &second}) ASSERT_OK((*sink)->close());
  EXPECT_EQ(files(), (Names{"run-2.parquet", "run-3.parquet", "run.parquet"}));
  EXPECT_EQ(numbers_in(agreed(path())), counted(0, 2));
  EXPECT_EQ(numbers_in(agreed(folder() + "/run-2.parquet")), Numbers{10});
  EXPECT_EQ(numbers_in(agreed(folder() + "/run-3.parquet")), Numbers{20});
}

TEST_F(ParquetSinkTest, AHundredWritersOfAPathAreEnough) {
  std::vector<SinkPtr> sinks;
  for (int i = 0; i < 100; ++i) sinks.push_back(open());
  EXPECT_EQ(sinks.back()->target(), folder() + "/run-100.parquet");
  const SinkPtr one_more = make();
  const Status status = one_more->open();
  EXPECT_NE(status.message().find("too many other processes"),
            std::string_view::npos)
      << status.message();
  sinks.pop_back();
  EXPECT_OK(one_more->open());
}

TEST_F(ParquetSinkTest, WhatIsNoRegularFileIsRefused) {
  fs::create_directory(path());
  SinkPtr sink = make();
  EXPECT_EQ(sink->target(), path());
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

// One's own, in a folder that nobody else may change.
TEST_F(ParquetSinkTest, ALinkLeadsToTheFolderThatTheFileLiesIn) {
  const std::string target = folder_.file("other.parquet");
  write_file(target, "precious");
  fs::create_symlink(target, path());
  SinkPtr sink = open();
  EXPECT_EQ(sink->target(), target);
  EXPECT_EQ(said_of(*sink, numbered(0, 1)).notices.size(), 1u);
  ASSERT_OK(sink->close());
  EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path())));
  EXPECT_TRUE(read_file(path()).starts_with("PAR1"));
  Names names = names_in(folder_.path());
  ASSERT_EQ(names.size(), 3u);  // the folder, and the two
  EXPECT_EQ(read_file(folder_.file(names[1])), "precious") << names[1];
}

TEST_F(ParquetSinkTest, CheckpointsAndNewFilesHaveTheModeOfTheFileBefore) {
  SinkPtr sink = open({{"roll_bytes", 1500}, {"row_group_rows", 100}});
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->flush());
  ASSERT_EQ(::chmod(path().c_str(), 0604), 0);
  for (std::int64_t i = 1; i < 4; ++i) {
    ASSERT_OK(write_to(*sink, numbered(i, 1)));
    ASSERT_OK(sink->flush());
    EXPECT_EQ(mode_of(path()), 0604u) << i;
  }
  fs::rename(path(), folder_.file("moved"));
  for (std::int64_t i = 0; i < 20; ++i) {
    ASSERT_OK(write_to(*sink, numbered(100 * i, 100)));
  }
  ASSERT_OK(sink->close());
  EXPECT_GT(files().size(), 2u);
  for (const std::string& name : files()) {
    EXPECT_EQ(mode_of(folder() + "/" + name), 0604u) << name;
  }
  sink = open({{"mode", "truncate"}});
  ASSERT_OK(write_to(*sink, numbered(0, 1)));
  ASSERT_OK(sink->close());
  EXPECT_EQ(mode_of(path()), 0604u);
}

// ---- Rolling

TEST_F(ParquetSinkTest, RollsToANewFileBySize) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"roll_bytes", 1500}, {"row_group_rows", 100}});
  for (std::int64_t i = 0; i < 20; ++i) {
    ASSERT_OK(write_to(*sink, numbered(100 * i, 100)));
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

TEST_F(ParquetSinkTest, RollsForANewColumnIfAskedFor) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"on_new_column", "roll"}, {"row_group_rows", 4}});
  const auto write = [&](const Rows& rows) {
    const KeptReport said = said_of(*sink, rows);
    EXPECT_TRUE(said.is_empty());
  };
  write(field_rows({{{"a", 1}}, {{"a", 2}}}));
  ASSERT_OK(sink->flush());
  write(field_rows({{{"a", 3}}}));
  write(field_rows({{{"b", 2.5}, {"a", 4}}}));
  write(field_rows({{{"a", 5}}}));
  EXPECT_EQ(sink->columns().column_count, 2u);
  ASSERT_OK(sink->close());
  EXPECT_EQ(tally_of(sink).written, 5u);
  ASSERT_EQ(files().size(), 2u);
  using nlohmann::json;
  const json old = agreed(folder() + "/" + files()[0]);
  EXPECT_EQ(old["columns"].size(), 1u);
  EXPECT_EQ(old["rows"].size(), 3u);
  expect_table(
      path(),
      json::array({json::array({"a", "integer"}), json::array({"b", "real"})}),
      rows_as_judged(Rows({{"a", Kind::integer}, {"b", Kind::real}})
                         .add({4, 2.5})
                         .add({5, nullptr})));
}

TEST_F(ParquetSinkTest, ANewColumnInAFileThatWasMovedAwayNeedsNoRoll) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"on_new_column", "roll"}});
  ASSERT_OK(write_to(*sink, field_rows({{{"a", 1}}})));
  ASSERT_OK(sink->flush());
  fs::rename(path(), folder() + "/moved.parquet");
  ASSERT_OK(write_to(*sink, field_rows({{{"a", 2}, {"b", 2.5}}})));
  ASSERT_OK(sink->close());
  EXPECT_EQ(agreed(path())["columns"].size(), 2u);
  EXPECT_EQ(agreed(path())["rows"].size(), 1u);
  EXPECT_EQ(files(), Names({"moved.parquet", "run.parquet"}));
}

TEST_F(ParquetSinkTest, RollsAFileOfASingleCheckpoint) {
  SinkPtr sink = open({{"checkpoint_s", 0.0}, {"roll_s", 60.0}});
  for (std::int64_t i = 0; i < 10; ++i) {
    const Time now{kTestTime.ns + i * 60 * kSecond};
    ASSERT_OK(write_to(*sink, numbered(2 * i, 1, now)));
    ASSERT_OK(write_to(*sink, numbered(2 * i + 1, 1, now)));
    EXPECT_EQ(files()[0], ".run.parquet.lock");
  }
  ASSERT_OK(sink->close());
  EXPECT_EQ(files().size(), 10u);
  EXPECT_EQ(tally_of(sink).written, 20u);
}

TEST_F(ParquetSinkTest, RollsToANewFileByTime) {
  SKIP_WITHOUT_JUDGES();
  SinkPtr sink = open({{"roll_s", 60.0}});
  for (std::int64_t i = 0; i < 13; ++i) {
    const Time now{kTestTime.ns + i * 10 * kSecond};
    ASSERT_OK(write_to(*sink, numbered(i, 1, now)));
  }
  ASSERT_OK(sink->close());
  EXPECT_EQ(files().size(), 3u);
  EXPECT_EQ(numbers_in(agreed(path())), Numbers{12});
  EXPECT_EQ(tally_of(sink).written, 13u);
}

}  // namespace
}  // namespace stogger
