#include "base/owned_value.h"

namespace stogger {

OwnedValue::OwnedValue(const Value& value) {
  switch (value.kind()) {
    case Kind::text:
      text_ = value.text();
      plain_ = std::string_view();
      break;
    case Kind::json:
      text_ = value.text();
      plain_ = Json{};
      break;
    case Kind::custom:
      break;
    default:
      plain_ = value;
  }
}

Value OwnedValue::view() const noexcept {
  switch (kind()) {
    case Kind::text:
      return std::string_view(text_);
    case Kind::json:
      return Json{text_};
    default:
      return plain_;
  }
}

}  // namespace stogger
