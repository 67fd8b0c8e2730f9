// What sinks may do while a fork() is prepared.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "stogger/log.h"
#include "stogger/system.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/processes.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

// One that compresses what it has written, say.
TEST(ForkOfASink, DoesNotWaitForTheForkThatItIsCalledFor) {
  std::atomic<int> forks{0};
  const auto script = std::make_shared<Script>();
  script->on_tally = [](Tally* tally) {
    *tally = {};
    tally->buffered = 1;
    return true;
  };
  script->on_flush = [&forks] {
    ++forks;
    return in_child([] { return true; })
               ? Status()
               : Status(Code::unavailable, "the child failed");
  };
  System system;
  ASSERT_OK(system.add_sink("a", SinkPtr(new ScriptedSink(script))));
  system.logger().info("event", {{"n", 1}});
  EXPECT_TRUE(in_child([] { return true; }));
  EXPECT_EQ(forks, 1);
  EXPECT_TRUE(in_child([] { return true; }));
  EXPECT_EQ(forks, 2);
}

}  // namespace
}  // namespace stogger
