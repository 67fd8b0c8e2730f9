#include "base/arena.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace stogger {
namespace {

TEST(ArenaTest, CopiesStayWhereTheyAre) {
  Arena arena;
  std::vector<std::string> originals;
  std::vector<std::string_view> copies;
  // Sizes around the size of a block, and many small ones.
  for (const std::size_t size : {1u, 4095u, 4096u, 4097u, 20000u, 0u, 3u}) {
    for (int i = 0; i < 50; ++i) {
      originals.emplace_back(size, static_cast<char>('a' + i % 26));
      copies.push_back(arena.copy(originals.back()));
    }
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    ASSERT_EQ(copies[i], originals[i]);
    ASSERT_NE(copies[i].data(), nullptr);
  }
}

TEST(ArenaTest, AllocationsDoNotOverlap) {
  Arena arena;
  std::vector<char*> rooms;
  for (int i = 0; i < 3000; ++i) {
    char* room = arena.allocate(7);
    std::fill(room, room + 7, static_cast<char>(i));
    rooms.push_back(room);
  }
  for (int i = 0; i < 3000; ++i) {
    for (int k = 0; k < 7; ++k) {
      ASSERT_EQ(rooms[static_cast<std::size_t>(i)][k], static_cast<char>(i));
    }
  }
}

TEST(ArenaTest, ResetUsesTheFirstBlockAgain) {
  Arena arena;
  const char* const first = arena.allocate(100);
  arena.allocate(100000);
  arena.reset();
  EXPECT_EQ(arena.allocate(100), first);
}

TEST(ArenaTest, ALargeFirstAllocationDoesNotShortenLaterOnes) {
  Arena arena;
  arena.allocate(100000);
  arena.reset();
  // What reset() keeps is a block of the usual size: all of it may be used.
  char* const room = arena.allocate(4096);
  std::fill(room, room + 4096, 'x');
  EXPECT_EQ(std::string_view(room, 4096), std::string(4096, 'x'));
}

TEST(ArenaTest, ResetOfAnUnusedArenaDoesNothing) {
  Arena arena;
  arena.reset();
  EXPECT_EQ(arena.copy("text"), "text");
}

}  // namespace
}  // namespace stogger
