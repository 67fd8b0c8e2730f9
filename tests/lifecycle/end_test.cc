// What is in the targets after a process has ended, one way or another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lifecycle/progress.h"
#include "tests/lifecycle/run.h"
#include "tests/support/sanitizer.h"
#include "tests/support/targets.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SyncEnd : public ::testing::Test {
 protected:
  // Fails unless every event is in every target, those with buffers included.
  void expect_all(const std::string& scenario,
                  const std::vector<std::string>& names) {
    const Ending ending = run(scenario, targets_.config());
    EXPECT_ENDED_WELL(ending);
    EXPECT_THAT(ending.err, IsEmpty());
    targets_.expect_each_once(names);
  }

  Targets targets_;
};

// With each way of delivery.
class End : public SyncEnd, public ::testing::WithParamInterface<const char*> {
 protected:
  End() { targets_.deliver(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(, End, ::testing::Values("sync", "async", "durable"),
                         [](const auto& one) {
                           return std::string(one.param);
                         });

TEST_P(End, ReturnFromMainFlushes) {
  expect_all("return", numbered("event", 100));
}

TEST_P(End, ExitFlushes) { expect_all("exit", numbered("event", 100)); }

TEST_P(End, ExitInAThreadFlushes) {
  expect_all("exit-in-thread", numbered("event", 100));
}

// Without a queue: its thread does not end by itself.
TEST_F(SyncEnd, EndOfTheLastThreadFlushes) {
  if (kThreadsSanitized) {
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own, which never ends";
  }
  expect_all("end-of-last-thread", numbered("event", 100));
}

TEST_P(End, ExitHandlersMayLog) {
  expect_all("exit-handlers",
             all_of({numbered("event", 100), {"handler-made-late"}}));
}

TEST_P(End, StaticObjectsMayLogBeforeAndAfterTheShutdown) {
  expect_all("static-objects",
             all_of({numbered("event", 100), {"goes-early", "goes-late"}}));
}

TEST_P(End, ThreadLocalObjectsMayLog) {
  expect_all("thread-locals", {"in-thread", "goes-with-thread",
                               "goes-with-other", "goes-with-main"});
}

TEST_P(End, EventsAfterShutdownStillArrive) {
  expect_all("after-shutdown",
             all_of({numbered("early", 10), numbered("late", 10)}));
}

TEST_P(End, FlushHandsAllToTheKernel) {
  expect_all("flush", numbered("event", 100));
}

TEST_P(End, StatisticsTellWhatIsPendingUntilTheShutdown) {
  expect_all("stats", numbered("event", 100));
}

// Threads that are still running when the process ends lose nothing but the
// event they are just at.
TEST_F(SyncEnd, DetachedThreadsLoseNoEventWhoseCallReturned) {
  const std::string progress_path = targets_.file("progress");
  const Ending ending =
      run("detached-threads", targets_.config(), progress_path);
  EXPECT_ENDED_WELL(ending);
  const Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  for (const Target& target : targets_.all()) {
    const auto found = names_in(target.format, target.path);
    const auto counts = count_each(found);
    EXPECT_EQ(counts.size(), found.size()) << target.sink << ": doubled";
    for (int thread = 0; thread < 3; ++thread) {
      const std::uint64_t returned = progress->returned[thread];
      const std::string prefix = "thread" + std::to_string(thread) + "-";
      for (std::uint64_t i = 0; i < returned; ++i) {
        ASSERT_TRUE(counts.contains(prefix + std::to_string(i)))
            << target.sink << " lacks " << prefix << i << " of " << returned;
      }
      EXPECT_FALSE(counts.contains(prefix + std::to_string(returned + 1)));
    }
  }
}

class AbruptEnd : public SyncEnd {
 protected:
  // After an end that runs no exit handlers: sinks without buffers have all
  // events, the others the first ones.
  void expect_buffers_lost(const std::vector<std::string>& names) {
    for (const Target& target : targets_.all()) {
      const auto found = names_in(target.format, target.path);
      if (!target.is_buffered) {
        EXPECT_EQ(found, names) << target.sink;
      } else {
        ASSERT_LE(found.size(), names.size()) << target.sink;
        EXPECT_TRUE(std::equal(found.begin(), found.end(), names.begin()))
            << target.sink;
      }
    }
  }
};

TEST_F(AbruptEnd, UnderscoreExitLosesOnlyWhatWasBuffered) {
  const Ending ending = run("_exit", targets_.config());
  EXPECT_ENDED_WELL(ending);
  expect_buffers_lost(numbered("event", 1000));
}

TEST_F(AbruptEnd, AbortLosesOnlyWhatWasBuffered) {
  const Ending ending = run("abort", targets_.config());
  EXPECT_EQ(ending.signal, SIGABRT) << ending;
  expect_buffers_lost(numbered("event", 1000));
}

TEST_F(AbruptEnd, AnExceptionThatLeavesMainLosesOnlyWhatWasBuffered) {
  const Ending ending = run("throw", targets_.config());
  EXPECT_EQ(ending.signal, SIGABRT) << ending;
  expect_buffers_lost(numbered("event", 1000));
}

// The next process delivers what is in the queues. Nothing has failed before,
// so that nothing is twice.
TEST_F(AbruptEnd, WithAQueueOnDiskNothingIsLost) {
  for (const char* scenario : {"_exit", "abort", "throw"}) {
    Targets targets;
    targets.deliver("durable");
    run(scenario, targets.config());
    EXPECT_ENDED_WELL(run("after-shutdown", targets.config()));
    for (const Target& target : targets.all()) {
      const auto counts = count_each(names_in(target.format, target.path, 1));
      for (const std::string& name :
           all_of({numbered("event", 1000), numbered("early", 10),
                   numbered("late", 10)})) {
        ASSERT_TRUE(counts.contains(name))
            << scenario << ": " << target.sink << " lacks " << name;
        if (target.format == Format::sqlite) {
          EXPECT_EQ(counts.at(name), 1) << scenario;
        }
      }
    }
  }
}

TEST_F(AbruptEnd, WithoutInitInfoAndAboveGoToStderr) {
  const Ending ending = run("without-init", "-");
  EXPECT_ENDED_WELL(ending);
  EXPECT_THAT(ending.err, HasSubstr("Z I just-right"));
  EXPECT_THAT(ending.err, Not(HasSubstr("too-low")));
  EXPECT_EQ(std::count(ending.err.begin(), ending.err.end(), '\n'), 1);
}

TEST_F(AbruptEnd, TheLevelOfAProgramWithoutInitComesFromTheEnvironment) {
  ::setenv("STOGGER_LEVEL", "debug", 1);
  const Ending ending = run("without-init", "-");
  ::unsetenv("STOGGER_LEVEL");
  EXPECT_THAT(ending.err, HasSubstr("Z D too-low"));
}

TEST_F(AbruptEnd, ObjectsMadeBeforeMainMayLog) {
  ::setenv("LIFECYCLE_EARLY", "1", 1);
  const Ending ending = run("without-init", "-");
  ::unsetenv("LIFECYCLE_EARLY");
  EXPECT_ENDED_WELL(ending);
  EXPECT_THAT(ending.err, HasSubstr("Z W before-main"));
}

}  // namespace
}  // namespace stogger
