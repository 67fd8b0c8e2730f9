#include "base/plain_copy.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace stogger {
namespace {

using JsonSpecial = SpecialCharacters<' ', '"', '\\'>;
using Ascii = SpecialCharacters<0>;

// Copies between blocks of exactly the size, so that a sanitizer sees a read or
// a write beyond.
template <class Specials>
bool copy(std::string_view text, std::string* copied) {
  const std::vector<char> in(text.begin(), text.end());
  std::vector<char> out(text.size());
  const bool plain = copy_plain<Specials>(out.data(), {in.data(), in.size()});
  copied->assign(out.begin(), out.end());
  return plain;
}

TEST(PlainCopyTest, PlainTextOfEveryLengthIsCopied) {
  std::string text;
  for (std::size_t size = 0; size < 200; ++size) {
    std::string copied;
    EXPECT_TRUE(copy<JsonSpecial>(text, &copied)) << size;
    EXPECT_EQ(copied, text);
    text += static_cast<char>(' ' + 3 + size % 20);
  }
}

TEST(PlainCopyTest, ASpecialCharacterIsSeenWhereverItStands) {
  std::string copied;
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'b');
      for (const char special :
           {'"', '\\', '\x1F', '\0', '\n', '\x7F', '\x80', '\xFF'}) {
        text[at] = special;
        EXPECT_FALSE(copy<JsonSpecial>(text, &copied))
            << size << " " << at << " " << static_cast<int>(special);
      }
    }
  }
}

TEST(PlainCopyTest, EveryCharacterIsJudgedAsTheSetSays) {
  std::string copied;
  for (int c = 0; c < 256; ++c) {
    const char character = static_cast<char>(c);
    // In each of the ways that texts of different lengths take.
    for (const std::size_t size : {1u, 5u, 12u, 16u, 40u}) {
      std::string text(size, 'b');
      text[size / 2] = character;
      EXPECT_EQ(copy<JsonSpecial>(text, &copied), !JsonSpecial::has(character))
          << c;
      EXPECT_EQ(JsonSpecial::has(character),
                c < 32 || c >= 127 || c == '"' || c == '\\');
      EXPECT_EQ(copy<Ascii>(text, &copied), c < 127) << c;
    }
  }
}

}  // namespace
}  // namespace stogger
