#include "base/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace stogger {
namespace {

using Limits = std::numeric_limits<double>;

std::string integer(std::int64_t value) {
  char text[kNumberSize];
  return {text, write_integer(text, value)};
}
std::string unsigned_integer(std::uint64_t value) {
  char text[kNumberSize];
  return {text, write_unsigned(text, value)};
}
std::string real(double value) {
  char text[kNumberSize];
  char* const end = write_real(text, value);
  EXPECT_LE(end, text + kNumberSize);
  return {text, end};
}

TEST(NumberTest, IntegersAtTheEdges) {
  EXPECT_EQ(integer(0), "0");
  EXPECT_EQ(integer(-1), "-1");
  EXPECT_EQ(integer(INT64_MAX), "9223372036854775807");
  EXPECT_EQ(integer(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(unsigned_integer(UINT64_MAX), "18446744073709551615");
}

TEST(NumberTest, IntegersAroundPowersOfTenAndTwo) {
  std::uint64_t ten = 1;
  for (int i = 0; i < 20; ++i, ten *= 10) {
    for (const std::uint64_t value : {ten - 1, ten, ten + 1}) {
      EXPECT_EQ(unsigned_integer(value), std::to_string(value));
    }
  }
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t two = std::uint64_t{1} << bit;
    for (const std::uint64_t value : {two - 1, two, two + 1, two + two / 3}) {
      EXPECT_EQ(unsigned_integer(value), std::to_string(value));
      const auto negative = static_cast<std::int64_t>(value);
      EXPECT_EQ(integer(negative), std::to_string(negative));
    }
  }
}

TEST(NumberTest, PaddedNumbersHaveExactlySoManyDigits) {
  char text[8];
  EXPECT_EQ(std::string(text, write_padded<2>(text, 7)), "07");
  EXPECT_EQ(std::string(text, write_padded<3>(text, 42)), "042");
  EXPECT_EQ(std::string(text, write_padded<4>(text, 2026)), "2026");
  EXPECT_EQ(std::string(text, write_padded<6>(text, 0)), "000000");
  EXPECT_EQ(std::string(text, write_padded<6>(text, 656642)), "656642");
  EXPECT_EQ(std::string(text, write_padded<1>(text, 9)), "9");
}

TEST(NumberTest, RealsShowThatTheyAreNoIntegers) {
  EXPECT_EQ(real(0.0), "0.0");
  EXPECT_EQ(real(-0.0), "-0.0");
  EXPECT_EQ(real(1.0), "1.0");
  EXPECT_EQ(real(-1.0), "-1.0");
  EXPECT_EQ(real(100000000.0), "100000000.0");
  EXPECT_EQ(real(1e9), "1e+09");
  EXPECT_EQ(real(1234567890.0), "1234567890.0");
  EXPECT_EQ(real(123456789012.0), "123456789012.0");
  EXPECT_EQ(real(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(real(1e22), "1e+22");
}

TEST(NumberTest, RealsAreShort) {
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(120.5), "120.5");
  EXPECT_EQ(real(-14.7), "-14.7");
  EXPECT_EQ(real(101.325), "101.325");
  EXPECT_EQ(real(0.000001), "0.000001");
  EXPECT_EQ(real(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(real(1.0 / 3.0), "0.3333333333333333");
  EXPECT_EQ(real(999999999.999999), "999999999.999999");
  EXPECT_EQ(real(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(real(Limits::denorm_min()), "5e-324");
}

TEST(NumberTest, SpecialRealsHaveNames) {
  EXPECT_EQ(real(Limits::quiet_NaN()), "NaN");
  EXPECT_EQ(real(-Limits::quiet_NaN()), "NaN");
  EXPECT_EQ(real(Limits::infinity()), "Infinity");
  EXPECT_EQ(real(-Limits::infinity()), "-Infinity");
}

// A decimal number without its notation: 1.50e1 and 15.0 are the same.
struct Decimal {
  std::string digits;  // no zeros at either end
  int exponent = 0;    // of the digit behind the last

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

Decimal decimal(std::string_view text) {
  Decimal number;
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t e = text.find('e');
  if (e != std::string_view::npos) {
    number.exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
    text = text.substr(0, e);
  }
  bool fraction = false;
  for (const char c : text) {
    if (c == '.') {
      fraction = true;
      continue;
    }
    number.digits += c;
    if (fraction) --number.exponent;
  }
  number.digits.erase(0, number.digits.find_first_not_of('0'));
  while (number.digits.ends_with('0')) {
    number.digits.pop_back();
    ++number.exponent;
  }
  if (number.digits.empty()) number.exponent = 0;
  return number;
}

// True if the text reads back as the same number, shows that it is none but a
// real, and has the very digits of the shortest form, though not always in its
// notation: 0.0001 stays what it is, where std::to_chars says 1e-04.
bool is_right(double value) {
  char text[kNumberSize];
  const char* const end = write_real(text, value);
  double read = 0;
  const auto [read_end, error] = std::from_chars(text, end, read);
  if (error != std::errc() || read_end != end ||
      std::bit_cast<std::uint64_t>(read) !=
          std::bit_cast<std::uint64_t>(value)) {
    return false;
  }
  const std::string_view written(text, static_cast<std::size_t>(end - text));
  if (written.find_first_of(".e") == std::string_view::npos) return false;

  char digits[kNumberSize];
  const char* const digits_end =
      std::to_chars(digits, digits + kNumberSize, value).ptr;
  const std::string_view shortest(
      digits, static_cast<std::size_t>(digits_end - digits));
  if (written == shortest) return true;
  if (shortest.find_first_of(".e") == std::string_view::npos) {
    return written == std::string(shortest) + ".0";
  }
  return decimal(written) == decimal(shortest);
}

TEST(NumberTest, EveryKindOfRealReadsBackExactly) {
  std::mt19937_64 random(20261121);
  for (int i = 0; i < 1000000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_TRUE(is_right(value)) << real(value);
  }
}

TEST(NumberTest, RealsOfUsualSizeReadBackExactly) {
  std::mt19937_64 random(20261122);
  std::uniform_real_distribution<double> exponent(-9.0, 16.0);
  std::uniform_real_distribution<double> mantissa(-1.0, 1.0);
  for (int i = 0; i < 1000000; ++i) {
    const double value = mantissa(random) * std::pow(10.0, exponent(random));
    ASSERT_TRUE(is_right(value)) << real(value);
  }
}

// Short decimals take a way of their own; so do, wrongly, their neighbours if
// that way is not exact.
TEST(NumberTest, ShortDecimalsAndTheirNeighboursReadBackExactly) {
  std::mt19937_64 random(20261123);
  for (int i = 0; i < 700000; ++i) {
    const int places = static_cast<int>(random() % 10);
    const auto digits = static_cast<int>(random() % 15 + 1);
    std::uint64_t most = 1;
    for (int k = 0; k < digits; ++k) most *= 10;
    std::string text = std::to_string(random() % most);
    text += "e-" + std::to_string(places);
    const double value = std::strtod(text.c_str(), nullptr);
    ASSERT_TRUE(is_right(value)) << real(value);
    const double next = std::nextafter(value, Limits::infinity());
    ASSERT_TRUE(is_right(next)) << real(next);
    const double last = std::nextafter(value, -Limits::infinity());
    ASSERT_TRUE(is_right(last)) << real(last);
  }
}

TEST(NumberTest, RealsAtTheEdgesReadBackExactly) {
  for (const double edge : {1e-7,
                            5e-7,
                            1e-6,
                            1.5e-6,
                            1e-5,
                            0.5,
                            1.0,
                            1e8,
                            999999999.0,
                            1e9,
                            1e15,
                            9007199254740992.0,
                            1e16,
                            9223372036854775808.0,
                            1e21,
                            1e22,
                            1e23,
                            Limits::min(),
                            Limits::max(),
                            Limits::denorm_min(),
                            Limits::epsilon()}) {
    for (const double value : {edge, -edge}) {
      EXPECT_TRUE(is_right(value)) << real(value);
      EXPECT_TRUE(is_right(std::nextafter(value, 0.0))) << real(value);
      if (edge == Limits::max()) continue;
      EXPECT_TRUE(is_right(std::nextafter(value, value * 2))) << real(value);
    }
  }
}

TEST(NumberTest, AppendingAddsToWhatIsThere) {
  Buffer out;
  append_integer(out, -5);
  out.push_back(' ');
  append_unsigned(out, 5);
  out.push_back(' ');
  append_real(out, 0.5);
  EXPECT_EQ(out.view(), "-5 5 0.5");
}

}  // namespace
}  // namespace stogger
