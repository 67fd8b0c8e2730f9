#include "sinks/postgres/dead_letters.h"

#include <vector>

#include "base/json.h"
#include "base/utf8.h"
#include "format/json_lines.h"
#include "os/file.h"
#include "os/folder.h"

namespace stogger {
namespace {

constexpr std::size_t kShown = 300;
constexpr std::size_t kMostReason = 1024;
constexpr std::size_t kMostState = 5;
// Samples may be of any size.
constexpr std::size_t kMostLine = 4 * 1024 * 1024;
constexpr std::size_t kCutText = 64 * 1024;

bool has_text(const Value& value) noexcept {
  return value.kind() == Kind::text || value.kind() == Kind::json;
}

}  // namespace

Status DeadLetters::add(const RowBatch& rows, std::size_t row,
                        std::string_view sqlstate, std::string_view reason) {
  std::vector<Column> columns(rows.columns, rows.columns + rows.column_count);
  std::vector<Value> values;
  std::vector<Buffer> kept(rows.column_count);
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    Value value = rows.at(row, i);
    if (value.kind() == Kind::json) {
      std::uint32_t sanitized = 0;
      const bool clean = append_clean_json(kept[i], value.text(), nullptr,
                                           nullptr, &sanitized);
      value = clean ? Value(Json{kept[i].view()}) : Value(value.text());
    }
    values.push_back(value);
  }
  columns.push_back({"sqlstate", Kind::text});
  columns.push_back({"reason", Kind::text});
  values.push_back(sqlstate.substr(0, kMostState));
  values.push_back(utf8_prefix(reason, kMostReason));
  RowBatch letter;
  letter.columns = columns.data();
  letter.column_count = columns.size();
  letter.values = values.data();
  letter.row_count = 1;
  line_.clear();
  append_json_line(line_, letter, 0);
  if (line_.size() > kMostLine) {
    for (Value& value : values) {
      if (!has_text(value) || value.text().size() <= kCutText) continue;
      value = Value(utf8_prefix(value.text(), kCutText));
    }
    columns.push_back({"_truncated", Kind::boolean});
    values.push_back(true);
    letter.columns = columns.data();
    letter.column_count = columns.size();
    letter.values = values.data();
    line_.clear();
    append_json_line(line_, letter, 0);
  }
  return path_.empty() ? Status() : write_line();
}

// What a failure leaves of a line is cut off, or else ended by the next one.
Status DeadLetters::write_line() {
  Folder folder;
  File file;
  Status status = folder.open(path_, modes_, true);
  if (status.ok()) status = file.open_append(folder, folder.name(), false);
  std::size_t written = 0;
  if (status.ok() && (torn_ || file.is_torn(folder))) {
    status = file.write("\n", &written);
  }
  if (!status.ok()) return status;
  status = file.write(line_.view(), &written);
  torn_ = !status.ok() && written > 0 && !file.take_back(written);
  return status;
}

std::string DeadLetters::beginning() const {
  std::string text(line_.view());
  if (!text.empty() && text.back() == '\n') text.pop_back();
  const std::string_view shown = json_string_prefix(text, kShown);
  return shown.size() == text.size() ? text : std::string(shown) + "...";
}

}  // namespace stogger
