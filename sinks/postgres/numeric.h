// Numbers in the binary form of PostgreSQL's numeric.
#pragma once

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// Of numeric(precision, scale); without a precision, there is no limit.
struct NumericLimits {
  int precision = 0;
  int scale = 0;
};

// Appends an integer or a real number: exactly the digits that it is shown
// with, rounded to the scale as the server does. False, and nothing appended,
// if it is no number or has too many digits before the point.
// Format: numeric_recv() in src/backend/utils/adt/numeric.c, PostgreSQL 15.
bool append_numeric(Buffer& out, const Value& value,
                    const NumericLimits& limits);

}  // namespace stogger
