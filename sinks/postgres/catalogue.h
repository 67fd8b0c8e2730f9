// What is asked of the server's catalogue about the table and the role. See
// sql.h for why everything in these statements is qualified.
#pragma once

#include <string_view>

namespace stogger {

// One row: the schema in which the table is, or would be created, null if there
// is none; the OID of the table, null if it is missing; its kind (pg_class.
// relkind); the role; whether the session is read-only (on, off); its
// lock_timeout in ms.
// Parameters: the schema, or null for the first one of the search_path that has
// the table (temporary tables are nobody's log); the table.
std::string_view find_table_sql();

// One row of t or f, for the table with the OID $1: whether the role may use
// its schema; insert into it, or into a column of it; use the sequences of its
// columns; whether it has columns `timestamp` and `event`.
std::string_view rights_sql();

// One row of t or f: whether rows can be inserted into the view with the OID
// $1, by itself, a trigger or a rule.
std::string_view insertable_view_sql();

// For a ledger (see ledger.h) in the schema $1 with the name $2, beside the
// table with the OID $3: none if it is missing; else its OID, and t or f:
// whether it is an ordinary table as create_ledger_sql() makes it; belongs to
// the owner of the table; may be read and written by the role.
std::string_view find_ledger_sql();

// One row of t or f: whether the role may create tables in the schema $1.
std::string_view creation_right_sql();

// One row of t or f: whether the role is a superuser; may make roles; owns the
// database.
std::string_view role_sql();

}  // namespace stogger
