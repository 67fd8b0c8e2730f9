// Who may touch the files of a database, and what is refused that others have
// put in their place.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sinks/builtin.h"
#include "sinks/sqlite/database.h"
#include "stogger/testing.h"
#include "tests/support/kept_report.h"
#include "tests/support/other_user.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class SqlitePlace : public ::testing::Test {
 protected:
  SqlitePlace() { set_folder_mode(0755); }
  ~SqlitePlace() override { ::umask(umask_); }

  void set_folder_mode(mode_t mode) {
    EXPECT_EQ(::chmod(folder_.path().c_str(), mode), 0);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  static void create_file(const std::string& path, mode_t mode) {
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    EXPECT_EQ(::fchmod(file, mode), 0);
    ::close(file);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  SinkPtr make(const std::vector<Field>& more = {}) {
    return make_at(path_, more);
  }
  static SinkPtr make_at(const std::string& path,
                         const std::vector<Field>& more = {}) {
    std::vector<Field> fields = {{"path", path}};
    fields.insert(fields.end(), more.begin(), more.end());
    Options options("sqlite", Fields(fields.data(), fields.size()));
    SinkPtr sink;
    EXPECT_OK(make_sqlite_sink(options, &sink));
    return sink;
  }
  // Opening or writing is refused, for the reason of a file of that name.
  void expect_refused(Sink& sink, const std::string& name) {
    Status status = sink.open();
    if (status.ok()) status = write_to(sink, table_rows({{}}));
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(name), std::string_view::npos)
        << status.message();
    EXPECT_OK(sink.close());
  }

  const mode_t umask_ = ::umask(022);
  TempFolder folder_;
  const std::string path_ = folder_.file("log.db");
};

TEST_F(SqlitePlace, FilesAreForTheUserAndItsGroup) {
  for (const mode_t mask : {022u, 0u, 077u}) {
    ::umask(mask);
    SinkPtr sink = make();
    ASSERT_OK(sink->open());
    ASSERT_OK(write_to(*sink, table_rows({{}})));
    for (const char* const part : {"", "-wal", "-shm"}) {
      EXPECT_EQ(mode_of(path_ + part), 0640 & ~mask) << part;
    }
    EXPECT_EQ(mode_of(path_ + ".lock"), 0600u);
    ASSERT_OK(sink->close());
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".lock");
  }
}

TEST_F(SqlitePlace, NewFoldersAreForTheUserAndItsGroup) {
  ::umask(0);
  SinkPtr sink = make_at(folder_.file("a/b/log.db"));
  ASSERT_OK(sink->open());
  EXPECT_EQ(mode_of(folder_.file("a")), 0750u);
  EXPECT_EQ(mode_of(folder_.file("a/b")), 0750u);
}

TEST_F(SqlitePlace, ModesCanBeGiven) {
  ::umask(002);
  SinkPtr sink = make_at(folder_.file("sub/log.db"),
                         {{"file_mode", "0660"}, {"folder_mode", "0770"}});
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(mode_of(folder_.file("sub")), 0770u);
  for (const char* const part : {"", "-wal", "-shm", ".lock"}) {
    EXPECT_EQ(mode_of(folder_.file("sub/log.db") + part), 0660u) << part;
  }
}

TEST_F(SqlitePlace, UsersOfAGroupCanShareADatabase) {
  SKIP_UNLESS_ROOT();
  const std::string path = folder_.file("sub/log.db");
  std::filesystem::create_directory(folder_.file("sub"));
  ASSERT_EQ(::chown(folder_.file("sub").c_str(), 0, kSharedGroup), 0);
  ASSERT_EQ(::chmod(folder_.file("sub").c_str(), 02770), 0);
  for (const uid_t user : {kSomebody, kNobody, kSomebody}) {
    EXPECT_TRUE(as_user(user,
                        [&] {
                          ::umask(002);
                          SinkPtr sink = make_at(path, {{"file_mode", "0660"}});
                          return sink->open().ok() &&
                                 write_to(*sink, table_rows({{}})).ok() &&
                                 sink->close().ok();
                        },
                        {kSharedGroup}))
        << user;
  }
  EXPECT_EQ(SqliteQuery(path).one(kCount), "3");
}

