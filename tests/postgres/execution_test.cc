// What runs a prepared statement without libpq is what libpq would have sent,
// and only the one answer that is expected is read without it.
#include "sinks/postgres/execution.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <string>
#include <string_view>
#include <vector>

#include "sinks/postgres/connection.h"
#include "tests/postgres/fake_server.h"
#include "tests/postgres/frames.h"
#include "tests/support/eventually.h"

namespace stogger {
namespace {

using namespace std::string_view_literals;
using namespace frames;

std::string stored(std::string_view tag) {
  return frame('2') + frame('n') + complete(std::string(tag)) + ready();
}

long long rows_of(std::string_view reply) {
  long long rows = -1;
  return is_stored(reply, &rows) ? rows : -1;
}

struct Sent {
  std::vector<const char*> values = {"\0\0\0\7", nullptr, "caf\xC3\xA9", ""};
  std::vector<int> lengths = {4, 0, 5, 0};
  std::vector<int> binary = std::vector<int>(4, 1);

  Parameters parameters() const {
    return {values.size(), values.data(), lengths.data(), binary.data()};
  }
};

TEST(Execution, IsWhatLibpqSends) {
  // A server that has nothing to say: libpq only sends.
  FakeServer server([](const Turn& turn) {
    return Play{.bytes = turn.number == 0 ? authentication_ok() + ready() : ""};
  });
  PGconn* const connection = PQconnectdb(server.dsn().c_str());
  ASSERT_EQ(PQstatus(connection), CONNECTION_OK) << PQerrorMessage(connection);
  const Sent sent;
  const Parameters parameters = sent.parameters();
  ASSERT_EQ(PQsendQueryPrepared(connection, "stogger_1", 4, parameters.values,
                                parameters.lengths, parameters.formats, 1),
            1);
  PQfinish(connection);

  Buffer ours;
  ASSERT_TRUE(append_execution(ours, "stogger_1", parameters, 1000));
  EXPECT_TRUE(eventually(
      [&] { return server.heard().find(ours.view()) != std::string::npos; }));
}

TEST(Execution, IsNotMadeLargerThanItMayBe) {
  Sent sent;
  const std::string large(1000, 'x');
  sent.values[2] = large.data();
  sent.lengths[2] = 1000;
  Buffer out;
  EXPECT_FALSE(append_execution(out, "s", sent.parameters(), 1000));
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(append_execution(out, "s", sent.parameters(), 1200));
  EXPECT_LE(out.size(), 1200);
}

TEST(Execution, OnlyAnInsertThatIsDoneIsStored) {
  EXPECT_EQ(rows_of(stored("INSERT 0 1")), 1);
  EXPECT_EQ(rows_of(stored("INSERT 0 0")), 0);
  EXPECT_EQ(rows_of(stored("INSERT 0 123")), 123);

  for (const char* const tag :
       {"", "INSERT", "INSERT 0 ", "INSERT 0 -1", "INSERT 0 1 ", "INSERT 0 1x",
        "INSERT 1 1", "UPDATE 1", "SELECT 1",
        "INSERT 0 99999999999999999999"}) {
    EXPECT_EQ(rows_of(stored(tag)), -1) << tag;
  }
}

TEST(Execution, WhatStandsBesideTheAnswerIsForLibpq) {
  const std::string good = stored("INSERT 0 1");
  EXPECT_EQ(rows_of(""), -1);
  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_EQ(rows_of(good.substr(0, i)), -1) << i;
    EXPECT_EQ(rows_of(good.substr(i + 1)), -1) << i;
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    EXPECT_EQ(rows_of(changed), -1) << i;
  }
  EXPECT_EQ(rows_of(good + good), -1);
  EXPECT_EQ(rows_of(notice("hear") + good), -1);
  EXPECT_EQ(rows_of(good + notice("hear")), -1);
  EXPECT_EQ(rows_of(frame('2') + frame('n') + complete("INSERT 0 1") +
                    parameter("TimeZone", "UTC") + ready()),
            -1);
  // In a transaction, or in one that failed.
  for (const char state : {'T', 'E', '?'}) {
    EXPECT_EQ(rows_of(frame('2') + frame('n') + complete("INSERT 0 1") +
                      ready(state)),
              -1);
  }
  EXPECT_EQ(rows_of(error("23505", "no") + ready()), -1);
}

}  // namespace
}  // namespace stogger
