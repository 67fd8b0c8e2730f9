#include "os/process.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/support/processes.h"

namespace stogger {
namespace {

std::string calls;

// Handlers that write down a letter each: the first in small letters, then
// digits, then capitals.
template <char letter>
ForkHandlers noting() {
  return {[]() noexcept { calls += letter; },
          []() noexcept { calls += static_cast<char>(letter - 'a' + '0'); },
          []() noexcept { calls += static_cast<char>(letter - 'a' + 'A'); }};
}

TEST(ForkTable, PartsAreCalledInTheOrderOfTheirListAndBackAgain) {
  ForkTable table;
  // Whatever the order in which they come.
  table.set(ForkPart::sqlite, noting<'d'>());
  table.set(ForkPart::pipes, noting<'a'>());
  table.set(ForkPart::systems, noting<'c'>());
  table.set(ForkPart::sample_sinks, noting<'b'>());
  calls.clear();
  table.before();
  EXPECT_EQ(calls, "abcd");
  table.after_in_parent();
  EXPECT_EQ(calls, "abcd3210");
  table.after_in_child();
  EXPECT_EQ(calls, "abcd3210DCBA");
}

TEST(ForkTable, PartsThatAreNotThereAreLeftOut) {
  ForkTable table;
  table.set(ForkPart::systems, noting<'c'>());
  table.set(ForkPart::sqlite, {});
  calls.clear();
  table.before();
  table.after_in_parent();
  EXPECT_EQ(calls, "c2");
}

TEST(ForkMoments, AreOddOnlyWhileTheProcessSplits) {
  const std::uint64_t before = fork_moments();
  EXPECT_EQ(before % 2, 0u);
  EXPECT_TRUE(in_child([&] { return fork_moments() == before + 2; }));
  EXPECT_EQ(fork_moments(), before + 2);
}

}  // namespace
}  // namespace stogger