TEST_F(SqlitePlace, ADatabaseForAGroupHasALockForTheGroup) {
  SqliteQuery(path_).run("CREATE TABLE t (x)");
  ::chmod(path_.c_str(), 0664);
  ::umask(0);
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(mode_of(path_ + ".lock"), 0660u);
  EXPECT_EQ(mode_of(path_ + "-wal"), 0664u);
}

TEST_F(SqlitePlace, ALockThatEveryoneMayOpenIsClosedToThem) {
  create_file(path_ + ".lock", 0644);
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  EXPECT_EQ(mode_of(path_ + ".lock"), 0600u);
}

TEST_F(SqlitePlace, WhoMayNotReadCanLockNothing) {
  SKIP_UNLESS_ROOT();
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  for (const char* const part : {"", "-wal", "-shm", ".lock"}) {
    EXPECT_TRUE(as_nobody([&] {
      return ::open((path_ + part).c_str(), O_RDONLY | O_CLOEXEC) == -1 &&
             errno == EACCES;
    })) << part;
  }
}

// Root gave the folder to another user, who hands his group down.
TEST_F(SqlitePlace, InAFolderOfAnotherUserFilesAreForTheirOwnerAlone) {
  SKIP_UNLESS_ROOT();
  const std::string sub = folder_.file("sub");
  std::filesystem::create_directory(sub);
  ASSERT_EQ(::chown(sub.c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(::chmod(sub.c_str(), 02755), 0);
  for (const char* const mode : {"WAL", "TRUNCATE"}) {
    SinkPtr sink = make_at(sub + "/log.db",
                           {{"journal_mode", mode}, {"file_mode", "0660"}});
    ASSERT_OK(sink->open());
    ASSERT_OK(write_to(*sink, table_rows({{}})));
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(sub)) {
      EXPECT_EQ(mode_of(entry.path()), 0600u) << entry.path();
      ++files;
    }
    EXPECT_GE(files, 3);
    ASSERT_OK(sink->close());
    std::filesystem::remove(sub + "/log.db");
    std::filesystem::remove(sub + "/log.db.lock");
  }
}

// ---- What others have put there

TEST_F(SqlitePlace, ALinkOfAnotherUserIsNotFollowed) {
  SKIP_UNLESS_ROOT();
  TempFolder other;
  const std::string target = other.file("service.conf");
  for (const mode_t mode : {01777u, 0777u}) {
    set_folder_mode(mode);
    for (const char* const part : {"", "-wal", "-shm", "-journal", ".lock"}) {
      const std::string name = path_ + part;
      write_file(target, "listen = 80\n");
      ASSERT_TRUE(as_nobody(
          [&] { return ::symlink(target.c_str(), name.c_str()) == 0; }));
      SinkPtr sink = make();
      expect_refused(*sink, name);
      EXPECT_EQ(read_file(target), "listen = 80\n");
      EXPECT_TRUE(std::filesystem::is_symlink(name)) << part;
      for (const std::string& left : names()) {
        std::filesystem::remove(folder_.file(left));
      }
    }
  }
}

TEST_F(SqlitePlace, AFileOfAnotherUserIsNotUsed) {
  SKIP_UNLESS_ROOT();
  set_folder_mode(01777);
  for (const char* const part : {"", "-wal", "-shm", "-journal", ".lock"}) {
    const std::string name = path_ + part;
    ASSERT_TRUE(as_nobody([&] {
      create_file(name, 0666);
      return true;
    }));
    SinkPtr sink = make();
    expect_refused(*sink, name);
    EXPECT_EQ(std::filesystem::file_size(name), 0u);
    EXPECT_EQ(mode_of(name), 0666u);
    for (const std::string& left : names()) {
      std::filesystem::remove(folder_.file(left));
    }
  }
}

// SQLite would take it for what a crash has left, and undo the database by it.
TEST_F(SqlitePlace, AJournalThatAnotherUserMakesLaterIsNotUsed) {
  SKIP_UNLESS_ROOT();
  set_folder_mode(01777);
  SinkPtr sink = make({{"journal_mode", "DELETE"}});
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  ASSERT_TRUE(as_nobody([&] {
    write_file(path_ + "-journal", std::string(4096, 'x'));
    return true;
  }));
  const Status status = write_to(*sink, table_rows({{}}));
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("-journal"), std::string_view::npos)
      << status.message();
  EXPECT_OK(sink->close());
  std::filesystem::remove(path_ + "-journal");
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(SqliteQuery(path_).one(kCount), "2");
}

