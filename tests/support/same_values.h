// Values that are written twice, as fields of log events and as fields of
// samples: what a table stores of them must be the same.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include "stogger/sample.h"
#include "stogger/system.h"
#include "tests/deliver/scripted_sink.h"

namespace stogger {

inline const Value kSameValues[] = {
    nullptr,
    true,
    false,
    0,
    42,
    INT64_MIN,
    INT64_MAX,
    UINT64_MAX,
    (std::int64_t{1} << 53) + 1,
    3.0,
    -2.5,
    1e300,
    "",
    "text",
    "0 12",
    "bad \xFF bytes",
    Time{1795225168656642987},
    Json{"{\"a\":[1,\"b\"]}"},
    Json{"7"},
};

// For each value a row, which has it in each of the columns, and its number
// in the column `n`.
inline std::vector<std::vector<Field>> same_rows(
    const std::vector<std::string_view>& columns, std::string_view origin) {
  std::vector<std::vector<Field>> rows;
  for (std::size_t i = 0; i < std::size(kSameValues); ++i) {
    std::vector<Field>& row = rows.emplace_back();
    row.emplace_back("origin", origin);
    row.emplace_back("n", i);
    for (const std::string_view column : columns) {
      row.emplace_back(column, kSameValues[i]);
    }
  }
  return rows;
}

inline void log_rows(SinkPtr sink,
                     const std::vector<std::vector<Field>>& rows) {
  System system;
  ASSERT_TRUE(system.add_sink("same", std::move(sink)).ok());
  for (const std::vector<Field>& row : rows) system.logger().info("same", row);
  ASSERT_TRUE(system.close().ok());
  EXPECT_EQ(stats_of(system, "same").written, rows.size());
}

inline void push_rows(Sink& sink, const std::vector<std::vector<Field>>& rows) {
  std::vector<Sample> samples;
  for (const std::vector<Field>& row : rows) samples.push_back({.fields = row});
  const Status status = pipe(samples, sink);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(sink.close().ok());
}

}  // namespace stogger
