// Booleans, numbers and times as text: true, 42, 1.0,
// 2026-11-21T01:39:28.656642Z. Of values of other kinds, nothing is written.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "stogger/value.h"

namespace stogger {

// The form of all formats of text but tables.
void append_scalar(Buffer& out, const Value& value);

// The form of cells of tables, where a time always has six digits: what is
// below a microsecond is cut off, towards the past, so that texts have the
// order of their times. write_cell() writes at most kCellRoom characters, and
// returns the end.
inline constexpr std::size_t kCellRoom = 40;
char* write_cell(char* out, const Value& value) noexcept;
inline void append_cell(Buffer& out, const Value& value) {
  out.advance_to(write_cell(out.reserve(kCellRoom), value));
}

}  // namespace stogger
