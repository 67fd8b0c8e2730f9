// RowBlock: rows of events, to be handed over together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "stogger/row.h"
#include "stogger/sink.h"

namespace stogger {

// Whether rows of that form have all the same columns.
constexpr bool have_same_columns(RowForm form) noexcept {
  return form != RowForm::fields && form != RowForm::event;
}

class RowBlock {
 public:
  // For rows with up to so many bytes of text; a single row may have more.
  explicit RowBlock(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void clear() noexcept;
  // Copies a row; its columns have to live as long as the block has it, and to
  // be those of the rows before. False if there is no room for it. May throw
  // std::bad_alloc, and then does not have it either.
  bool add(const RowBatch& row);
  // The rows, until the next change. `now` is the time of the last one.
  RowBatch rows() const noexcept;

 private:
  void keep(const Value& value, Value* kept);

  const std::size_t most_bytes_;
  Buffer texts_;
  std::vector<Value> values_;
  RowBatch shape_;  // the columns, the number of rows, and the time
};

}  // namespace stogger
