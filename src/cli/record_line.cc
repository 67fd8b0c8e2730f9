#include "cli/record_line.h"

#include "base/json.h"
#include "format/json_lines.h"
#include "render/complete.h"

namespace stogger {

bool RecordLine::read(std::span<const std::byte> record) {
  return record_start(record).kind == RecordKind::sample ? read_sample(record)
                                                         : read_event(record);
}

bool RecordLine::read_event(std::span<const std::byte> record) {
  if (!event_.read(record)) return false;
  Event event = event_.event();
  event.fields =
      clean_json({event.fields, event.field_count}, &event.sanitized).begin();
  text_.clear();
  complete(&event, text_, event_scratch_);
  RowBatch row;
  render(event, RowForm::json, {}, row_scratch_, &row);
  line_ = row.at(0, 0).text();
  return true;
}

bool RecordLine::read_sample(std::span<const std::byte> record) {
  if (!sample_.read(record)) return false;
  Sample sample = sample_.sample();
  std::uint32_t sanitized = 0;
  sample.fields = clean_json(sample.fields, &sanitized);
  batch_.clear();
  static_cast<void>(batch_.add(sample));
  text_.clear();
  append_json_line(text_, batch_.rows({}), 0);
  line_ = text_.view();
  return true;
}

// Whoever wrote the file may have put anything in the place of JSON.
Fields RecordLine::clean_json(Fields fields, std::uint32_t* sanitized) {
  fields_.assign(fields.begin(), fields.end());
  texts_.reset();
  Buffer clean;
  for (Field& field : fields_) {
    if (field.value.kind() != Kind::json) continue;
    const std::string_view text = field.value.text();
    clean.clear();
    const bool is_valid =
        append_clean_json(clean, text, nullptr, nullptr, sanitized);
    field.value =
        is_valid ? Value(Json{texts_.copy(clean.view())}) : Value(text);
  }
  return fields_;
}

}  // namespace stogger
