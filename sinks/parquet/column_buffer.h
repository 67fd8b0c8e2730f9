// The values of one column of a row group while it is being filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "sinks/parquet/dictionary.h"
#include "stogger/value.h"

namespace stogger {

class ColumnBuffer {
 public:
  // The most bytes of a text: what may wait in memory at all. It fits a page.
  static constexpr std::size_t kMostText = 64 * 1024 * 1024;

  // Of any kind but Kind::null.
  explicit ColumnBuffer(Kind kind) noexcept : kind_(kind) {}

  Kind kind() const noexcept { return kind_; }

  // Adds one value, which must be null or fitted to the kind of the column: see
  // row/fit.h. False for a text above kMostText, which becomes null. Throws
  // std::bad_alloc, and has added nothing.
  bool add(const Value& value);
  // Takes back what was added behind the first `rows` rows.
  void cut(std::size_t rows) noexcept;
  // Forgets the first `rows` rows.
  void drop(std::size_t rows) noexcept;
  void clear() noexcept;

  std::size_t rows() const noexcept { return rows_; }
  std::size_t value_count() const noexcept {
    return is_text() ? indexes_.size() : numbers_.size();
  }
  std::size_t nulls() const noexcept { return rows() - value_count(); }
  // Bytes in memory, roughly: with what a column takes that has one value.
  std::size_t memory() const noexcept;

  bool is_text() const noexcept {
    return kind_ == Kind::text || kind_ == Kind::json;
  }
  // If there are nulls: 1 for each row with a value, 0 for each without.
  const std::uint32_t* defined() const noexcept { return defined_.data(); }

  // The values, without nulls: bits of what is no text; times in microseconds.
  const std::uint64_t* numbers() const noexcept { return numbers_.data(); }
  // The texts, in the order of their indexes, and the index of each value.
  const std::uint32_t* indexes() const noexcept { return indexes_.data(); }
  std::size_t text_count() const noexcept { return ends_.size(); }
  std::string_view text(std::size_t index) const noexcept {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return {texts_.data() + start, ends_[index] - start};
  }
  // False if the texts hardly ever repeat, so that nobody looked whether they
  // are all different.
  bool has_distinct_texts() const noexcept { return interning_; }
  // False if there are texts that no value has any more.
  bool uses_all_texts() const noexcept { return uses_all_texts_; }

 private:
  void add_null();
  std::size_t values_within(std::size_t rows) const noexcept;
  void add_text(std::string_view text);
  std::uint32_t intern(std::string_view text);
  std::uint32_t store(std::string_view text);

  const Kind kind_;
  std::size_t rows_ = 0;
  std::vector<std::uint32_t> defined_;  // empty until the first null
  std::vector<std::uint64_t> numbers_;
  std::vector<std::uint32_t> indexes_;
  std::vector<std::size_t> ends_;  // of each text in texts_
  Buffer texts_;
  IndexTable table_;
  bool interning_ = true;
  bool uses_all_texts_ = true;
};

}  // namespace stogger
