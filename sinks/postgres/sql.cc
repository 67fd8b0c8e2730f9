#include "sinks/postgres/sql.h"

#include <cstddef>
#include <cstdint>

#include "base/harmful.h"
#include "base/utf8.h"

namespace stogger {
namespace {

// FNV-1a, 64 bits, and mixed once more, as its upper bits need it.
std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCD;
  return hash ^ hash >> 33;
}

// The lowest `digits` of them.
std::string hexadecimal(std::uint64_t number, int digits) {
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    text += "0123456789abcdef"[number >> shift & 15];
  }
  return text;
}

// `start`, the table and `end`; of a long table, what there is room for.
std::string derived_name(std::string_view start, const std::string& table,
                         std::string_view end) {
  std::string name = std::string(start) + table;
  if (name.size() + end.size() > kLongestIdentifier) {
    const std::string hash = "_" + hexadecimal(hash_of(table), 8);
    const std::size_t room = kLongestIdentifier - hash.size() - end.size();
    name = std::string(utf8_prefix(name, room)) + hash;
  }
  return name + std::string(end);
}

std::string index_name(const std::string& table, std::string_view column) {
  return derived_name("idx_", table, "_" + std::string(column));
}

// As PostgreSQL names that of a BIGSERIAL `id`.
std::string sequence_name(const std::string& table) {
  constexpr std::string_view kTail = "_id_seq";
  return std::string(utf8_prefix(table, kLongestIdentifier - kTail.size())) +
         std::string(kTail);
}

// "a","b","c"
std::string column_names(const std::vector<PostgresColumn>& columns) {
  std::string names;
  for (const PostgresColumn& column : columns) {
    if (!names.empty()) names += ',';
    names += quote_identifier(column.name);
  }
  return names;
}

std::string insert_into(const std::string& table,
                        const std::vector<PostgresColumn>& columns) {
  return "INSERT INTO " + table + " (" + column_names(columns) + ") ";
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string quoted_name = "\"";
  for (const char c : name) {
    if (c == '"') quoted_name += '"';
    quoted_name += c;
  }
  return quoted_name + '"';
}

std::string qualified_table(std::string_view schema, std::string_view table) {
  if (schema.empty()) return quote_identifier(table);
  return quote_identifier(schema) + "." + quote_identifier(table);
}

Status check_identifier(std::string_view name) {
  if (name.empty()) return Status(Code::invalid, "must not be empty");
  if (name.size() > kLongestIdentifier) {
    return Status(Code::invalid,
                  "must be at most 63 bytes long, as all names in PostgreSQL");
  }
  while (!name.empty()) {
    const Utf8Step step = utf8_step(name);
    if (!step.valid) return Status(Code::invalid, "must be valid UTF-8");
    if (step.codepoint < 0x20 ||
        (step.codepoint >= 0x7F && step.codepoint < 0xA0)) {
      return Status(Code::invalid, "must not contain control characters");
    }
    name.remove_prefix(step.size);
  }
  return {};
}

std::string shown_name(std::string_view name) {
  std::string shown;
  while (!name.empty()) {
    const Utf8Step step = utf8_step(name);
    const bool good = step.valid && !is_harmful(step.codepoint);
    const std::string_view next =
        good ? name.substr(0, step.size) : kReplacement;
    if (shown.size() + next.size() > kLongestIdentifier) break;
    shown += next;
    name.remove_prefix(step.size);
  }
  return shown;
}

namespace {

std::string set_sql(std::string_view name, const std::string& value) {
  return "pg_catalog.set_config('" + std::string(name) + "'," + value +
         ",true)";
}

std::string set_times_sql(std::chrono::milliseconds statement,
                          std::chrono::milliseconds lock) {
  const auto time = [](std::chrono::milliseconds value) {
    return "'" + std::to_string(value.count()) + "ms'";
  };
  return "SELECT " + set_sql("statement_timeout", time(statement)) + "," +
         set_sql("lock_timeout", time(lock));
}

}  // namespace

std::string settings_sql(std::chrono::milliseconds statement,
                         std::chrono::milliseconds lock,
                         std::string_view synchronous_commit) {
  std::string sql = set_times_sql(statement, lock);
  if (!synchronous_commit.empty()) {
    sql += "," + set_sql("synchronous_commit",
                         "'" + std::string(synchronous_commit) + "'");
  }
  return sql;
}

std::string safe_settings_sql(std::chrono::milliseconds statement,
                              std::chrono::milliseconds lock,
                              std::string_view synchronous_commit) {
  if (!synchronous_commit.empty() && synchronous_commit != "off") {
    return settings_sql(statement, lock, synchronous_commit);
  }
  return set_times_sql(statement, lock) + "," +
         set_sql("synchronous_commit",
                 "CASE WHEN pg_catalog.current_setting('synchronous_commit') "
                 "OPERATOR(pg_catalog.=) 'off' THEN 'on' ELSE "
                 "pg_catalog.current_setting('synchronous_commit') END");
}

