// OwnedRow: a row that owns its memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

// A named value and, where it is text or JSON, the bytes behind it.
class OwnedField {
 public:
  OwnedField() = default;
  OwnedField(std::string_view name, const Value& value);

  const std::string& name() const noexcept { return name_; }
  // A view: valid as long as this object is left alone.
  Value value() const noexcept;

 private:
  std::string name_;
  std::string text_;  // of text and JSON
  Value value_;       // of these the kind alone; of all others all there is
};

using OwnedRow = std::vector<OwnedField>;

// A copy of one row of a batch, without what is absent in it.
OwnedRow copy_row(const RowBatch& rows, std::size_t row);

}  // namespace stogger
