#include "row/schema_lock.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/json.h"
#include "base/names.h"
#include "base/scalar_text.h"
#include "base/timestamp.h"
#include "base/utf8.h"

namespace stogger {
namespace {

std::string clean_name(std::string_view name) {
  std::string clean;
  while (!name.empty()) {
    const Utf8Step step = utf8_step(name);
    const bool good = step.valid && step.codepoint != 0;
    clean += good ? name.substr(0, step.size) : kReplacement;
    name.remove_prefix(step.size);
  }
  return clean;
}

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

bool to_integer(double real, std::int64_t* integer) noexcept {
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (!(real >= -kEnd && real < kEnd) || std::trunc(real) != real) return false;
  *integer = static_cast<std::int64_t>(real);
  return true;
}

// False if no double equals it.
bool to_real(std::int64_t integer, double* real) noexcept {
  *real = static_cast<double>(integer);
  std::int64_t back = 0;
  return to_integer(*real, &back) && back == integer;
}

bool to_real(std::uint64_t integer, double* real) noexcept {
  constexpr double kEnd = 18446744073709551616.0;  // 2^64
  *real = static_cast<double>(integer);
  return *real < kEnd && static_cast<std::uint64_t>(*real) == integer;
}

}  // namespace

Status SchemaLock::lock(const RowBatch& rows) {
  if (is_locked()) {
    return Status(Code::invalid, "the columns are locked already");
  }
  if (rows.row_count == 0 || rows.column_count == 0) {
    return Status(Code::invalid,
                  "there is nothing in the batch to tell the columns by");
  }
  unlock();  // what a failure left
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    LockedColumn column = infer(rows, i, options_.unsigned_integers);
    if (options_.times_as_text && column.kind == Kind::time) {
      column.kind = Kind::text;
    }
    column.name = unique_name(clean_name(rows.columns[i].name));
    columns_.push_back(std::move(column));
    sources_.emplace_back(rows.columns[i].name);
  }
  has_source_.assign(columns_.size(), true);
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
  for (const LockedColumn& column : columns_) sources_.push_back(column.name);
  has_source_.assign(columns_.size(), false);
  publish();
  return {};
}

void SchemaLock::unlock() noexcept {
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

bool SchemaLock::is_same(std::string_view a,
                         std::string_view b) const noexcept {
  return options_.ignore_case ? equal_ignoring_case(a, b) : a == b;
}

std::string SchemaLock::numbered(std::string_view name,
                                 std::size_t number) const {
  const std::string suffix = number == 1 ? "" : "_" + std::to_string(number);
  const std::size_t most =
      options_.longest_name == 0 ? SIZE_MAX : options_.longest_name;
  return std::string(utf8_prefix(name, most - suffix.size())) + suffix;
}

std::size_t SchemaLock::column_named(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (is_same(columns_[i].name, name)) return i;
  }
  return kAbsent;
}

std::string SchemaLock::unique_name(std::string_view name) const {
  std::string unique = numbered(name, 1);
  for (std::size_t number = 2; column_named(unique) != kAbsent; ++number) {
    unique = numbered(name, number);
  }
  return unique;
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
  for (std::size_t i = 0; unplaced_ != 0 && i < rows.column_count; ++i) {
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
  std::size_t next = 0;  // mostly they are in the same order
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto is_at = [&](std::size_t position) {
      return rows.columns[position].name == sources_[i];
    };
    std::size_t position = next;
    if (position >= count || !is_at(position)) {
      position = 0;
      while (position < count && !is_at(position)) ++position;
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
    const std::size_t column = changed_name(rows.columns[i].name);
    if (column == kAbsent) continue;
    place(i, column);
    sources_[column] = rows.columns[i].name;
    has_source_[column] = true;
  }
}

std::size_t SchemaLock::changed_name(std::string_view name) const {
  const std::string clean = clean_name(name);
  for (std::size_t number = 1;; ++number) {
    const std::string changed = numbered(clean, number);
    const std::size_t column = column_named(changed);
    // lock() gives a number only to a name that is there without it.
    if (column == kAbsent) return kAbsent;
    if (!has_source_[column] && columns_[column].name == changed) return column;
  }
}

void SchemaLock::match_ignoring_case(const RowBatch& rows) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (positions_[i] != kAbsent) continue;
    for (std::size_t j = 0; j < rows.column_count; ++j) {
      if (taken_[j] || !equal_ignoring_case(rows.columns[j].name, sources_[i]))
        continue;
      place(j, i);
      break;
    }
  }
}

Value SchemaLock::convert(const Value& value, std::size_t column) {
  const Kind from = value.kind();
  switch (columns_[column].kind) {
    case Kind::text:
      if (from == Kind::time && options_.text_takes_times) return value;
      return as_text(value);
    case Kind::json:
      text_.clear();
      append_json_value(text_, value);
      return Value(Json{arena_.copy(text_.view())});
    case Kind::real:
      if (double real = 0;
          (from == Kind::integer && to_real(value.integer(), &real)) ||
          (from == Kind::unsigned_integer &&
           to_real(value.unsigned_integer(), &real))) {
        return real;
      }
      break;
    case Kind::integer:
      if (from == Kind::boolean) return value.boolean() ? 1 : 0;
      if (std::int64_t integer = 0;
          from == Kind::real && to_integer(value.real(), &integer)) {
        return integer;
      }
      break;
    case Kind::unsigned_integer:
      if (from == Kind::integer && value.integer() >= 0) return value;
      break;
    default:
      break;
  }
  losses_.add_misfit(columns_[column].name, columns_[column].kind, from);
  return {};
}

Value SchemaLock::as_text(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
      return value.boolean() ? "true" : "false";
    case Kind::json:
      return value.text();
    case Kind::time: {
      char* const time = arena_.allocate(kTimestampSize);
      write_timestamp(time, value.time());
      return std::string_view(time, kTimestampSize);
    }
    default:
      text_.clear();
      append_scalar(text_, value);
      return arena_.copy(text_.view());
  }
}

}  // namespace stogger
