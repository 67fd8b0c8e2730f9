#include "base/ascii_test.h"

#include <gtest/gtest.h>

#include <string>

namespace stogger {
namespace {

template <class Test = AsciiTest>
bool passes(const std::string& text) {
  Test test;
  test.add(text);
  return test.passed();
}

TEST(AsciiTestTest, TextOfEveryLengthAndEveryCharacterPasses) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (int c = 1; c < 0x80; ++c) {
      const std::string text(size, static_cast<char>(c));
      EXPECT_TRUE(passes(text)) << c;
      EXPECT_EQ(passes<PlainKeyTest>(text), c != ':') << c;
    }
  }
}

TEST(AsciiTestTest, OneOtherCharacterAnywhereIsFound) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const int c : {0, 0x80, 0xC3, 0xFF}) {
        for (const char other : {'\x01', 'k', '\x7F'}) {
          std::string text(size, other);
          text[at] = static_cast<char>(c);
          EXPECT_FALSE(passes(text)) << size << ' ' << at << ' ' << c;
          EXPECT_FALSE(passes<PlainKeyTest>(text)) << size << ' ' << at;
          text[at] = ':';
          EXPECT_TRUE(passes(text)) << size << ' ' << at;
          EXPECT_FALSE(passes<PlainKeyTest>(text)) << size << ' ' << at;
        }
      }
    }
  }
}

TEST(AsciiTestTest, OneTextOfManyIsEnough) {
  AsciiTest test;
  for (const char* const text : {"user", "k\xC3\xA4se", "n"}) test.add(text);
  EXPECT_FALSE(test.passed());
}

}  // namespace
}  // namespace stogger
