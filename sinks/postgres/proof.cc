#include "sinks/postgres/proof.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "row/declared_columns.h"
#include "sinks/postgres/catalogue.h"
#include "sinks/postgres/inspection.h"
#include "sinks/postgres/partitions.h"
#include "sinks/postgres/reply.h"
#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

class Prover {
 public:
  Prover(const PostgresSettings& settings, Session* session)
      : settings_(settings), session_(*session), look_(settings, session) {}

  Status run() {
    Status status = look_.find();
    if (status.ok()) status = look_at_role();
    if (!status.ok()) return status;
    if (session_.encoding != nullptr) {
      session_.proof.unwise.push_back(encoding_warning(*session_.encoding));
    }
    return look_.exists() ? prove_insert() : prove_creation();
  }

 private:
  Status look_at_role();
  Status prove_insert();
  Status look_for_partitions();
  void warn_of_required();
  Status prove_creation();

  const PostgresSettings& settings_;
  Session& session_;
  Inspection look_;
};

Status Prover::look_at_role() {
  ResultPtr result;
  const Answer answer = session_.connection->run(
      std::string(role_sql()), Parameters(), look_.soon(), &result);
  if (!answer.ok()) return look_.failed(answer, "cannot check the role");
  constexpr std::string_view kUnwise[] = {
      "is a superuser: whoever finds a way to have it run his code owns the "
      "server; let a role write that may only insert",
      "may create roles, which a role that only writes events need not",
      "owns the database, which a role that only writes events need not"};
  for (std::size_t i = 0; i < std::size(kUnwise); ++i) {
    std::string_view text;
    Status status = cell(result.get(), 0, static_cast<int>(i), &text);
    if (!status.ok()) return status;
    if (text != "t") continue;
    session_.proof.unwise.push_back("the role " +
                                    quoted(shown_name(session_.table.role)) +
                                    " " + std::string(kUnwise[i]));
    // Which has all the rest.
    if (i == 0) break;
  }
  return {};
}

Status Prover::prove_insert() {
  if (Status status = look_.look(); !status.ok()) return status;
  if (const Trust& trust = look_.trust(); trust.hold != Hold::none) {
    session_.proof.unwise.push_back(
        trust.text(look_.table()) +
        (trust.is_dangerous() ? "; trust_table allows it" : ""));
  }
  std::vector<std::string> present;
  for (const PostgresColumn& column : session_.columns) {
    present.push_back(column.name);
  }
  std::string undeclared =
      describe_undeclared(settings_.columns, present, settings_.table,
                          !settings_.policy.has_standard_columns);
  if (!undeclared.empty()) {
    session_.proof.unwise.push_back(std::move(undeclared));
  }
  if (settings_.policy.has_standard_columns) warn_of_required();
  StatementCache statements;
  statements.begin(look_.table(), session_.columns, false);
  const Statements& all = statements.find({});
  const std::vector<const char*> nulls(all.types.size());
  const Answer begun =
      session_.connection->run_all("BEGIN READ ONLY", look_.soon());
  if (!begun.ok()) return look_.failed(begun, "cannot try the INSERT");
  const Answer answer = session_.connection->run(
      explain_sql(all.insert),
      {all.types.size(), nulls.data(), nullptr, nullptr, all.types.data()},
      look_.soon());
  Status status = answer.ok() ? look_for_partitions() : Status();
  static_cast<void>(session_.connection->run_all("ROLLBACK", look_.soon()));
  if (answer.ok()) return status;
  if (answer.sqlstate == "42501") return look_.missing_rights(false);
  return look_.failed(answer, "the server would refuse the INSERT");
}

// An INSERT that is only explained does not look for them.
Status Prover::look_for_partitions() {
  if (session_.table.kind != 'p' || !settings_.policy.has_standard_columns) {
    return {};
  }
  Partitions partitions(*session_.connection, session_.table.id, look_.table(),
                        look_.soon());
  const std::string advice = ": create it with CREATE TABLE ... PARTITION OF " +
                             look_.table() +
                             " ..., and those of the days to come";
  if (partitions.lack(0)) {
    return Status(Code::missing, "the table " + look_.table() +
                                     " has no partition for an event of now, "
                                     "which the server refuses" +
                                     advice);
  }
  if (partitions.lack(1)) {
    session_.proof.unwise.push_back(
        "the table " + look_.table() +
        " has no partition for the events of tomorrow" + advice);
  }
  return {};
}

// An INSERT that is only explained does not find them.
void Prover::warn_of_required() {
  for (const PostgresColumn& column : session_.columns) {
    if (!column.required || takes_the_rest(column) ||
        column.name == "timestamp" || column.name == "level" ||
        column.name == "event") {
      continue;
    }
    session_.proof.unwise.push_back(
        "the column " + quoted(shown_name(column.name)) + " of the table " +
        look_.table() +
        " must not be null and has no default: events without a value for it "
        "are refused");
  }
}

Status Prover::prove_creation() {
  if (!settings_.create_table) {
    return Status(Code::missing, "there is no table " + look_.table() +
                                     ", and create_table is false; create it");
  }
  const PostgresSettings place = look_.place();
  const char* const schema = place.schema.c_str();
  ResultPtr result;
  const Answer answer = session_.connection->run(
      std::string(creation_right_sql()),
      {1, &schema, nullptr, nullptr, nullptr}, look_.soon(), &result);
  if (!answer.ok()) return look_.failed(answer, "cannot check the rights");
  std::string_view may_create;
  Status status = cell(result.get(), 0, 0, &may_create);
  if (!status.ok()) return status;
  if (may_create != "t") return look_.missing_rights(true);
  if (!settings_.policy.has_standard_columns) {
    session_.proof.would_change.push_back(
        "would create the table " + look_.table() +
        " with the columns of the first samples");
    return {};
  }
  std::string text = "would create the table " + look_.table() + ":";
  for (const std::string& statement : create_table_sql(place)) {
    text += " " + statement + ";";
  }
  session_.proof.would_change.push_back(std::move(text));
  return {};
}

}  // namespace

Status prove_session(const PostgresSettings& settings, Session* session) {
  return Prover(settings, session).run();
}

}  // namespace stogger
