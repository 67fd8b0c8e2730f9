// Whatever the bytes of a record, reading it ends, and what is read lies in it;
// an event that was read is written as a record that reads the same, and can be
// rendered.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "event/event_record.h"
#include "event/shorten.h"
#include "fuzz/random_event.h"
#include "render/message.h"
#include "render/render.h"

namespace stogger {
namespace {

using Bytes = std::vector<std::byte>;

bool is_in(std::string_view text, const Bytes& bytes) {
  const char* const begin = reinterpret_cast<const char*>(bytes.data());
  return text.empty() || (text.data() >= begin &&
                          text.data() + text.size() <= begin + bytes.size());
}

bool has_text(const Value& value) {
  return value.kind() == Kind::text || value.kind() == Kind::json;
}

void check_bounds(const Event& event, const Bytes& bytes) {
  for (const std::string_view text :
       {event.name, event.logger, event.where.function, event.where.file,
        event.message_template}) {
    check(is_in(text, bytes), "a text lies in the record");
  }
  for (std::size_t i = 0; i < event.field_count; ++i) {
    const Field& field = event.fields[i];
    check(is_in(field.key, bytes), "a key lies in the record");
    check(!has_text(field.value) || is_in(field.value.text(), bytes),
          "a value lies in the record");
  }
}

Bytes written(const Event& event) {
  const std::size_t size = record_size(event);
  Bytes bytes(size);
  write_record(event, size, bytes.data());
  return bytes;
}

// As a worker does.
void render_all(const EventRecord& record) {
  EventScratch event_scratch;
  Buffer message;
  Event event = record.event();
  if (event.has_message()) {
    event.shown_fields = render_message(event, message);
    event.message = message.view();
  }
  shorten(&event, event_scratch);
  RowScratch scratch;
  for (const RowForm form : {RowForm::text, RowForm::json, RowForm::logfmt,
                             RowForm::table, RowForm::fields, RowForm::event}) {
    RowBatch row;
    render(event, form, {}, scratch, &row);
    check(row.row_count == 1, "it is rendered");
    scratch.recycle(0);
  }
}

void run(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(size);
  if (size != 0) std::memcpy(bytes.data(), data, size);
  EventRecord record;
  if (!record.read(bytes)) return;
  check_bounds(record.event(), bytes);
  render_all(record);
  const Bytes again = written(record.event());
  EventRecord second;
  check(second.read(again), "what was written is read");
  check(written(second.event()) == again, "the same is read again");
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run(data, size);
  return 0;
}
