// The two independent readers that judge Parquet files; see judge.mjs.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stogger/value.h"
#include "tests/support/rows.h"

namespace stogger {

// Why they are not here; empty if they are.
const std::string& why_no_judges();

// What each of them finds in a file: a pair of objects.
struct Judgement {
  nlohmann::json duckdb;
  nlohmann::json hyparquet;
};
std::vector<Judgement> judge(const std::vector<std::string>& paths,
                             bool with_rows = true);

// The value as judge.mjs prints it, from a column of that kind.
nlohmann::json as_judged(const Value& value, Kind column);
// As above, for rows in columns of the kinds that their batch says.
nlohmann::json rows_as_judged(const RowBatch& rows);

// Asks both; fails unless both can read the file and find the same in it.
// Returns what the second one found, which tells more.
nlohmann::json agreed(const std::string& path);
// Fails unless both find those columns, by name and type, and those rows.
void expect_table(const std::string& path, const nlohmann::json& columns,
                  const nlohmann::json& rows);

}  // namespace stogger

#define SKIP_WITHOUT_JUDGES()              \
  if (!::stogger::why_no_judges().empty()) \
  GTEST_SKIP() << ::stogger::why_no_judges()
