#include "event/static_fields.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/json.h"
#include "base/plain.h"
#include "event/event.h"

namespace stogger {

StaticFields::StaticFields(Fields fields) : owned_({}, {}, fields) {
  std::uint32_t sanitized = 0;
  std::size_t text_room = 0;
  for (const Field& field : owned_.fields()) {
    const Value& value = field.value;
    raw_size_ += field.key.size() + kOtherSize;
    if (value.kind() == Kind::text) raw_size_ += value.text().size();
    json_.push_back(',');
    append_json_string(json_, field.key);
    json_.push_back(':');
    append_json_value(json_, value);
    pairs_.push_back(' ');
    const Value key(field.key);
    pairs_.advance_to(write_pair_text(pairs_.reserve(pair_value_room(key)),
                                      field.key, &sanitized));
    pairs_.push_back('=');
    pairs_.advance_to(write_pair_value(pairs_.reserve(pair_value_room(value)),
                                       value, &sanitized));
    text_room += field_record_size(field) - sizeof(FieldRecordHead);
  }
  char* const begin = record_texts_.reserve(text_room);
  RecordTexts texts(reinterpret_cast<std::byte*>(begin));
  for (const Field& field : owned_.fields()) {
    write_field_record(field, &record_heads_.emplace_back(), texts);
  }
  record_texts_.advance_to(begin + text_room);
}

bool StaticFields::has(std::string_view key) const noexcept {
  const Fields all = fields();
  return std::any_of(all.begin(), all.end(),
                     [&](const Field& field) { return field.key == key; });
}

bool is_event_key(std::string_view key) noexcept {
  constexpr std::string_view kKeys[] = {
      "timestamp", "level",   "event",     "func",      "scope",
      "data",      "message", "logger",    "code_file", "code_line",
      "pid",       "thread",  "_truncated"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

}  // namespace stogger
