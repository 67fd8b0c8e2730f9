// The row of tabular targets: the columns a sink asks for, each filled from the
// event or from the field of that name, and everything left over as a JSON
// object in the column `data`.
#include <algorithm>
#include <iterator>

#include "base/json.h"
#include "render/json.h"
#include "render/render.h"
#include "row/fit.h"
#include "row/standard_columns.h"

namespace stogger {
namespace {

// The columns that no field can go to: event attributes.
enum class Source {
  timestamp,
  level,
  event,
  func,
  scope,
  logger,
  message,
  data,
  field
};

Source source_of(std::string_view column, std::size_t position) noexcept {
  constexpr std::string_view kNames[] = {"timestamp", "level", "event",
                                         "func",      "scope", "logger",
                                         "message",   "data"};
  // Mostly they are in this order.
  if (position < std::size(kNames) && kNames[position] == column) {
    return static_cast<Source>(position);
  }
  const auto found = std::find(std::begin(kNames), std::end(kNames), column);
  return static_cast<Source>(found - std::begin(kNames));
}

class TableRow {
 public:
  TableRow(const Event& event, const Column* columns, std::size_t count,
           RowScratch& scratch)
      : event_(event), columns_(columns), count_(count), scratch_(scratch) {}

  void fill() {
    if (scratch_.texts.size() != 0) scratch_.texts.reset();
    scratch_.values.assign(count_, Value());
    std::size_t data_column = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      const Column& column = columns_[i];
      const Source source = source_of(column.name, i);
      if (source == Source::data) {
        data_column = i;
      } else if (source == Source::field) {
        put_field(i);
      } else if (put(i, attribute(source))) {
        placed_ |= bit(source);
      }
    }
    if (data_column != count_) {
      write_data();
      scratch_.values[data_column] = Value(Json{scratch_.text.view()});
    }
  }

 private:
  static unsigned bit(Source source) noexcept {
    return 1u << static_cast<unsigned>(source);
  }

  // A column of an attribute is none of a field, even if it has its name.
  bool has_column(std::string_view name, const Value& value) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      const Column& column = columns_[i];
      if (column.name == name && fits(column.kind, value) &&
          source_of(name, i) == Source::field) {
        return true;
      }
    }
    return false;
  }

  Value attribute(Source source) const noexcept {
    switch (source) {
      case Source::timestamp:
        return Value(event_.time);
      case Source::level:
        return Value(to_string(event_.level));
      case Source::event:
        return Value(event_.name);
      case Source::func:
        return event_.func;
      case Source::scope:
        return event_.scope;
      case Source::logger:
        return event_.logger.empty() ? Value() : Value(event_.logger);
      case Source::message:
        return event_.has_message() ? Value(event_.message) : Value();
      case Source::data:
      case Source::field:
        break;
    }
    return Value();
  }

  void put_field(std::size_t column) {
    if (event_.static_fields != nullptr) {
      for (const Field& field : event_.static_fields->fields()) {
        if (field.key != columns_[column].name) continue;
        has_static_column_ = true;
        put(column, field.value);
        return;
      }
    }
    for (std::size_t i = 0; i < event_.field_count; ++i) {
      const Field& field = event_.fields[i];
      if (field.key == columns_[column].name) {
        put(column, field.value);
        return;
      }
    }
  }

  // False, and the column stays null, if the value does not fit.
  bool put(std::size_t column, const Value& value) {
    const Kind kind = columns_[column].kind;
    Value fitting = value;
    if (!is_of_kind(kind, value) && !make_fit(kind, scratch_.texts, &fitting)) {
      return false;
    }
    scratch_.values[column] = fitting;
    return true;
  }

  void write_data() {
    char* const start = scratch_.text.reserve(json_members_room(event_));
    char* end = start;
    const auto add = [&](std::string_view name, const Value& value) {
      end = write_json_member(end, name, value, &scratch_.sanitized);
    };
    const auto add_attribute = [&](std::string_view name, Source source) {
      if ((placed_ & bit(source)) != 0) return;
      const Value value = attribute(source);
      if (!value.is_null()) add(name, value);
    };
    // Sinks with columns of their own may lack some of the standard ones.
    add_attribute("timestamp", Source::timestamp);
    add_attribute("level", Source::level);
    add_attribute("event", Source::event);
    add_attribute("func", Source::func);
    add_attribute("scope", Source::scope);
    add_attribute("message", Source::message);
    add_attribute("logger", Source::logger);
    const auto add_field = [&](const Field& field) {
      if (!has_column(field.key, field.value)) add(field.key, field.value);
    };
    if (has_static_column_) {
      for (const Field& field : event_.static_fields->fields()) {
        add_field(field);
      }
    } else {
      end = write_static_members(end, event_);
    }
    for (std::size_t i = 0; i < event_.field_count; ++i) {
      add_field(event_.fields[i]);
    }
    // The brace takes the place of the first comma.
    if (end == start) ++end;
    *start = '{';
    *end = '}';
    scratch_.text.advance_to(end + 1);
  }

  const Event& event_;
  const Column* const columns_;
  const std::size_t count_;
  RowScratch& scratch_;
  bool has_static_column_ = false;
  unsigned placed_ = 0;  // the attributes that have a column: bits
};

}  // namespace

void render_table(const Event& event, const RowBatch& wanted,
                  RowScratch& scratch) {
  if (wanted.column_count == 0) {
    scratch.columns.assign(std::begin(kStandardColumns),
                           std::end(kStandardColumns));
  } else {
    scratch.columns.assign(wanted.columns,
                           wanted.columns + wanted.column_count);
  }
  TableRow(event, scratch.columns.data(), scratch.columns.size(), scratch)
      .fill();
}

}  // namespace stogger
