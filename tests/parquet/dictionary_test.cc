#include "sinks/parquet/dictionary.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <string>

namespace stogger {
namespace {

constexpr HashKey kKey{0x9E3779B97F4A7C15, 0xD1B54A32D192ED03};

// The lowest bits of a hash are a place in the table.
std::size_t places(const std::set<std::uint64_t>& hashes, std::uint64_t size) {
  std::set<std::uint64_t> places;
  for (const std::uint64_t hash : hashes) places.insert(hash & (size - 1));
  return places.size();
}

std::string text_of(const std::uint64_t (&words)[3]) {
  return {reinterpret_cast<const char*>(words), sizeof words};
}

// Texts that have one and the same hash without a key.
TEST(KeyedHashTest, TextsThatAreChosenToCollideDoNot) {
  const auto mix = [](std::uint64_t value) {
    value *= 0x9E3779B97F4A7C15u;
    return value ^ value >> 32;
  };
  const KeyedHash hash(kKey);
  std::set<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    const std::uint64_t words[3] = {i, i * i,
                                    mix(mix(24 ^ i) ^ i * i) ^ 0x1234567};
    hashes.insert(hash(text_of(words)));
  }
  EXPECT_EQ(hashes.size(), 4096u);
  EXPECT_GT(places(hashes, 8192), 2800u);  // 3,223 of numbers by chance
}

// A multiplication alone would keep a difference in the highest bits there.
TEST(KeyedHashTest, HighBitsCountToo) {
  const KeyedHash hash(kKey);
  std::set<std::uint64_t> numbers;
  std::set<std::uint64_t> texts;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    numbers.insert(hash(i << 52));
    const std::uint64_t words[3] = {i << 52, 0, i << 20};
    texts.insert(hash(text_of(words)));
  }
  EXPECT_GT(places(numbers, 8192), 2800u);
  EXPECT_GT(places(texts, 8192), 2800u);
}

TEST(KeyedHashTest, TheKeyDecides) {
  const KeyedHash one(kKey);
  const KeyedHash other({kKey.second, kKey.first});
  EXPECT_NE(one(std::string_view("event")), other(std::string_view("event")));
  EXPECT_NE(one(std::uint64_t{7}), other(std::uint64_t{7}));
  EXPECT_EQ(one(std::string_view("event")), one(std::string_view("event")));
}

}  // namespace
}  // namespace stogger
