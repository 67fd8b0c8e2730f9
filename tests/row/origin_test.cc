#include "row/origin.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/uuid.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

TEST(RowOrigin, ItsQueueIsAUuid) {
  RowOrigin origin;
  for (std::uint8_t i = 0; i < 16; ++i) {
    origin.queue[i] = static_cast<std::uint8_t>(0xF0 + i);
  }
  EXPECT_EQ(uuid_text(origin.queue), "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
}

TEST(RowOrigin, RowsUpToAPositionAreCounted) {
  Rows made = table_rows({{}, {}, {}});
  const RowBatch rows = made.from(1, {0, 5, 9});
  EXPECT_EQ(count_up_to(rows, -1), 0u);
  EXPECT_EQ(count_up_to(rows, INT64_MIN), 0u);
  EXPECT_EQ(count_up_to(rows, 0), 1u);
  EXPECT_EQ(count_up_to(rows, 4), 1u);
  EXPECT_EQ(count_up_to(rows, 5), 2u);
  EXPECT_EQ(count_up_to(rows, 9), 3u);
  EXPECT_EQ(count_up_to(rows, INT64_MAX), 3u);
  EXPECT_EQ(position_of(*rows.origin, 2), 9);
}

}  // namespace
}  // namespace stogger
