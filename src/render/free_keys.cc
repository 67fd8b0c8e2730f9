#include "render/free_keys.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "event/static_fields.h"
#include "row/event_columns.h"
#include "row/free_name.h"
#include "row/standard_columns.h"

namespace stogger {
namespace {

// Nothing else is reserved, but for the names of renamed JSON: see compose.cc.
class OwnKeys {
 public:
  void add(std::string_view key) noexcept { keys_[count_++] = key; }
  bool has(std::string_view key) const noexcept {
    const std::string_view* const end = keys_.data() + count_;
    return std::find(keys_.data(), end, key) != end;
  }
  std::size_t size() const noexcept { return count_; }
  std::string_view operator[](std::size_t i) const noexcept { return keys_[i]; }

 private:
  std::array<std::string_view, 8> keys_;
  std::size_t count_ = 0;
};

bool has_data(const RowBatch& wanted) {
  return std::any_of(wanted.columns, wanted.columns + wanted.column_count,
                     [](const Column& column) {
                       return column.name == "data" &&
                              column.kind == Kind::json;
                     });
}

// A column that holds what the event has by that name. One of text does, and in
// a table one without a kind, which stands for several.
bool has_column(const RowBatch& wanted, const Column& standard) {
  const bool is_table = has_data(wanted) && standard.kind != Kind::json;
  return std::any_of(wanted.columns, wanted.columns + wanted.column_count,
                     [&](const Column& column) {
                       return column.name == standard.name &&
                              (column.kind == standard.kind ||
                               (is_table && (column.kind == Kind::null ||
                                             column.kind == Kind::text)));
                     });
}

OwnKeys own_keys(RowForm form, const RowBatch& wanted) noexcept {
  OwnKeys own;
  switch (form) {
    case RowForm::text:
    case RowForm::colored_text:
    case RowForm::local_text:
    case RowForm::colored_local_text:
      own.add("logger");
      own.add("scope");
      break;
    case RowForm::json:
    case RowForm::logfmt:
    case RowForm::fields:
      for (const char* const key : {"timestamp", "level", "event", "func",
                                    "scope", "logger", "message"}) {
        own.add(key);
      }
      break;
    case RowForm::renamed_json:
      for (std::size_t i = 0; i < EventColumn::code_file; ++i) {
        own.add(i < wanted.column_count ? wanted.columns[i].name
                                        : kEventColumns[i]);
      }
      break;
    case RowForm::table:
      own.add("message");
      own.add("logger");
      if (wanted.column_count == 0) break;
      for (const Column& column : kStandardColumns) {
        if (!has_column(wanted, column)) own.add(column.name);
      }
      break;
    case RowForm::event:
      break;
  }
  return own;
}

}  // namespace

Event with_free_keys(const Event& event, RowForm form, const RowBatch& wanted,
                     RowScratch& scratch) {
  constexpr std::size_t kMarks = 64;
  const OwnKeys own = own_keys(form, wanted);
  // Static fields are like the others here, for they may need another key.
  scratch.fields.clear();
  if (event.static_fields != nullptr) {
    const Fields fields = event.static_fields->fields();
    scratch.fields.assign(fields.begin(), fields.end());
  }
  const std::size_t first = scratch.fields.size();
  scratch.fields.insert(scratch.fields.end(), event.fields,
                        event.fields + event.field_count);
  const std::size_t count = scratch.fields.size();
  scratch.keys.clear();
  // Each other key can make it one longer.
  const std::size_t others = count + own.size();
  std::size_t room = 0;
  for (const Field& field : scratch.fields) {
    if (own.has(field.key)) room += field.key.size() + others + 1;
  }
  char* out = scratch.keys.reserve(room);
  for (Field& field : scratch.fields) {
    if (!own.has(field.key)) continue;
    const std::size_t size =
        field.key.size() + free_suffix(field.key, others, [&](std::size_t i) {
          return i < count ? scratch.fields[i].key : own[i - count];
        });
    std::fill(std::copy(field.key.begin(), field.key.end(), out), out + size,
              '_');
    field.key = {out, size};
    out += size;
  }
  scratch.keys.advance_to(out);
  Event copy = event;
  copy.fields = scratch.fields.data();
  copy.field_count = count;
  copy.static_fields = nullptr;
  copy.shown_fields = (first < kMarks ? event.shown_fields << first : 0) |
                      event.shown_static_fields;
  copy.raw_size += scratch.keys.size();
  copy.has_reserved_keys = false;
  return copy;
}

}  // namespace stogger
