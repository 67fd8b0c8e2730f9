// Every allocation that happens while a sink is opened and events are logged
// fails in turn. The call returns, and what is lost is counted.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/fault/faults.h"
#include "tests/fault/life.h"
#include "tests/fault/subject.h"

namespace stogger {
namespace {

class Allocations : public ::testing::TestWithParam<SubjectKind> {
 protected:
  void SetUp() override {
    if (!cannot_fail_allocations().empty()) {
      GTEST_SKIP() << cannot_fail_allocations();
    }
  }
  void fail_each(Phase phase, Extent extent) {
    // SQLite allocates at every turn.
    constexpr int kMany = 500;
    const Fault none{.victim = Victim::allocations};
    const int calls = Life(GetParam(), none, phase).run();
    live_with_each(GetParam(), phase, Victim::allocations, 1 + calls / kMany,
                   [&](int) { return std::vector<Fault>{{.extent = extent}}; });
  }
};

TEST_P(Allocations, FailOnce) { fail_each(Phase::logging, Extent::once); }

TEST_P(Allocations, AllFailForAWhile) {
  fail_each(Phase::logging, Extent::everything);
}

TEST_P(Allocations, FailOnceWhileClosing) {
  fail_each(Phase::closing, Extent::once);
}

TEST_P(Allocations, AllFailWhileClosing) {
  fail_each(Phase::closing, Extent::everything);
}

INSTANTIATE_TEST_SUITE_P(Fault, Allocations, ::testing::ValuesIn(subjects()),
                         [](const auto& test) {
                           return std::string(test.param.name);
                         });

}  // namespace
}  // namespace stogger
