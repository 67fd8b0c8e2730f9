#include "os/process.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/processes.h"

namespace stogger {
namespace {

std::string calls;

// Writes down a letter for each call: a small one before fork(), a digit after
// it in the parent, a capital in the child.
class Noting final : public ProcessObject {
 public:
  explicit Noting(char letter, bool stays = true)
      : letter_(letter), stays_(stays) {}
  char letter() const { return letter_; }

  void before_fork() noexcept override { calls += letter_; }
  void after_fork_in_parent() noexcept override {
    calls += static_cast<char>(letter_ - 'a' + '0');
  }
  bool after_fork_in_child() noexcept override {
    calls += static_cast<char>(letter_ - 'a' + 'A');
    return stays_;
  }

 private:
  const char letter_;
  const bool stays_;
};

TEST(ProcessTable, PartsBecomeQuietInTheOrderOfTheirListAndBackAgain) {
  ProcessTable table;
  Noting pipe('a');
  Noting sink('b');
  Noting system('c');
  Noting sqlite('d');
  // Whatever the order in which they come.
  table[ProcessPart::sqlite].add(sqlite);
  table[ProcessPart::pipes].add(pipe);
  table[ProcessPart::systems].add(system);
  table[ProcessPart::sample_sinks].add(sink);
  calls.clear();
  table.before_fork();
  EXPECT_EQ(calls, "abcd");
  table.after_fork_in_parent();
  EXPECT_EQ(calls, "abcd3210");
  table.before_fork();
  calls.clear();
  table.after_fork_in_child();
  EXPECT_EQ(calls, "DCBA");
}

TEST(ProcessList, WhatIsOfNoUseInAChildLeavesTheListThere) {
  ProcessList list;
  Noting stays('a');
  Noting goes('b', false);
  Noting last('c');
  for (Noting* one : {&stays, &goes, &last}) list.add(*one);
  list.before_fork();
  list.after_fork_in_child();
  calls.clear();
  list.before_fork();
  list.after_fork_in_parent();
  EXPECT_EQ(calls, "ca20");
  list.remove(goes);  // once more does no harm
  list.remove(last);
  calls.clear();
  list.before_fork();
  list.after_fork_in_parent();
  EXPECT_EQ(calls, "a0");
}

TEST(ProcessList, EachObjectIsUsedOnceThoughOthersAreAddedMeanwhile) {
  ProcessList list;
  Noting a('a');
  Noting b('b');
  Noting c('c');
  list.add(a);
  list.add(b);
  std::string used;
  list.use_up(
      [](ProcessObject& one) {
        return static_cast<Noting&>(one).letter() != 'a';
      },
      [&](ProcessObject& one) {
        used += static_cast<Noting&>(one).letter();
        if (used == "b") list.add(c);
      });
  EXPECT_EQ(used, "bc");
}

TEST(ProcessList, AnObjectThatIsInUseIsWaitedFor) {
  ProcessList list;
  Noting a('a');
  list.add(a);
  std::atomic<bool> is_used{false};
  std::atomic<bool> may_end{false};
  std::atomic<bool> is_removed{false};
  std::thread user([&] {
    list.use_up([](ProcessObject&) { return true; },
                [&](ProcessObject&) {
                  is_used = true;
                  may_end.wait(false);
                  EXPECT_FALSE(is_removed);
                });
  });
  while (!is_used) std::this_thread::yield();
  std::thread owner([&] {
    list.remove(a);
    is_removed = true;
  });
  // Until it has left the list: then it is waited for.
  const auto is_listed = [&] {
    calls.clear();
    list.before_fork();
    list.after_fork_in_parent();
    return !calls.empty();
  };
  while (is_listed()) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_FALSE(is_removed);
  may_end = true;
  may_end.notify_all();
  owner.join();
  user.join();
  EXPECT_TRUE(is_removed);
}

int exit_pipe[2];

void note_exit(char letter) noexcept {
  static_cast<void>(::write(exit_pipe[1], &letter, 1) == 1);
}

TEST(Exit, PipesAreFinishedBeforeSystemsAreClosed) {
  ASSERT_EQ(::pipe(exit_pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    handle_exit(ExitPart::pipes, []() noexcept { note_exit('p'); });
    handle_exit(ExitPart::systems, []() noexcept { note_exit('s'); });
    std::exit(0);
  }
  EXPECT_TRUE(succeeded(child));
  ::close(exit_pipe[1]);
  char letters[2] = {};
  EXPECT_EQ(::read(exit_pipe[0], letters, 2), 2);
  EXPECT_EQ(std::string(letters, 2), "ps");
  ::close(exit_pipe[0]);
}

class MomentOfFork final : public ProcessObject {
 public:
  void before_fork() noexcept override { moment = fork_moments(); }
  std::uint64_t moment = 0;
};

TEST(ForkMoments, AreOddOnlyWhileTheProcessSplits) {
  MomentOfFork during;
  process_objects(ProcessPart::pipes).add(during);
  const std::uint64_t before = fork_moments();
  EXPECT_EQ(before % 2, 0u);
  EXPECT_TRUE(in_child([&] { return fork_moments() == before + 2; }));
  EXPECT_EQ(fork_moments(), before + 2);
  EXPECT_EQ(during.moment, before + 1);
  process_objects(ProcessPart::pipes).remove(during);
}

}  // namespace
}  // namespace stogger
