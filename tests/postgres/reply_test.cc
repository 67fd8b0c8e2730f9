// Reading rows of a server that may answer anything.
#include "sinks/postgres/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sinks/postgres/connection.h"

namespace stogger {
namespace {

// A result of one column for each format, without rows.
ResultPtr result_of(std::vector<int> formats) {
  ResultPtr result(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK));
  std::vector<PGresAttDesc> columns;
  for (const int format : formats) {
    PGresAttDesc column = {};
    static char name[] = "c";
    column.name = name;
    column.format = format;
    columns.push_back(column);
  }
  PQsetResultAttrs(result.get(), static_cast<int>(columns.size()),
                   columns.data());
  return result;
}

void put(PGresult* result, int row, int column, std::string value) {
  ASSERT_EQ(PQsetvalue(result, row, column, value.data(),
                       static_cast<int>(value.size())),
            1);
}

bool can_read(const PGresult* result, int row, int column) {
  std::string_view text = "before";
  const Status status = cell(result, row, column, &text);
  if (!status.ok()) {
    EXPECT_EQ(status.message(), unknown_answer().message());
    EXPECT_EQ(text, "");
  }
  return status.ok();
}

TEST(Reply, AValueIsRead) {
  const ResultPtr result = result_of({0, 0});
  put(result.get(), 0, 0, "one");
  put(result.get(), 0, 1, "");
  std::string_view text;
  EXPECT_TRUE(cell(result.get(), 0, 0, &text).ok());
  EXPECT_EQ(text, "one");
  EXPECT_TRUE(cell(result.get(), 0, 1, &text).ok());
  EXPECT_EQ(text, "");
}

TEST(Reply, WhatIsNotThereIsNotRead) {
  const ResultPtr result = result_of({0});
  EXPECT_FALSE(can_read(result.get(), 0, 0));
  put(result.get(), 0, 0, "one");
  EXPECT_TRUE(can_read(result.get(), 0, 0));
  EXPECT_FALSE(can_read(result.get(), 1, 0));
  EXPECT_FALSE(can_read(result.get(), -1, 0));
  EXPECT_FALSE(can_read(result.get(), 0, 1));
  EXPECT_FALSE(can_read(result.get(), 0, -1));
  EXPECT_FALSE(can_read(nullptr, 0, 0));
}

TEST(Reply, AnAnswerWithoutRowsIsNotRead) {
  for (const ExecStatusType status :
       {PGRES_EMPTY_QUERY, PGRES_COMMAND_OK, PGRES_COPY_IN, PGRES_COPY_OUT,
        PGRES_BAD_RESPONSE, PGRES_FATAL_ERROR, PGRES_PIPELINE_SYNC,
        PGRES_SINGLE_TUPLE}) {
    const ResultPtr result(PQmakeEmptyPGresult(nullptr, status));
    EXPECT_FALSE(can_read(result.get(), 0, 0)) << PQresStatus(status);
  }
}

TEST(Reply, NullIsReadOnlyWhereItIsAllowed) {
  const ResultPtr result = result_of({0, 0});
  put(result.get(), 0, 1, "one");  // the other one stays null
  EXPECT_FALSE(can_read(result.get(), 0, 0));
  const char* text = "before";
  EXPECT_TRUE(nullable_cell(result.get(), 0, 0, &text).ok());
  EXPECT_EQ(text, nullptr);
  EXPECT_TRUE(nullable_cell(result.get(), 0, 1, &text).ok());
  EXPECT_STREQ(text, "one");
  EXPECT_FALSE(nullable_cell(result.get(), 1, 1, &text).ok());
  EXPECT_EQ(text, nullptr);
}

TEST(Reply, BinaryValuesAndZeroBytesAreNotText) {
  const ResultPtr result = result_of({1, 0});
  put(result.get(), 0, 0, "one");
  put(result.get(), 0, 1, std::string("a\0b", 3));
  EXPECT_FALSE(can_read(result.get(), 0, 0));
  EXPECT_FALSE(can_read(result.get(), 0, 1));
}

}  // namespace
}  // namespace stogger
