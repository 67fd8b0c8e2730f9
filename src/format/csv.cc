// file   = line *line           the first one is the header
// line   = cell *("," cell) CRLF
// cell   = null / plain / quoted
// null   = ""                   no characters at all; if it is the only cell of
//                               its line, it is written as an empty text
// plain  = 1*CHAR               without comma, quote, CR and LF; no space or
//                               tab at either end
// quoted = DQUOTE *(CHAR / 2DQUOTE) DQUOTE
#include "format/csv.h"

#include <algorithm>
#include <iterator>

#include "base/scalar_text.h"
#include "base/utf8.h"
#include "base/visible.h"

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

// In quotes, as not to have to look for a reason: such text is rare.
void append_repaired(Buffer& out, std::string_view text) {
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

void append_exact(Buffer& out, std::string_view text) {
  if (!is_clean_text(text)) {
    append_repaired(out, text);
  } else if (needs_quotes(text)) {
    append_quoted(out, text);
  } else {
    out.append(text);
  }
}

// What spreadsheets calculate, the wide forms of East Asian input included.
bool begins_formula(std::string_view text) noexcept {
  constexpr std::string_view kMarks[] = {"=",
                                         "+",
                                         "-",
                                         "@",
                                         "\t",
                                         "\r",
                                         "\n",
                                         "\xEF\xBC\x9D",
                                         "\xEF\xBC\x8B",
                                         "\xEF\xBC\x8D",
                                         "\xEF\xBC\xA0"};
  return std::any_of(
      std::begin(kMarks), std::end(kMarks),
      [&](std::string_view mark) { return text.starts_with(mark); });
}

void append_for_people(Buffer& out, std::string_view text, bool is_formula) {
  // Escapes need no quotes, and what needs them is not escaped.
  const bool quoted = text.empty() || text.front() == ' ' ||
                      text.back() == ' ' ||
                      text.find_first_of(",\"") != std::string_view::npos;
  if (quoted) out.push_back('"');
  if (is_formula) out.push_back('\'');
  for (std::size_t quote = text.find('"'); quote != std::string_view::npos;
       quote = text.find('"')) {
    append_visible(out, text.substr(0, quote));
    out.append("\"\"");
    text.remove_prefix(quote + 1);
  }
  append_visible(out, text);
  if (quoted) out.push_back('"');
}

void append_text(Buffer& out, std::string_view text, CsvText texts) {
  if (texts == CsvText::exact) {
    append_exact(out, text);
  } else {
    append_for_people(out, text, begins_formula(text));
  }
}

}  // namespace

void append_csv_cell(Buffer& out, const Value& value, CsvText texts) {
  if (value.kind() == Kind::text) {
    append_text(out, value.text(), texts);
  } else if (value.kind() != Kind::json) {
    append_cell(out, value);
  } else if (texts == CsvText::exact) {
    append_exact(out, value.text());
  } else {
    // Of the marks of formulas, JSON begins with the sign of numbers at most.
    append_for_people(out, value.text(), false);
  }
}

void append_csv_row(Buffer& out, const Value* cells, std::size_t count,
                    CsvText texts) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out.push_back(',');
    append_csv_cell(out, cells[i], texts);
  }
  // Readers skip lines that are empty.
  if (count == 1 && cells[0].is_null()) out.append("\"\"");
  out.append("\r\n");
}

void append_csv_header(Buffer& out, const RowBatch& columns, CsvText texts) {
  for (std::size_t i = 0; i < columns.column_count; ++i) {
    if (i != 0) out.push_back(',');
    append_text(out, columns.columns[i].name, texts);
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
