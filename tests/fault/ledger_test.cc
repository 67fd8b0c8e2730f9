// Every system call and every allocation of a SQLite sink fails in turn while
// rows of a queue are written. Batches that fail are handed over again, as a
// queue does it: in the end, each row is stored once.
#include <errno.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/builtin.h"
#include "tests/fault/faults.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

struct LedgerFault {
  const char* name;
  std::string_view journal_mode;
  Victim victim;
};

class LedgerFaults : public ::testing::TestWithParam<LedgerFault> {
 protected:
  // False if the sink is to be opened again.
  static bool try_write(Sink& sink, const RowBatch& rows) {
    KeptReport said;
    try {
      const Status status = sink.write(rows, said);
      EXPECT_TRUE(said.doubtful.empty());
      EXPECT_TRUE(said.refused.empty()) << said.text();
      return status.ok();
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  // Returns whether the fault has occurred.
  static bool live(const Fault& fault) {
    const TempFolder folder;
    const std::string path = folder.file("log.db");
    const std::vector<Field> options = {
        {"path", path}, {"journal_mode", GetParam().journal_mode}};
    const SinkPtr sink = make_or_throw(make_sqlite_sink, options);
    EXPECT_OK(sink->open());
    const Rows batches[] = {rows_of({1, 2}), rows_of({2, 3}), rows_of({4})};
    const FaultScope scope(fault);
    for (const Rows& rows : batches) {
      const RowBatch batch = rows;
      FaultScope::go_on();
      bool is_written = try_write(*sink, batch);
      FaultScope::pause();
      for (int i = 0; i < 5 && !is_written; ++i) {
        static_cast<void>(sink->close());
        EXPECT_OK(sink->open());
        is_written = try_write(*sink, batch);
      }
      EXPECT_TRUE(is_written);
    }
    EXPECT_OK(sink->close());
    SqliteQuery query(path);
    EXPECT_EQ(query.one("SELECT group_concat(func) FROM (SELECT func FROM "
                        "stogger_logs ORDER BY id)"),
              "1,2,3,4");
    EXPECT_EQ(query.one("SELECT position FROM stogger_logs_ledger"), "4");
    return scope.failed() != 0;
  }

  static Rows rows_of(const std::vector<std::uint64_t>& positions) {
    std::vector<TableRow> rows;
    for (const std::uint64_t position : positions) {
      rows.push_back({.func = position});
    }
    Rows made = table_rows(rows);
    made.from(1, positions);
    return made;
  }
};

TEST_P(LedgerFaults, LeaveEachRowThereOnce) {
  const Victim victim = GetParam().victim;
  if (victim == Victim::allocations && !cannot_fail_allocations().empty()) {
    GTEST_SKIP() << cannot_fail_allocations();
  }
  const int errors[] = {0, ENOSPC, EIO};
  for (int call = 1;; ++call) {
    bool has_failed = false;
    for (const int error : errors) {
      SCOPED_TRACE("call " + std::to_string(call) + ", error " +
                   std::to_string(error));
      has_failed |= live({.call = call, .error = error, .victim = victim});
      if (HasFailure()) return;
      if (victim == Victim::allocations) break;
    }
    if (!has_failed) break;
    ASSERT_LT(call, 5000);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Fault, LedgerFaults,
    ::testing::Values(
        LedgerFault{"SystemCallsWithALog", "WAL", Victim::system_calls},
        LedgerFault{"SystemCallsWithAJournal", "DELETE", Victim::system_calls},
        LedgerFault{"Allocations", "WAL", Victim::allocations}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace stogger
