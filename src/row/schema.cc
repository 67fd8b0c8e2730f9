#include "row/schema.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/names.h"
#include "row/standard_columns.h"

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

Kind infer_kind(const RowBatch& rows, std::size_t column,
                const SchemaOptions& options) {
  if (options.any_kind) return Kind::null;
  Kind kind = Kind::null;
  bool has_negative = false;
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    const Value& value = rows.at(row, column);
    const Kind next = value.kind();
    has_negative =
        has_negative || (next == Kind::integer && value.integer() < 0);
    if (next != Kind::null && next != Kind::custom) {
      kind = common_kind(kind, next);
    }
  }
  // As text, integers keep all of their digits.
  const bool fits_none = kind == Kind::unsigned_integer &&
                         (has_negative || !options.unsigned_integers);
  if (kind == Kind::null || fits_none) return Kind::text;
  return kind == Kind::time && options.times_as_text ? Kind::text : kind;
}

}  // namespace

std::vector<SchemaColumn> standard_schema(
    Kind times, const std::vector<SchemaColumn>& declared) {
  std::vector<SchemaColumn> columns;
  for (const Column& column : kStandardColumns) {
    columns.push_back({std::string(column.name),
                       column.kind == Kind::time ? times : column.kind});
  }
  columns.insert(columns.end(), declared.begin(), declared.end());
  return columns;
}

Status Schema::set(std::vector<SchemaColumn> columns) {
  if (columns.empty()) {
    return Status(Code::invalid, "there is no column to take");
  }
  if (has_names_of(columns)) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns_[i].kind = views_[i].kind = columns[i].kind;
    }
    return {};
  }
  clear();
  columns_ = std::move(columns);
  for (const SchemaColumn& column : columns_) matcher_.add(column.name);
  publish();
  return {};
}

void Schema::add_unplaced(const RowBatch& rows) {
  for (std::size_t i = 0; i < rows.column_count && has_room(); ++i) {
    if (matcher_.is_placed(i)) continue;
    columns_.push_back({matcher_.add_made_of(rows.columns[i].name),
                        infer_kind(rows, i, options_)});
  }
  // The names may have moved.
  views_.clear();
  publish();
}

const SchemaColumn* Schema::find_declared(std::string_view name) const {
  const auto found = std::find_if(
      declared_.begin(), declared_.end(), [&](const SchemaColumn& column) {
        return options_.ignore_case ? equal_ignoring_case(column.name, name)
                                    : column.name == name;
      });
  return found == declared_.end() ? nullptr : &*found;
}

bool Schema::has_names_of(const std::vector<SchemaColumn>& columns) const {
  return is_set() &&
         std::equal(columns.begin(), columns.end(), columns_.begin(),
                    columns_.end(),
                    [](const SchemaColumn& a, const SchemaColumn& b) {
                      return a.name == b.name;
                    });
}

Status Schema::set_from(const RowBatch& rows) {
  if (rows.row_count == 0 || rows.column_count == 0) {
    return Status(Code::invalid,
                  "the batch has no rows or no columns to make the table from");
  }
  clear();
  const std::size_t count =
      std::min(rows.column_count, kMostColumns - declared_.size());
  std::vector<const SchemaColumn*> found;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = rows.columns[i].name;
    const SchemaColumn* const declared = find_declared(name);
    if (declared != nullptr) found.push_back(declared);
    columns_.push_back(
        {matcher_.add_made_of(name),
         declared == nullptr ? infer_kind(rows, i, options_) : declared->kind});
  }
  for (const SchemaColumn& column : declared_) {
    if (std::find(found.begin(), found.end(), &column) != found.end()) continue;
    columns_.push_back({matcher_.add_made_of(column.name), column.kind});
  }
  is_cut_ = count < rows.column_count;
  if (is_cut_) {
    losses_.add_excess(rows.columns[count].name, rows.column_count, count);
  }
  publish();
  return {};
}

void Schema::clear() noexcept {
  matcher_.clear();
  columns_.clear();
  views_.clear();
  is_cut_ = false;
}

// The last step, and it fails before it begins or not at all: without views,
// nothing is set.
void Schema::publish() {
  views_.reserve(columns_.size());
  for (const SchemaColumn& column : columns_) {
    views_.push_back({column.name, column.kind});
  }
}

void Schema::note_unplaced(const RowBatch& rows) {
  if (is_cut_) return;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (!matcher_.is_placed(i)) losses_.add_unknown(rows.columns[i].name);
  }
}

Value Schema::convert(const Value& value, std::size_t column) {
  Value fitting = value;
  if (make_fit(views_[column].kind, arena_, &fitting)) return fitting;
  note_misfit(column, value);
  return {};
}

void Schema::note_misfit(std::size_t column, const Value& value) {
  const auto& [name, kind] = columns_[column];
  if (fits(kind, value)) {
    losses_.add_misfit(name);
  } else {
    losses_.add_misfit(name, kind, value.kind());
  }
}

}  // namespace stogger
