#include "event/field_record.h"

namespace stogger {
namespace {

// False for a kind that there is not.
inline bool read_value(const FieldRecordHead& head, RecordTextReader& texts,
                       Value* value) {
  switch (static_cast<Kind>(head.kind)) {
    case Kind::null:
      *value = {};
      return true;
    case Kind::boolean:
      *value = head.value != 0;
      return true;
    case Kind::integer:
      *value = static_cast<std::int64_t>(head.value);
      return true;
    case Kind::unsigned_integer:
      *value = head.value;
      return head.value > static_cast<std::uint64_t>(INT64_MAX);
    case Kind::real:
      *value = std::bit_cast<double>(head.value);
      return true;
    case Kind::text:
      *value = texts.take(head.value);
      return true;
    case Kind::time:
      *value = Time{static_cast<std::int64_t>(head.value)};
      return true;
    case Kind::json:
      *value = Json{texts.take(head.value)};
      return true;
    case Kind::custom:
      break;
  }
  return false;
}

}  // namespace

bool read_field_records(const std::byte* heads, std::size_t count,
                        RecordTextReader* texts, std::vector<Field>* fields) {
  RecordTextReader rest = *texts;
  fields->clear();
  fields->reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    FieldRecordHead head;
    std::memcpy(&head, heads + i * sizeof head, sizeof head);
    const std::string_view key = rest.take(head.key);
    Value value;
    if (!read_value(head, rest, &value)) return false;
    fields->emplace_back(key, value);
  }
  *texts = rest;
  return true;
}

}  // namespace stogger
