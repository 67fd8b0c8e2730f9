// The life of a System, of its loggers, and of a thread's memory.

#include "stogger/system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "deliver/scratch.h"
#include "stogger/log.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(System, WithoutSinksFiltersEverything) {
  System system;
  const Logger log = system.logger("name");
  EXPECT_FALSE(log.enabled(Level::alert));
  log.alert("event");
  EXPECT_EQ(system.stats().size(), 0U);
  EXPECT_OK(system.flush());
  EXPECT_OK(system.close());
}

TEST(System, TheDestructorClosesTheSinks) {
  auto system = std::make_unique<System>();
  const auto script = add_scripted(*system, "sink");
  system->logger().info("event");
  system.reset();
  EXPECT_FALSE(script->is_open);
  EXPECT_GE(script->closed, 1);
  EXPECT_EQ(script.use_count(), 1) << "the sink was not destroyed";
}

TEST(System, ALoggerOutlivesItsSystem) {
  auto system = std::make_unique<System>();
  const auto script = add_scripted(*system, "sink");
  std::optional<Logger> log = system->logger("http").with({{"a", 1}});
  system.reset();
  EXPECT_FALSE(script->is_open);
  log->info("late");
  const Logger copy = log->with({{"b", 2}});
  log.reset();
  copy.info("later");
  EXPECT_THAT(script->events(), ElementsAre("late", "later"));
  EXPECT_FALSE(script->is_open);
  EXPECT_FALSE(script->broke_the_rules);
}

TEST(System, TheLastLoggerTakesTheSinksWithIt) {
  auto system = std::make_unique<System>();
  const auto script = add_scripted(*system, "sink");
  std::optional<Logger> log = system->logger();
  system.reset();
  EXPECT_GT(script.use_count(), 1) << "the logger still needs the sink";
  log.reset();
  EXPECT_EQ(script.use_count(), 1);
}

TEST(System, AScopeOutlivesItsSystem) {
  auto system = std::make_unique<System>();
  const auto script = add_scripted(*system, "sink");
  {
    const Scope scope(system->logger(), "work");
    system.reset();
  }
  EXPECT_THAT(script->events(), ElementsAre("scope-end"));
}

TEST(System, MovingTakesSinksAndLoggersAlong) {
  System first;
  const auto script = add_scripted(first, "sink");
  const Logger log = first.logger();
  System second(std::move(first));
  log.info("a");
  second.logger().info("b");
  EXPECT_THAT(script->events(), ElementsAre("a", "b"));
  EXPECT_EQ(stats_of(second, "sink").written, 2U);
}

TEST(System, AssigningReplacesTheOldOne) {
  System system;
  const auto old = add_scripted(system, "old");
  const Logger log = system.logger();
  System other;
  const auto fresh = add_scripted(other, "new");
  {
    System temporary = std::move(other);
    system = std::move(temporary);
  }
  EXPECT_FALSE(old->is_open) << "the old sinks were closed";
  system.logger().info("to-new");
  log.info("to-old");
  EXPECT_THAT(fresh->events(), ElementsAre("to-new"));
  EXPECT_THAT(old->events(), ElementsAre("to-old"));
}

TEST(System, AMovedFromSystemCanBeAssignedTo) {
  System first;
  System second(std::move(first));
  first = System();
  const auto script = add_scripted(first, "sink");
  first.logger().info("event");
  EXPECT_EQ(script->count(), 1U);
}

TEST(System, SystemsDoNotHearEachOther) {
  System first;
  System second;
  const auto one = add_scripted(first, "sink");
  const auto two = add_scripted(second, "sink", Level::error);
  first.logger().info("a");
  second.logger().error("b");
  EXPECT_THAT(one->events(), ElementsAre("a"));
  EXPECT_THAT(two->events(), ElementsAre("b"));
}

TEST(System, DefaultSystemStartsOverAfterInit) {
  const testing::Capture capture;
  info("captured");
  EXPECT_EQ(capture.count("captured"), 1U);
  EXPECT_OK(flush());
}

TEST(System, LoggersOfTheDefaultSystemMayBeMadeAndDroppedAnywhere) {
  const testing::Capture capture;
  Logger log = logger("a");
  Logger moved = std::move(log);
  log.info("from-moved");  // is the unnamed logger now
  moved.info("from-new");
  log = moved;
  log.info("from-copy");
  const auto events = capture.events();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].logger, "");
  EXPECT_EQ(events[1].logger, "a");
  EXPECT_EQ(events[2].logger, "a");
}

