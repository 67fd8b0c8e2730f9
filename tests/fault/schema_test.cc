// Every allocation of a schema fails in turn. Its columns are set as a whole or
// not at all.
#include "row/schema.h"

#include <gtest/gtest.h>

#include <new>
#include <string>

#include "tests/fault/faults.h"

namespace stogger {
namespace {

TEST(SchemaFault, AFailureLeavesItWithoutColumns) {
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
    Schema schema;
    const FaultScope scope({.call = call, .victim = Victim::allocations});
    FaultScope::go_on();
    try {
      EXPECT_TRUE(schema.set_from(rows).ok());
    } catch (const std::bad_alloc&) {
      FaultScope::pause();
      EXPECT_FALSE(schema.is_set()) << call;
      EXPECT_TRUE(schema.set_from(rows).ok());
    }
    FaultScope::pause();
    has_failed = scope.failed() != 0;
    schema.match(rows);
    ASSERT_EQ(schema.columns().size(), 3u) << call;
    EXPECT_EQ(schema.wanted().column_count, 3u) << call;
    EXPECT_EQ(schema.value(rows, 0, 1).integer(), 2) << call;
  }
}

}  // namespace
}  // namespace stogger
