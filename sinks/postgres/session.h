// Session: a connection with all that rows need to be written through it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "row/schema.h"
#include "sinks/postgres/column.h"
#include "sinks/postgres/connection.h"
#include "sinks/postgres/server_encoding.h"
#include "sinks/postgres/settings.h"
#include "sinks/postgres/statements.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

// The table, as the server found it.
struct FoundTable {
  std::string schema;  // empty: there is none
  std::string id;      // its OID; empty: it is missing
  char kind = 0;       // pg_class.relkind
  std::string role;    // who we are there
};

// What a session knows of the ledger, see ledger.h.
struct LedgerView {
  enum class Use { unknown, found, none };
  Use use = Use::unknown;
  std::string table;           // qualified, in quotes
  std::string queue;           // whose position is known, as text; empty: none
  std::int64_t position = -1;  // of its last row; -1: it has none

  // Whether the transaction of these rows moves it.
  bool moves_with(const RowBatch& rows) const noexcept {
    return rows.origin != nullptr && use == Use::found;
  }
};

// What Sink::check() tells.
struct Proof {
  std::vector<std::string> would_change;
  std::vector<std::string> unwise;
};

struct Session {
  std::unique_ptr<Connection> connection;
  std::size_t host = 0;  // index in the settings
  FoundTable table;
  std::vector<PostgresColumn> columns;
  StatementCache statements;
  std::shared_ptr<const ServerEncoding> encoding;  // null: it takes all texts
  bool proven = false;                             // has taken a row
  Deadline since{};                                // when it was ready
  bool can_copy = true;  // not a view, nor with row-level security
  // Behind a pooler that hands the server's session to another client after
  // each transaction, nothing is named and nothing is set for longer.
  bool pooled = false;
  bool lost_names = false;     // of statements: it is such a pooler
  std::string row_settings;    // the SELECT that sets time-outs for a row
  std::string batch_settings;  // and for several
  std::string safe_settings;   // and for those that move the ledger
  LedgerView ledger;
  Proof proof;  // if that is all that is wanted
};

// How long a row may wait for a lock. A session has it from the start: one that
// has another is of a pooler that swallowed it.
std::chrono::milliseconds lock_timeout(const PostgresSettings& settings);
// The same of several rows: longer than it takes the server to find a deadlock.
std::chrono::milliseconds batch_lock_timeout(const PostgresSettings& settings);

// The parameter `options` that sets the time-outs of a session. Until it is
// prepared, a statement may take as long as the connect time-out: looking at
// the table takes longer than a row does on a server that is busy.
std::string startup_options(const PostgresSettings& settings);

// Looks at the table through the new connection, creates it if it is missing
// and may be created, and prepares the INSERT. May take a while, each step at
// most the connect time-out, and is for the connector's thread. The message
// says what is missing, with the SQL that fixes it.
// A table that the first batch is to make, and that is missing, leaves the
// session without columns. With settings.proves_only, nothing is changed: see
// proof.h.
Status prepare_session(const PostgresSettings& settings, Session* session);

// Creates the table with these columns unless it is there now, and completes
// the preparation.
Status prepare_session(const PostgresSettings& settings,
                       const std::vector<SchemaColumn>& columns,
                       Session* session);

}  // namespace stogger
