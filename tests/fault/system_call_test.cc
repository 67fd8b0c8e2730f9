// Every system call that a sink makes fails in turn, in several ways, while
// events are logged. Whatever happens, the call returns, other sinks get every
// event, the statistics balance, what they count as written is in the target,
// once and whole, and later events arrive.

#include <errno.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/fault/faults.h"
#include "tests/fault/life.h"
#include "tests/fault/subject.h"

namespace stogger {
namespace {

// In memory, because a disk that others use may be slow for seconds.
class FoldersInMemory : public ::testing::Environment {
 public:
  void SetUp() override { ::setenv("TMPDIR", "/dev/shm", 0); }
};
[[maybe_unused]] const auto* const kFoldersInMemory =
    ::testing::AddGlobalTestEnvironment(new FoldersInMemory);

class SystemCalls : public ::testing::TestWithParam<SubjectKind> {
 protected:
  void fail_each(Phase phase, Extent extent, const std::vector<int>& errors) {
    live_with_each(GetParam(), phase, Victim::system_calls, 1, [&](int call) {
      // Each of the first calls is another one, and fails in every way; later
      // the ways take turns.
      constexpr int kDifferentCalls = 30;
      std::vector<Fault> faults;
      for (std::size_t i = 0; i < errors.size(); ++i) {
        if (call <= kDifferentCalls ||
            static_cast<std::size_t>(call) % errors.size() == i) {
          faults.push_back({.error = errors[i], .extent = extent});
        }
      }
      return faults;
    });
  }
};

TEST_P(SystemCalls, FailOnce) {
  fail_each(Phase::logging, Extent::once,
            {0, ENOSPC, EIO, EINTR, EAGAIN, EACCES, ENOMEM});
}

// A full disk, missing rights, a broken disk, and an end of it.
TEST_P(SystemCalls, OfOneFunctionFailForAWhile) {
  fail_each(Phase::logging, Extent::same_function,
            {0, ENOSPC, EIO, EAGAIN, EACCES, ENOMEM});
}

TEST_P(SystemCalls, AllFailForAWhile) {
  fail_each(Phase::logging, Extent::everything, {ENOSPC, EIO, EACCES, ENOMEM});
}

TEST_P(SystemCalls, FailOnceWhileClosing) {
  fail_each(Phase::closing, Extent::once,
            {0, ENOSPC, EIO, EINTR, EAGAIN, EACCES, ENOMEM});
}

TEST_P(SystemCalls, AllFailWhileClosing) {
  fail_each(Phase::closing, Extent::everything, {0, ENOSPC, EIO, ENOMEM});
}

INSTANTIATE_TEST_SUITE_P(Fault, SystemCalls, ::testing::ValuesIn(subjects()),
                         [](const auto& test) {
                           return std::string(test.param.name);
                         });

// The tests above would mean little if this did not hold.
TEST(Faults, ReachTheCallsOfEverySink) {
  for (const SubjectKind& kind : subjects()) {
    EXPECT_GE(Life(kind, {}, Phase::logging).run(), 5) << kind.name;
    if (std::string_view(kind.name) != "Sqlite") continue;
    EXPECT_GT(calls_of("pwrite"), 20);
    EXPECT_GT(calls_of("fcntl"), 20);
    EXPECT_GT(calls_of("mmap"), 0);
  }
}

}  // namespace
}  // namespace stogger
