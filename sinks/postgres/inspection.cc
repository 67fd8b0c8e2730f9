#include "sinks/postgres/inspection.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/quote.h"
#include "sinks/postgres/catalogue.h"
#include "sinks/postgres/introspection.h"
#include "sinks/postgres/reply.h"
#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

// Kinds of relations that rows can be inserted into: tables, partitioned ones,
// views, foreign tables.
constexpr std::string_view kWritable = "rpvf";

}  // namespace

Status Inspection::failed(const Answer& answer, std::string_view what) const {
  std::string text(what);
  text += ": " + answer.message;
  if (!answer.sqlstate.empty()) text += " (" + answer.sqlstate + ")";
  return Status(Code::unavailable, text);
}

Status Inspection::missing_rights(bool create) const {
  return Status(Code::unavailable,
                "the role " + quoted(shown_name(session_.table.role)) +
                    " lacks rights; let the owner of the database run: " +
                    grants_sql(place(), session_.table.role, create));
}

PostgresSettings Inspection::place() const {
  PostgresSettings place;
  place.schema =
      session_.table.schema.empty() ? settings_.schema : session_.table.schema;
  place.table = settings_.table;
  place.indexes = settings_.indexes;
  place.columns = settings_.columns;
  return place;
}

std::string Inspection::table() const {
  const std::string& found = session_.table.schema;
  return qualified_table(found.empty() ? settings_.schema : found,
                         settings_.table);
}

Answer Inspection::ask(std::string_view sql, ResultPtr* result) const {
  const char* const id = session_.table.id.c_str();
  return session_.connection->run(
      std::string(sql), {1, &id, nullptr, nullptr, nullptr}, soon(), result);
}

Status Inspection::find() {
  const char* const parameters[] = {
      settings_.schema.empty() ? nullptr : settings_.schema.c_str(),
      settings_.table.c_str()};
  ResultPtr result;
  const Answer answer = session_.connection->run(
      std::string(find_table_sql()),
      {std::size(parameters), parameters, nullptr, nullptr, nullptr}, soon(),
      &result);
  if (!answer.ok()) return failed(answer, "cannot look for the table");
  std::array<const char*, 6> cells;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Status status =
        nullable_cell(result.get(), 0, static_cast<int>(i), &cells[i]);
    if (!status.ok()) return status;
  }
  const auto text = [&](std::size_t i) {
    return cells[i] == nullptr ? std::string() : std::string(cells[i]);
  };
  FoundTable& found = session_.table;
  found.schema = text(0);
  found.id = text(1);
  found.kind = cells[2] == nullptr ? '\0' : *cells[2];
  found.role = text(3);
  if (text(4) == "on") {
    return Status(Code::unavailable,
                  "the server is read-only (a standby, or set so)");
  }
  // COPY is not for views.
  session_.can_copy = found.kind != 'v';
  // A pooler in between may swallow what a session is started with.
  if (text(5) != std::to_string(lock_timeout(settings_).count())) {
    session_.pooled = true;
  }
  if (found.schema.empty()) {
    return Status(
        Code::missing,
        settings_.schema.empty()
            ? "the search_path of the role has no schema that it may use: "
              "name one (schema)"
            : "there is no schema " + quote_identifier(settings_.schema) +
                  ": create it");
  }
  if (exists() && kWritable.find(found.kind) == std::string_view::npos) {
    return Status(Code::unavailable,
                  table() + " is neither a table nor a view");
  }
  // Of one that exists, look() asks for both.
  return exists() ? Status() : check_trust();
}

Status Inspection::look() {
  Status status = session_.table.kind == 'v' ? check_view() : Status();
  if (status.ok()) status = read_columns();
  if (status.ok()) status = check_trust();
  if (!status.ok()) return status;
  bool has_both = false;
  status = check_rights(&has_both);
  if (!status.ok() || !settings_.policy.has_standard_columns) return status;
  // A column that may not be written is no column to the introspection.
  const auto may_write = [&](std::string_view name) {
    return std::any_of(
        session_.columns.begin(), session_.columns.end(),
        [&](const PostgresColumn& column) { return column.name == name; });
  };
  if (has_both && !(may_write("timestamp") && may_write("event"))) {
    return missing_rights(false);
  }
  return {};
}

// The server would refuse each row.
Status Inspection::check_view() const {
  ResultPtr result;
  const Answer answer = ask(insertable_view_sql(), &result);
  if (!answer.ok()) return failed(answer, "cannot look at " + table());
  std::string_view takes_rows;
  Status status = cell(result.get(), 0, 0, &takes_rows);
  if (!status.ok() || takes_rows == "t") return status;
  return Status(Code::unavailable,
                table() +
                    " is a view that takes no rows: it has a JOIN, DISTINCT, "
                    "GROUP BY or the like; name the table that the rows "
                    "belong to, or give the view an INSTEAD OF INSERT trigger");
}

Status Inspection::read_columns() {
  ResultPtr result;
  const Answer answer = ask(introspection_sql(), &result);
  if (!answer.ok()) {
    return failed(answer, "cannot read the columns of " + table());
  }
  session_.columns.clear();
  const int rows = PQntuples(result.get());
  if (rows > static_cast<int>(kMostColumns)) return unknown_answer();
  std::vector<const char*> row(
      static_cast<std::size_t>(PQnfields(result.get())));
  if (row.size() != kIntrospectionCells) return unknown_answer();
  for (int i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < row.size(); ++j) {
      Status status =
          nullable_cell(result.get(), i, static_cast<int>(j), &row[j]);
      if (!status.ok()) return status;
    }
    PostgresColumn column;
    std::string problem;
    if (read_column(row, &column, &problem)) {
      // It is never null.
      if (settings_.policy.has_standard_columns && takes_the_rest(column)) {
        column.has_default = false;
      }
      session_.columns.push_back(std::move(column));
    } else if (!problem.empty()) {
      return Status(Code::unavailable, "the table " + table() + ": " + problem);
    }
  }
  return session_.columns.empty() ? missing_rights(false) : Status();
}

Status Inspection::check_trust() {
  // Who else could change the table is then only of interest to a check.
  if (settings_.trust_table && !settings_.proves_only) return {};
  const std::string& named = settings_.schema;
  Status status = look_at_trust(
      *session_.connection, exists() ? session_.table.id.c_str() : nullptr,
      session_.table.schema.c_str(), named.empty() ? nullptr : named.c_str(),
      soon(), &trust_);
  if (!status.ok() || !trust_.is_dangerous() || settings_.trust_table) {
    return status;
  }
  return Status(Code::unavailable,
                trust_.text(table()) +
                    (trust_.hold == Hold::schema
                         ? "; name the schema (schema)"
                         : "; check it, then let a role that is trusted own "
                           "it") +
                    ", or set trust_table = true");
}

Status Inspection::check_rights(bool* has_both_columns) {
  ResultPtr result;
  const Answer answer = ask(rights_sql(), &result);
  if (!answer.ok()) return failed(answer, "cannot check the rights");
  std::array<bool, 4> rights;
  for (std::size_t i = 0; i < rights.size(); ++i) {
    std::string_view text;
    Status status = cell(result.get(), 0, static_cast<int>(i), &text);
    if (!status.ok()) return status;
    rights[i] = text == "t";
  }
  *has_both_columns = rights[3];
  return rights[0] && rights[1] && rights[2] ? Status() : missing_rights(false);
}

}  // namespace stogger
