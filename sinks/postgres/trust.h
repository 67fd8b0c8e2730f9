// Whose code a row would run: triggers, rules, defaults, generated columns,
// CHECKs (of domains, too), indexes, partition keys and policies run with the
// rights of the role that inserts.
//
// Trusted are the role itself; superusers; the owner of the database; the owner
// of the schema, if the configuration names it; and roles that the role is a
// member of, if superusers or the owner of the database have granted that.
//
// Who owns the table wrote its expressions, so there are two cases:
// - A table of a role that is trusted may do what it likes. What it leads to
//   has to be of such roles, too.
// - A table of any other role has to be plain: no functions, operators and
//   types but a few of the server's.
#pragma once

#include <string>
#include <string_view>

#include "sinks/postgres/connection.h"
#include "stogger/status.h"

namespace stogger {

// At most one row, the worst that there is to say of the table with the OID $1
// (null: it is to be created) in the schema $2, which the configuration calls
// $3 (null: it does not): how bad it is, a Hold; a role; what it is about, and
// its name.
std::string_view trust_sql();

// What a role that is not trusted has to do with the table.
enum class Hold {
  none,
  owner,    // owns the table, which is plain; could change that at any time
  schema,   // owns the schema, which was found through the search_path
  part,     // owns the table, which is not plain
  object,   // owns something that the table leads to
  trigger,  // may have made that trigger, for it has the right to
};

struct Trust {
  Hold hold = Hold::none;
  std::string role;  // in quotes
  std::string what;  // such as: function "app.f()"

  // Its code might run when a row is inserted.
  bool is_dangerous() const noexcept { return hold > Hold::owner; }
  // A sentence without full stop about the table, which is in quotes.
  std::string text(const std::string& table) const;
};

// `id`: the OID of the table, null if there is none. `named`: the schema of the
// configuration, null if it has none.
Status look_at_trust(Connection& connection, const char* id, const char* schema,
                     const char* named, Deadline deadline, Trust* trust);

}  // namespace stogger
