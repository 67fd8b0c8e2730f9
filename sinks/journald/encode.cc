#include "sinks/journald/encode.h"

#include <algorithm>
#include <cstdint>

#include "base/scalar_text.h"
#include "sinks/journald/journal_name.h"
#include "stogger/value.h"

namespace stogger {
namespace {

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

void append_name(Buffer& out, std::string_view name) {
  if (is_journal_name(name)) return out.append(name);
  out.advance_to(write_journal_name(out.reserve(kJournalNameSize), name));
}

void append_size(Buffer& out, std::uint64_t size) {
  for (int shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<char>(size >> shift & 0xFF));
  }
}

}  // namespace

void append_journal_field(Buffer& out, std::string_view name,
                          std::string_view value) {
  append_name(out, name);
  if (std::any_of(value.begin(), value.end(), is_control)) {
    out.push_back('\n');
    append_size(out, value.size());
  } else {
    out.push_back('=');
  }
  out.append(value);
  out.push_back('\n');
}

void append_journal_row(Buffer& out, const RowBatch& rows, std::size_t row) {
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    const Value& value = rows.at(row, i);
    if (value.is_null()) continue;
    const std::string_view name = rows.columns[i].name;
    if (value.kind() == Kind::text || value.kind() == Kind::json) {
      append_journal_field(out, name, value.text());
      continue;
    }
    append_name(out, name);
    out.push_back('=');
    append_scalar(out, value);
    out.push_back('\n');
  }
}

}  // namespace stogger
