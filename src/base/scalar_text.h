// Scalars as text.
#pragma once

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// Appends a boolean, a number or a time in the form that it has in all formats
// of text: true, 42, 1.0, 2026-11-21T01:39:28.656642Z. Appends nothing for
// values of other kinds.
void append_scalar(Buffer& out, const Value& value);

}  // namespace stogger
