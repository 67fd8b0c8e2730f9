#include "sinks/postgres/encode_value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/arena.h"
#include "base/json.h"
#include "base/number.h"
#include "base/scalar_text.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "row/fit.h"
#include "sinks/postgres/big_endian.h"

namespace stogger {
namespace {

// From 1970-01-01 to 2000-01-01, where PostgreSQL begins to count.
constexpr std::int64_t kEpochDays = 10957;
constexpr std::int64_t kEpochMicroseconds = kEpochDays * 86400 * 1000000;

std::int64_t microseconds_of(Time time) noexcept {
  const std::int64_t whole = time.ns / 1000;
  return time.ns % 1000 < 0 ? whole - 1 : whole;
}

// Null if it does not fit. No text has to be made.
Value fitted_number(Kind kind, const Value& value) {
  Arena unused;
  return fitted(kind, value, unused);
}

template <class Integer, class Bits>
bool append_integer_as(Buffer& out, const Value& value) {
  const Value fit = fitted_number(Kind::integer, value);
  if (fit.is_null()) return false;
  const std::int64_t number = fit.integer();
  if (number < std::numeric_limits<Integer>::min() ||
      number > std::numeric_limits<Integer>::max()) {
    return false;
  }
  append_big_endian(out, static_cast<Bits>(number));
  return true;
}

bool append_float4(Buffer& out, const Value& value) {
  // From here on, a double is nearer to what would be next than to the largest
  // float. The decimal of that one is above itself.
  constexpr double kTooLarge = 0x1.ffffffp127;
  const Value fit = fitted_number(Kind::real, value);
  if (fit.is_null()) return false;
  const double real = fit.real();
  if (std::isfinite(real) && std::fabs(real) >= kTooLarge) return false;
  append_big_endian(out,
                    std::bit_cast<std::uint32_t>(static_cast<float>(real)));
  return true;
}

bool append_float8(Buffer& out, const Value& value) {
  const Value fit = fitted_number(Kind::real, value);
  if (fit.is_null()) return false;
  append_big_endian(out, std::bit_cast<std::uint64_t>(fit.real()));
  return true;
}

bool append_boolean(Buffer& out, const Value& value) {
  if (value.kind() != Kind::boolean) return false;
  out.push_back(value.boolean() ? '\1' : '\0');
  return true;
}

bool append_timestamp(Buffer& out, const Value& value) {
  if (value.kind() != Kind::time) return false;
  append_big_endian(out,
                    static_cast<std::uint64_t>(microseconds_of(value.time()) -
                                               kEpochMicroseconds));
  return true;
}

bool append_date(Buffer& out, const Value& value) {
  if (value.kind() != Kind::time) return false;
  append_big_endian(
      out, static_cast<std::uint32_t>(day_of(value.time()) - kEpochDays));
  return true;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool append_uuid(Buffer& out, const Value& value) {
  constexpr std::size_t kBytes = 16;
  constexpr std::size_t kHyphens = 4;
  if (value.kind() != Kind::text) return false;
  const std::string_view text = value.text();
  const bool has_hyphens = text.size() == 2 * kBytes + kHyphens;
  if (!has_hyphens && text.size() != 2 * kBytes) return false;
  char uuid[kBytes];
  std::size_t at = 0;
  for (std::size_t i = 0; i < kBytes; ++i) {
    if (has_hyphens && (i == 4 || i == 6 || i == 8 || i == 10)) {
      if (text[at++] != '-') return false;
    }
    const int high = hex_digit(text[at++]);
    const int low = hex_digit(text[at++]);
    if (high < 0 || low < 0) return false;
    uuid[i] = static_cast<char>(high << 4 | low);
  }
  out.append({uuid, kBytes});
  return true;
}

void append_clean(Buffer& out, std::string_view text) {
  if (is_clean_text(text)) {
    out.append(text);
  } else {
    append_clean_text(out, text);
  }
}

void append_as_text(Buffer& out, const Value& value) {
  if (value.kind() == Kind::text || value.kind() == Kind::json) {
    append_clean(out, value.text());
  } else {
    append_cell(out, value);
  }
}

bool append_text(Buffer& out, const PostgresColumn& column,
                 const Value& value) {
  if (column.is_enum) {
    if (value.kind() != Kind::text ||
        std::find(column.labels.begin(), column.labels.end(), value.text()) ==
            column.labels.end()) {
      return false;
    }
    out.append(value.text());
    return true;
  }
  const std::size_t start = out.size();
  append_as_text(out, value);
  const std::string_view text = out.view().substr(start);
  const bool fits =
      (column.most_bytes == 0 || text.size() <= column.most_bytes) &&
      (column.most_characters == 0 || text.size() <= column.most_characters ||
       utf8_length(text) <= column.most_characters);
  if (!fits) out.truncate(start);
  return fits;
}

}  // namespace

void append_postgres_json(Buffer& out, const Value& value) {
  if (value.kind() == Kind::json) {
    append_clean(out, value.text());
  } else {
    append_json_value(out, value);
  }
}

bool append_postgres_value(Buffer& out, const PostgresColumn& column,
                           const Value& value) {
  if ((value.kind() == Kind::text || value.kind() == Kind::json) &&
      value.text().size() > kLongestPostgresText) {
    return false;
  }
  switch (column.type) {
    case PostgresType::boolean:
      return append_boolean(out, value);
    case PostgresType::int2:
      return append_integer_as<std::int16_t, std::uint16_t>(out, value);
    case PostgresType::int4:
      return append_integer_as<std::int32_t, std::uint32_t>(out, value);
    case PostgresType::int8:
      return append_integer_as<std::int64_t, std::uint64_t>(out, value);
    case PostgresType::float4:
      return append_float4(out, value);
    case PostgresType::float8:
      return append_float8(out, value);
    case PostgresType::numeric:
      return append_numeric(out, value, column.numeric);
    case PostgresType::text:
      return append_text(out, column, value);
    case PostgresType::uuid:
      return append_uuid(out, value);
    case PostgresType::timestamptz:
    case PostgresType::timestamp:
      return append_timestamp(out, value);
    case PostgresType::date:
      return append_date(out, value);
    case PostgresType::json:
      append_postgres_json(out, value);
      return true;
    case PostgresType::jsonb:
      out.push_back('\1');  // the version of the format
      append_postgres_json(out, value);
      return true;
  }
  return false;
}

}  // namespace stogger
