#include "cli/event_line.h"

#include "base/json.h"
#include "render/complete.h"

namespace stogger {

bool EventLine::read(std::span<const std::byte> record) {
  if (!record_.read(record)) return false;
  Event event = record_.event();
  clean_json(&event);
  message_.clear();
  complete(&event, message_, event_scratch_);
  RowBatch row;
  render(event, RowForm::json, {}, row_scratch_, &row);
  line_ = row.at(0, 0).text();
  return true;
}

// Whoever wrote the file may have put anything in the place of JSON.
void EventLine::clean_json(Event* event) {
  fields_.assign(event->fields, event->fields + event->field_count);
  texts_.reset();
  Buffer clean;
  for (Field& field : fields_) {
    if (field.value.kind() != Kind::json) continue;
    const std::string_view text = field.value.text();
    clean.clear();
    const bool is_valid =
        append_clean_json(clean, text, nullptr, nullptr, &event->sanitized);
    field.value =
        is_valid ? Value(Json{texts_.copy(clean.view())}) : Value(text);
  }
  event->fields = fields_.data();
}

}  // namespace stogger
