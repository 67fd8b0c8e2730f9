// The rows with a column for each field, values as they were given.
#include <cstddef>
#include <string_view>

#include "base/utf8.h"
#include "event/static_fields.h"
#include "render/render.h"
#include "row/event_columns.h"

namespace stogger {
namespace {

Value or_null(bool is_there, const Value& value) noexcept {
  return is_there ? value : Value();
}

// The first `count` of the event's columns, and those of its fields.
void add_columns(const Event& event, std::size_t count, RowScratch& scratch) {
  const auto add = [&](std::string_view name, const Value& value) {
    scratch.columns.push_back({name, value.kind()});
    scratch.values.push_back(value);
  };
  const Where& where = event.where;
  const Value values[] = {event.time,
                          to_string(event.level),
                          event.name,
                          event.func,
                          event.scope,
                          or_null(!event.logger.empty(), event.logger),
                          or_null(event.has_message(), event.message),
                          or_null(!where.file.empty(), where.file),
                          or_null(where.line != 0, where.line)};
  for (std::size_t i = 0; i < count; ++i) add(kEventColumns[i], values[i]);
  if (event.static_fields != nullptr) {
    for (const Field& field : event.static_fields->fields()) {
      add(field.key, field.value);
    }
  }
  for (std::size_t i = 0; i < event.field_count; ++i) {
    add(event.fields[i].key, event.fields[i].value);
  }
}

}  // namespace

void render_fields(const Event& event, RowScratch& scratch) {
  add_columns(event, EventColumn::code_file, scratch);
}

void render_event(const Event& event, RowScratch& scratch) {
  add_columns(event, EventColumn::count, scratch);
  // The sink replaces what is bad in them, and has no way to count it.
  for (const Value& value : scratch.values) {
    if (value.kind() == Kind::text && !is_clean_text(value.text())) {
      ++scratch.sanitized;
    }
  }
}

}  // namespace stogger
