// Reads CSV back in tests.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stogger {

// A cell without a text is null.
using CsvLine = std::vector<std::optional<std::string>>;

// All lines, the first one included. Throws if the text is not as RFC 4180 has
// it: no CRLF at the end of a line, a quote inside a cell without quotes, fewer
// or more cells than in the line before.
inline std::vector<CsvLine> read_csv(std::string_view text) {
  std::vector<CsvLine> lines;
  const auto take = [&](std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
  };
  const auto find = [&](std::string_view characters) {
    const std::size_t at = text.find_first_of(characters);
    if (at == std::string_view::npos) throw std::runtime_error("torn CSV");
    return at;
  };
  const auto read_quoted = [&] {
    std::string cell;
    do {
      const std::size_t quote = find("\"");
      cell += text.substr(0, quote);
      text.remove_prefix(quote + 1);
    } while (text.starts_with('"') && (cell += '"', take("\"")));
    return cell;
  };
  while (!text.empty()) {
    CsvLine line;
    do {
      if (take("\"")) {
        line.emplace_back(read_quoted());
      } else {
        const std::size_t end = find(",\"\r\n");
        line.emplace_back(text.substr(0, end));
        if (end == 0) line.back().reset();
        text.remove_prefix(end);
      }
    } while (take(","));
    if (!take("\r\n")) throw std::runtime_error("bad CSV");
    if (!lines.empty() && lines.front().size() != line.size()) {
      throw std::runtime_error("mixed CSV");
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace stogger
