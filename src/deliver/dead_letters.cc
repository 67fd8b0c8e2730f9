#include "deliver/dead_letters.h"

#include <algorithm>
#include <vector>

#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "format/json_lines.h"
#include "os/file.h"
#include "os/folder.h"

namespace stogger {
namespace {

constexpr std::size_t kShown = 300;
constexpr std::size_t kMostReason = 1024;
// Samples may be of any size.
constexpr std::size_t kMostLine = 4 * 1024 * 1024;
constexpr std::size_t kCutText = 64 * 1024;

// A row as a JSON line. JSON values, which sinks get as they are, are made
// clean first.
class Letter {
 public:
  Letter(const RowBatch& rows, std::size_t row)
      : columns_(rows.columns, rows.columns + rows.column_count),
        clean_(rows.column_count) {
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      values_.push_back(cleaned(rows.at(row, i), clean_[i]));
    }
  }

  bool has(std::string_view name) const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](const Column& one) { return one.name == name; });
  }
  void add(std::string_view name, const Value& value) {
    columns_.push_back({name, value.kind()});
    values_.push_back(value);
  }

  void cut_texts() {
    for (Value& value : values_) {
      const bool has_text =
          value.kind() == Kind::text || value.kind() == Kind::json;
      if (!has_text || value.text().size() <= kCutText) continue;
      value = Value(utf8_prefix(value.text(), kCutText));
    }
  }

  std::string_view line() {
    RowBatch letter;
    letter.columns = columns_.data();
    letter.column_count = columns_.size();
    letter.values = values_.data();
    letter.row_count = 1;
    line_.clear();
    append_json_line(line_, letter, 0);
    return line_.view();
  }

 private:
  static Value cleaned(const Value& value, Buffer& clean) {
    if (value.kind() != Kind::json) return value;
    std::uint32_t sanitized = 0;
    const bool valid =
        append_clean_json(clean, value.text(), nullptr, nullptr, &sanitized);
    return valid ? Value(Json{clean.view()}) : Value(value.text());
  }

  std::vector<Column> columns_;
  std::vector<Value> values_;
  std::vector<Buffer> clean_;
  Buffer line_;
};

}  // namespace

Status DeadLetters::add(const RowBatch& rows, std::size_t row,
                        std::string_view reason) {
  Letter letter(rows, row);
  letter.add(letter.has("reason") ? "_reason" : "reason",
             utf8_prefix(reason, kMostReason));
  std::string_view line = letter.line();
  if (line.size() > kMostLine) {
    letter.cut_texts();
    letter.add("_truncated", true);
    line = letter.line();
  }
  return write_line(line);
}

// What a failure leaves of a line is cut off, or else ended by the next one.
Status DeadLetters::write_line(std::string_view line) {
  Folder folder;
  File file;
  Status status = folder.open(file_.path, file_.modes, true);
  if (status.ok()) status = file.open_append(folder, folder.name(), false);
  std::size_t written = 0;
  const bool is_torn = file.is_regular() ? file.is_torn(folder) : torn_;
  if (status.ok() && is_torn) {
    status = file.write("\n", &written);
  }
  if (!status.ok()) return status;
  status = file.write(line, &written);
  torn_ = !status.ok() && written > 0 && !file.take_back(written);
  return status;
}

std::string describe_row(const RowBatch& rows, std::size_t row) {
  Letter letter(rows, row);
  std::string text(letter.line());
  if (!text.empty() && text.back() == '\n') text.pop_back();
  const std::string_view shown = json_string_prefix(text, kShown);
  return shown.size() == text.size() ? text : std::string(shown) + "...";
}

}  // namespace stogger
