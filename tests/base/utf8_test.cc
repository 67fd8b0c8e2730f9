#include "base/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {
namespace {

using namespace std::string_view_literals;

// RFC 3629, section 3, for any number up to 0x1FFFFF.
std::string encode(std::uint32_t c) {
  const auto byte = [](std::uint32_t b) { return static_cast<char>(b); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000) {
    return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)),
            byte(0x80 | (c & 0x3F))};
  }
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)),
          byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
}

bool is_surrogate(std::uint32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

TEST(Utf8Test, EveryCodePointIsReadAndNoOther) {
  for (std::uint32_t c = 0; c < 0x200000; ++c) {
    const std::string text = encode(c);
    const Utf8Step step = utf8_step(text);
    const bool valid = c <= 0x10FFFF && !is_surrogate(c);
    ASSERT_EQ(step.valid, valid) << std::hex << c;
    if (valid) {
      ASSERT_EQ(step.codepoint, c);
      ASSERT_EQ(step.size, text.size());
    }
  }
}

TEST(Utf8Test, OverlongFormsAreBad) {
  for (const std::string_view text :
       {"\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xE0\x9F\xBF"sv,
        "\xF0\x80\x80\x80"sv, "\xF0\x8F\xBF\xBF"sv}) {
    EXPECT_FALSE(utf8_step(text).valid);
    EXPECT_EQ(utf8_step(text).size, 1u);
  }
}

// The examples of the Unicode standard, tables 3-8 to 3-11: each number is the
// length of one replaced (negative) or kept (positive) piece.
TEST(Utf8Test, BadSequencesEndWhereTheStandardHasThemEnd) {
  const struct {
    std::string_view text;
    std::vector<int> pieces;
  } cases[] = {{"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"sv,
                {-1, -1, -1, -1, -1, -1, -1, -1, 1}},
               {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"sv,
                {-1, -1, -1, -1, -1, -1, -1, -1, 1}},
               {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"sv,
                {-1, -1, -1, -1, -1, 1, -1, -1, 1}},
               {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"sv, {-2, -1, -3, -2, 1}},
               {"\xF0\x9F\x98"sv, {-3}},
               {"\xE2\x82"sv, {-2}},
               {"\xC3"sv, {-1}}};
  for (const auto& [text, pieces] : cases) {
    std::vector<int> found;
    for (std::string_view rest = text; !rest.empty();) {
      const Utf8Step step = utf8_step(rest);
      const int size = static_cast<int>(step.size);
      found.push_back(step.valid ? size : -size);
      rest.remove_prefix(step.size);
    }
    EXPECT_EQ(found, pieces);
  }
}

TEST(Utf8Test, RandomBytesAlwaysAdvanceAndNeverPassTheEnd) {
  std::mt19937 random(1);
  for (int i = 0; i < 100000; ++i) {
    // On the heap, so that a sanitizer sees a read beyond the end.
    std::vector<char> bytes(random() % 8 + 1);
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 4 == 0 ? random() % 128
                                                 : 128 + random() % 128);
    }
    std::string_view rest(bytes.data(), bytes.size());
    while (!rest.empty()) {
      const Utf8Step step = utf8_step(rest);
      ASSERT_GE(step.size, 1u);
      ASSERT_LE(step.size, rest.size());
      rest.remove_prefix(step.size);
    }
  }
}

TEST(Utf8Test, PrefixNeverEndsInsideASequence) {
  const std::string text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z";
  const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t most = 0; most < std::size(ends); ++most) {
    EXPECT_EQ(utf8_prefix(text, most), text.substr(0, ends[most])) << most;
  }
}

TEST(Utf8Test, PrefixOfBadBytesIsNearTheLimit) {
  const std::string text(100, '\x80');
  EXPECT_GE(utf8_prefix(text, 50).size(), 46u);
  EXPECT_LE(utf8_prefix(text, 50).size(), 50u);
  EXPECT_EQ(utf8_prefix(text, 100).size(), 100u);
}

TEST(Utf8Test, LengthCountsCodePointsAndBadSequences) {
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("abc"), 3u);
  EXPECT_EQ(utf8_length("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), 4u);
  EXPECT_EQ(utf8_length("\xFF\xE2\x82z"), 3u);
}

TEST(Utf8Test, CleanTextIsValidAndHasNoNul) {
  EXPECT_TRUE(is_clean_text(""));
  // What is bad is found wherever it stands, inside and between the words that
  // are looked at at once.
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, '\x01');
      EXPECT_TRUE(is_clean_text(text));
      text[at] = '\x7F';
      EXPECT_TRUE(is_clean_text(text));
      text[at] = '\0';
      EXPECT_FALSE(is_clean_text(text)) << size << " " << at;
      text[at] = '\xFF';
      EXPECT_FALSE(is_clean_text(text)) << size << " " << at;
      text[at] = '\x80';
      EXPECT_FALSE(is_clean_text(text)) << size << " " << at;
      text.replace(at, 1, "\xE2\x82\xAC");
      EXPECT_TRUE(is_clean_text(text)) << size << " " << at;
    }
  }
}

TEST(Utf8SuffixTest, DoesNotBeginInsideACharacter) {
  const std::string_view text = "a\u00E4\u4E2D\U0001F600";
  EXPECT_EQ(utf8_suffix(text, 100), text);
  EXPECT_EQ(utf8_suffix(text, 10), text);
  EXPECT_EQ(utf8_suffix(text, 9), "\u00E4\u4E2D\U0001F600");
  EXPECT_EQ(utf8_suffix(text, 8), "\u4E2D\U0001F600");
  EXPECT_EQ(utf8_suffix(text, 6), "\U0001F600");
  EXPECT_EQ(utf8_suffix(text, 4), "\U0001F600");
  EXPECT_EQ(utf8_suffix(text, 3), "");
  EXPECT_EQ(utf8_suffix(text, 0), "");
}

}  // namespace
}  // namespace stogger
