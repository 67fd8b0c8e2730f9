// CSV after RFC 4180: see docs/formats/csv.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

// How texts are written. For programs: as they are. For people, who look at the
// file on a terminal or in a spreadsheet: what harmful.h lists is escaped as in
// text lines, so that a row is a line; and what a spreadsheet would take for a
// formula gets a ' in front.
enum class CsvText : unsigned char { exact, for_people };

// One cell, in quotes only if it needs them. Null is an empty cell; an empty
// text is "". Bad UTF-8 and NUL become U+FFFD.
void append_csv_cell(Buffer& out, const Value& value,
                     CsvText texts = CsvText::exact);

// A line of cells, the CRLF at its end included.
void append_csv_row(Buffer& out, const Value* cells, std::size_t count,
                    CsvText texts = CsvText::exact);

// The first line of a file: the names of the columns.
void append_csv_header(Buffer& out, const RowBatch& columns,
                       CsvText texts = CsvText::exact);

// Reads CSV to find the last line that is whole.
class CsvScanner {
 public:
  // Starts at the beginning of a line, or inside a quoted cell.
  explicit CsvScanner(bool inside_quotes = false) noexcept
      : state_(inside_quotes ? State::in_quotes : State::cell_start) {}

  // Goes on reading. False as soon as the bytes are none that append_csv_row()
  // writes.
  bool scan(std::string_view bytes) noexcept;

  // The bytes up to the end of the last whole line; 0 without one.
  std::uint64_t whole() const noexcept { return whole_; }

 private:
  enum class State : unsigned char {
    cell_start,
    plain,
    in_quotes,
    after_quote,  // inside a quoted cell: its end, or the first of two
    carriage_return,
    bad
  };
  static State next(State state, char c) noexcept;

  State state_;
  std::uint64_t position_ = 0;
  std::uint64_t whole_ = 0;
};

}  // namespace stogger