std::vector<std::string> begin_creation_sql(const PostgresSettings& settings,
                                            bool lock) {
  std::vector<std::string> statements = {"SET LOCAL lock_timeout='1s'",
                                         "SET LOCAL statement_timeout='10s'"};
  if (!lock) return statements;
  // Of all tables of that name, for it is never held for long.
  const auto key = static_cast<std::int64_t>(
      hash_of("stogger create table " + settings.table));
  statements.push_back("SELECT pg_catalog.pg_advisory_xact_lock('" +
                       std::to_string(key) + "'::pg_catalog.int8)");
  return statements;
}

namespace {

std::string_view type_for(Kind kind) noexcept {
  switch (kind) {
    case Kind::boolean:
      return "pg_catalog.bool";
    case Kind::integer:
      return "pg_catalog.int8";
    case Kind::real:
      return "pg_catalog.float8";
    case Kind::time:
      return "pg_catalog.timestamptz";
    case Kind::json:
      return "pg_catalog.jsonb";
    default:
      return "pg_catalog.text";
  }
}

std::string definition(const SchemaColumn& column) {
  return quote_identifier(column.name) + " " +
         std::string(type_for(column.kind));
}

}  // namespace

std::vector<std::string> create_table_sql(
    const PostgresSettings& settings,
    const std::vector<SchemaColumn>& columns) {
  std::string list;
  for (const SchemaColumn& column : columns) {
    if (!list.empty()) list += ',';
    list += definition(column);
  }
  return {"CREATE TABLE IF NOT EXISTS " +
          qualified_table(settings.schema, settings.table) + " (" + list + ")"};
}

std::vector<std::string> create_table_sql(const PostgresSettings& settings) {
  const std::string table = qualified_table(settings.schema, settings.table);
  std::string declared;
  for (const SchemaColumn& column : settings.columns) {
    declared += "," + definition(column);
  }
  // The parser knows BIGSERIAL before it looks for a type.
  std::vector<std::string> statements = {
      "CREATE TABLE IF NOT EXISTS " + table +
      " (id BIGSERIAL PRIMARY KEY,"
      "\"timestamp\" pg_catalog.timestamptz NOT NULL,"
      "level pg_catalog.text NOT NULL,event pg_catalog.text NOT NULL,"
      "func pg_catalog.text,scope pg_catalog.text,"
      "data pg_catalog.jsonb NOT NULL DEFAULT '{}'" +
      declared + ")"};
  const auto add_index = [&](std::string_view column, std::string_view on) {
    statements.push_back("CREATE INDEX IF NOT EXISTS " +
                         quote_identifier(index_name(settings.table, column)) +
                         " ON " + table + " " + std::string(on));
  };
  if (settings.indexes == PostgresIndexes::none) return statements;
  add_index("timestamp", "(\"timestamp\" DESC)");
  if (settings.indexes == PostgresIndexes::minimal) return statements;
  add_index("level", "(level)");
  add_index("event", "(event)");
  add_index("data", "USING GIN (data)");
  return statements;
}

std::string insert_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns) {
  if (columns.empty()) return "INSERT INTO " + table + " DEFAULT VALUES";
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) values += ',';
    values += "$" + std::to_string(i + 1) + "::" + columns[i].type_name;
  }
  return insert_into(table, columns) + "VALUES (" + values + ")";
}

std::string unnest_sql(const std::string& table,
                       const std::vector<PostgresColumn>& columns) {
  std::string values;
  std::string arrays;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) {
      values += ',';
      arrays += ',';
    }
    values += "u." + quote_identifier(columns[i].name);
    arrays += "pg_catalog.unnest($" + std::to_string(i + 1) +
              "::" + columns[i].type_name + "[])";
  }
  return insert_into(table, columns) + "SELECT " + values + " FROM ROWS FROM(" +
         arrays + ") AS u(" + column_names(columns) + ")";
}

std::string copy_sql(const std::string& table,
                     const std::vector<PostgresColumn>& columns) {
  return "COPY " + table + " (" + column_names(columns) +
         ") FROM STDIN (FORMAT binary)";
}

std::string ledger_name(const std::string& table) {
  return derived_name("", table, "_ledger");
}

std::string statement_name(std::string_view sql) {
  return "stogger_" + hexadecimal(hash_of(sql), 16);
}

std::string explain_sql(std::string_view insert) {
  return "EXPLAIN (COSTS false) " + std::string(insert);
}

std::string grants_sql(const PostgresSettings& settings, std::string_view role,
                       bool create) {
  const std::string schema =
      settings.schema.empty() ? "public" : settings.schema;
  const std::string to = " TO " + quote_identifier(shown_name(role)) + ";";
  const std::string on_schema = " ON SCHEMA " + quote_identifier(schema) + to;
  // Whoever creates a table may write to it.
  if (create) return "GRANT USAGE, CREATE" + on_schema;
  return "GRANT USAGE" + on_schema + " GRANT INSERT ON " +
         qualified_table(schema, settings.table) + to +
         " GRANT USAGE ON SEQUENCE " +
         qualified_table(schema, sequence_name(settings.table)) + to;
}

}  // namespace stogger
