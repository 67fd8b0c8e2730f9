// What `stogger check --connect` finds out about a SQLite sink, and that it
// changes nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/options.h"
#include "sinks/builtin.h"
#include "stogger/testing.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tree.h"

namespace stogger {
namespace {

class Findings final : public CheckFindings {
 public:
  void would_change(std::string_view what) override { add("change", what); }
  void warn(std::string_view what) override { add("warning", what); }
  const std::string& text() const { return text_; }

 private:
  void add(const char* kind, std::string_view what) {
    text_ += std::string(kind) + ": " + std::string(what) + "\n";
  }
  std::string text_;
};

class SqliteCheck : public ::testing::Test {
 protected:
  SinkPtr make(const std::vector<Field>& more = {}, bool samples = false) {
    std::vector<Field> fields = {{"path", path_}};
    fields.insert(fields.end(), more.begin(), more.end());
    Options options("sqlite", Fields(fields.data(), fields.size()));
    if (samples) OptionsAccess::set_for_samples(options);
    SinkPtr sink;
    EXPECT_OK(make_sqlite_sink(options, &sink));
    return sink;
  }

  // Everything that is there and could change. (For root, SQLite gives a log to
  // its owner again, which shows in the time of its last change of state.)
  std::string snapshot() const {
    std::vector<std::string> entries;
    const auto add = [&](const std::string& path) {
      struct stat info = {};
      EXPECT_EQ(::lstat(path.c_str(), &info), 0);
      const auto time = [](const timespec& t) {
        return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec);
      };
      entries.push_back(path + " " + std::to_string(info.st_ino) + " " +
                        std::to_string(info.st_mode) + " " +
                        std::to_string(info.st_size) + " " +
                        std::to_string(info.st_uid) + " " + time(info.st_mtim) +
                        " " + (S_ISREG(info.st_mode) ? read_file(path) : ""));
    };
    add(folder_.path());
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path())) {
      add(entry.path().string());
    }
    std::sort(entries.begin(), entries.end());
    std::string all;
    for (const std::string& entry : entries) all += entry + "\n";
    return all;
  }

  // What check() says, its Status in the last line.
  std::string check(const std::vector<Field>& more = {}, bool samples = false) {
    SinkPtr sink = make(more, samples);
    Findings findings;
    const std::string before = snapshot();
    const Status status = sink->check(findings);
    EXPECT_TRUE(snapshot() == before) << findings.text();
    sink.reset();
    EXPECT_TRUE(snapshot() == before) << findings.text();
    std::string text = findings.text() + (status.ok() ? "ok" : "");
    text += status.message();
    for (std::size_t at = 0; (at = text.find(path_)) != std::string::npos;) {
      text.replace(at, path_.size(), "PATH");
    }
    return text;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("log.db");
};

TEST_F(SqliteCheck, AMissingDatabaseWouldBeCreated) {
  EXPECT_EQ(check(),
            "change: would create the database \"PATH\"\n"
            "change: would create the table \"stogger_logs\"\nok");
  EXPECT_EQ(check({}, true),
            "change: would create the database \"PATH\"\n"
            "change: would create the table \"samples\" with the columns of "
            "the first batch\nok");
  EXPECT_EQ(check({{"create_table", false}}),
            "change: would create the database \"PATH\"\n"
            "there is no table \"stogger_logs\": create it, or set "
            "create_table = true");
  path_ = folder_.file("a/b/log.db");
  EXPECT_EQ(check(),
            "change: would create the database \"PATH\"\n"
            "change: would create the table \"stogger_logs\"\nok");
}

TEST_F(SqliteCheck, AnEmptyFileWouldBecomeADatabase) {
  write_file(path_, "");
  write_file(path_ + "-wal", "of another file");
  EXPECT_EQ(check(),
            "change: would make a database of the empty file \"PATH\"\n"
            "change: would rename \"PATH-wal\", which is the log of another "
            "file\n"
            "change: would create the table \"stogger_logs\"\nok");
}

TEST_F(SqliteCheck, ADatabaseInUseByAnotherProcessIsRead) {
  Signal written;
  Signal checked;
  const pid_t child = start_child([&] {
    SinkPtr writer = make();
    if (!writer->open().ok() || !write_to(*writer, table_rows({{}})).ok()) {
      return false;
    }
    written.give();
    return checked.take() && write_to(*writer, table_rows({{}})).ok();
  });
  ASSERT_TRUE(written.take());
  // The table is in the log only.
  EXPECT_EQ(check(), "ok");
  EXPECT_EQ(check({{"table", "other"}}),
            "change: would create the table \"other\"\nok");
  checked.give();
  EXPECT_TRUE(succeeded(child));
  EXPECT_EQ(SqliteQuery(path_).one("SELECT count(*) FROM stogger_logs"), "2");
}

