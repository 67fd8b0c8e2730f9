// The JSON line under other names: those of the columns wanted, in the order of
// kEventColumns. Names that are missing stay as they are.
#include <cstddef>
#include <string_view>

#include "base/timestamp.h"
#include "render/json.h"
#include "render/render.h"
#include "row/event_columns.h"

namespace stogger {
namespace {

// Writes the member at that place, if there is one.
class MemberWriter {
 public:
  MemberWriter(char* out, const RowBatch& names, std::uint32_t* sanitized)
      : out_(out), names_(names), sanitized_(sanitized) {}

  void write(std::size_t column, std::string_view text) {
    write(column < names_.column_count ? names_.columns[column].name
                                       : kEventColumns[column],
          Value(text));
  }
  void write(std::string_view key, const Value& value) {
    out_ = write_json_member(out_, key, value, sanitized_);
  }
  char* end() const { return out_; }

 private:
  char* out_;
  const RowBatch& names_;
  std::uint32_t* sanitized_;
};

std::size_t names_room(const RowBatch& names) noexcept {
  std::size_t room = 0;
  for (std::size_t i = 0; i < names.column_count; ++i) {
    room += json_string_room(names.columns[i].name);
  }
  return room;
}

}  // namespace

void render_renamed_json(const Event& event, const RowBatch& names,
                         RowScratch& scratch) {
  char timestamp[kTimestampSize];
  write_timestamp(timestamp, event.time);
  char* const start =
      scratch.text.reserve(json_members_room(event) + names_room(names));
  MemberWriter members(start, names, &scratch.sanitized);
  members.write(EventColumn::timestamp, {timestamp, sizeof timestamp});
  members.write(EventColumn::level, to_string(event.level));
  members.write(EventColumn::event, event.name);
  if (!event.func.is_null()) {
    members.write(EventColumn::func, event.func.text());
  }
  if (!event.scope.is_null()) {
    members.write(EventColumn::scope, event.scope.text());
  }
  if (event.has_message()) {
    members.write(EventColumn::message, event.message);
  }
  if (!event.logger.empty()) {
    members.write(EventColumn::logger_name, event.logger);
  }
  for (std::size_t i = 0; i < event.field_count; ++i) {
    members.write(event.fields[i].key, event.fields[i].value);
  }
  *start = '{';  // in place of the first comma
  scratch.text.advance_to(write_literal(members.end(), "}\n"));
}

}  // namespace stogger
