#include "os/route_mutex.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace stogger {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

TEST(RouteMutex, LetsOneThreadInAtATime) {
  constexpr int kRounds = 20000;
  RouteMutex mutex;
  int inside = 0;
  int overlaps = 0;
  std::uint64_t sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const std::lock_guard lock(mutex);
        if (++inside != 1) ++overlaps;
        ++sum;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(sum, 4U * kRounds);
}

TEST(RouteMutex, WhoWaitsLongerThanASpinGetsItToo) {
  RouteMutex mutex;
  std::atomic<bool> waiting{false};
  std::atomic<bool> got_it{false};
  mutex.lock();
  std::thread other([&] {
    waiting = true;
    const std::lock_guard lock(mutex);
    got_it = true;
  });
  while (!waiting) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(got_it);
  mutex.unlock();
  other.join();
  EXPECT_TRUE(got_it);
}

TEST(RouteMutex, TryLockForTakesAFreeOneAtOnce) {
  RouteMutex mutex;
  EXPECT_TRUE(mutex.try_lock_for(milliseconds(0)));
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(0)));
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock_for(milliseconds(0)));
}

TEST(RouteMutex, TryLockForGivesUpInTime) {
  RouteMutex mutex;
  mutex.lock();
  const auto before = Clock::now();
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(50)));
  const auto took = Clock::now() - before;
  EXPECT_GE(took, milliseconds(50));
  EXPECT_LT(took, milliseconds(5000));
}

TEST(RouteMutex, TryLockForSaysHowLongItHasWaited) {
  RouteMutex mutex;
  std::chrono::nanoseconds waited(0);
  ASSERT_TRUE(mutex.try_lock_for(milliseconds(50), &waited));
  EXPECT_EQ(waited.count(), 0);
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(50), &waited));
  EXPECT_GE(waited, milliseconds(50));
  EXPECT_LT(waited, milliseconds(150)) << "without what it did not run";
}

// A thread that hardly lets go must not keep fork() waiting.
TEST(RouteMutex, TryLockForMeetsTheMomentsBetweenTwoHolds) {
  RouteMutex mutex;
  std::atomic<bool> stop{false};
  std::vector<std::thread> holders;
  for (int i = 0; i < 3; ++i) {
    holders.emplace_back([&] {
      while (!stop) {
        const std::lock_guard lock(mutex);
        const auto until = Clock::now() + std::chrono::microseconds(50);
        while (Clock::now() < until) {
        }
      }
    });
  }
  int failures = 0;
  for (int i = 0; i < 100; ++i) {
    if (!mutex.try_lock_for(milliseconds(10000))) {
      ++failures;
      continue;
    }
    mutex.unlock();
  }
  stop = true;
  for (std::thread& thread : holders) thread.join();
  EXPECT_EQ(failures, 0);
}

// Threads that come back at once take turns.
TEST(RouteMutex, NobodyIsPassedOverAgainAndAgain) {
  constexpr int kThreads = 8;
  constexpr int kHolds = 400;
  RouteMutex mutex;
  int left = kHolds;
  int most_passed_over = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      int seen = kHolds;
      while (true) {
        const std::lock_guard lock(mutex);
        most_passed_over = std::max(most_passed_over, seen - left);
        if (left == 0) return;
        seen = --left;
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // One round of the others, and those that came while it was patient.
  EXPECT_LT(most_passed_over, 10 * kThreads);
}

TEST(RouteMutex, WhoGivesUpLeavesTheQueueToTheOthers) {
  RouteMutex mutex;
  mutex.lock();
  std::vector<std::thread> impatient;
  std::atomic<int> taken{0};
  for (int i = 0; i < 4; ++i) {
    impatient.emplace_back([&] {
      if (mutex.try_lock_for(milliseconds(20))) ++taken;
    });
  }
  std::thread patient([&] {
    mutex.lock();
    mutex.unlock();
  });
  for (std::thread& thread : impatient) thread.join();
  mutex.unlock();
  patient.join();
  EXPECT_EQ(taken, 0);
  EXPECT_TRUE(mutex.try_lock_for(milliseconds(0)));
}

// A process that is stopped, as by a debugger or a container that is frozen.
TEST(RouteMutex, TimeInWhichTheProcessIsStoppedDoesNotCount) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    RouteMutex mutex;
    bool taken = false;
    mutex.lock();
    std::thread waiting([&] {
      ::write(pipe[1], "", 1);
      taken = mutex.try_lock_for(milliseconds(400));
    });
    for (int i = 0; i < 100; ++i) std::this_thread::sleep_for(milliseconds(1));
    mutex.unlock();
    waiting.join();
    ::_exit(taken ? 0 : 1);
  }
  char byte;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  std::this_thread::sleep_for(milliseconds(30));
  ASSERT_EQ(::kill(child, SIGSTOP), 0);
  std::this_thread::sleep_for(milliseconds(1000));
  ASSERT_EQ(::kill(child, SIGCONT), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(RouteMutex, ResetFreesItWhoeverHeldIt) {
  RouteMutex mutex;
  std::thread([&] { mutex.lock(); }).join();
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(0)));
  mutex.reset();
  EXPECT_TRUE(mutex.try_lock_for(milliseconds(0)));
}

}  // namespace
}  // namespace stogger
