// Every allocation of a schema lock fails in turn. It is locked as a whole or
// not at all.
#include "row/schema_lock.h"

#include <gtest/gtest.h>

#include <new>
#include <string>

#include "tests/fault/faults.h"

namespace stogger {
namespace {

TEST(SchemaLockFault, AFailureLeavesItUnlocked) {
  if (!cannot_fail_allocations().empty()) {
    GTEST_SKIP() << cannot_fail_allocations();
  }
  const std::string long_name(100, 'n');
  const Column columns[] = {{"a"}, {long_name}, {"c"}};
  const Value values[] = {1, 2, 3};
  RowBatch rows;
  rows.columns = columns;
  rows.column_count = 3;
  rows.values = values;
  rows.row_count = 1;
  bool has_failed = true;
  for (int call = 1; has_failed; ++call) {
    SchemaLock lock;
    const FaultScope scope({.call = call, .victim = Victim::allocations});
    FaultScope::go_on();
    try {
      EXPECT_TRUE(lock.lock(rows).ok());
    } catch (const std::bad_alloc&) {
      FaultScope::pause();
      EXPECT_FALSE(lock.is_locked()) << call;
      EXPECT_TRUE(lock.lock(rows).ok());
    }
    FaultScope::pause();
    has_failed = scope.failed() != 0;
    ASSERT_TRUE(lock.match(rows).ok());
    ASSERT_EQ(lock.columns().size(), 3u) << call;
    EXPECT_EQ(lock.wanted().column_count, 3u) << call;
    EXPECT_EQ(lock.value(rows, 0, 1).integer(), 2) << call;
  }
}

}  // namespace
}  // namespace stogger
