// PostgresSettings: the options of the postgres sink, checked and taken apart.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

enum class PostgresIndexes {
  full,     // those of the seed: timestamp, level, event, and GIN on data
  minimal,  // timestamp only
  none,
};

// Where one server may listen. Empty parts are libpq's to fill in, from its
// environment, its service file or its defaults.
struct PostgresHost {
  std::string name;     // a host name, or the folder of a Unix socket
  std::string address;  // a numeric address, which needs no look-up
  std::string port;
};

struct PostgresSettings {
  // What libpq is given, without host, hostaddr, port and what stogger sets by
  // itself. The password is among them.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<PostgresHost> hosts;  // at least one; in the order to be tried
  std::string startup_options;      // `options` of the dsn, empty if none

  std::string schema;  // empty: the first of the role's search path
  std::string table;
  bool create_table = true;
  PostgresIndexes indexes = PostgresIndexes::full;

  std::chrono::milliseconds deadline{250};          // of a row
  std::chrono::milliseconds batch_deadline{8000};   // of several rows
  std::chrono::milliseconds statement_timeout{200};
  std::chrono::milliseconds connect_timeout{3000};  // of one address
  std::chrono::milliseconds start_wait{1000};  // of the first open(), at most
  std::string synchronous_commit;  // empty: as the server is set
  bool use_copy = true;            // for several rows
  std::string dead_letter_path;    // empty: none

  // host:port/database as far as known, for messages: no secrets.
  std::string target;
  // Texts that must not appear in any message, such as the password.
  std::vector<std::string> secrets;
};

// Reads and checks the options: dsn or host, port, user, password, database
// (not both); schema, table, create_table, deadline_ms, batch_deadline_ms,
// statement_timeout_ms, connect_timeout_ms, start_wait_ms, pool_size (1),
// indexes, synchronous_commit, delivery ("sync"), use_copy, dead_letter.
//
// %PASSWORD% in the dsn or in `password` becomes the value of
// $STOGGER_POSTGRES_PASSWORD (percent-encoded in a URL dsn, quoted in a
// keyword=value dsn). A malformed dsn is told without any of its text. `table`
// may be "schema.table".
Status read_postgres_settings(Options& options, PostgresSettings* settings);

// The message with every secret in it replaced by ***.
std::string hide_secrets(const PostgresSettings& settings,
                         std::string_view message);

}  // namespace stogger
