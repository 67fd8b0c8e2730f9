#include "deliver/row_block.h"

#include <string_view>

namespace stogger {
namespace {

bool has_text(const Value& value) noexcept {
  return value.kind() == Kind::text || value.kind() == Kind::json;
}

std::size_t text_size(const RowBatch& row) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < row.column_count; ++i) {
    if (has_text(row.values[i])) size += row.values[i].text().size();
  }
  return size;
}

}  // namespace

void RowBlock::clear() noexcept {
  texts_.recycle(2 * most_bytes_);
  values_.clear();
  shape_ = {};
}

// The memory of texts is all there from the first row on: views of it stay
// valid.
bool RowBlock::add(const RowBatch& row) {
  const std::size_t size = text_size(row);
  if (shape_.row_count == 0) {
    static_cast<void>(texts_.reserve(size > most_bytes_ ? size : most_bytes_));
    shape_ = row;
    shape_.row_count = 0;
  } else if (texts_.capacity() - texts_.size() < size) {
    return false;
  }
  const std::size_t before = values_.size();
  const std::size_t values = before + row.column_count;
  if (values > values_.capacity()) values_.reserve(2 * values);
  values_.resize(values);
  for (std::size_t i = 0; i < row.column_count; ++i) {
    keep(row.values[i], &values_[before + i]);
  }
  shape_.now = row.now;
  ++shape_.row_count;
  return true;
}

// Into its place: a copy of what was just put together is waited for.
void RowBlock::keep(const Value& value, Value* kept) {
  if (!has_text(value)) {
    *kept = value;
    return;
  }
  const std::size_t start = texts_.size();
  texts_.append(value.text());
  const std::string_view text = texts_.view().substr(start);
  if (value.kind() == Kind::json) {
    *kept = Value(Json{text});
  } else {
    *kept = Value(text);
  }
}

RowBatch RowBlock::rows() const noexcept {
  RowBatch rows = shape_;
  rows.values = values_.data();
  return rows;
}

}  // namespace stogger
