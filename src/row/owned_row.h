// OwnedRow: a row that owns its memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_value.h"
#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

class OwnedField {
 public:
  OwnedField() = default;
  OwnedField(std::string_view name, const Value& value)
      : name_(name), value_(value) {}

  const std::string& name() const noexcept { return name_; }
  // A view into this object.
  Value value() const noexcept { return value_.view(); }

 private:
  std::string name_;
  OwnedValue value_;
};

using OwnedRow = std::vector<OwnedField>;

// A copy of one row of a batch, without what is absent in it.
OwnedRow copy_row(const RowBatch& rows, std::size_t row);

}  // namespace stogger
