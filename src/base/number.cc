#include "base/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "base/copy_text.h"

namespace stogger {
namespace {

// Of a value below 100: its one or two digits, without a branch.
[[gnu::always_inline]] inline char* write_pair(char* out,
                                               std::uint32_t value) noexcept {
  const std::size_t zero = value < 10 ? 1 : 0;
  std::memcpy(out, &kDigitPairs[value * 2 + zero], 2);
  return out + 2 - zero;
}

[[gnu::noinline]] char* write_many_digits(char* out,
                                          std::uint64_t value) noexcept {
  return std::to_chars(out, out + kNumberSize, value).ptr;
}

// Inlined, as a call takes as long as the few digits of most numbers.
[[gnu::always_inline]] inline char* write_digits(char* out,
                                                 std::uint64_t value) noexcept {
  constexpr std::uint32_t kFourDigits = 10000;
  if (value >= kFourDigits * kFourDigits) return write_many_digits(out, value);
  auto rest = static_cast<std::uint32_t>(value);
  const std::uint32_t high = rest / kFourDigits;
  if (high != 0) {
    out = high < 100 ? write_pair(out, high)
                     : write_padded<2>(write_pair(out, high / 100), high % 100);
    return write_padded<4>(out, rest % kFourDigits);
  }
  if (rest < 100) return write_pair(out, rest);
  return write_padded<2>(write_pair(out, rest / 100), rest % 100);
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
  const auto whole = static_cast<std::uint32_t>(units / 1000000);
  const auto fraction =
      static_cast<std::uint32_t>(units - std::uint64_t{whole} * 1000000);
  out = write_digits(out, whole);
  *out++ = '.';
  if (fraction == 0) {
    *out++ = '0';
    return out;
  }
  const std::uint32_t rest = fraction % 10000;  // mostly nothing
  out = write_padded<2>(out, fraction / 10000);
  if (rest != 0) out = write_padded<4>(out, rest);
  while (out[-1] == '0') --out;
  return out;
}

[[gnu::noinline]] char* write_any_real(char* out, double value) noexcept {
  if (!std::isfinite(value)) {
    if (std::isnan(value)) return copy_text(out, "NaN");
    return copy_text(out, value > 0 ? "Infinity" : "-Infinity");
  }
  char* const end = std::to_chars(out, out + kNumberSize, value).ptr;
  const bool is_marked =
      std::any_of(out, end, [](char c) { return c == '.' || c == 'e'; });
  return is_marked ? end : copy_text(end, ".0");
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
