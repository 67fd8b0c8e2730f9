#include "row/schema_lock.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "base/names.h"

namespace stogger {
namespace {

bool is_number(Kind kind) noexcept {
  return kind == Kind::integer || kind == Kind::unsigned_integer ||
         kind == Kind::real;
}

// The kind of a column that has values of both.
Kind common_kind(Kind a, Kind b) noexcept {
  if (a == Kind::null || a == b) return b;
  if (is_number(a) && is_number(b)) {
    const bool has_real = a == Kind::real || b == Kind::real;
    return has_real ? Kind::real : Kind::unsigned_integer;
  }
  return Kind::text;
}

LockedColumn infer(const RowBatch& rows, std::size_t column,
                   bool unsigned_integers) {
  LockedColumn inferred;
  inferred.nullable = false;
  Kind kind = Kind::null;
  bool has_negative = false;
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    const Value& value = rows.at(row, column);
    const Kind next = value.kind();
    has_negative =
        has_negative || (next == Kind::integer && value.integer() < 0);
    if (next == Kind::null || next == Kind::custom) {
      inferred.nullable = true;
    } else {
      kind = common_kind(kind, next);
    }
  }
  // As text, integers keep all of their digits.
  const bool fits_none =
      kind == Kind::unsigned_integer && (has_negative || !unsigned_integers);
  inferred.kind = kind == Kind::null || fits_none ? Kind::text : kind;
  return inferred;
}

// Finds columns of a batch by name: the first of each.
class BatchIndex {
 public:
  explicit BatchIndex(const RowBatch& rows) noexcept : rows_(rows) {}

  std::size_t find(std::string_view name) {
    constexpr std::size_t kFew = 16;
    const Column* const end = rows_.columns + rows_.column_count;
    if (rows_.column_count <= kFew) {
      const Column* const found = std::find_if(
          rows_.columns, end,
          [&](const Column& column) { return column.name == name; });
      return static_cast<std::size_t>(found - rows_.columns);
    }
    if (positions_.empty()) {
      for (std::size_t i = 0; i < rows_.column_count; ++i) {
        positions_.emplace(rows_.columns[i].name, i);
      }
    }
    const auto found = positions_.find(name);
    return found != positions_.end() ? found->second : rows_.column_count;
  }

 private:
  const RowBatch& rows_;
  std::map<std::string_view, std::size_t> positions_;  // once it is needed
};

}  // namespace

Status SchemaLock::lock(const RowBatch& rows) {
  if (is_locked()) {
    return Status(Code::invalid, "the columns are locked already");
  }
  if (rows.row_count == 0 || rows.column_count == 0) {
    return Status(Code::invalid,
                  "the batch has no rows or no columns to make the table from");
  }
  unlock();  // what a failure left
  const std::size_t count = std::min(rows.column_count, kMostColumns);
  for (std::size_t i = 0; i < count; ++i) {
    LockedColumn column = infer(rows, i, options_.unsigned_integers);
    if (options_.times_as_text && column.kind == Kind::time) {
      column.kind = Kind::text;
    }
    column.name = names_.add_unique(rows.columns[i].name);
    columns_.push_back(std::move(column));
    sources_.emplace_back(rows.columns[i].name);
  }
  has_source_.assign(columns_.size(), true);
  is_cut_ = count < rows.column_count;
  if (is_cut_) {
    losses_.add_excess(rows.columns[count].name, rows.column_count, count);
  }
  publish();
  return {};
}

Status SchemaLock::lock_to(std::vector<LockedColumn> columns) {
  if (is_locked()) {
    return Status(Code::invalid, "the columns are locked already");
  }
  if (columns.empty()) {
    return Status(Code::invalid, "there is no column to lock to");
  }
  unlock();
  columns_ = std::move(columns);
  for (const LockedColumn& column : columns_) {
    sources_.push_back(column.name);
    names_.add(column.name);
  }
  has_source_.assign(columns_.size(), false);
  publish();
  return {};
}

void SchemaLock::unlock() noexcept {
  names_.clear();
  is_cut_ = false;
  columns_.clear();
  sources_.clear();
  has_source_.clear();
  views_.clear();
  positions_.clear();
}

// The last step, and it fails before it begins or not at all: without views,
// nothing is locked.
void SchemaLock::publish() {
  views_.reserve(columns_.size());
  for (const LockedColumn& column : columns_) {
    views_.push_back({column.name, column.kind});
  }
}

RowBatch SchemaLock::wanted() const noexcept {
  RowBatch wanted;
  wanted.columns = views_.data();
  wanted.column_count = views_.size();
  return wanted;
}

Status SchemaLock::match(const RowBatch& rows) {
  if (!is_locked()) {
    return Status(Code::invalid, "the columns are not locked yet");
  }
  arena_.reset();
  positions_.assign(columns_.size(), kAbsent);
  taken_.assign(rows.column_count, false);
  unplaced_ = rows.column_count;
  match_exact(rows);
  if (unplaced_ != 0) match_changed(rows);
  if (unplaced_ != 0 && options_.ignore_case) match_ignoring_case(rows);
  if (unplaced_ == 0 || is_cut_) return {};
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (!taken_[i]) losses_.add_unknown(rows.columns[i].name);
  }
  return {};
}

void SchemaLock::place(std::size_t position, std::size_t column) {
  positions_[column] = position;
  taken_[position] = true;
  --unplaced_;
}

void SchemaLock::match_exact(const RowBatch& rows) {
  const std::size_t count = rows.column_count;
  BatchIndex index(rows);
  std::size_t next = 0;  // mostly they are in the same order
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t position = next;
    if (position >= count || rows.columns[position].name != sources_[i]) {
      position = index.find(sources_[i]);
    }
    if (position == count || taken_[position]) continue;
    place(position, i);
    has_source_[i] = true;
    next = position + 1;
  }
}

// The columns of a table that was there may come from an earlier lock(), which
// had to change names.
void SchemaLock::match_changed(const RowBatch& rows) {
  if (std::find(has_source_.begin(), has_source_.end(), false) ==
      has_source_.end()) {
    return;
  }
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (taken_[i]) continue;
    const std::size_t column =
        names_.find_made_of(rows.columns[i].name, has_source_);
    if (column == ColumnNames::kNone) continue;
    place(i, column);
    sources_[column] = rows.columns[i].name;
    has_source_[column] = true;
  }
}

void SchemaLock::match_ignoring_case(const RowBatch& rows) {
  // What is left of the batch, by name; of equal names in its order.
  std::multimap<std::string, std::size_t> left;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (!taken_[i]) left.emplace(folded(rows.columns[i].name), i);
  }
  for (std::size_t i = 0; i < columns_.size() && !left.empty(); ++i) {
    if (positions_[i] != kAbsent) continue;
    const auto found = left.lower_bound(folded(sources_[i]));
    if (found == left.end() || found->first != folded(sources_[i])) continue;
    place(found->second, i);
    left.erase(found);
  }
}

Value SchemaLock::convert(const Value& value, std::size_t column) {
  const Kind kind = columns_[column].kind;
  if (is_convertible(kind, value)) return converted(kind, value, arena_);
  losses_.add_misfit(columns_[column].name, kind, value.kind());
  return {};
}

}  // namespace stogger
