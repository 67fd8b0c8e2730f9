#include "event/field_record.h"

namespace stogger {
namespace {

// Into its place: a value that is made elsewhere and copied makes the processor
// wait for its parts. False for a kind that there is not.
[[gnu::always_inline]] inline bool read_value(const FieldRecordHead& head,
                                              RecordTextReader& texts,
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
  fields->resize(count);
  for (Field& field : *fields) {
    FieldRecordHead head;
    std::memcpy(&head, heads, sizeof head);
    heads += sizeof head;
    field.key = rest.take(head.key);
    if (!read_value(head, rest, &field.value)) return false;
  }
  *texts = rest;
  return true;
}

}  // namespace stogger
