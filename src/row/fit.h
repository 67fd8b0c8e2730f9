// What fits a column: the one rule for log events and samples, whatever the
// target. A value fits if nothing of it is lost:
//
//   column             holds besides values of its kind
//   any (Kind::null)   everything, as it is
//   real               integers that a real equals
//   integer            reals that an integer equals; booleans, as 0 and 1
//   unsigned_integer   integers and reals that are not negative, likewise
//   text               everything, as write_cell() writes it; JSON as it is
//   json               everything, as JSON
//   boolean, time      nothing else
//
// Null fits every column.
#pragma once

#include "base/arena.h"
#include "stogger/value.h"

namespace stogger {

// Whether it fits without a conversion, as nearly all values do.
inline bool is_of_kind(Kind column, const Value& value) noexcept {
  return column == value.kind() || column == Kind::null || value.is_null();
}

// For values for which is_of_kind() is false.
bool is_convertible(Kind column, const Value& value) noexcept;

inline bool fits(Kind column, const Value& value) noexcept {
  return is_of_kind(column, value) || is_convertible(column, value);
}

// Makes a value for which is_of_kind() is false one that the column holds.
// False, and the value stays as it is, if it does not fit. Text that has to be
// made lives in `texts`.
bool make_fit(Kind column, Arena& texts, Value* value);

// The value as the column holds it; null if it does not fit.
inline Value fitted(Kind column, Value value, Arena& texts) {
  if (is_of_kind(column, value) || make_fit(column, texts, &value)) {
    return value;
  }
  return {};
}

}  // namespace stogger
