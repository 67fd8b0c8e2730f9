#include "event/owned_fields.h"

#include <algorithm>

#include "base/value_capture.h"

namespace stogger {

Value own_value(const Value& value, Arena& arena) {
  switch (value.kind()) {
    case Kind::text:
      return Value(arena.copy(value.text()));
    case Kind::json:
      return Value(Json{arena.copy(value.text())});
    case Kind::custom:
      return ValueCapture::resolve(value, arena);
    default:
      return value;
  }
}

OwnedFields::OwnedFields(std::string_view name, Fields inherited,
                         Fields fields) {
  name_ = arena_.copy(name);
  fields_.reserve(inherited.size() + fields.size());
  for (const Fields& part : {inherited, fields}) {
    for (const Field& field : part) {
      const Value value = own_value(field.value, arena_);
      const auto same = std::find_if(
          fields_.begin(), fields_.end(),
          [&](const Field& known) { return known.key == field.key; });
      if (same != fields_.end()) {
        same->value = value;
      } else {
        fields_.emplace_back(arena_.copy(field.key), value);
      }
    }
  }
}

}  // namespace stogger
