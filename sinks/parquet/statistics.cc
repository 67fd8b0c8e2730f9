#include "sinks/parquet/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::size_t kLongestText = 64;

std::string plain(std::uint64_t bits) {
  std::string bytes(sizeof bits, '\0');
  std::memcpy(bytes.data(), &bits, sizeof bits);
  return bytes;
}

template <class Number>
void find_range(const ColumnBuffer& column, ParquetStatistics* result) {
  const auto number = [&](std::size_t i) {
    return std::bit_cast<Number>(column.numbers()[i]);
  };
  Number least = number(0);
  Number most = least;
  for (std::size_t i = 1; i < column.value_count(); ++i) {
    least = std::min(least, number(i));
    most = std::max(most, number(i));
  }
  result->has_range = true;
  result->least = plain(std::bit_cast<std::uint64_t>(least));
  result->most = plain(std::bit_cast<std::uint64_t>(most));
}

void find_real_range(const ColumnBuffer& column, ParquetStatistics* result) {
  double least = HUGE_VAL;
  double most = -HUGE_VAL;
  bool has_nan = false;
  for (std::size_t i = 0; i < column.value_count(); ++i) {
    const auto value = std::bit_cast<double>(column.numbers()[i]);
    least = value < least ? value : least;
    most = value > most ? value : most;
    has_nan = has_nan || value != value;
  }
  if (has_nan) return;
  // Whichever zero there is: to some readers -0 lies below +0.
  if (least == 0.0) least = -0.0;
  if (most == 0.0) most = 0.0;
  result->has_range = true;
  result->least = plain(std::bit_cast<std::uint64_t>(least));
  result->most = plain(std::bit_cast<std::uint64_t>(most));
}

// Makes a cut text one that is above all that begin with it, in the order of
// their bytes: the last character that has a successor gets it. False if none
// has.
bool raise(std::string* text) {
  while (!text->empty()) {
    std::size_t start = text->size() - 1;
    while (start > 0 && ((*text)[start] & 0xC0) == 0x80) --start;
    std::uint32_t codepoint =
        utf8_step(std::string_view(*text).substr(start)).codepoint;
    text->resize(start);
    if (codepoint == 0x10FFFF) continue;
    codepoint = codepoint == 0xD7FF ? 0xE000 : codepoint + 1;
    const auto tail = [&](unsigned shift) {
      text->push_back(static_cast<char>(0x80 | (codepoint >> shift & 0x3F)));
    };
    if (codepoint < 0x80) {
      text->push_back(static_cast<char>(codepoint));
    } else if (codepoint < 0x800) {
      text->push_back(static_cast<char>(0xC0 | codepoint >> 6));
      tail(0);
    } else if (codepoint < 0x10000) {
      text->push_back(static_cast<char>(0xE0 | codepoint >> 12));
      tail(6);
      tail(0);
    } else {
      text->push_back(static_cast<char>(0xF0 | codepoint >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
    return true;
  }
  return false;
}

void find_text_range(const ColumnBuffer& column, ParquetStatistics* result) {
  // std::string_view compares bytes as unsigned, as the format asks for.
  std::string_view least = column.text(0);
  std::string_view most = least;
  for (std::size_t i = 1; i < column.text_count(); ++i) {
    const std::string_view text = column.text(i);
    if (text < least) least = text;
    if (text > most) most = text;
  }
  result->has_range = true;
  result->least = utf8_prefix(least, kLongestText);
  result->least_is_exact =
      column.uses_all_texts() && result->least.size() == least.size();
  result->most = utf8_prefix(most, kLongestText);
  if (result->most.size() != most.size()) {
    result->most_is_exact = false;
    result->has_most = raise(&result->most);
  } else {
    result->most_is_exact = column.uses_all_texts();
  }
}

}  // namespace

ParquetStatistics statistics_of(const ColumnBuffer& column) {
  ParquetStatistics result;
  result.nulls = column.nulls();
  if (column.value_count() == 0) return result;
  switch (column.kind()) {
    case Kind::real:
      find_real_range(column, &result);
      break;
    case Kind::unsigned_integer:
      find_range<std::uint64_t>(column, &result);
      break;
    case Kind::boolean:
    case Kind::integer:
    case Kind::time:
      find_range<std::int64_t>(column, &result);
      break;
    default:
      find_text_range(column, &result);
  }
  if (column.kind() == Kind::boolean) {
    result.least.resize(1);
    result.most.resize(1);
  }
  return result;
}

}  // namespace stogger
