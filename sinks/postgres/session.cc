#include "sinks/postgres/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/quote.h"
#include "sinks/postgres/introspection.h"
#include "sinks/postgres/reply.h"
#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;

// Creating a table waits for others that do the same.
constexpr milliseconds kCreateTime(10000);
constexpr int kLooks = 5;
// Of a table, in PostgreSQL.
constexpr int kMostColumns = 1600;

std::string in_milliseconds(milliseconds time) {
  return std::to_string(time.count()) + "ms";
}

// A SELECT that sets the time-outs until the end of the transaction.
std::string settings_sql(const PostgresSettings& settings,
                         milliseconds statement, milliseconds lock) {
  std::string sql =
      "SELECT set_config('statement_timeout','" + in_milliseconds(statement) +
      "',true),set_config('lock_timeout','" + in_milliseconds(lock) + "',true)";
  if (!settings.synchronous_commit.empty()) {
    sql += ",set_config('synchronous_commit','" + settings.synchronous_commit +
           "',true)";
  }
  return sql;
}

milliseconds lock_timeout(const PostgresSettings& settings) {
  return std::max(settings.statement_timeout / 2, milliseconds(1));
}

std::string row_settings(const PostgresSettings& settings) {
  return settings_sql(settings, settings.statement_timeout,
                      lock_timeout(settings));
}

// Less than the deadline, so that the server answers first.
std::string batch_settings(const PostgresSettings& settings) {
  const milliseconds statement = settings.for_samples
                                     ? settings.statement_timeout
                                     : settings.batch_deadline * 5 / 8;
  return settings_sql(settings, std::max(statement, milliseconds(1)),
                      std::max(statement / 2, milliseconds(1)));
}

class Preparation {
 public:
  // `columns`: of a table for samples.
  Preparation(const PostgresSettings& settings,
              const std::vector<LockedColumn>* columns, Session* session)
      : settings_(settings),
        columns_(columns),
        session_(session),
        table_(qualified_table(settings.schema, settings.table)) {}

  Status run() {
    for (int i = 0; i < kLooks; ++i) {
      bool exists = false;
      if (Status status = look(&exists); !status.ok()) return status;
      if (exists) return prepare();
      if (!settings_.create_table) {
        return Status(Code::unavailable,
                      "there is no table " + table_ +
                          ", and create_table is false; create it");
      }
      if (settings_.for_samples && columns_ == nullptr) return {};
      bool again = false;
      Status status = create(&again);
      if (!status.ok() && !again) return status;
    }
    return Status(Code::unavailable,
                  "the table " + table_ + " cannot be created and found");
  }

 private:
  Deadline soon() const {
    return std::chrono::steady_clock::now() + settings_.connect_timeout;
  }

  Status look(bool* exists);
  Status create(bool* again);
  Status prepare();
  Status read_columns();
  Status check_rights();
  Status failed(const Answer& answer, std::string_view what) const;
  Status missing_rights(bool create) const;
  Parameters table_parameter() {
    parameter_ = table_.c_str();
    return {1, &parameter_, nullptr, nullptr, nullptr};
  }

  const PostgresSettings& settings_;
  const std::vector<LockedColumn>* columns_;
  Session* session_;
  std::string table_;
  std::string role_;
  const char* parameter_ = nullptr;
};

Status Preparation::failed(const Answer& answer, std::string_view what) const {
  std::string text(what);
  text += ": " + answer.message;
  if (!answer.sqlstate.empty()) text += " (" + answer.sqlstate + ")";
  return Status(Code::unavailable, text);
}

Status Preparation::missing_rights(bool create) const {
  return Status(Code::unavailable, "the role " + quoted(role_) +
                                       " lacks rights; let the owner of "
                                       "the database run: " +
                                       grants_sql(settings_, role_, create));
}

Status Preparation::look(bool* exists) {
  ResultPtr result;
  const Answer answer = session_->connection->run(
      "SELECT to_regclass($1) IS NOT NULL, current_user,"
      " current_setting('transaction_read_only'),"
      " (SELECT setting FROM pg_catalog.pg_settings"
      " WHERE name='statement_timeout')",
      table_parameter(), soon(), &result);
  if (answer.sqlstate == "42501") {
    // The schema is there, but closed to this role.
    return failed(answer, "cannot look for the table " + table_);
  }
  if (!answer.ok()) return failed(answer, "cannot look for the table");
  std::array<std::string_view, 4> found;
  for (std::size_t i = 0; i < found.size(); ++i) {
    Status status = cell(result.get(), 0, static_cast<int>(i), &found[i]);
    if (!status.ok()) return status;
  }
  *exists = found[0] == "t";
  role_ = found[1];
  if (found[2] == "on") {
    return Status(Code::unavailable,
                  "the server is read-only (a standby, or set so)");
  }
  // A pooler in between may swallow what a session is started with.
  if (found[3] != std::to_string(settings_.statement_timeout.count())) {
    session_->pooled = true;
  }
  return {};
}

