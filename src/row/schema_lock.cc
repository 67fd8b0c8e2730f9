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

}  // namespace

Status SchemaLock::lock(const RowBatch& rows) {
  if (is_locked()) {
    return Status(Code::invalid, "the columns are locked already");
  }
  if (rows.row_count == 0 || rows.column_count == 0) {
    return Status(Code::invalid,
                  "there is nothing in the batch to tell the columns by");
  }
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    LockedColumn column = infer(rows, i, options_.unsigned_integers);
    if (options_.times_as_text && column.kind == Kind::time) {
      column.kind = Kind::text;
    }
    column.name = unique_name(clean_name(rows.columns[i].name));
    columns_.push_back(std::move(column));
    sources_.emplace_back(rows.columns[i].name);
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
  columns_ = std::move(columns);
  for (const LockedColumn& column : columns_) sources_.push_back(column.name);
  publish();
  return {};
}

void SchemaLock::unlock() noexcept {
  columns_.clear();
  sources_.clear();
  views_.clear();
  positions_.clear();
}

void SchemaLock::publish() {
  views_.clear();
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

std::string SchemaLock::unique_name(std::string_view name) const {
  const auto with = [&](const std::string& suffix) {
    const std::size_t most =
        options_.longest_name == 0 ? SIZE_MAX : options_.longest_name;
    return std::string(utf8_prefix(name, most - suffix.size())) + suffix;
  };
  std::string unique = with("");
  for (int number = 2;; ++number) {
    const bool is_taken = std::any_of(columns_.begin(), columns_.end(),
                                      [&](const LockedColumn& column) {
                                        return is_same(column.name, unique);
                                      });
    if (!is_taken) return unique;
    unique = with("_" + std::to_string(number));
  }
}

std::size_t SchemaLock::find(std::string_view name, const RowBatch& rows,
                             std::size_t start) const noexcept {
  const std::size_t count = rows.column_count;
  if (start < count && rows.columns[start].name == name) return start;
  for (std::size_t i = 0; i < count; ++i) {
    if (rows.columns[i].name == name) return i;
  }
  if (!options_.ignore_case) return kAbsent;
  for (std::size_t i = 0; i < count; ++i) {
    if (!taken_[i] && equal_ignoring_case(rows.columns[i].name, name)) return i;
  }
  return kAbsent;
}

Status SchemaLock::match(const RowBatch& rows) {
  if (!is_locked()) {
    return Status(Code::invalid, "the columns are not locked yet");
  }
  arena_.reset();
  positions_.assign(columns_.size(), kAbsent);
  taken_.assign(rows.column_count, false);
  std::size_t found = 0;
  std::size_t next = 0;  // mostly they are in the same order
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::size_t position = find(sources_[i], rows, next);
    if (position == kAbsent || taken_[position]) continue;
    positions_[i] = position;
    taken_[position] = true;
    next = position + 1;
    ++found;
  }
  for (std::size_t i = 0; found != rows.column_count && i < rows.column_count;
       ++i) {
    if (!taken_[i]) losses_.add_unknown(rows.columns[i].name);
  }
  return {};
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
      if (from == Kind::integer) return static_cast<double>(value.integer());
      if (from == Kind::unsigned_integer) {
        return static_cast<double>(value.unsigned_integer());
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
