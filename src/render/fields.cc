// The rows with a column for each field, values as they were given.
#include <cstddef>
#include <string_view>

#include "base/utf8.h"
#include "render/render.h"
#include "row/event_columns.h"

namespace stogger {
namespace {

void add(RowScratch& scratch, std::string_view name, const Value& value) {
  scratch.columns.push_back({name, value.kind()});
  scratch.values.push_back(value);
}

void add_standard(RowScratch& scratch, std::size_t column, const Value& value) {
  add(scratch, kEventColumns[column], value);
}

void add_head(const Event& event, RowScratch& scratch) {
  add_standard(scratch, EventColumn::timestamp, Value(event.time));
  add_standard(scratch, EventColumn::level, Value(to_string(event.level)));
  add_standard(scratch, EventColumn::event, Value(event.name));
  add_standard(scratch, EventColumn::func, event.func);
  add_standard(scratch, EventColumn::scope, event.scope);
  add_standard(scratch, EventColumn::logger,
               event.logger.empty() ? Value() : Value(event.logger));
  add_standard(scratch, EventColumn::message,
               event.has_message() ? Value(event.message) : Value());
}

void add_place(const Where& where, RowScratch& scratch) {
  add_standard(scratch, EventColumn::code_file,
               where.file.empty() ? Value() : Value(where.file));
  add_standard(scratch, EventColumn::code_line,
               where.line == 0 ? Value() : Value(where.line));
}

void add_fields(const Event& event, RowScratch& scratch) {
  for (std::size_t i = 0; i < event.field_count; ++i) {
    add(scratch, event.fields[i].key, event.fields[i].value);
  }
}

}  // namespace

void render_fields(const Event& event, RowScratch& scratch) {
  add_head(event, scratch);
  add_fields(event, scratch);
}

void render_event(const Event& event, RowScratch& scratch) {
  add_head(event, scratch);
  add_place(event.where, scratch);
  add_fields(event, scratch);
  // The sink replaces what is bad in them, and has no way to count it.
  for (const Value& value : scratch.values) {
    if (value.kind() == Kind::text && !is_clean_text(value.text())) {
      ++scratch.sanitized;
    }
  }
}

}  // namespace stogger
