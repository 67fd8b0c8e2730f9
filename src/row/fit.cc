#include "row/fit.h"

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "base/scalar_text.h"

namespace stogger {
namespace {

constexpr double kInt64End = 9223372036854775808.0;    // 2^63
constexpr double kUint64End = 18446744073709551616.0;  // 2^64

bool is_integer(double real) noexcept {
  return real >= -kInt64End && real < kInt64End && std::trunc(real) == real;
}

bool is_unsigned_integer(double real) noexcept {
  return real >= 0 && real < kUint64End && std::trunc(real) == real;
}

bool has_equal_real(const Value& value) noexcept {
  if (value.kind() == Kind::integer) {
    const auto real = static_cast<double>(value.integer());
    return real < kInt64End &&
           static_cast<std::int64_t>(real) == value.integer();
  }
  if (value.kind() != Kind::unsigned_integer) return false;
  const auto real = static_cast<double>(value.unsigned_integer());
  return real < kUint64End &&
         static_cast<std::uint64_t>(real) == value.unsigned_integer();
}

std::string_view text_between(const char* start, const char* end) noexcept {
  return {start, static_cast<std::size_t>(end - start)};
}

std::string_view text_of(const Value& value, Arena& texts) {
  if (value.kind() == Kind::json) return value.text();
  char* const start = texts.allocate(kCellRoom);
  char* const end = write_cell(start, value);
  texts.trim(end);
  return text_between(start, end);
}

Json json_of(const Value& value, Arena& texts) {
  std::uint32_t sanitized = 0;
  char* const start = texts.allocate(json_value_room(value));
  char* const end = write_json_value(start, value, &sanitized);
  texts.trim(end);
  return {text_between(start, end)};
}

}  // namespace

bool is_convertible(Kind column, const Value& value) noexcept {
  const Kind kind = value.kind();
  switch (column) {
    case Kind::text:
    case Kind::json:
      return true;
    case Kind::real:
      return has_equal_real(value);
    case Kind::integer:
      return kind == Kind::boolean ||
             (kind == Kind::real && is_integer(value.real()));
    case Kind::unsigned_integer:
      return (kind == Kind::integer && value.integer() >= 0) ||
             (kind == Kind::real && is_unsigned_integer(value.real()));
    default:
      return false;
  }
}

namespace {

Value converted(Kind column, const Value& value, Arena& texts) {
  const Kind kind = value.kind();
  switch (column) {
    case Kind::text:
      return text_of(value, texts);
    case Kind::json:
      return json_of(value, texts);
    case Kind::real:
      return kind == Kind::integer
                 ? static_cast<double>(value.integer())
                 : static_cast<double>(value.unsigned_integer());
    case Kind::integer:
      if (kind == Kind::boolean) return value.boolean() ? 1 : 0;
      return static_cast<std::int64_t>(value.real());
    case Kind::unsigned_integer:
      if (kind == Kind::integer) return value;
      return static_cast<std::uint64_t>(value.real());
    default:
      return value;
  }
}

}  // namespace

bool make_fit(Kind column, Arena& texts, Value* value) {
  if (!is_convertible(column, *value)) return false;
  *value = converted(column, *value, texts);
  return true;
}

}  // namespace stogger
