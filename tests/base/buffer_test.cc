#include "base/buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

namespace stogger {
namespace {

TEST(BufferTest, BeginsEmptyWithoutMemory) {
  const Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.view(), "");
}

TEST(BufferTest, AppendedBytesFollowEachOther) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    buffer.push_back(static_cast<char>('a' + i % 26));
    buffer.append("-ten-bytes");
    expected += static_cast<char>('a' + i % 26);
    expected += "-ten-bytes";
  }
  buffer.append("");
  buffer.append({});
  EXPECT_EQ(buffer.view(), expected);
}

TEST(BufferTest, OneLargePieceIsTakenWhole) {
  Buffer buffer;
  buffer.append("x");
  const std::string large(100000, 'y');
  buffer.append(large);
  EXPECT_EQ(buffer.view(), "x" + large);
}

TEST(BufferTest, ReservedRoomBecomesContentUpToWhereItIsAdvanced) {
  Buffer buffer;
  buffer.append("head ");
  char* room = buffer.reserve(1000);
  std::memcpy(room, "tail", 4);
  EXPECT_EQ(buffer.view(), "head ");
  buffer.advance_to(room + 4);
  EXPECT_EQ(buffer.view(), "head tail");
}

TEST(BufferTest, ClearKeepsTheMemory) {
  Buffer buffer;
  buffer.append(std::string(5000, 'x'));
  const std::size_t capacity = buffer.capacity();
  const char* const data = buffer.data();
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  buffer.append(std::string(5000, 'y'));
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(buffer.data(), data);
}

TEST(BufferTest, RecycleGivesBackOnlyWhatIsTooMuch) {
  Buffer buffer;
  buffer.append(std::string(600, 'x'));
  const std::size_t capacity = buffer.capacity();
  buffer.recycle(capacity);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.recycle(capacity - 1);
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.append("again");
  EXPECT_EQ(buffer.view(), "again");
}

TEST(BufferTest, ConsumeDropsTheBeginning) {
  Buffer buffer;
  buffer.append("0123456789");
  buffer.consume(4);
  EXPECT_EQ(buffer.view(), "456789");
  buffer.consume(0);
  EXPECT_EQ(buffer.view(), "456789");
  buffer.consume(6);
  EXPECT_TRUE(buffer.empty());
}

TEST(BufferTest, TruncateKeepsTheBeginning) {
  Buffer buffer;
  buffer.append("0123456789");
  buffer.truncate(4);
  EXPECT_EQ(buffer.view(), "0123");
}

TEST(BufferTest, MovingHandsTheBytesOver) {
  Buffer first;
  first.append("text");
  Buffer second(std::move(first));
  EXPECT_EQ(second.view(), "text");
  Buffer third;
  third.append("other");
  third = std::move(second);
  EXPECT_EQ(third.view(), "text");
}

}  // namespace
}  // namespace stogger
