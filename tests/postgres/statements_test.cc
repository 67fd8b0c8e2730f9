// All SQL of the sink: nothing in it is looked up by the search_path.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "sinks/postgres/catalogue.h"
#include "sinks/postgres/introspection.h"
#include "sinks/postgres/sql.h"
#include "sinks/postgres/trust.h"

namespace stogger {
namespace {

std::vector<std::string> all_statements() {
  std::vector<std::string> all = {
      std::string(find_table_sql()),
      std::string(rights_sql()),
      std::string(creation_right_sql()),
      std::string(role_sql()),
      std::string(trust_sql()),
      std::string(introspection_sql()),
      settings_sql(std::chrono::milliseconds(1), std::chrono::milliseconds(1),
                   "off")};
  const std::vector<PostgresColumn> columns = standard_columns();
  const std::string table = qualified_table("s", "t");
  all.push_back(insert_sql(table, columns));
  all.push_back(insert_sql(table, {}));
  all.push_back(explain_sql(insert_sql(table, columns)));
  all.push_back(unnest_sql(table, columns));
  all.push_back(unnest_sql(table, {columns[0]}));
  all.push_back(copy_sql(table, columns));
  PostgresSettings settings;
  settings.schema = "s";
  settings.table = "t";
  for (const std::string& sql : begin_creation_sql(settings, true)) {
    all.push_back(sql);
  }
  for (const std::string& sql : create_table_sql(settings)) all.push_back(sql);
  const std::vector<SchemaColumn> locked = {
      {"a", Kind::boolean}, {"b", Kind::integer}, {"c", Kind::real},
      {"d", Kind::time},    {"e", Kind::json},    {"f", Kind::text}};
  for (const std::string& sql : create_table_sql(settings, locked)) {
    all.push_back(sql);
  }
  return all;
}

// Without what is quoted, and what is qualified or explicit.
std::string unqualified_rest(const std::string& sql) {
  std::string rest = std::regex_replace(sql, std::regex("'[^']*'"), " '' ");
  rest = std::regex_replace(rest, std::regex("\"[^\"]*\""), "q");
  rest = std::regex_replace(
      rest, std::regex("OPERATOR\\(pg_catalog\\.[^)]*\\)"), " ; ");
  return rest;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern, std::regex::icase);
  std::vector<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it) {
    found.push_back(it->str());
  }
  return found;
}

TEST(Statements, OperatorsAreQualified) {
  for (const std::string& sql : all_statements()) {
    std::string rest = unqualified_rest(sql);
    // SET LOCAL a='b' is no comparison.
    rest = std::regex_replace(rest, std::regex("SET LOCAL \\w+="), " ");
    rest = std::regex_replace(rest, std::regex("count\\(\\*\\)"), " ");
    EXPECT_EQ(matches(rest, "[=<>!~|&#%^+*/-]"), std::vector<std::string>())
        << sql;
    // These stand for operators that are looked up by name.
    EXPECT_EQ(matches(rest,
                      "\\b(LIKE|ILIKE|SIMILAR|IN|BETWEEN|NULLIF|OVERLAPS|"
                      "DISTINCT)\\b"),
              std::vector<std::string>())
        << sql;
    EXPECT_EQ(matches(rest, "\\bCASE\\s+(?!WHEN)"), std::vector<std::string>())
        << sql;
    EXPECT_EQ(matches(rest, "\\bUSING\\s*\\("), std::vector<std::string>())
        << sql;
  }
}

TEST(Statements, FunctionsAreQualified) {
  const std::string words =
      "|coalesce|exists|values|from|as|and|or|in|any|all|on|array|where|select|"
      "found|rulers|mine|trusted|logs|reached|owned|theirs|trees|tokens|parts|"
      "lateral|u|of|next|f|s|a|m|not|when|then|else|explain|local|operator|gin|"
      "q|q.q|u.q|stdin|join|";
  for (const std::string& sql : all_statements()) {
    for (const std::string& call :
         matches(unqualified_rest(sql), "[.\\w]+\\s*\\(")) {
      std::string name = call.substr(0, call.find_first_of(" \n("));
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      EXPECT_TRUE(name.starts_with("pg_catalog.") ||
                  words.find("|" + name + "|") != std::string::npos)
          << name << " in " << sql;
    }
  }
}

TEST(Statements, TypesAndTablesAreQualified) {
  for (const std::string& sql : all_statements()) {
    const std::string rest = unqualified_rest(sql);
    for (const std::string& cast : matches(rest, "::\\s*[.\\w]+")) {
      EXPECT_TRUE(cast.starts_with("::pg_catalog.") || cast == "::q.q" ||
                  cast == "::q.")
          << cast << " in " << sql;
    }
    for (const std::string& from : matches(rest, "\\b(FROM|JOIN)\\s+pg_\\w+")) {
      EXPECT_NE(from.find("pg_catalog"), std::string::npos)
          << from << " in " << sql;
    }
    EXPECT_EQ(matches(rest,
                      "\\b(TEXT|JSONB|TIMESTAMPTZ|BIGINT|BOOLEAN|DOUBLE)"
                      "(?= |,|\\))")
                  .size(),
              matches(rest,
                      "pg_catalog\\.(text|jsonb|timestamptz)"
                      "(?= |,|\\))")
                  .size())
        << sql;
  }
}

}  // namespace
}  // namespace stogger
