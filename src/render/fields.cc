// The row with a column for each field, values as they were given.
#include "render/render.h"

namespace stogger {

void render_fields(const Event& event, RowScratch& scratch) {
  const auto add = [&](std::string_view name, const Value& value) {
    scratch.columns.push_back({name, value.kind()});
    scratch.values.push_back(value);
  };
  add("timestamp", Value(event.time));
  add("level", Value(to_string(event.level)));
  add("event", Value(event.name));
  add("func", event.func);
  add("scope", event.scope);
  add("logger", event.logger.empty() ? Value() : Value(event.logger));
  add("message", event.has_message() ? Value(event.message) : Value());
  for (std::size_t i = 0; i < event.field_count; ++i) {
    add(event.fields[i].key, event.fields[i].value);
  }
}

}  // namespace stogger
