// numeric = group count (16 bits) weight (16) sign (16) digits after the point
//           (16) *group
// group   = four decimal digits (16 bits); the first stands for the groups of
//           10000^weight
#include "sinks/postgres/numeric.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "sinks/postgres/big_endian.h"

namespace stogger {
namespace {

enum Sign : std::uint16_t {
  kPositive = 0,
  kNegative = 0x4000,
  kNaN = 0xC000,
  kInfinity = 0xD000,
  kMinusInfinity = 0xF000,
};

constexpr int kGroup = 4;
constexpr int kMostDigits = 24;

// 0.d1 d2 d3 ... times 10^point.
struct Decimal {
  bool negative = false;
  char digits[kMostDigits] = {};
  int count = 0;
  int point = 0;
};

// From text such as -1.25e-07, 42 or 5e+22.
Decimal read_decimal(std::string_view text) noexcept {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative) text.remove_prefix(1);
  const std::size_t e = std::min(text.find('e'), text.size());
  const std::string_view digits = text.substr(0, e);
  decimal.point = static_cast<int>(std::min(digits.find('.'), digits.size()));
  for (const char c : digits) {
    if (c != '.') decimal.digits[decimal.count++] = c;
  }
  if (e != text.size()) {
    int exponent = 0;
    const std::size_t start = e + (text[e + 1] == '+' ? 2 : 1);
    std::from_chars(text.data() + start, text.data() + text.size(), exponent);
    decimal.point += exponent;
  }
  return decimal;
}

// Half away from zero.
void round_to(int scale, Decimal* decimal) noexcept {
  const int kept = decimal->point + scale;
  if (kept >= decimal->count) return;
  const bool up = kept >= 0 && decimal->digits[kept] >= '5';
  decimal->count = std::max(kept, 0);
  if (!up) return;
  int i = decimal->count;
  while (i > 0 && decimal->digits[i - 1] == '9') --i;
  decimal->count = i;
  if (i > 0) {
    ++decimal->digits[i - 1];
  } else {
    decimal->digits[decimal->count++] = '1';
    ++decimal->point;
  }
}

void trim_zeros(Decimal* decimal) noexcept {
  const char* const first =
      std::find_if(decimal->digits, decimal->digits + decimal->count,
                   [](char digit) { return digit != '0'; });
  const auto zeros = static_cast<int>(first - decimal->digits);
  std::copy(first, first + (decimal->count - zeros), decimal->digits);
  decimal->count -= zeros;
  decimal->point -= zeros;
  while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0') {
    --decimal->count;
  }
  if (decimal->count == 0) decimal->point = 0;
}

void append_header(Buffer& out, int groups, int weight, std::uint16_t sign,
                   int scale) {
  append_big_endian(out, static_cast<std::uint16_t>(groups));
  append_big_endian(out, static_cast<std::uint16_t>(weight));
  append_big_endian(out, sign);
  append_big_endian(out, static_cast<std::uint16_t>(scale));
}

void append_decimal(Buffer& out, const Decimal& decimal) {
  if (decimal.count == 0) return append_header(out, 0, 0, kPositive, 0);
  // Groups are counted from the point.
  const int above = decimal.point > 0 ? (decimal.point + kGroup - 1) / kGroup
                                      : -(-decimal.point / kGroup);
  const int padding = above * kGroup - decimal.point;
  const int groups = (padding + decimal.count + kGroup - 1) / kGroup;
  append_header(out, groups, above - 1,
                decimal.negative ? kNegative : kPositive,
                std::max(decimal.count - decimal.point, 0));
  for (int group = 0; group < groups; ++group) {
    int number = 0;
    for (int i = 0; i < kGroup; ++i) {
      const int at = group * kGroup + i - padding;
      const bool has_digit = at >= 0 && at < decimal.count;
      number = number * 10 + (has_digit ? decimal.digits[at] - '0' : 0);
    }
    append_big_endian(out, static_cast<std::uint16_t>(number));
  }
}

bool append_not_finite(Buffer& out, double real, const NumericLimits& limits) {
  if (std::isnan(real)) {
    append_header(out, 0, 0, kNaN, 0);
    return true;
  }
  if (limits.precision != 0) return false;
  append_header(out, 0, 0, real > 0 ? kInfinity : kMinusInfinity, 0);
  return true;
}

}  // namespace

bool append_numeric(Buffer& out, const Value& value,
                    const NumericLimits& limits) {
  char text[kMostDigits + 8];
  std::to_chars_result end = {text, {}};
  switch (value.kind()) {
    case Kind::integer:
      end = std::to_chars(text, std::end(text), value.integer());
      break;
    case Kind::unsigned_integer:
      end = std::to_chars(text, std::end(text), value.unsigned_integer());
      break;
    case Kind::real:
      if (!std::isfinite(value.real())) {
        return append_not_finite(out, value.real(), limits);
      }
      end = std::to_chars(text, std::end(text), value.real(),
                          std::chars_format::scientific);
      break;
    default:
      return false;
  }
  Decimal decimal =
      read_decimal({text, static_cast<std::size_t>(end.ptr - text)});
  if (limits.precision != 0) round_to(limits.scale, &decimal);
  trim_zeros(&decimal);
  if (limits.precision != 0 &&
      decimal.point > limits.precision - limits.scale) {
    return false;
  }
  append_decimal(out, decimal);
  return true;
}

}  // namespace stogger
