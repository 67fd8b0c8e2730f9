// Queues in front of a database that refuses rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class SqliteQueue : public ::testing::TestWithParam<const char*> {
 protected:
  Status log(System& system) {
    const std::string spool =
        GetParam() == std::string_view("durable")
            ? "spool_dir = \"" + folder_.file("spool") + "\"\n"
            : "";
    Status status = system.load_text(
        "[stogger]\nlog_to_console = false\n[stogger.sinks.db]\ntype = "
        "\"sqlite\"\npath = \"" +
            path_ + "\"\ndelivery = \"" + GetParam() + "\"\ndead_letter = \"" +
            letters_ + "\"\n" + spool,
        "test.toml");
    for (const char* event : {"a", "bad", "b", "bad", "bad", "c"}) {
      system.logger().info(event);
    }
    return status.ok() ? system.flush(60) : status;
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("log.db");
  const std::string letters_ = folder_.file("dead.jsonl");
};

TEST_P(SqliteQueue, IsNotHeldUpByARowThatEndsItsTransaction) {
  SqliteQuery(path_).run(
      "CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp, level, "
      "event, func, scope, data); CREATE TRIGGER t AFTER INSERT ON "
      "stogger_logs WHEN new.event = 'bad' BEGIN SELECT RAISE(ROLLBACK, "
      "'unwanted'); END");
  System system;
  ASSERT_OK(log(system));
  const Stats all = system.stats();
  const SinkStats& stats = *all.find("db");
  EXPECT_EQ(stats.written, 3u);
  EXPECT_EQ(stats.dead_lettered, 3u);
  EXPECT_FALSE(stats.failing);
  EXPECT_OK(system.close());
  EXPECT_EQ(SqliteQuery(path_).one(
                "SELECT group_concat(event, '') FROM (SELECT event FROM "
                "stogger_logs ORDER BY id)"),
            "abc");
  const std::string text = read_file(letters_);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
}

INSTANTIATE_TEST_SUITE_P(Of, SqliteQueue, ::testing::Values("async", "durable"),
                         [](const auto& kind) {
                           return std::string(kind.param);
                         });

}  // namespace
}  // namespace stogger
