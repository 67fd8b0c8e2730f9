#include "base/harmful.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace stogger {
namespace {

TEST(HarmfulTest, ControlsMarksAndWhatHasNoWidthAreHarmful) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  for (const Range range :
       {Range{0x00, 0x1F}, Range{0x7F, 0x9F}, Range{0x61C, 0x61C},
        Range{0x180E, 0x180E}, Range{0x200B, 0x200F}, Range{0x2028, 0x202E},
        Range{0x2060, 0x206F}, Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB},
        Range{0xE0000, 0xE007F}}) {
    for (std::uint32_t c = range.first; c <= range.last; ++c) {
      EXPECT_TRUE(is_harmful(c)) << std::hex << c;
    }
    if (range.first > 0) {
      EXPECT_FALSE(is_harmful(range.first - 1)) << std::hex << range.first;
    }
    EXPECT_FALSE(is_harmful(range.last + 1)) << std::hex << range.last;
  }
}

TEST(HarmfulTest, LettersSpacesAndEmojiAreNot) {
  for (const std::uint32_t c :
       {0x20u, 0x41u, 0xA0u, 0xADu, 0xE4u, 0x5D0u, 0x627u, 0x4E2Du, 0xFE0Fu,
        0xFFFDu, 0x1F600u, 0xE0100u, 0x10FFFFu}) {
    EXPECT_FALSE(is_harmful(c)) << std::hex << c;
  }
}

}  // namespace
}  // namespace stogger