TEST_F(SqliteCheck, WhatACrashHasLeftStays) {
  ASSERT_TRUE(in_child([&] {
    Sink* const never_closed = make().release();
    return never_closed->open().ok() &&
           write_to(*never_closed, table_rows({{}})).ok();
  }));
  EXPECT_EQ(check(), "ok");
  std::filesystem::remove(path_ + "-shm");
  const std::string text = check();
  EXPECT_NE(text.find("warning: the write-ahead log of \"PATH\" could not"),
            std::string::npos)
      << text;
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  EXPECT_EQ(SqliteQuery(path_).one("SELECT count(*) FROM stogger_logs"), "1");
}

TEST_F(SqliteCheck, AsRootTheLogAndItsIndexKeepTheirOwners) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t kDaemon = 1;
  constexpr uid_t kNobody = 65534;
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  ASSERT_EQ(::chown(path_.c_str(), kDaemon, kDaemon), 0);
  for (const char* const part : {"-wal", "-shm"}) {
    ASSERT_EQ(::chown((path_ + part).c_str(), kNobody, kNobody), 0);
  }
  const auto before = tree_of(folder_.path());
  check();
  EXPECT_EQ(tree_of(folder_.path()), before);
}

TEST_F(SqliteCheck, AnotherJournalModeWouldBeSet) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data)");
  EXPECT_EQ(check(), "change: would set journal_mode to WAL\nok");
  EXPECT_EQ(check({{"journal_mode", "DELETE"}}), "ok");
}

TEST_F(SqliteCheck, ALogThatAGroupMayWriteIsAdvisedAgainst) {
  ASSERT_OK(make()->open());
  std::filesystem::permissions(path_, std::filesystem::perms(0660));
  EXPECT_EQ(check(),
            "warning: \"PATH\" is writable for a group, and journal_mode is "
            "WAL: each user of that group can end the programs that log here; "
            "set journal_mode = \"DELETE\" if not all of them are trusted\nok");
  EXPECT_EQ(check({{"file_mode", "0660"}}), "ok");  // that has been said
  EXPECT_EQ(check({{"journal_mode", "DELETE"}}),
            "change: would set journal_mode to DELETE\nok");
}

TEST_F(SqliteCheck, ColumnsThatDoNotFitAreSaid) {
  const std::vector<Field> mode = {{"journal_mode", "DELETE"}};
  SqliteQuery(path_).run("CREATE TABLE stogger_logs (timestamp, level)");
  EXPECT_EQ(check(mode),
            "the table \"stogger_logs\" has no column \"event\", \"func\", "
            "\"scope\" or \"data\": add what is missing, or choose another "
            "table");
  SqliteQuery(path_).run(
      "DROP TABLE stogger_logs; CREATE TABLE stogger_logs (timestamp NOT NULL, "
      "level, event, func, scope, data, host TEXT NOT NULL, at NOT NULL "
      "DEFAULT 7)");
  EXPECT_EQ(check(mode),
            "warning: the column \"host\" of the table \"stogger_logs\" must "
            "not be null and has no default: events without a value for it are "
            "refused\nok");
  SqliteQuery(path_).run(
      "DROP TABLE stogger_logs; CREATE VIEW stogger_logs AS SELECT 1 AS "
      "timestamp, 2 AS level, 3 AS event, 4 AS func, 5 AS scope, 6 AS data");
  EXPECT_NE(check(mode).find("is a view"), std::string::npos);
}

TEST_F(SqliteCheck, WhatIsNoDatabaseIsRefused) {
  write_file(path_, "listen = 80\n");
  EXPECT_EQ(check(),
            "\"PATH\" is no SQLite database, or an encrypted one, and is left "
            "as it is: choose another path");
}

TEST_F(SqliteCheck, ADamagedDatabaseWouldBeRenamed) {
  SqliteQuery(path_).run("CREATE TABLE t (x)");
  const std::string whole = read_file(path_);
  write_file(path_, whole.substr(0, 100) + std::string(whole.size() - 100, 1));
  EXPECT_NE(check().find("would be renamed to \"PATH.corrupt-"),
            std::string::npos);
}

TEST_F(SqliteCheck, MissingRightsAreSaid) {
  SKIP_UNLESS_ROOT();
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (timestamp, level, event, func, scope, data)");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  EXPECT_TRUE(as_nobody([&] {
    Findings findings;
    return make()->check(findings).code() == Code::unavailable;
  }));
  path_ = folder_.file("sub/new.db");
  EXPECT_TRUE(as_nobody([&] {
    Findings findings;
    return make()->check(findings).code() == Code::unavailable;
  }));
}

TEST_F(SqliteCheck, TheSinkWorksAfterACheck) {
  SinkPtr sink = make();
  Findings findings;
  EXPECT_OK(sink->check(findings));
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_OK(sink->close());
  EXPECT_OK(sink->check(findings));
  EXPECT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
}

}  // namespace
}  // namespace stogger
