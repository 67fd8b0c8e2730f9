#include "sinks/parquet/column_buffer.h"

#include <algorithm>
#include <bit>

#include "base/utf8.h"

namespace stogger {
namespace {

// What a column takes as soon as it has a value, besides what grows with them:
// a few allocations, none of them as small as what is in it.
constexpr std::size_t kLeastForText = 1024;
constexpr std::size_t kLeastForNumbers = 64;

// Towards the past.
std::int64_t microseconds_of(Time time) noexcept {
  const std::int64_t whole = time.ns / 1000;
  return time.ns % 1000 < 0 ? whole - 1 : whole;
}

std::uint64_t bits_of(const Value& value) noexcept {
  switch (value.kind()) {
    case Kind::real:
      return std::bit_cast<std::uint64_t>(value.real());
    case Kind::time:
      return static_cast<std::uint64_t>(microseconds_of(value.time()));
    case Kind::boolean:
      return value.boolean() ? 1 : 0;
    default:
      return value.unsigned_integer();
  }
}

// NUL is a character like any other here.
bool is_valid(std::string_view text) noexcept {
  if (is_clean_text(text)) return true;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (!step.valid) return false;
    text.remove_prefix(step.size);
  }
  return true;
}

void append_repaired(Buffer& out, std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    out.append(step.valid ? text.substr(0, step.size) : kReplacement);
    text.remove_prefix(step.size);
  }
}

}  // namespace

bool ColumnBuffer::add(const Value& value) {
  if (value.is_null()) {
    add_null();
    return true;
  }
  if (is_text()) {
    if (value.text().size() > kMostText) {
      add_null();
      return false;
    }
    add_text(value.text());
  } else {
    numbers_.push_back(bits_of(value));
  }
  if (!defined_.empty()) defined_.push_back(1);
  ++rows_;
  return true;
}

void ColumnBuffer::add_null() {
  if (defined_.empty()) defined_.assign(rows_, 1);
  defined_.push_back(0);
  ++rows_;
}

void ColumnBuffer::add_text(std::string_view text) {
  constexpr std::size_t kTrial = 1024;
  // Mostly the same as the one before.
  if (!indexes_.empty() && this->text(indexes_.back()) == text) {
    indexes_.push_back(indexes_.back());
    return;
  }
  indexes_.push_back(interning_ ? intern(text) : store(text));
  if (interning_ && indexes_.size() == kTrial &&
      ends_.size() > kTrial - kTrial / 8) {
    interning_ = false;
  }
}

std::uint32_t ColumnBuffer::intern(std::string_view text) {
  const auto is_equal = [&](std::uint32_t i) { return this->text(i) == text; };
  const auto hash_at = [&](std::uint32_t i) {
    return table_.hash(this->text(i));
  };
  bool is_new = false;
  // So that nothing fails once the table has the text.
  texts_.reserve(text.size());
  ends_.reserve(ends_.size() + 1 > ends_.capacity() ? 2 * ends_.size() + 64
                                                    : ends_.size());
  const std::uint32_t index =
      table_.find_or_add(table_.hash(text), is_equal, hash_at, &is_new);
  return is_new ? store(text) : index;
}

std::uint32_t ColumnBuffer::store(std::string_view text) {
  const std::size_t start = texts_.size();
  if (is_valid(text)) {
    texts_.append(text);
  } else {
    append_repaired(texts_, text);
  }
  try {
    ends_.push_back(texts_.size());
  } catch (...) {
    texts_.truncate(start);
    throw;
  }
  return static_cast<std::uint32_t>(ends_.size() - 1);
}

std::size_t ColumnBuffer::values_within(std::size_t rows) const noexcept {
  if (defined_.empty()) return rows;
  const auto end = defined_.begin() + static_cast<std::ptrdiff_t>(rows);
  return static_cast<std::size_t>(std::count(defined_.begin(), end, 1));
}

// Texts that are used no more stay.
void ColumnBuffer::cut(std::size_t rows) noexcept {
  if (!defined_.empty()) defined_.resize(rows);
  const std::size_t values = values_within(rows);
  if (is_text()) {
    indexes_.resize(values);
    uses_all_texts_ = false;
  } else {
    numbers_.resize(values);
  }
  rows_ = rows;
}

void ColumnBuffer::drop(std::size_t rows) noexcept {
  const auto erase_first = [](auto& list, std::size_t count) {
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
  };
  const std::size_t values = values_within(rows);
  if (is_text()) {
    erase_first(indexes_, values);
    uses_all_texts_ = false;
  } else {
    erase_first(numbers_, values);
  }
  if (!defined_.empty()) erase_first(defined_, rows);
  rows_ -= rows;
}

void ColumnBuffer::clear() noexcept {
  rows_ = 0;
  defined_.clear();
  numbers_.clear();
  indexes_.clear();
  ends_.clear();
  constexpr std::size_t kKeptTexts = 1024 * 1024;
  texts_.recycle(kKeptTexts);
  table_.clear();
  interning_ = true;
  uses_all_texts_ = true;
}

std::size_t ColumnBuffer::memory() const noexcept {
  return sizeof(*this) + (is_text() ? kLeastForText : kLeastForNumbers) +
         texts_.size() + table_.memory() +
         sizeof(std::uint64_t) * (numbers_.size() + ends_.size()) +
         sizeof(std::uint32_t) * (indexes_.size() + defined_.size());
}

}  // namespace stogger
