#include "row/owned_row.h"

namespace stogger {

OwnedField::OwnedField(std::string_view name, const Value& value)
    : name_(name) {
  switch (value.kind()) {
    case Kind::text:
      text_ = value.text();
      value_ = Value(std::string_view());
      break;
    case Kind::json:
      text_ = value.text();
      value_ = Value(Json{});
      break;
    default:
      value_ = value;
  }
}

Value OwnedField::value() const noexcept {
  switch (value_.kind()) {
    case Kind::text:
      return Value(std::string_view(text_));
    case Kind::json:
      return Value(Json{text_});
    default:
      return value_;
  }
}

OwnedRow copy_row(const RowBatch& rows, std::size_t row) {
  OwnedRow copy;
  copy.reserve(rows.column_count);
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    const Value& value = rows.at(row, i);
    if (!value.is_absent()) copy.emplace_back(rows.columns[i].name, value);
  }
  return copy;
}

}  // namespace stogger
