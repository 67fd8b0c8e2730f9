#include "base/number.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace stogger {
namespace {

constexpr auto kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (std::uint64_t& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

// For values from 1 on. The logarithm to base 10 is about that to base 2 times
// 1233 / 4096; a table tells whether it was one too many.
int digit_count(std::uint64_t value) noexcept {
  const int guess = (64 - __builtin_clzll(value)) * 1233 >> 12;
  return guess +
         (value >= kPowersOfTen[static_cast<std::size_t>(guess)] ? 1 : 0);
}

// Inlined, as a call takes as long as the few digits of most numbers.
[[gnu::always_inline]] inline char* write_digits(char* out,
                                                 std::uint64_t value) noexcept {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  char* const end = out + digit_count(value);
  char* first = end;
  while (value >= 100) {
    first -= 2;
    std::memcpy(first, &kDigitPairs[value % 100 * 2], 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(first - 2, &kDigitPairs[value * 2], 2);
  } else {
    first[-1] = static_cast<char>('0' + value);
  }
  return end;
}

// Most numbers that people log have few digits: 0.25, 14.7, 101.325. For these
// there is a way to the shortest form that is several times faster than a
// general algorithm. If value * 10^6 is within half a unit of an integer n
// below 10^15, and n / 10^6 (one correctly rounded division of exact operands)
// is the value again, then the decimal n / 10^6 reads back as the value. Two
// different decimals of at most 15 digits never read back as the same double,
// so with its trailing zeros cut it is also the shortest. Returns null if the
// value is not of that kind.
[[gnu::always_inline]] inline char* write_short_decimal(char* out,
                                                        double value) noexcept {
  constexpr double kScale = 1e6;
  constexpr double kMost = 1e9;
  const double magnitude = std::fabs(value);
  if (!(magnitude < kMost)) return nullptr;
  // Signed: processors convert these in one instruction.
  const auto scaled = static_cast<std::int64_t>(magnitude * kScale + 0.5);
  if (static_cast<double>(scaled) / kScale != magnitude) return nullptr;

  if (std::signbit(value)) *out++ = '-';
  const auto units = static_cast<std::uint64_t>(scaled);
  out = write_digits(out, units / 1000000);
  *out++ = '.';
  const auto fraction = static_cast<std::uint32_t>(units % 1000000);
  if (fraction == 0) {
    *out++ = '0';
    return out;
  }
  out = write_padded<6>(out, fraction);
  while (out[-1] == '0') --out;
  return out;
}

char* copy(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

[[gnu::noinline]] char* write_any_real(char* out, double value) noexcept {
  if (!std::isfinite(value)) {
    if (std::isnan(value)) return copy(out, "NaN");
    return copy(out, value > 0 ? "Infinity" : "-Infinity");
  }
  char* end = std::to_chars(out, out + kNumberSize, value).ptr;
  const std::string_view digits(out, static_cast<std::size_t>(end - out));
  if (digits.find_first_of(".e") == std::string_view::npos) {
    end = copy(end, ".0");
  }
  return end;
}

}  // namespace

char* write_integer(char* out, std::int64_t value) noexcept {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  return write_digits(out, magnitude);
}

char* write_unsigned(char* out, std::uint64_t value) noexcept {
  return write_digits(out, value);
}

char* write_real(char* out, double value) noexcept {
  if (char* end = write_short_decimal(out, value)) return end;
  return write_any_real(out, value);
}

}  // namespace stogger
