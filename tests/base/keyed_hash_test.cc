#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace stogger {
namespace {

// The key 00 01 02 ... 0f of the vectors that came with SipHash.
constexpr HashKey kVectorKey = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

TEST(KeyedHashTest, ItIsSipHash) {
  std::string text;
  EXPECT_EQ(keyed_hash(kVectorKey, text), 0x726fdb47dd0e0e31u);
  for (char c = 0; c < 8; ++c) text += c;
  EXPECT_EQ(keyed_hash(kVectorKey, text), 0x93f5f5799a932462u);
  for (char c = 8; c < 15; ++c) text += c;
  EXPECT_EQ(keyed_hash(kVectorKey, text), 0xa129ca6149be45e5u);
}

TEST(KeyedHashTest, AnotherKeyIsAnotherHash) {
  EXPECT_NE(keyed_hash({1, 2}, "a"), keyed_hash({1, 3}, "a"));
  EXPECT_NE(keyed_hash({1, 2}, "a"), keyed_hash({2, 2}, "a"));
}

TEST(KeyedHashTest, TheKeyOfTheProcessIsNotZeroAndStays) {
  const HashKey key = process_hash_key();
  EXPECT_NE(key.first, 0u);
  EXPECT_NE(key.second, 0u);
  EXPECT_EQ(process_hash_key().first, key.first);
  EXPECT_EQ(process_hash_key().second, key.second);
}

}  // namespace
}  // namespace stogger
