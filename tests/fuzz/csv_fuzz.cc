// Writes arbitrary cells as CSV and reads them back with a strict reader.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "format/csv.h"

namespace stogger {
namespace {

struct Cell {
  std::string text;
  bool quoted = false;
};
using Line = std::vector<Cell>;

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "csv: %s\n", what);
  std::abort();
}

// The grammar of RFC 4180, section 2, and nothing else.
class StrictReader {
 public:
  explicit StrictReader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  Line read_line() {
    Line line;
    do {
      line.push_back(text_.starts_with('"') ? read_quoted() : read_plain());
    } while (take(","));
    check(take("\r\n"), "a line does not end in CRLF");
    return line;
  }

 private:
  bool take(std::string_view prefix) {
    if (!text_.starts_with(prefix)) return false;
    text_.remove_prefix(prefix.size());
    return true;
  }

  Cell read_plain() {
    const std::size_t size = text_.find_first_of(",\"\r\n");
    check(size != std::string_view::npos, "the text ends inside a cell");
    check(text_[size] != '"', "a quote inside a plain cell");
    Cell cell{std::string(text_.substr(0, size)), false};
    text_.remove_prefix(size);
    return cell;
  }

  Cell read_quoted() {
    Cell cell{"", true};
    take("\"");
    while (true) {
      const std::size_t quote = text_.find('"');
      check(quote != std::string_view::npos, "the text ends inside quotes");
      cell.text += text_.substr(0, quote);
      text_.remove_prefix(quote + 1);
      if (!take("\"")) return cell;
      cell.text += '"';
    }
  }

  std::string_view text_;
};

// Takes values out of the fuzzer's bytes.
class Source {
 public:
  Source(const std::uint8_t* data, std::size_t size)
      : bytes_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return bytes_.empty(); }

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  template <class T>
  T number() {
    T value{};
    const std::size_t size = std::min(sizeof value, bytes_.size());
    std::memcpy(&value, bytes_.data(), size);
    bytes_.remove_prefix(size);
    return value;
  }

  std::string_view text() {
    const std::size_t size = std::min<std::size_t>(byte(), bytes_.size());
    const std::string_view value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }

  Value value() {
    switch (byte() % 8) {
      case 0:
        return nullptr;
      case 1:
        return byte() % 2 == 0;
      case 2:
        return number<std::int64_t>();
      case 3:
        return number<std::uint64_t>();
      case 4:
        return number<double>();
      case 5:
        return Time{number<std::int64_t>()};
      case 6:
        return Json{text()};
      default:
        return text();
    }
  }

 private:
  std::string_view bytes_;
};

std::string mended(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool good = step.valid && step.codepoint != 0;
    out += good ? text.substr(0, step.size) : kReplacement;
    text.remove_prefix(step.size);
  }
  return out;
}

void check_cell(const Value& given, const Cell& found, bool alone) {
  const bool text = given.kind() == Kind::text || given.kind() == Kind::json;
  if (text) {
    check(found.text == mended(given.text()), "text came back changed");
    check(found.quoted || !found.text.empty(), "empty text came back as null");
  } else if (given.is_null()) {
    check(found.text.empty() && found.quoted == alone,
          "null came back changed");
  } else {
    check(!found.quoted && !found.text.empty(), "a number is like a text");
    if (given.kind() == Kind::real) {
      const double real = std::strtod(found.text.c_str(), nullptr);
      check(real == given.real() || given.real() != given.real(),
            "a real came back changed");
    } else if (given.kind() == Kind::integer) {
      check(found.text == std::to_string(given.integer()),
            "an integer came back changed");
    } else if (given.kind() == Kind::unsigned_integer) {
      check(found.text == std::to_string(given.unsigned_integer()),
            "an unsigned integer came back changed");
    }
  }
}

void run(Source source) {
  const std::size_t columns = source.byte() % 5 + 1u;
  std::vector<std::vector<Value>> rows;
  std::vector<std::size_t> ends;
  Buffer out;
  while (!source.empty() && rows.size() < 50) {
    std::vector<Value>& row = rows.emplace_back();
    for (std::size_t i = 0; i < columns; ++i) row.push_back(source.value());
    append_csv_row(out, row.data(), columns);
    ends.push_back(out.size());
  }
  StrictReader reader(out.view());
  for (const std::vector<Value>& row : rows) {
    const Line line = reader.read_line();
    check(line.size() == columns, "a line has too many or too few cells");
    for (std::size_t i = 0; i < columns; ++i) {
      check_cell(row[i], line[i], columns == 1);
    }
  }
  check(reader.at_end(), "there is more than was written");

  // Wherever a file is torn, the lines before are found.
  CsvScanner scanner;
  std::size_t line = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    check(scanner.scan(out.view().substr(i, 1)), "not taken for CSV");
    if (i + 1 == ends[line]) ++line;
    check(scanner.whole() == (line == 0 ? 0 : ends[line - 1]),
          "the end of the last whole line is wrong");
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run(stogger::Source(data, size));
  return 0;
}
