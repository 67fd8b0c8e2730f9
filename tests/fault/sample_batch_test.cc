// Every allocation of a batch of samples fails in turn. What it has afterwards
// are whole samples.
#include "sample/sample_batch.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fault/faults.h"

namespace stogger {
namespace {

// True if there was memory for it.
bool add(SampleBatch& batch, const Sample& sample) {
  FaultScope::go_on();
  bool added = true;
  try {
    batch.add(sample);
  } catch (const std::bad_alloc&) {
    added = false;
  }
  FaultScope::pause();
  return added;
}

TEST(SampleBatchFault, AFailureLeavesNoNameWithoutItsColumn) {
  if (!cannot_fail_allocations().empty()) {
    GTEST_SKIP() << cannot_fail_allocations();
  }
  constexpr std::size_t kFields = 70;
  std::vector<std::string> names;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    names.push_back("field" + std::to_string(i));
  }
  for (std::size_t i = 0; i < kFields; ++i) {
    fields.emplace_back(names[i], static_cast<int>(i));
  }
  const Sample few = {.device = "few", .fields = {fields.data(), 3}};
  const Sample many = {.device = "many", .fields = fields};
  bool has_failed = true;
  for (int call = 1; has_failed; ++call) {
    SampleBatch batch;
    const FaultScope scope({.call = call, .victim = Victim::allocations});
    for (const Sample* sample : {&few, &many}) {
      if (!add(batch, *sample)) add(batch, *sample);
    }
    has_failed = scope.failed() != 0;

    const RowBatch rows = batch.rows({});
    ASSERT_EQ(rows.row_count, 2u) << call;
    std::set<std::string_view> columns;
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      const std::string_view name = rows.columns[i].name;
      EXPECT_TRUE(columns.insert(name).second) << name << " " << call;
      if (!name.starts_with("field")) continue;
      const Value& value = rows.at(1, i);
      ASSERT_EQ(value.kind(), Kind::integer) << name << " " << call;
      EXPECT_EQ("field" + std::to_string(value.integer()), name) << call;
    }
    EXPECT_EQ(columns.size(), kFields + 7) << call;
  }
}

}  // namespace
}  // namespace stogger
