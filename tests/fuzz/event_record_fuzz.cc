// Whatever the bytes of a record, reading it ends, and what is read lies in it;
// an event or a sample that was read is written as a record that reads the
// same. Events can be rendered.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "event/event_record.h"
#include "fuzz/random_event.h"
#include "render/complete.h"
#include "render/render.h"
#include "sample/sample_record.h"

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

void check_fields(Fields fields, const Bytes& bytes) {
  for (const Field& field : fields) {
    check(is_in(field.key, bytes), "a key lies in the record");
    check(!has_text(field.value) || is_in(field.value.text(), bytes),
          "a value lies in the record");
  }
}

void check_bounds(const Event& event, const Bytes& bytes) {
  for (const std::string_view text :
       {event.name, event.logger, event.where.function, event.where.file,
        event.message_template}) {
    check(is_in(text, bytes), "a text lies in the record");
  }
  check_fields({event.fields, event.field_count}, bytes);
}

void check_bounds(const Sample& sample, const Bytes& bytes) {
  for (const std::string_view text :
       {sample.device, sample.unit_id, sample.status}) {
    check(is_in(text, bytes), "a text lies in the record");
  }
  check_fields(sample.fields, bytes);
}

template <class Pushable>
Bytes written(const Pushable& pushable) {
  const std::size_t size = record_size(pushable);
  Bytes bytes(size);
  write_record(pushable, size, bytes.data());
  return bytes;
}

// As a worker does.
void render_all(const EventRecord& record) {
  EventScratch event_scratch;
  Buffer message;
  Event event = record.event();
  complete(&event, message, event_scratch);
  RowScratch scratch;
  for (const RowForm form : {RowForm::text, RowForm::json, RowForm::logfmt,
                             RowForm::table, RowForm::fields, RowForm::event}) {
    RowBatch row;
    render(event, form, {}, scratch, &row);
    check(row.row_count == 1, "it is rendered");
    scratch.recycle(0);
  }
}

void run_sample(const Bytes& bytes) {
  SampleRecord record;
  if (!record.read(bytes)) return;
  check_bounds(record.sample(), bytes);
  const Bytes again = written(record.sample());
  SampleRecord second;
  check(second.read(again), "what was written is read");
  check(written(second.sample()) == again, "the same is read again");
}

void run(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(size);
  if (size != 0) std::memcpy(bytes.data(), data, size);
  run_sample(bytes);
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
