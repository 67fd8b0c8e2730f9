// ArrayEncoder: the columns of many rows as arrays in PostgreSQL's binary form,
// for unnest().
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "sinks/postgres/column.h"
#include "sinks/postgres/row_encoder.h"

namespace stogger {

// Rows are added one by one, each after RowEncoder::encode().
class ArrayEncoder {
 public:
  explicit ArrayEncoder(const std::vector<PostgresColumn>& columns);

  // Forgets all rows. From now on they have elements of these types.
  void begin(const std::vector<std::uint32_t>& types);
  void clear() noexcept;
  void add(const RowEncoder& row);
  // To be called before the arrays of all rows added since clear() are read, as
  // the parameters of RowEncoder are.
  void finish();
  const char* const* parameter_values() const noexcept {
    return values_.data();
  }
  const int* parameter_lengths() const noexcept { return lengths_.data(); }

 private:
  struct Array {
    std::uint32_t type_id = 0;
    bool has_nulls = false;
    Buffer elements;  // after room for the header
  };

  std::vector<Array> arrays_;
  std::uint32_t rows_ = 0;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
};

}  // namespace stogger