TEST_F(SqlitePlace, AFolderForAllWorksWithFilesOfOnesOwn) {
  set_folder_mode(01777);
  for (const char* const mode : {"WAL", "DELETE", "TRUNCATE"}) {
    SinkPtr sink = make({{"journal_mode", mode}});
    ASSERT_OK(sink->open());
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_OK(write_to(*sink, table_rows({{}, {}})));
    EXPECT_OK(sink->close());
  }
  EXPECT_EQ(SqliteQuery(path_).one(kCount), "9");
}

TEST_F(SqlitePlace, ALinkOfOnesOwnIsFollowed) {
  TempFolder disk;
  const std::string target = disk.file("real.db");
  std::filesystem::create_symlink(target, path_);
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_TRUE(std::filesystem::exists(target + ".lock"));
  ASSERT_OK(sink->close());
  // All pages but the first are damaged: it is renamed where it lies.
  const std::string whole = read_file(target);
  write_file(target,
             whole.substr(0, 4096) + std::string(whole.size() - 4096, '\xee'));
  Status status = sink->open();
  if (status.ok()) status = write_to(*sink, table_rows({{}}));
  EXPECT_EQ(status.code(), Code::corrupt) << status.message();
  EXPECT_OK(sink->close());
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(names(), std::vector<std::string>{"log.db"});
  ASSERT_OK(sink->open());
  EXPECT_OK(write_to(*sink, table_rows({{}})));
  EXPECT_EQ(SqliteQuery(target).one(kCount), "1");
}

TEST_F(SqlitePlace, ALinkThatLeadsElsewhereLaterIsNoticed) {
  TempFolder first;
  TempFolder second;
  std::filesystem::create_symlink(first.file("x.db"), path_);
  SinkPtr sink = make();
  ASSERT_OK(sink->open());
  Time now = kTestTime;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(second.file("x.db"), path_);
  now.ns += 1000000000;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  EXPECT_EQ(SqliteQuery(first.file("x.db")).one(kCount), "1");
  EXPECT_EQ(SqliteQuery(second.file("x.db")).one(kCount), "1");
}

TEST_F(SqlitePlace, AFolderThatIsMovedIsNoticed) {
  const std::string folder = folder_.file("sub");
  SinkPtr sink = make_at(folder + "/log.db");
  ASSERT_OK(sink->open());
  Time now = kTestTime;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  std::filesystem::rename(folder, folder + ".moved");
  now.ns += 1000000000;
  ASSERT_OK(write_to(*sink, table_rows({{}}, now)));
  EXPECT_EQ(SqliteQuery(folder + "/log.db").one(kCount), "1");
  EXPECT_EQ(SqliteQuery(folder + ".moved/log.db").one(kCount), "1");
}

TEST_F(SqlitePlace, NamesNeedNotBePlain) {
  for (const char* const name :
       {"a b?c=d&e#f%41.db", "ä.db", "-.db", "a'\".db"}) {
    SinkPtr sink = make_at(folder_.file(name));
    ASSERT_OK(sink->open());
    EXPECT_OK(write_to(*sink, table_rows({{}})));
    EXPECT_EQ(SqliteQuery(folder_.file(name)).one(kCount), "1") << name;
  }
}

// ---- A log that cannot be emptied

constexpr char kLargeRow[] = "INSERT INTO t VALUES (zeroblob(100000))";

// As a log call does it.
Status run_in_turn(SqliteDatabase& database, const std::string& sql) {
  Status status = database.lock(0);
  if (!status.ok()) return status;
  status = database.run(sql, "cannot");
  database.checkpoint_if_due();
  database.unlock();
  return status;
}

