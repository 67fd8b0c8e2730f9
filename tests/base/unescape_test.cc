#include "base/unescape.h"

#include <gtest/gtest.h>

#include <string>

namespace stogger {
namespace {

std::string unescaped(std::string_view text) {
  Buffer out;
  return append_unescaped(out, text) ? std::string(out.view()) : "none";
}

TEST(UnescapeTest, EscapesBecomeWhatTheyStandFor) {
  EXPECT_EQ(unescaped("a\\u0041b"), "aAb");
  EXPECT_EQ(unescaped("\\n\\t\\\"\\/"), "\n\t\"/");
  EXPECT_EQ(unescaped("\\u00e9\\u20AC"), "\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(unescaped("\\ud83d\\ude00"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(unescaped("\\\\ud83d\\\\ude00"), "\xF0\x9F\x98\x80");
}

TEST(UnescapeTest, WhatIsNoEscapeStays) {
  EXPECT_EQ(unescaped("plain"), "none");
  EXPECT_EQ(unescaped(""), "none");
  EXPECT_EQ(unescaped("a\\"), "a");
  EXPECT_EQ(unescaped("\\u12"), "u12");
  EXPECT_EQ(unescaped("\\u12g4"), "u12g4");
  EXPECT_EQ(unescaped("\\q"), "q");
}

TEST(UnescapeTest, SeveralBackslashesCountAsOne) {
  EXPECT_EQ(unescaped("\\\\\\u0041"), "A");
}

}  // namespace
}  // namespace stogger
