// What a call costs in allocations once everything has its size: nothing.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "stogger/log.h"
#include "stogger/sink.h"
#include "stogger/system.h"
#include "tests/support/count_allocations.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

sqlite3_mem_methods sqlite_memory;

// SQLite itself allocates in every write, whoever calls it. What is counted
// here is what comes on top. Has to come before all other use of SQLite.
bool leave_out_sqlite() {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
  sqlite3_mem_methods uncounted = sqlite_memory;
  uncounted.xMalloc = [](int size) {
    const std::size_t before = allocation_count;
    void* const block = sqlite_memory.xMalloc(size);
    allocation_count = before;
    return block;
  };
  uncounted.xRealloc = [](void* old, int size) {
    const std::size_t before = allocation_count;
    void* const block = sqlite_memory.xRealloc(old, size);
    allocation_count = before;
    return block;
  };
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &uncounted) == SQLITE_OK;
}

const bool sqlite_is_left_out = leave_out_sqlite();

class AllocationsTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!kCannotCountAllocations.empty()) {
      GTEST_SKIP() << kCannotCountAllocations;
    }
    SinkPtr sink;
    if (GetParam() == "sqlite") {
      ASSERT_TRUE(sqlite_is_left_out);
      ASSERT_OK(make_sink("sqlite", {{"path", folder_.file("log.db")}}, &sink));
    } else {
      ASSERT_OK(make_sink(
          "file", {{"path", folder_.file("log")}, {"format", GetParam()}},
          &sink));
    }
    ASSERT_OK(system_.add_sink("target", std::move(sink)));
  }

  // The allocations of a hundred calls, after some that are not counted.
  std::size_t count(const std::function<void()>& call) {
    for (int i = 0; i < 50; ++i) call();
    const std::size_t before = allocation_count;
    for (int i = 0; i < 100; ++i) call();
    const std::size_t during = allocation_count - before;
    const Stats stats = system_.stats();
    EXPECT_GE(stats.begin()->written, 150u);
    EXPECT_EQ(stats.begin()->dropped, 0u);
    return during;
  }

  const std::string ip_ = "10.0.0.1";
  TempFolder folder_;
  System system_;
  Logger log_ = system_.logger();
};

TEST_P(AllocationsTest, AllocationsAreSeen) {
  const std::size_t before = allocation_count;
  void* volatile block = std::malloc(10);
  std::free(block);
  ::operator delete(::operator new(10));
  EXPECT_EQ(allocation_count - before, 2u);
}

TEST_P(AllocationsTest, NoneForThreeFields) {
  EXPECT_EQ(count([&] {
              log_.info("user-login",
                        {{"user_id", 42}, {"ip", ip_}, {"duration_ms", 14.7}});
            }),
            0u);
}

TEST_P(AllocationsTest, NoneForSixteenFields) {
  const std::string text =
      "a text of a hundred characters, as messages have "
      "them: the quick brown fox jumps over the lazy dog.";
  EXPECT_EQ(count([&] {
              log_.info("order", {{"a", 1},
                                  {"b", -2},
                                  {"c", 3.25},
                                  {"d", 1.0 / 3.0},
                                  {"e", true},
                                  {"f", nullptr},
                                  {"g", text},
                                  {"h", "h\xC3\xA4\n"},
                                  {"i", UINT64_MAX},
                                  {"j", Time{1795225168656642007}},
                                  {"k", 'k'},
                                  {"l", "\xFF"},
                                  {"m", 1e300},
                                  {"n", ip_},
                                  {"o", INT64_MIN},
                                  {"level", 16}});
            }),
            0u);
}

TEST_P(AllocationsTest, NoneForBoundFieldsAndScopes) {
  const Logger bound =
      log_.with({{"request_id", "a7f3"}, {"user", 7}}).with({{"c", 1.5}});
  const Scope scope(log_, "checkout", {{"order", 7}, {"token", "hunter2"}});
  EXPECT_EQ(count([&] {
              bound.info("order", {{"a", 1}, {"b", ip_}, {"user", 8}});
            }),
            0u);
}

TEST_P(AllocationsTest, NoneForATemplate) {
  EXPECT_EQ(count([&] {
              log_.warning("disk-low",
                           {{"free_mb", 120.5}, {"mount", "/"}, {"n", 7}},
                           "Only {free_mb:.1f} MB left on {mount:>10}, {n:05} "
                           "{none} {event} {level:>9}");
            }),
            0u);
}

TEST_P(AllocationsTest, NoneForACallBelowTheLevel) {
  System quiet;
  const Logger log = quiet.logger();
  const std::size_t before = allocation_count;
  for (int i = 0; i < 100; ++i) log.info("e", {{"a", i}, {"b", "text"}}, "{a}");
  EXPECT_EQ(allocation_count - before, 0u);
}

INSTANTIATE_TEST_SUITE_P(Targets, AllocationsTest,
                         ::testing::Values("text", "json", "logfmt", "sqlite"),
                         [](const auto& target) { return target.param; });

}  // namespace
}  // namespace stogger