TEST_F(SqlitePlace, AReaderCannotFillTheDisk) {
  constexpr std::int64_t kLimit = 4 << 20;
  SqliteSettings settings;
  settings.path = path_;
  settings.longest_log = kLimit;
  settings.clock = Clock::real();
  SqliteDatabase database(settings);
  ASSERT_OK(database.open());
  const auto write = [&] { return run_in_turn(database, kLargeRow); };
  ASSERT_OK(database.run("CREATE TABLE t (x)", "cannot"));
  ASSERT_OK(write());
  SqliteQuery reader(path_);
  reader.run("BEGIN");
  ASSERT_EQ(reader.one("SELECT count(*) FROM t"), "1");
  Status status;
  for (int i = 0; i < 200 && (status = write()).ok(); ++i) {
  }
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.message(),
            "the write-ahead log has grown to 4 MiB, its limit, because "
            "another process has been reading the database for long: end its "
            "transaction");
  const auto size = [&] { return std::filesystem::file_size(path_ + "-wal"); };
  EXPECT_LT(size(), kLimit * 3 / 2);
  // Opening it anew forgets nothing.
  for (int i = 0; i < 10; ++i) {
    database.close();
    ASSERT_OK(database.open());
    EXPECT_FALSE(write().ok());
  }
  EXPECT_LT(size(), kLimit * 3 / 2);
  reader.run("COMMIT");
  database.close();
  ASSERT_OK(database.open());
  EXPECT_OK(write());
  EXPECT_LT(size(), kLimit / 2);
}

// In the call after it has ended, all of the log is moved at once.
TEST_F(SqlitePlace, WhatAReaderHoldsUpIsNoMoreThanACallCanMove) {
  SqliteSettings settings;
  settings.path = path_;
  settings.busy_timeout_ms = 50;
  settings.clock = Clock::real();
  SqliteDatabase database(settings);
  ASSERT_OK(database.open());
  const auto write = [&] { return run_in_turn(database, kLargeRow); };
  const auto size = [&] { return std::filesystem::file_size(path_ + "-wal"); };
  ASSERT_OK(database.run("CREATE TABLE t (x)", "cannot"));
  ASSERT_OK(write());
  SqliteQuery reader(path_);
  // Then the reader has no need of the log.
  reader.run("PRAGMA wal_checkpoint(FULL)");
  reader.run("BEGIN");
  ASSERT_EQ(reader.one("SELECT count(*) FROM t"), "1");
  Status status;
  int written = 1;
  while (written < 300 && (status = write()).ok()) ++written;
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(
      status.message(),
      "the write-ahead log holds 19 MiB that are not in the database yet, "
      "the most that one call may have to move, because another process has "
      "been reading the database for long: end its "
      "transaction");
  EXPECT_LT(size(), 23u << 20);
  // Opening it anew forgets nothing.
  database.close();
  ASSERT_OK(database.open());
  EXPECT_FALSE(write().ok());
  EXPECT_LT(size(), 23u << 20);
  reader.run("COMMIT");
  EXPECT_OK(write());
  EXPECT_LT(size(), 1u << 20);
  EXPECT_EQ(reader.one("SELECT count(*) FROM t"), std::to_string(written + 1));
}

TEST_F(SqlitePlace, APageThatChangesOftenIsMovedOnceAndCountsOnce) {
  SqliteSettings settings;
  settings.path = path_;
  settings.busy_timeout_ms = 50;
  settings.clock = Clock::real();
  SqliteDatabase database(settings);
  ASSERT_OK(database.open());
  ASSERT_OK(database.run("CREATE TABLE t (x); INSERT INTO t VALUES (0)", "no"));
  SqliteQuery reader(path_);
  reader.run("BEGIN");
  ASSERT_EQ(reader.one("SELECT x FROM t"), "0");
  for (int i = 0; i < 5500; ++i) {
    ASSERT_OK(run_in_turn(database, "UPDATE t SET x = x + 1"));
  }
  EXPECT_GT(std::filesystem::file_size(path_ + "-wal"), 21u << 20);
}

// The log begins anew only when nobody reads it, but what it holds is moved.
TEST_F(SqlitePlace, ReadersThatRelieveEachOtherHoldUpNothing) {
  SqliteSettings settings;
  settings.path = path_;
  settings.busy_timeout_ms = 50;
  settings.clock = Clock::real();
  SqliteDatabase database(settings);
  ASSERT_OK(database.open());
  ASSERT_OK(database.run("CREATE TABLE t (x)", "cannot"));
  std::optional<SqliteQuery> reader;
  std::optional<SqliteQuery> next;
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(run_in_turn(database, kLargeRow));
    if (i % 20 != 0) continue;
    auto& later = i % 40 == 0 ? next : reader;
    later.emplace(path_);
    later->run("BEGIN");
    EXPECT_EQ(later->one("SELECT count(*) FROM t"), std::to_string(i + 1));
    (i % 40 == 0 ? reader : next).reset();
  }
  EXPECT_GT(std::filesystem::file_size(path_ + "-wal"), 20u << 20);
}

}  // namespace
}  // namespace stogger
