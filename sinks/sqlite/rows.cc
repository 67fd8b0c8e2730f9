#include "sinks/sqlite/rows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/quote.h"
#include "row/declared_columns.h"

namespace stogger {

Status SqliteRows::open() {
  std::vector<SqliteColumn> columns;
  Status status = find_columns(&columns);
  if (status.ok() && columns.empty() && create_table_ &&
      policy_.has_standard_columns) {
    status = create_standard_table(database_, table_, declared_);
    if (status.ok()) status = find_columns(&columns);
  }
  if (!status.ok()) return status;
  if (!columns.empty()) return use(std::move(columns));
  schema_.clear();
  return create_table_ ? Status() : no_table();
}

// Of rows that come first. Another program may have made it meanwhile.
Status SqliteRows::make_table(const RowBatch& rows) {
  Status status = open();
  if (!status.ok() || schema_.is_set()) return status;
  status = schema_.set_from(rows);
  if (status.ok()) {
    status = create_table_of(database_, table_, schema_.columns());
  }
  if (status.ok()) {
    std::vector<SqliteColumn> columns;
    for (const SchemaColumn& column : schema_.columns()) {
      columns.push_back({column.name, column.kind});
    }
    status = prepare(std::move(columns));
  }
  if (!status.ok()) schema_.clear();
  return status;
}

Status SqliteRows::use(std::vector<SqliteColumn> columns) {
  std::vector<SchemaColumn> schema;
  for (const SqliteColumn& column : columns) {
    schema.push_back({column.name, column.kind});
  }
  Status status = schema_.set(std::move(schema));
  return status.ok() ? prepare(std::move(columns)) : status;
}

Status SqliteRows::prepare(std::vector<SqliteColumn> columns) {
  row_.resize(columns.size());
  takes_text_.clear();
  for (const SqliteColumn& column : columns) {
    takes_text_.push_back(column.takes_text);
  }
  return insert_.prepare(database_, table_, std::move(columns));
}

Status SqliteRows::find_columns(std::vector<SqliteColumn>* columns) {
  Status status = find_sqlite_columns(database_, table_,
                                      policy_.has_standard_columns, columns);
  apply_declared_kinds(declared_, columns);
  return status;
}

Status SqliteRows::no_table() const {
  return Status(Code::missing, "there is no table " + quoted(table_) +
                                   ": create it, or set create_table = true");
}

Status SqliteRows::check(CheckFindings& findings) {
  std::vector<SqliteColumn> columns;
  Status status = database_.is_open() ? find_columns(&columns) : Status();
  if (!status.ok()) return status;
  if (columns.empty()) {
    if (!create_table_) return no_table();
    findings.would_change("would create the table " + quoted(table_) +
                          (policy_.has_standard_columns
                               ? ""
                               : " with the columns of the first batch"));
    return {};
  }
  warn_of_undeclared(columns, findings);
  if (policy_.has_standard_columns) warn_of_required(columns, findings);
  SqliteInsert insert;
  return insert.prepare(database_, table_, std::move(columns));
}

void SqliteRows::warn_of_undeclared(const std::vector<SqliteColumn>& columns,
                                    CheckFindings& findings) const {
  std::vector<std::string> names;
  for (const SqliteColumn& column : columns) names.push_back(column.name);
  const std::string undeclared = describe_undeclared(
      declared_, names, table_, !policy_.has_standard_columns);
  if (!undeclared.empty()) findings.warn(undeclared);
}

void SqliteRows::warn_of_required(const std::vector<SqliteColumn>& columns,
                                  CheckFindings& findings) const {
  const auto is_filled = [](std::string_view name) {
    return name == "timestamp" || name == "level" || name == "event" ||
           name == "data";
  };
  for (const SqliteColumn& column : columns) {
    if (!column.is_required || is_filled(column.name)) continue;
    findings.warn("the column " + quoted(column.name) + " of the table " +
                  quoted(table_) +
                  " must not be null and has no default: events without a "
                  "value for it are refused");
  }
}

Status SqliteRows::match(const RowBatch& rows) {
  if (!schema_.is_set()) {
    if (Status status = make_table(rows); !status.ok()) return status;
  }
  schema_.match(rows);
  return {};
}

bool SqliteRows::has_all_of(const RowBatch& rows) const {
  if (!policy_.has_standard_columns) return true;
  const std::vector<SchemaColumn>& columns = schema_.columns();
  return std::all_of(rows.columns, rows.columns + rows.column_count,
                     [&](const Column& wanted) {
                       return std::any_of(columns.begin(), columns.end(),
                                          [&](const SchemaColumn& column) {
                                            return column.name == wanted.name;
                                          });
                     });
}

inline Value SqliteRows::value(const RowBatch& rows, std::size_t row,
                               std::size_t column) {
  const Value* const given = schema_.given(rows, row, column);
  if (given == nullptr) return {};
  if (given->kind() == Kind::real && std::isnan(given->real())) {
    if (policy_.nan_is_null) return {};
    // It would be stored as text, and the whole row would be refused for it.
    if (!takes_text_[column]) {
      schema_.note_misfit(column);
      return {};
    }
  }
  // A sample has several times. SqliteInsert binds the same text without a
  // copy.
  if (given->kind() == Kind::time && schema_.holds_text(column)) return *given;
  return schema_.value(rows, row, column);
}

int SqliteRows::insert(const RowBatch& rows, std::size_t row) {
  schema_.release_texts();
  for (std::size_t i = 0; i < row_.size(); ++i) row_[i] = value(rows, row, i);
  return insert_.insert(row_.data());
}

}  // namespace stogger
