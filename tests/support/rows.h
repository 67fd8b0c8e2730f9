// Rows for tests: they own the memory behind a RowBatch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/row.h"
#include "stogger/value.h"

namespace stogger {

// 2026-11-21T01:39:28.656642Z
inline constexpr Time kTestTime{1795225168656642000};

class Rows {
 public:
  // Names are copied.
  explicit Rows(const std::vector<Column>& columns) {
    for (const Column& column : columns) {
      columns_.push_back({keep(column.name), column.kind});
    }
  }
  Rows(Rows&&) = default;
  Rows& operator=(Rows&&) = default;

  // Adds a row: one value for each column. Text and JSON are copied.
  Rows& add(const std::vector<Value>& values) {
    for (const Value& value : values) {
      switch (value.kind()) {
        case Kind::text:
          values_.emplace_back(keep(value.text()));
          break;
        case Kind::json:
          values_.emplace_back(Json{keep(value.text())});
          break;
        default:
          values_.push_back(value);
      }
    }
    return *this;
  }
  Rows& at(Time now) {
    now_ = now;
    return *this;
  }
  // Where the rows come from: the queue whose UUID has that byte 16 times, and
  // the position of each of them.
  Rows& from(std::uint8_t queue, const std::vector<std::uint64_t>& positions) {
    std::fill(std::begin(origin_.queue), std::end(origin_.queue), queue);
    positions_ = positions;
    origin_.positions = positions_.data();
    return *this;
  }

  // Valid until the next add(), and as long as this object.
  RowBatch batch() const {
    RowBatch batch;
    batch.columns = columns_.data();
    batch.column_count = columns_.size();
    batch.values = values_.data();
    batch.row_count = columns_.empty() ? 0 : values_.size() / columns_.size();
    batch.now = now_;
    if (!positions_.empty()) batch.origin = &origin_;
    return batch;
  }
  operator RowBatch() const { return batch(); }

 private:
  std::string_view keep(std::string_view text) {
    return texts_.emplace_back(text);
  }

  std::deque<std::string> texts_;
  std::vector<Column> columns_;
  std::vector<Value> values_;
  std::vector<std::uint64_t> positions_;
  RowOrigin origin_;
  Time now_ = kTestTime;
};

// Finished lines, as sinks of the forms text, json and logfmt get them. Each
// has to end in a newline.
inline Rows line_rows(const std::vector<std::string_view>& lines,
                      Time now = kTestTime) {
  Rows rows({Column{"line", Kind::text}});
  for (const std::string_view line : lines) rows.add({line});
  rows.at(now);
  return rows;
}

// One column for each field of the first row; every row has the same ones, in
// the same order. The kind of a column is that of its values, if they share
// one.
inline Rows field_rows(const std::vector<std::vector<Field>>& events,
                       Time now = kTestTime) {
  std::vector<Column> columns;
  for (std::size_t i = 0; !events.empty() && i < events[0].size(); ++i) {
    Column column{events[0][i].key, Kind::null};
    bool shared = true;
    for (const auto& event : events) {
      const Kind kind = event.at(i).value.kind();
      if (kind == Kind::null) continue;
      if (column.kind == Kind::null) column.kind = kind;
      shared = shared && kind == column.kind;
    }
    if (!shared) column.kind = Kind::null;
    columns.push_back(column);
  }
  Rows rows(columns);
  for (const auto& event : events) {
    std::vector<Value> values;
    for (const Field& field : event) values.push_back(field.value);
    rows.add(values);
  }
  rows.at(now);
  return rows;
}

// One event of the standard table: timestamp, level, event, func, scope, data.
struct TableRow {
  Time timestamp = kTestTime;
  std::string_view level = "info";
  std::string_view event = "user-login";
  Value func = "handle";
  Value scope = nullptr;
  std::string_view data = R"({"user_id":42})";  // JSON
};

inline Rows table_rows(const std::vector<TableRow>& events,
                       Time now = kTestTime) {
  Rows rows({{"timestamp", Kind::time},
             {"level", Kind::text},
             {"event", Kind::text},
             {"func", Kind::text},
             {"scope", Kind::text},
             {"data", Kind::json}});
  for (const TableRow& event : events) {
    rows.add({event.timestamp, event.level, event.event, event.func,
              event.scope, Json{event.data}});
  }
  rows.at(now);
  return rows;
}

}  // namespace stogger
