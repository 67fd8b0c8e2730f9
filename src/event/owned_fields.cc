#include "event/owned_fields.h"

#include "base/limits.h"
#include "base/value_capture.h"
#include "event/field_set.h"

namespace stogger {
namespace {

// One byte, and one field, more than an event can have: it is the event that
// is marked as truncated.
constexpr std::size_t kMostBytes = kLargestEvent + 1;
constexpr std::size_t kMostOwned = kMostFields + 1;

std::string_view own_text(std::string_view text, Arena& arena) {
  return arena.copy(text.substr(0, kMostBytes));
}

}  // namespace

Value own_value(const Value& value, Arena& arena) {
  switch (value.kind()) {
    case Kind::text:
      return Value(own_text(value.text(), arena));
    case Kind::json:
      return Value(Json{own_text(value.text(), arena)});
    case Kind::custom:
      return ValueCapture::resolve(value, arena, kMostBytes);
    default:
      return value;
  }
}

OwnedFields::OwnedFields(std::string_view name, Fields inherited,
                         Fields fields) {
  name_ = own_text(name, arena_);
  FieldSet unique(kMostOwned);
  for (const Fields& part : {inherited, fields}) {
    for (const Field& field : part) {
      unique.put(field.key.substr(0, kMostBytes), field.value);
    }
  }
  fields_.reserve(unique.fields().size());
  for (const Field& field : unique.fields()) {
    fields_.emplace_back(own_text(field.key, arena_),
                         own_value(field.value, arena_));
  }
}

}  // namespace stogger
