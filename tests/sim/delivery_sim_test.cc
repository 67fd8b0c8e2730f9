// Lives of a sink with a queue, driven by one number: the real queue, worker,
// spool and outlet, with threads that log, on a disk and for a target that
// fail in all ways, with clocks that jump, in processes that are killed
// anywhere.
//
//   STOGGER_SIM_SEEDS=1000000 STOGGER_SIM_FIRST=1 test_sim
//
// A seed that fails is printed; STOGGER_SIM_SEEDS=1 STOGGER_SIM_FIRST=N runs it
// alone, and prints its story.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/sim/delivery_story.h"
#include "tests/support/sanitizer.h"

namespace stogger {
namespace {

std::uint64_t sim_number_of(const char* variable, std::uint64_t fallback) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

std::string outcome_of(std::uint64_t seed, bool tells) {
  DeliveryStory story(seed, tells);
  const std::string wrong = story.run();
  return wrong.empty() ? wrong
                       : "seed " + std::to_string(seed) + ": " + wrong + "\n";
}

// Killed processes leave their memory, so that a child runs some seeds and
// ends. What was wrong; also if it has crashed.
std::string run_in_child(std::uint64_t first, std::uint64_t count) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    // The lowest, for killed processes close all that come after theirs.
    ::dup2(ends[1], ends[0]);
    ::close(ends[1]);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
      const std::string wrong = outcome_of(seed, false);
      static_cast<void>(::write(ends[0], wrong.data(), wrong.size()) == 0);
      // Where it has come to, should it crash.
      static_cast<void>(::write(ends[0], "", 1) == 0);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char some[4096];
  for (ssize_t got; (got = ::read(ends[0], some, sizeof some)) > 0;) {
    said.append(some, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  const auto done =
      static_cast<std::uint64_t>(std::count(said.begin(), said.end(), '\0'));
  std::erase(said, '\0');
  if (child < 0 || status != 0) {
    said += "seed " + std::to_string(first + done) + ": it crashes\n";
  }
  return said;
}

// Power cuts that cost more than spool_sync_ms: the thread looked too seldom.
TEST(DeliverySim, SeedsThatHaveFailedDoNotFailAgain) {
  for (const std::uint64_t seed :
       {std::uint64_t{256113}, std::uint64_t{264600}}) {
    EXPECT_EQ(run_in_child(seed, 1), "");
  }
}

TEST(DeliverySim, WhatIsPromisedHoldsWhateverFails) {
  const std::uint64_t first = sim_number_of("STOGGER_SIM_FIRST", 1);
  const std::uint64_t seeds =
      sim_number_of("STOGGER_SIM_SEEDS", kSanitized ? 300 : 2000);
  if (seeds == 1) {
    EXPECT_EQ(outcome_of(first, true), "");
    return;
  }
  constexpr std::uint64_t kAtOnce = 100;
  int failed = 0;
  for (std::uint64_t done = 0; done < seeds && failed < 5; done += kAtOnce) {
    const std::string wrong =
        run_in_child(first + done, std::min(kAtOnce, seeds - done));
    if (wrong.empty()) continue;
    ++failed;
    ADD_FAILURE() << wrong;
  }
}

}  // namespace
}  // namespace stogger
