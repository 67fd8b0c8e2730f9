#include "sinks/postgres/ledger_sql.h"

#include "sinks/postgres/sql.h"

namespace stogger {

std::string create_ledger_sql(const PostgresSettings& settings) {
  return "CREATE TABLE IF NOT EXISTS " +
         qualified_table(settings.schema, ledger_name(settings.table)) +
         " (queue pg_catalog.uuid PRIMARY KEY,\"position\" pg_catalog.int8 "
         "NOT NULL,updated_at pg_catalog.timestamptz NOT NULL DEFAULT "
         "pg_catalog.now()) WITH (fillfactor=50)";
}

std::string grant_ledger_sql(const PostgresSettings& settings,
                             std::string_view role) {
  return "GRANT SELECT, INSERT, UPDATE ON " +
         qualified_table(settings.schema, ledger_name(settings.table)) +
         " TO " + quote_identifier(shown_name(role));
}

std::string read_position_sql(const std::string& ledger) {
  return "SELECT l.\"position\" FROM " + ledger +
         " AS l WHERE l.queue OPERATOR(pg_catalog.=) $1::pg_catalog.uuid";
}

std::string move_position_sql(const std::string& ledger, std::string_view queue,
                              std::int64_t from, std::int64_t to) {
  const auto number = [](std::int64_t value) {
    return "'" + std::to_string(value) + "'::pg_catalog.int8";
  };
  return "INSERT INTO " + ledger + " AS l (queue,\"position\") VALUES ('" +
         std::string(queue) + "'::pg_catalog.uuid," + number(to) +
         ") ON CONFLICT (queue) DO UPDATE SET \"position\"=CASE WHEN "
         "l.\"position\" OPERATOR(pg_catalog.=) " +
         number(from) +
         " THEN EXCLUDED.\"position\" END,updated_at=pg_catalog.now()";
}

}  // namespace stogger
