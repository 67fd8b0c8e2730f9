// The native protocol of the systemd journal, as docs/formats/journal.md has
// it: an entry is a sequence of fields, sent as one datagram or one memfd.
//
//   field = name "=" value LF               a value without control characters
//         | name LF size value LF           any value; size: 64 bits, little
//                                           endian
#pragma once

#include <cstddef>
#include <string_view>

#include "base/buffer.h"
#include "stogger/row.h"

namespace stogger {

// A name that journald would refuse is changed as write_journal_name() does it.
// The value can hold any bytes.
void append_journal_field(Buffer& out, std::string_view name,
                          std::string_view value);

// The columns of a row as fields. Nulls are left out. Numbers, booleans and
// times become text, should there be any.
void append_journal_row(Buffer& out, const RowBatch& rows, std::size_t row);

}  // namespace stogger
