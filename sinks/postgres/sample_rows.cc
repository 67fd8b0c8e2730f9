#include "sinks/postgres/sample_rows.h"

#include <algorithm>
#include <utility>

namespace stogger {
namespace {

constexpr std::size_t kLongestIdentifier = 63;
constexpr std::size_t kKeptValues = 64 * 1024;

}  // namespace

SampleRows::SampleRows(bool times_as_text)
    : schema_({.times_as_text = times_as_text,
               .longest_name = kLongestIdentifier}) {}

bool SampleRows::has_names_of(
    const std::vector<PostgresColumn>& columns) const {
  const std::vector<SchemaColumn>& known = schema_.columns();
  if (columns.size() != known.size()) return false;
  // Nearly always they are in the same order.
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i].name;
    if (known[i].name != name && std::none_of(known.begin(), known.end(),
                                              [&](const SchemaColumn& other) {
                                                return other.name == name;
                                              })) {
      return false;
    }
  }
  return true;
}

Status SampleRows::follow(const std::vector<PostgresColumn>& columns) {
  if (schema_.is_set() && has_names_of(columns)) return {};
  std::vector<SchemaColumn> found;
  for (const PostgresColumn& column : columns) {
    found.push_back({column.name, kind_of(column)});
  }
  return schema_.set(std::move(found));
}

Status SampleRows::project(const RowBatch& rows, RowBatch* projected) {
  schema_.match(rows);
  *projected = schema_.wanted();
  projected->row_count = rows.row_count;
  projected->now = rows.now;
  projected->id = rows.id;
  if (values_.capacity() > kKeptValues) std::vector<Value>().swap(values_);
  values_.clear();
  values_.reserve(rows.row_count * projected->column_count);
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    for (std::size_t i = 0; i < projected->column_count; ++i) {
      values_.push_back(schema_.value(rows, row, i));
    }
  }
  projected->values = values_.data();
  return {};
}

}  // namespace stogger