Status Preparation::create(bool* again) {
  std::string sql = "BEGIN";
  const std::vector<std::string> statements =
      columns_ == nullptr ? create_table_sql(settings_)
                          : create_table_sql(settings_, *columns_);
  for (const std::string& statement : statements) sql += ";" + statement;
  sql += ";COMMIT";
  const Answer answer = session_->connection->run_all(
      sql, std::chrono::steady_clock::now() + kCreateTime);
  if (answer.ok()) return {};
  if (answer.kind == Answer::Kind::refused) {
    static_cast<void>(session_->connection->run_all("ROLLBACK", soon()));
  }
  // Somebody else was quicker.
  *again = answer.sqlstate == "23505" || answer.sqlstate == "42P07" ||
           answer.sqlstate == "42710" || answer.sqlstate == "55P03";
  if (answer.sqlstate == "42501") return missing_rights(true);
  return failed(answer, "cannot create the table " + table_);
}

Status Preparation::read_columns() {
  ResultPtr result;
  const Answer answer = session_->connection->run(
      std::string(introspection_sql()), table_parameter(), soon(), &result);
  if (!answer.ok()) {
    return failed(answer, "cannot read the columns of " + table_);
  }
  session_->columns.clear();
  const int rows = PQntuples(result.get());
  if (rows > kMostColumns) return unknown_answer();
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
      // In a log row, it is never null.
      if (!settings_.for_samples && takes_the_rest(column)) {
        column.fallback.clear();
      }
      session_->columns.push_back(std::move(column));
    } else if (!problem.empty()) {
      return Status(Code::unavailable, "the table " + table_ + ": " + problem);
    }
  }
  if (session_->columns.empty()) return missing_rights(false);
  return {};
}

// A column that may not be written is no column to the introspection, and the
// sequence of `id` is needed as well.
Status Preparation::check_rights() {
  const auto has = [&](std::string_view name) {
    return std::any_of(
        session_->columns.begin(), session_->columns.end(),
        [&](const PostgresColumn& column) { return column.name == name; });
  };
  ResultPtr result;
  const Answer answer = session_->connection->run(
      "SELECT coalesce(bool_and(has_sequence_privilege(s.oid,'USAGE')),true)"
      " FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s"
      " ON s.oid=d.objid AND s.relkind='S'"
      " WHERE d.classid='pg_catalog.pg_class'::regclass"
      " AND d.deptype='a' AND d.refobjid=to_regclass($1)",
      table_parameter(), soon(), &result);
  if (!answer.ok()) return failed(answer, "cannot look at the rights");
  std::string_view text;
  Status status = cell(result.get(), 0, 0, &text);
  if (!status.ok()) return status;
  const bool sequences = text == "t";
  if (settings_.for_samples) {
    return sequences ? Status() : missing_rights(false);
  }
  if (!sequences || !has("timestamp") || !has("event")) {
    ResultPtr columns;
    const Answer there = session_->connection->run(
        "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid="
        "to_regclass($1) AND attname IN ('timestamp','event')"
        " AND NOT attisdropped",
        table_parameter(), soon(), &columns);
    if (!there.ok()) return failed(there, "cannot look at the rights");
    status = cell(columns.get(), 0, 0, &text);
    if (!status.ok()) return status;
    if (!sequences || text == "2") return missing_rights(false);
  }
  return {};
}

Status Preparation::prepare() {
  if (Status status = read_columns(); !status.ok()) return status;
  if (Status status = check_rights(); !status.ok()) return status;
  Session& session = *session_;
  session.types.clear();
  session.array_types.clear();
  session.binary.clear();
  bool arrays = true;
  for (const PostgresColumn& column : session.columns) {
    session.types.push_back(column.type_id);
    session.array_types.push_back(column.array_type_id);
    session.binary.push_back(1);
    arrays = arrays && column.array_type_id != 0;
  }
  if (!arrays) session.array_types.clear();
  session.insert = insert_sql(table_, session.columns);
  session.unnest = unnest_sql(table_, session.columns);
  session.statement = statement_name(session.insert);
  session.row_settings = row_settings(settings_);
  session.batch_settings = batch_settings(settings_);
  session.copy =
      session.batch_settings + ";" + copy_sql(table_, session.columns);
  if (session.pooled) return {};
  const Answer answer = session.connection->prepare(
      session.statement, session.insert, session.types, soon());
  if (answer.ok()) return {};
  if (answer.sqlstate == "42501") return missing_rights(false);
  return failed(answer, "cannot prepare the INSERT");
}

}  // namespace

std::string startup_options(const PostgresSettings& settings) {
  std::string options = settings.startup_options;
  if (!options.empty()) options += ' ';
  options +=
      "-c statement_timeout=" + in_milliseconds(settings.statement_timeout) +
      " -c lock_timeout=" + in_milliseconds(lock_timeout(settings));
  if (!settings.synchronous_commit.empty()) {
    options += " -c synchronous_commit=" + settings.synchronous_commit;
  }
  return options;
}

Status prepare_session(const PostgresSettings& settings, Session* session) {
  return Preparation(settings, nullptr, session).run();
}

Status prepare_session(const PostgresSettings& settings,
                       const std::vector<LockedColumn>& columns,
                       Session* session) {
  return Preparation(settings, &columns, session).run();
}

}  // namespace stogger
