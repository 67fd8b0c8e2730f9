// PostgresSettings: the options of the postgres sink, checked and taken apart.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "row/schema.h"
#include "sinks/postgres/dsn.h"
#include "sinks/postgres/hosts.h"
#include "sinks/postgres/policy.h"
#include "stogger/sink.h"

namespace stogger {

enum class PostgresIndexes {
  full,     // those of the seed: timestamp, level, event, and GIN on data
  minimal,  // timestamp only
  none,
};

struct PostgresSettings {
  PostgresSettings() = default;
  PostgresSettings(const PostgresSettings&) = default;
  PostgresSettings(PostgresSettings&&) = default;
  PostgresSettings& operator=(const PostgresSettings&) = default;
  PostgresSettings& operator=(PostgresSettings&&) = default;
  // Leaves no secret behind in memory that others will get.
  ~PostgresSettings();

  // What libpq is given, but for host, hostaddr, port, options and
  // connect_timeout. The password is among them.
  PostgresParameters parameters;
  std::vector<PostgresHost> hosts;  // at least one; in the order to be tried
  std::string sslmode;              // empty: libpq's default
  std::string startup_options;      // `options` of the dsn, empty if none

  std::string schema;  // empty: the first of the role's search path
  std::string table;
  bool create_table = true;
  std::vector<SchemaColumn> columns;  // declared, for a table that is created
  // Why no connection can be tried with these; ok if one can.
  Status unusable;
  bool trust_table = false;  // whoever's functions it runs
  bool proves_only = false;  // no option: see proof.h
  PostgresPolicy policy = kPostgresEvents;
  bool times_as_text = false;  // in a table that a first batch makes
  PostgresIndexes indexes = PostgresIndexes::full;

  std::chrono::milliseconds deadline{250};         // of a row
  std::chrono::milliseconds batch_deadline{8000};  // of several rows
  std::chrono::milliseconds statement_timeout{200};
  std::chrono::milliseconds batch_statement_timeout{5000};
  std::chrono::milliseconds connect_timeout{3000};  // of one address
  std::chrono::milliseconds start_wait{1000};  // of the first open(), at most
  std::chrono::milliseconds open_wait{250};    // of any other
  // Between attempts to connect, about.
  std::chrono::milliseconds longest_backoff{5000};
  // Rows wait for a server that is away until their deadline. Otherwise they
  // fail with the first attempt to connect.
  bool waits_for_server = false;
  // Says why open() did not wait for longer.
  std::string_view no_answer =
      "not connected yet; connecting goes on in the background";
  std::string synchronous_commit;  // empty: as the server is set
  bool use_copy = true;            // for several rows

  // host:port/database as far as known, for messages: no secrets.
  std::string target;
  // Texts that must not appear in any message, such as the password.
  std::vector<std::string> secrets;
};

// Reads and checks the options: dsn or host, port, user, password, database,
// sslmode, sslrootcert (not both); schema, table, create_table, columns,
// trust_table, deadline_ms, batch_deadline_ms, statement_timeout_ms,
// connect_timeout_ms, start_wait_ms, pool_size (1), indexes,
// synchronous_commit, delivery ("sync"), use_copy.
//
// For samples, `dsn` or `host` has to be given, and other defaults hold: schema
// public, table samples, create_table false; times "native" or "text"; all of a
// batch takes at most command_timeout_s (10), and a statement nine tenths of
// it, or statement_timeout_ms (30000; 0: none) if that is less; so does waiting
// for a lock. connect_timeout_s (30) is also how long open() waits.
// pool_min_size (1), pool_max_size (4) and close_timeout_s (10) are checked,
// and change nothing.
//
// Without dsn and host, and for all that they do not say, libpq looks into its
// environment (PGHOST, ...), its service file and its password file; but for a
// program that runs with more rights than its user: see environment.h.
//
// %PASSWORD% in the dsn or in `password` becomes the value of
// $STOGGER_POSTGRES_PASSWORD (percent-encoded in a URL dsn, escaped in a
// keyword=value dsn); without that variable the settings are unusable, and of
// samples that is a problem. A malformed dsn is reported without any of its
// text. `table` may be "schema.table". Names for samples are identifiers, as in
// SQLite (see is_identifier()); any others can be those of tables for log
// events.
//
// What a dsn may leave to stogger: gssencmode=disable, keepalives_idle=15,
// keepalives_interval=5, keepalives_count=3, tcp_user_timeout=10000,
// target_session_attrs=read-write for several hosts, and as
// fallback_application_name the service's. client_encoding is always UTF8.
// connect_timeout of a dsn stands in for connect_timeout_ms, and
// load_balance_hosts=random shuffles the hosts. statement_timeout_ms has to be
// below deadline_ms; by default, it is four fifths of it.
Status read_postgres_settings(Options& options, PostgresSettings* settings);

// The message with every secret in it replaced by ***.
std::string hide_secrets(const PostgresSettings& settings,
                         std::string_view message);

}  // namespace stogger
