// Whose code a row would run: functions of triggers, rules, defaults,
// generated columns, CHECKs (of domains, too), indexes and policies run with
// the rights of the role that inserts.
#pragma once

#include <string>
#include <string_view>

#include "sinks/postgres/connection.h"
#include "stogger/status.h"

namespace stogger {

// One row for each finding about the table with the OID $1, the worst first: a
// role, and the function of it that an INSERT into the table may run; or, with
// an empty function, that it owns the table and could add one at any time.
// Trusted, and none of these roles, are the role itself, those that it is a
// member of, the owners of the schema and of the database, and superusers.
//
// A function of the server itself counts as one of the role that has it called
// unless it is known to be harmless: query_to_xml() runs any SQL.
std::string_view trust_sql();

// One row of t or f, much faster: whether the table with the OID $1 is so plain
// that it runs no function but the server's.
std::string_view plain_sql();

struct Trust {
  std::string role;      // that is not trusted; empty if all are
  std::string function;  // of it; empty if it only owns the table
};

// `id`: the OID of the table.
Status look_at_plainness(Connection& connection, const std::string& id,
                         Deadline deadline, bool* plain);
Status look_at_trust(Connection& connection, const std::string& id,
                     Deadline deadline, Trust* trust);

}  // namespace stogger
