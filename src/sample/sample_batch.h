// SampleBatch: samples copied into memory of their own, as the rows of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "stogger/row.h"
#include "stogger/sample.h"

namespace stogger {

class SampleBatch {
 public:
  // Copies a sample; what flatten() promises holds. Values must be neither
  // custom nor JSON that is not clean. False, and the batch does not have the
  // sample, if the rows before it would have to be widened by more than `room`
  // bytes for its columns; that is never so for the first sample. May throw
  // std::bad_alloc, and then does not have it either.
  bool add(const Sample& sample, std::size_t room = SIZE_MAX);

  // The rows; a column that a row does not have is absent in it. Valid until
  // the next change.
  RowBatch rows(Time now) const noexcept;

  std::size_t size() const noexcept { return row_count_; }
  // The memory all of it takes, more or less.
  std::size_t bytes() const noexcept;
  // The memory is kept for the next samples, unless it is unusually much.
  void clear() noexcept;

 private:
  static constexpr std::uint32_t kIgnored = UINT32_MAX;

  // A name that fields had: the column it stands for, or kIgnored.
  struct Name {
    std::string_view text;
    std::uint32_t column;
  };

  std::uint32_t column_of(std::string_view name, std::size_t* guess);
  const Name* find(std::string_view name) const;
  std::uint32_t add_column(std::string_view name);
  void find_columns(const Sample& sample);
  void widen();
  Value keep(const Value& value);

  Arena arena_;
  std::vector<Column> columns_;
  std::vector<Name> names_;  // in the order they came
  // Beyond a few names: their positions.
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<std::uint32_t> places_;  // of the sample's fields
  std::uint32_t status_ = 0;           // its column; 0 before there is one
  std::vector<Value> values_;          // row after row
  std::size_t width_ = 0;              // of each of them
  std::size_t row_count_ = 0;
};

}  // namespace stogger