// --- The memory of a thread --------------------------------------------------

// Logs at the very end of its thread, after most other things are gone.
struct LogsAtThreadEnd {
  const Logger* log = nullptr;
  ~LogsAtThreadEnd() {
    if (log != nullptr) log->info("from-thread-local");
  }
};
thread_local LogsAtThreadEnd logs_at_thread_end;

TEST(ThreadMemory, ThreadLocalObjectsMayLogInTheirDestructors) {
  System system;
  const auto script = add_scripted(system, "sink");
  const Logger log = system.logger();
  std::thread([&] {
    logs_at_thread_end.log = &log;
    log.info("from-thread");
  }).join();
  std::thread([&] { logs_at_thread_end.log = &log; }).join();
  EXPECT_THAT(script->events(), ElementsAre("from-thread", "from-thread-local",
                                            "from-thread-local"));
}

TEST(ThreadMemory, DestructorsOfThreadSpecificDataMayLogToo) {
  System system;
  const auto script = add_scripted(system, "sink");
  static const Logger* log = nullptr;
  const Logger own = system.logger();
  log = &own;
  std::vector<pthread_key_t> keys(3);
  for (pthread_key_t& key : keys) {
    ASSERT_EQ(::pthread_key_create(&key, [](void*) { log->info("from-key"); }),
              0);
  }
  std::thread([&] {
    own.info("from-thread");
    for (const pthread_key_t key : keys) ::pthread_setspecific(key, &keys);
  }).join();
  for (const pthread_key_t key : keys) ::pthread_key_delete(key);
  EXPECT_EQ(script->count("from-key"), 3U);
}

class Leases : public ::testing::Test {
 protected:
  Leases() { current_.set(&something_); }

  const int something_ = 0;
  const int* target_ = nullptr;
  Current<int> current_;
};

TEST_F(Leases, ALeaseWithinALeaseHasMemoryOfItsOwn) {
  const ScratchLease outer(current_, &target_);
  {
    const ScratchLease inner(current_, &target_);
    EXPECT_NE(&*inner, &*outer);
    const ScratchLease innermost(current_, &target_);
    EXPECT_NE(&*innermost, &*inner);
  }
  outer->message.append("still here");
  EXPECT_EQ(outer->message.view(), "still here");
}

TEST_F(Leases, TheSameMemoryIsLentAgain) {
  const Scratch* first = nullptr;
  {
    const ScratchLease lease(current_, &target_);
    first = &*lease;
  }
  const ScratchLease lease(current_, &target_);
  EXPECT_EQ(&*lease, first);
}

TEST_F(Leases, WhatALargeEventTookIsGivenBack) {
  {
    const ScratchLease lease(current_, &target_);
    lease->row.text.reserve(1 << 20);
    lease->message.reserve(1 << 20);
    lease->event.buffer.reserve(1 << 20);
  }
  const ScratchLease lease(current_, &target_);
  EXPECT_LE(lease->row.text.capacity(), 64U * 1024);
  EXPECT_LE(lease->message.capacity(), 64U * 1024);
  EXPECT_LE(lease->event.buffer.capacity(), 64U * 1024);
}

TEST_F(Leases, WhatIsLeasedIsHeld) {
  const int other = 0;
  {
    const ScratchLease outer(current_, &target_);
    EXPECT_EQ(target_, &something_);
    EXPECT_TRUE(ScratchLease::is_any_on(&something_));
    EXPECT_FALSE(current_.visitors().are_any());
    current_.set(&other);
    const ScratchLease inner(current_, &target_);
    EXPECT_EQ(target_, &other);
    EXPECT_FALSE(ScratchLease::is_any_on(&other));
    EXPECT_TRUE(current_.visitors().are_any());
  }
  EXPECT_FALSE(ScratchLease::is_any_on(&something_));
  EXPECT_FALSE(current_.visitors().are_any());
}

TEST(System, CallsOfASystemThatWasMovedFromFail) {
  System first;
  const System second = std::move(first);
  EXPECT_FALSE(first.load_text("", "c.toml").ok());
  EXPECT_FALSE(
      first.add_sink("a", SinkPtr(new ScriptedSink(std::make_shared<Script>())))
          .ok());
  EXPECT_FALSE(first.remove_sink("a").ok());
  EXPECT_FALSE(first.flush().ok());
  EXPECT_FALSE(first.close().ok());
  EXPECT_EQ(first.stats().find("a"), nullptr);
}

}  // namespace
}  // namespace stogger
