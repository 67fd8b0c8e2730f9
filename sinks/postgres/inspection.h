// Inspection: what the server says about the table, and whether this role can
// and should write to it. Changes nothing.
#pragma once

#include <string>
#include <string_view>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/settings.h"
#include "sinks/postgres/trust.h"
#include "stogger/status.h"

namespace stogger {

class Inspection {
 public:
  // Each step takes as long as the connect time-out, or until the deadline.
  Inspection(const PostgresSettings& settings, Session* session)
      : settings_(settings), session_(*session) {}
  Inspection(const PostgresSettings& settings, Session* session,
             Deadline deadline)
      : settings_(settings), session_(*session), deadline_(deadline) {}

  // Looks for the table: session.table, and whether there is a pooler. If it is
  // missing, whether its schema is one to create it in.
  Status find();
  bool exists() const noexcept { return !session_.table.id.empty(); }
  // Of one that exists: its columns, rights, and whose code it runs.
  Status look();
  // What is missing is reported with the SQL that grants it.
  Status check_rights(bool* has_both_columns);
  Status missing_rights(bool create) const;
  // A role that is not trusted, if there is one to tell of.
  const Trust& trust() const noexcept { return trust_; }

  // The table's schema, name and indexes, for SQL.
  PostgresSettings place() const;
  // Qualified, in quotes.
  std::string table() const;

  Deadline soon() const {
    return deadline_ != Deadline()
               ? deadline_
               : std::chrono::steady_clock::now() + settings_.connect_timeout;
  }
  Status failed(const Answer& answer, std::string_view what) const;

 private:
  Status read_columns();
  Status check_view() const;
  Status check_trust();
  // With the OID of the table as $1.
  Answer ask(std::string_view sql, ResultPtr* result) const;

  const PostgresSettings& settings_;
  Session& session_;
  const Deadline deadline_{};
  Trust trust_;
};

}  // namespace stogger
