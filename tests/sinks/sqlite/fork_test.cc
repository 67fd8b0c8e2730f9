// Processes that split while a thread is inside SQLite.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "sinks/builtin.h"
#include "stogger/testing.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class SqliteFork : public ::testing::Test {
 protected:
  SqliteFork() {
    sink_ = make_or_throw(&make_sqlite_sink, {{"path", path_}});
    EXPECT_OK(sink_->open());
  }

  // What the child's first row comes to. It is killed if it hangs.
  template <class Judge>
  void expect_in_child(Judge judge) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(10);
      sink_->abandon();
      Status status = sink_->open();
      if (status.ok()) status = write_to(*sink_, table_rows({{}}));
      ::_exit(judge(status) ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }

  const TempFolder folder_;
  const std::string path_ = folder_.file("log.db");
  SinkPtr sink_;
};

TEST_F(SqliteFork, ForkWaitsForEachLockOfSqlite) {
  // A thread of the parent ends while it is forked.
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  for (const int lock : {SQLITE_MUTEX_STATIC_MAIN, SQLITE_MUTEX_STATIC_MEM,
                         SQLITE_MUTEX_STATIC_OPEN, SQLITE_MUTEX_STATIC_PRNG,
                         SQLITE_MUTEX_STATIC_LRU, SQLITE_MUTEX_STATIC_PMEM,
                         SQLITE_MUTEX_STATIC_VFS1, SQLITE_MUTEX_STATIC_VFS2,
                         SQLITE_MUTEX_STATIC_VFS3}) {
    std::promise<void> holds;
    std::thread inside([&] {
      sqlite3_mutex* const mutex = sqlite3_mutex_alloc(lock);
      sqlite3_mutex_enter(mutex);
      holds.set_value();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      sqlite3_mutex_leave(mutex);
    });
    holds.get_future().wait();
    SCOPED_TRACE(lock);
    expect_in_child([lock](const Status& status) {
      sqlite3_mutex* const mutex = sqlite3_mutex_alloc(lock);
      const bool is_free = sqlite3_mutex_try(mutex) == SQLITE_OK;
      return status.ok() && is_free;
    });
    inside.join();
  }
  EXPECT_EQ(SqliteQuery(path_).one(kCount), "9");
  EXPECT_OK(write_to(*sink_, table_rows({{}})));
}

TEST_F(SqliteFork, AThreadThatStaysInSqliteCostsTheChildItsRowsAndNotItsLife) {
  std::promise<void> holds;
  std::promise<void> may_leave;
  std::thread inside([&] {
    sqlite3_mutex* const mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_MEM);
    sqlite3_mutex_enter(mutex);
    holds.set_value();
    may_leave.get_future().wait();
    sqlite3_mutex_leave(mutex);
  });
  holds.get_future().wait();
  expect_in_child([](const Status& status) {
    return status.code() == Code::unavailable &&
           status.message().find("when this process was forked") !=
               std::string_view::npos;
  });
  may_leave.set_value();
  inside.join();
  EXPECT_OK(write_to(*sink_, table_rows({{}})));
  expect_in_child([](const Status& status) { return status.ok(); });
}

TEST_F(SqliteFork, WhileAThreadOpensAndClosesDatabases) {
  if (kSanitized) GTEST_SKIP() << kAllocatorMayHang;
  std::atomic<bool> stop = false;
  std::thread inside([&] {
    while (!stop) {
      SqliteQuery memory(":memory:");
      memory.run("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
      memory.one("SELECT count(*) FROM t");
    }
  });
  constexpr int kChildren = 50;
  for (int i = 0; i < kChildren && !HasFailure(); ++i) {
    expect_in_child([](const Status& status) { return status.ok(); });
  }
  stop = true;
  inside.join();
  EXPECT_EQ(SqliteQuery(path_).one(kCount), std::to_string(kChildren));
}

}  // namespace
}  // namespace stogger
