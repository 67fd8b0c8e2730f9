#include "sinks/postgres/sample_rows.h"

#include <algorithm>
#include <utility>

namespace stogger {
namespace {

constexpr std::size_t kLongestIdentifier = 63;
constexpr std::size_t kKeptValues = 64 * 1024;

}  // namespace

SampleRows::SampleRows(bool times_as_text)
    : lock_({.times_as_text = times_as_text,
             .longest_name = kLongestIdentifier}) {}

Status SampleRows::begin(const RowBatch& rows) {
  lock_.unlock();
  return lock_.lock(rows);
}

bool SampleRows::has_names_of(
    const std::vector<PostgresColumn>& columns) const {
  const std::vector<LockedColumn>& known = lock_.columns();
  if (columns.size() != known.size()) return false;
  // Nearly always they are in the same order.
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i].name;
    if (known[i].name != name && std::none_of(known.begin(), known.end(),
                                              [&](const LockedColumn& other) {
                                                return other.name == name;
                                              })) {
      return false;
    }
  }
  return true;
}

Status SampleRows::follow(const std::vector<PostgresColumn>& columns) {
  if (lock_.is_locked() && has_names_of(columns)) return {};
  std::vector<LockedColumn> locked;
  for (const PostgresColumn& column : columns) {
    locked.push_back({column.name, kind_of(column), true});
  }
  lock_.unlock();
  return lock_.lock_to(std::move(locked));
}

Status SampleRows::project(const RowBatch& rows, RowBatch* projected) {
  if (Status status = lock_.match(rows); !status.ok()) return status;
  *projected = lock_.wanted();
  projected->row_count = rows.row_count;
  projected->now = rows.now;
  projected->id = rows.id;
  if (values_.capacity() > kKeptValues) std::vector<Value>().swap(values_);
  values_.clear();
  values_.reserve(rows.row_count * projected->column_count);
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    for (std::size_t i = 0; i < projected->column_count; ++i) {
      values_.push_back(lock_.value(rows, row, i));
    }
  }
  projected->values = values_.data();
  return {};
}

}  // namespace stogger
