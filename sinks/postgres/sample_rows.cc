#include "sinks/postgres/sample_rows.h"

#include <utility>

namespace stogger {
namespace {

constexpr std::size_t kLongestIdentifier = 63;
constexpr std::size_t kKeptValues = 64 * 1024;

}  // namespace

SampleRows::SampleRows(bool times_as_text)
    : schema_({.times_as_text = times_as_text,
               .longest_name = kLongestIdentifier}) {}

Status SampleRows::follow(const std::vector<PostgresColumn>& columns) {
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
