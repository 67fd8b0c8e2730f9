// array   = 1 (dimension) nulls? type-id size 1 (its first index) *element
//           all of it 32 bits wide but for the elements
// element = length (32 bits; -1 for null) value
#include "sinks/postgres/array_encoder.h"

#include <cstddef>

#include "sinks/postgres/big_endian.h"

namespace stogger {
namespace {

constexpr std::size_t kHeader = 20;
constexpr std::size_t kEmptyHeader = 12;  // without the dimension
constexpr std::size_t kKeptElements = 1024 * 1024;

}  // namespace

ArrayEncoder::ArrayEncoder(const std::vector<PostgresColumn>& columns)
    : values_(columns.size()), lengths_(columns.size()) {
  for (const PostgresColumn& column : columns) {
    arrays_.emplace_back().type_id = column.type_id;
  }
  clear();
}

void ArrayEncoder::begin(const std::vector<std::uint32_t>& types) {
  arrays_.resize(types.size());
  values_.resize(types.size());
  lengths_.resize(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) arrays_[i].type_id = types[i];
  clear();
}

void ArrayEncoder::clear() noexcept {
  for (Array& array : arrays_) {
    array.elements.recycle(kKeptElements);
    array.has_nulls = false;
  }
  rows_ = 0;
}

void ArrayEncoder::add(const RowEncoder& row) {
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    Buffer& elements = arrays_[i].elements;
    if (rows_ == 0) {
      elements.advance_to(elements.reserve(kHeader) + kHeader);
    }
    const char* const value = row.parameter_values()[i];
    if (value == nullptr) {
      arrays_[i].has_nulls = true;
      append_big_endian(elements, kNull);
      continue;
    }
    const int length = row.parameter_lengths()[i];
    append_big_endian(elements, static_cast<std::uint32_t>(length));
    elements.append({value, static_cast<std::size_t>(length)});
  }
  ++rows_;
}

void ArrayEncoder::finish() {
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    Array& array = arrays_[i];
    if (rows_ == 0) {
      array.elements.advance_to(array.elements.reserve(kEmptyHeader) +
                                kEmptyHeader);
    }
    char* out = array.elements.data();
    out = write_big_endian(out, std::uint32_t{rows_ == 0 ? 0u : 1u});
    out = write_big_endian(out, std::uint32_t{array.has_nulls ? 1u : 0u});
    out = write_big_endian(out, array.type_id);
    if (rows_ != 0) {
      out = write_big_endian(out, rows_);
      write_big_endian(out, std::uint32_t{1});
    }
    values_[i] = array.elements.data();
    lengths_[i] = static_cast<int>(array.elements.size());
  }
}

}  // namespace stogger
