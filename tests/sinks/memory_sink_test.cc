#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "sinks/builtin.h"
#include "sinks/memory.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

TEST(MemorySink, RowsOwnTheirText) {
  MemorySink sink;
  ASSERT_OK(sink.open());
  {
    const Rows rows = field_rows({{{"user", std::string("alice")},
                                   {"data", Json{"[1]"}},
                                   {"id", 42},
                                   {"none", nullptr}}});
    ASSERT_OK(write_to(sink, rows));
  }
  const std::vector<OwnedRow> rows = sink.rows();
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].size(), 4u);
  EXPECT_EQ(rows[0][0].name(), "user");
  EXPECT_EQ(rows[0][0].value().text(), "alice");
  EXPECT_EQ(rows[0][1].value().kind(), Kind::json);
  EXPECT_EQ(rows[0][1].value().text(), "[1]");
  EXPECT_EQ(rows[0][2].value().integer(), 42);
  EXPECT_TRUE(rows[0][3].value().is_null());
}

TEST(MemorySink, ColumnsMayDifferFromRowToRow) {
  MemorySink sink;
  ASSERT_OK(sink.open());
  ASSERT_OK(write_to(sink, field_rows({{{"a", 1}}})));
  ASSERT_OK(write_to(sink, field_rows({{{"b", "x"}, {"c", 2.5}}})));
  const std::vector<OwnedRow> rows = sink.rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][0].name(), "a");
  EXPECT_EQ(rows[1][1].name(), "c");
  EXPECT_EQ(sink.form(), RowForm::fields);
}

TEST(MemorySink, TheNewestRowsAreKept) {
  MemorySink sink(3);
  ASSERT_OK(sink.open());
  ASSERT_OK(write_to(sink, field_rows({{{"n", 1}}, {{"n", 2}}})));
  ASSERT_OK(write_to(sink, field_rows({{{"n", 3}}, {{"n", 4}}})));
  EXPECT_EQ(sink.rows().size(), 3u);
  EXPECT_EQ(sink.rows().front()[0].value().integer(), 2);
  ASSERT_OK(write_to(
      sink, field_rows({{{"n", 5}}, {{"n", 6}}, {{"n", 7}}, {{"n", 8}}})));
  EXPECT_EQ(sink.rows().size(), 3u);
  EXPECT_EQ(sink.rows().front()[0].value().integer(), 6);
  EXPECT_EQ(sink.rows().back()[0].value().integer(), 8);
}

TEST(MemorySink, ClearRemovesAllRows) {
  MemorySink sink;
  ASSERT_OK(sink.open());
  ASSERT_OK(write_to(sink, field_rows({{{"n", 1}}})));
  sink.clear();
  EXPECT_TRUE(sink.rows().empty());
}

TEST(MemorySink, RowsStayWhenItIsClosed) {
  MemorySink sink;
  ASSERT_OK(sink.open());
  ASSERT_OK(write_to(sink, field_rows({{{"n", 1}}})));
  ASSERT_OK(sink.close());
  EXPECT_EQ(sink.rows().size(), 1u);
}

TEST(MemorySink, AChildBeginsWithoutRows) {
  MemorySink sink;
  ASSERT_OK(sink.open());
  ASSERT_OK(write_to(sink, field_rows({{{"n", 1}}})));
  sink.abandon();
  EXPECT_TRUE(sink.rows().empty());
}

TEST(MemorySink, MaxRowsIsAnOption) {
  const SinkPtr sink = make_or_throw(make_memory_sink, {{"max_rows", 1}});
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, field_rows({{{"n", 1}}, {{"n", 2}}})));
  EXPECT_EQ(static_cast<MemorySink&>(*sink).rows().size(), 1u);
  EXPECT_THAT(refusal(make_memory_sink, {{"max_rows", 0}}),
              HasSubstr("max_rows"));
  EXPECT_THAT(refusal(make_memory_sink, {{"path", "/tmp/x"}}),
              HasSubstr("path"));
}

TEST(MemorySink, RowsCanBeReadWhileOthersWrite) {
  MemorySink sink(100);
  ASSERT_OK(sink.open());
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) {
      EXPECT_OK(write_to(sink, field_rows({{{"text", std::to_string(i)}}})));
    }
    done = true;
  });
  while (!done) {
    const std::vector<OwnedRow> rows = sink.rows();
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const std::string before(rows[i - 1][0].value().text());
      EXPECT_EQ(std::stoi(std::string(rows[i][0].value().text())),
                std::stoi(before) + 1);
    }
  }
  writer.join();
  EXPECT_EQ(sink.rows().back()[0].value().text(), "1999");
}

}  // namespace
}  // namespace stogger
