// file   = line *line           the first one is the header
// line   = cell *("," cell) CRLF
// cell   = null / plain / quoted
// null   = ""                   no characters at all; if it is the only cell of
//                               its line, it is written as an empty text
// plain  = 1*CHAR               without comma, quote, CR and LF; no space or
//                               tab at either end
// quoted = DQUOTE *(CHAR / 2DQUOTE) DQUOTE
#include "encode/csv.h"

#include "base/scalar_text.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

bool needs_quotes(std::string_view text) noexcept {
  return text.empty() || is_blank(text.front()) || is_blank(text.back()) ||
         text.find_first_of(",\"\r\n") != std::string_view::npos;
}

void append_quoted(Buffer& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t quote = text.find('"'); quote != std::string_view::npos;
       quote = text.find('"')) {
    out.append(text.substr(0, quote + 1));
    out.push_back('"');
    text.remove_prefix(quote + 1);
  }
  out.append(text);
  out.push_back('"');
}

void append_clean_text(Buffer& out, std::string_view text) {
  if (needs_quotes(text)) {
    append_quoted(out, text);
  } else {
    out.append(text);
  }
}

// In quotes, as not to have to look for a reason: such text is rare.
void append_mended(Buffer& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool good = step.valid && step.codepoint != 0;
    if (text.front() == '"') out.push_back('"');
    out.append(good ? text.substr(0, step.size) : kReplacement);
    text.remove_prefix(step.size);
  }
  out.push_back('"');
}

void append_text(Buffer& out, std::string_view text) {
  if (is_clean_text(text)) {
    append_clean_text(out, text);
  } else {
    append_mended(out, text);
  }
}

}  // namespace

void append_csv_cell(Buffer& out, const Value& value) {
  if (value.kind() == Kind::text || value.kind() == Kind::json) {
    append_text(out, value.text());
  } else {
    append_scalar(out, value);
  }
}

void append_csv_row(Buffer& out, const Value* cells, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out.push_back(',');
    append_csv_cell(out, cells[i]);
  }
  // Readers skip lines that are empty.
  if (count == 1 && cells[0].is_null()) out.append("\"\"");
  out.append("\r\n");
}

void append_csv_header(Buffer& out, const RowBatch& columns) {
  for (std::size_t i = 0; i < columns.column_count; ++i) {
    if (i != 0) out.push_back(',');
    append_text(out, columns.columns[i].name);
  }
  out.append("\r\n");
}

CsvScanner::State CsvScanner::next(State state, char c) noexcept {
  switch (state) {
    case State::in_quotes:
      return c == '"' ? State::after_quote : State::in_quotes;
    case State::carriage_return:
      return c == '\n' ? State::cell_start : State::bad;
    case State::bad:
      return State::bad;
    case State::cell_start:
    case State::plain:
    case State::after_quote:
      break;
  }
  if (c == ',') return State::cell_start;
  if (c == '\r') return State::carriage_return;
  if (c == '"') return state == State::plain ? State::bad : State::in_quotes;
  if (c == '\n' || state == State::after_quote) return State::bad;
  return State::plain;
}

bool CsvScanner::scan(std::string_view bytes) noexcept {
  for (const char c : bytes) {
    const State before = state_;
    state_ = next(state_, c);
    ++position_;
    if (before == State::carriage_return && state_ == State::cell_start) {
      whole_ = position_;
    }
  }
  return state_ != State::bad;
}

}  // namespace stogger
