// Whatever the fields, journald must read back exactly these: none forged, none
// lost, none changed. The reader below is as strict as the protocol allows.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "event/event.h"
#include "render/render.h"
#include "sinks/journald/encode.h"
#include "sinks/journald/entry.h"
#include "sinks/journald/journal_name.h"

namespace {

using stogger::Buffer;
using stogger::Column;
using stogger::Event;
using stogger::Field;
using stogger::Json;
using stogger::Kind;
using stogger::RowBatch;
using stogger::Time;
using stogger::Value;

using Parsed = std::vector<std::pair<std::string, std::string>>;

void check(bool holds, const char* rule) {
  if (holds) return;
  std::cerr << "broken: " << rule << '\n';
  std::abort();
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

std::string_view take(std::string_view& bytes, std::size_t size) {
  check(size <= bytes.size(), "a field ends before the entry does");
  const std::string_view taken = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return taken;
}

Parsed parse(std::string_view bytes) {
  Parsed fields;
  while (!bytes.empty()) {
    const std::string_view name = take(bytes, bytes.find_first_of("=\n"));
    check(stogger::is_journal_name(name), "names are valid");
    std::string_view value;
    if (take(bytes, 1) == "=") {
      value = take(bytes, bytes.find('\n'));
      check(!has_control(value), "short values have no control characters");
    } else {
      std::uint64_t size = 0;
      const std::string_view digits = take(bytes, 8);
      for (std::size_t i = 0; i < 8; ++i) {
        size |= std::uint64_t{static_cast<unsigned char>(digits[i])} << 8 * i;
      }
      value = take(bytes, size);
      check(has_control(value), "only values that need it have a length");
    }
    check(take(bytes, 1) == "\n", "a field ends in a line feed");
    fields.emplace_back(name, value);
  }
  return fields;
}

std::string name_of(std::string_view key) {
  char name[stogger::kJournalNameSize];
  char* end = stogger::write_journal_name(name, key);
  check(end <= name + sizeof name, "names fit");
  return std::string(name, end);
}

// Texts in `texts` stay where they are until the end.
Value take_value(FuzzedDataProvider& data, std::string_view text) {
  switch (data.ConsumeIntegralInRange(0, 8)) {
    case 0:
      return nullptr;
    case 1:
      return data.ConsumeBool();
    case 2:
      return data.ConsumeIntegral<std::int64_t>();
    case 3:
      return data.ConsumeIntegral<std::uint64_t>();
    case 4:
      return data.ConsumeFloatingPoint<double>();
    case 5:
      return Time{data.ConsumeIntegral<std::int64_t>()};
    case 6:
      return Json{"{\"a\":[1,null]}"};
    default:
      return text;
  }
}

void encode(const std::vector<Field>& fields) {
  std::vector<Column> columns;
  std::vector<Value> values;
  Parsed wanted;
  for (const Field& field : fields) {
    columns.push_back({field.key, field.value.kind()});
    values.push_back(field.value);
    if (field.value.is_null()) continue;
    wanted.emplace_back(name_of(field.key), field.value.kind() == Kind::text
                                                ? field.value.text()
                                                : "");
  }
  RowBatch rows;
  rows.columns = columns.data();
  rows.column_count = columns.size();
  rows.values = values.data();
  rows.row_count = 1;
  Buffer entry;
  stogger::append_journal_row(entry, rows, 0);
  const Parsed found = parse(entry.view());
  check(found.size() == wanted.size(), "each value becomes one field");
  for (std::size_t i = 0, value = 0; i < found.size(); ++i, ++value) {
    while (values[value].is_null()) ++value;
    check(found[i].first == wanted[i].first, "names stay");
    if (values[value].kind() == Kind::text) {
      check(found[i].second == wanted[i].second, "texts stay");
    } else {
      check(!found[i].second.empty(), "other values become text");
    }
  }
}

void render(const Event& event) {
  stogger::RowScratch scratch;
  RowBatch rendered;
  stogger::render(event, stogger::RowForm::event, RowBatch(), scratch,
                  &rendered);
  stogger::EntryScratch entry_scratch;
  const RowBatch row = stogger::make_journal_entry(rendered, 0, entry_scratch);
  Buffer entry;
  stogger::append_journal_row(entry, row, 0);
  const Parsed found = parse(entry.view());
  check(found.size() == row.column_count, "each column becomes one field");
  check(found.size() <= 1022, "journald takes the entry");
  std::size_t messages = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [name, value] = found[i];
    check(name == row.columns[i].name, "rendered names are valid");
    check(value == row.at(0, i).text(), "rendered values arrive");
    check(stogger::is_clean_text(value), "rendered values are clean text");
    messages += name == "MESSAGE" || name == "PRIORITY" || name == "EVENT";
  }
  check(messages == 3, "nothing passes for the message");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  std::vector<std::string> texts;
  const std::size_t count = data.ConsumeIntegralInRange<std::size_t>(0, 20);
  for (std::size_t i = 0; i < 2 * count + 5; ++i) {
    texts.push_back(data.ConsumeRandomLengthString(300));
  }
  std::vector<Field> fields;
  for (std::size_t i = 0; i < count; ++i) {
    fields.push_back({texts[2 * i], take_value(data, texts[2 * i + 1])});
  }
  encode(fields);

  // Sometimes more fields than an entry can have.
  if (count > 0 && data.ConsumeBool()) {
    while (fields.size() < 1100)
      fields.push_back(fields[fields.size() % count]);
  }
  Event event;
  event.time = Time{data.ConsumeIntegral<std::int64_t>()};
  event.level = static_cast<stogger::Level>(data.ConsumeIntegralInRange(0, 6));
  event.name = texts[2 * count];
  event.message = texts[2 * count + 1];
  if (data.ConsumeBool()) event.message_template = "x";
  if (data.ConsumeBool()) event.scope = texts[2 * count + 2];
  if (data.ConsumeBool()) event.func = texts[2 * count + 3];
  event.logger = texts[2 * count + 4];
  event.where = {"f", texts[2 * count + 3], data.ConsumeIntegral<unsigned>()};
  event.fields = fields.data();
  event.field_count = fields.size();
  render(event);
  return 0;
}
