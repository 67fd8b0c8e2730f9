// One value in the binary form of a PostgreSQL type.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/buffer.h"
#include "sinks/postgres/column.h"
#include "stogger/value.h"

namespace stogger {

// No text or JSON that is longer becomes a value: jsonb holds no more.
inline constexpr std::size_t kLongestPostgresText = 0x0FFFFFFF;

// Appends the value, which must not be null, as the column holds it. False, and
// nothing appended, if it does not fit:
//
//   boolean           booleans
//   int2, int4, int8  what fits a column of integers (see row/fit.h), in range
//   float4, float8    what fits a column of reals, unless too large
//   numeric           numbers, rounded to its scale, unless too large for its
//                     precision
//   text              text; JSON, numbers, booleans and times in the form that
//                     CSV has them in; if not too long for the column
//   enum              text that is one of its labels
//   uuid              text: 32 hexadecimal digits, with the usual hyphens or
//                     without any
//   timestamptz,
//   timestamp, date   times, in UTC, cut to whole microseconds or days
//   json, jsonb       JSON as it is, all else as a JSON string, number or
//                     boolean
//
// Bad UTF-8 and NUL in text and JSON become U+FFFD.
bool append_postgres_value(Buffer& out, const PostgresColumn& column,
                           const Value& value);

// Any value as JSON.
void append_postgres_json(Buffer& out, const Value& value);

}  // namespace stogger
