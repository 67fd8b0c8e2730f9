// The text of the SQL, and what names become in it. That a server takes it is
// for round_trip_test.cc.
#include "sinks/postgres/sql.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "sinks/postgres/ledger_sql.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

std::vector<PostgresColumn> two_columns() {
  std::vector<PostgresColumn> columns(2);
  columns[0].name = "n";
  EXPECT_TRUE(set_builtin_type(23, &columns[0]));
  columns[1].name = "a \"b\"";
  EXPECT_TRUE(set_builtin_type(25, &columns[1]));
  return columns;
}

PostgresSettings settings_for(std::string schema, std::string table) {
  PostgresSettings settings;
  settings.schema = std::move(schema);
  settings.table = std::move(table);
  return settings;
}

TEST(Sql, IdentifiersAreQuoted) {
  EXPECT_EQ(quote_identifier("Log \"x\""), "\"Log \"\"x\"\"\"");
  EXPECT_EQ(qualified_table("s", "t"), "\"s\".\"t\"");
  EXPECT_EQ(qualified_table("", "t"), "\"t\"");
  EXPECT_EQ(qualified_table("", "s.t; DROP TABLE x"), "\"s.t; DROP TABLE x\"");
}

TEST(Sql, NamesThatPostgresCannotHaveAreRefused) {
  EXPECT_OK(check_identifier("stogger_logs"));
  EXPECT_OK(check_identifier("Gr\xC3\xBC\xC3\x9F \"e\" 'f'"));
  EXPECT_OK(check_identifier(std::string(63, 'x')));
  EXPECT_FALSE(check_identifier("").ok());
  EXPECT_FALSE(check_identifier(std::string(64, 'x')).ok());
  EXPECT_FALSE(check_identifier("a\xFF").ok());
  EXPECT_FALSE(check_identifier("a\nb").ok());
  EXPECT_FALSE(check_identifier("a\x7F").ok());
  EXPECT_FALSE(check_identifier("a\xC2\x9B").ok());
  EXPECT_FALSE(check_identifier(std::string_view("a\0b", 3)).ok());
}

TEST(Sql, EachWayOfInsertingNamesColumnsAndTypes) {
  EXPECT_EQ(insert_sql("\"t\"", two_columns()),
            "INSERT INTO \"t\" (\"n\",\"a \"\"b\"\"\") VALUES "
            "($1::\"pg_catalog\".\"int4\",$2::\"pg_catalog\".\"text\")");
  EXPECT_EQ(insert_sql("\"t\"", {}), "INSERT INTO \"t\" DEFAULT VALUES");
  EXPECT_EQ(unnest_sql("\"t\"", two_columns()),
            "INSERT INTO \"t\" (\"n\",\"a \"\"b\"\"\") SELECT "
            "u.\"n\",u.\"a \"\"b\"\"\" FROM ROWS FROM("
            "pg_catalog.unnest($1::\"pg_catalog\".\"int4\"[]),"
            "pg_catalog.unnest($2::\"pg_catalog\".\"text\"[])"
            ") AS u(\"n\",\"a \"\"b\"\"\")");
  EXPECT_EQ(copy_sql("\"t\"", two_columns()),
            "COPY \"t\" (\"n\",\"a \"\"b\"\"\") FROM STDIN (FORMAT binary)");
}

TEST(Sql, APositionIsComparedAndSwapped) {
  EXPECT_EQ(
      move_position_sql("\"s\".\"t_ledger\"", "ab", -1, 7),
      "INSERT INTO \"s\".\"t_ledger\" AS l (queue,\"position\") VALUES "
      "('ab'::pg_catalog.uuid,'7'::pg_catalog.int8) ON CONFLICT (queue) DO "
      "UPDATE SET \"position\"=CASE WHEN l.\"position\" "
      "OPERATOR(pg_catalog.=) '-1'::pg_catalog.int8 THEN "
      "EXCLUDED.\"position\" END,updated_at=pg_catalog.now()");
}

TEST(Sql, WhatHasToBeOnTheDiskIsCommittedSynchronously) {
  using std::chrono::milliseconds;
  const auto safe = [](std::string_view commit) {
    return safe_settings_sql(milliseconds(2), milliseconds(1), commit);
  };
  EXPECT_EQ(safe("local"),
            settings_sql(milliseconds(2), milliseconds(1), "local"));
  EXPECT_EQ(safe("off"), safe(""));
  EXPECT_EQ(safe(""),
            settings_sql(milliseconds(2), milliseconds(1), "") +
                ",pg_catalog.set_config('synchronous_commit',CASE WHEN "
                "pg_catalog.current_setting('synchronous_commit') "
                "OPERATOR(pg_catalog.=) 'off' THEN 'on' ELSE "
                "pg_catalog.current_setting('synchronous_commit') END,true)");
}

TEST(Sql, TheTableIsThatOfPythonsStogger) {
  const auto sql = create_table_sql(settings_for("s", "stogger_logs"));
  ASSERT_EQ(sql.size(), 5u);
  EXPECT_EQ(sql[0],
            "CREATE TABLE IF NOT EXISTS \"s\".\"stogger_logs\" (id BIGSERIAL "
            "PRIMARY KEY,\"timestamp\" pg_catalog.timestamptz NOT NULL,level "
            "pg_catalog.text NOT NULL,event pg_catalog.text NOT NULL,func "
            "pg_catalog.text,scope pg_catalog.text,data pg_catalog.jsonb NOT "
            "NULL DEFAULT '{}')");
  EXPECT_EQ(sql[1],
            "CREATE INDEX IF NOT EXISTS \"idx_stogger_logs_timestamp\" ON "
            "\"s\".\"stogger_logs\" (\"timestamp\" DESC)");
  EXPECT_EQ(sql[4],
            "CREATE INDEX IF NOT EXISTS \"idx_stogger_logs_data\" ON "
            "\"s\".\"stogger_logs\" USING GIN (data)");
}

TEST(Sql, DeclaredColumnsAreAdded) {
  PostgresSettings settings = settings_for("s", "t");
  settings.columns = {{"service", Kind::text}, {"user_id", Kind::integer},
                      {"ms", Kind::real},      {"ok", Kind::boolean},
                      {"seen", Kind::time},    {"more", Kind::json}};
  EXPECT_TRUE(create_table_sql(settings)[0].ends_with(
      "DEFAULT '{}',\"service\" pg_catalog.text,\"user_id\" "
      "pg_catalog.int8,\"ms\" pg_catalog.float8,\"ok\" pg_catalog.bool,"
      "\"seen\" pg_catalog.timestamptz,\"more\" pg_catalog.jsonb)"))
      << create_table_sql(settings)[0];
}

TEST(Sql, ATableIsCreatedWithoutTheLockOfOthersIfNeedBe) {
  const PostgresSettings settings = settings_for("s", "t");
  EXPECT_EQ(begin_creation_sql(settings, true).size(), 3u);
  EXPECT_EQ(begin_creation_sql(settings, false).size(), 2u);
}

TEST(Sql, FewerIndexesIfWanted) {
  PostgresSettings settings = settings_for("s", "t");
  settings.indexes = PostgresIndexes::minimal;
  EXPECT_EQ(create_table_sql(settings).size(), 2u);
  settings.indexes = PostgresIndexes::none;
  EXPECT_EQ(create_table_sql(settings).size(), 1u);
}

TEST(Sql, IndexesOfALongTableHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  std::size_t count = 0;
  for (const std::string& table :
       {std::string(49, 'x'), std::string(50, 'x'), std::string(63, 'x'),
        std::string(62, 'x') + "y",
        std::string(40, 'x') +
            std::string("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4")}) {
    for (const std::string& sql : create_table_sql(settings_for("", table))) {
      const std::string start = "CREATE INDEX IF NOT EXISTS \"";
      if (!sql.starts_with(start)) continue;
      const std::string name =
          sql.substr(start.size(), sql.find('"', start.size()) - start.size());
      EXPECT_OK(check_identifier(name));
      names.insert(name);
      ++count;
    }
  }
  EXPECT_EQ(count, 20u);
  EXPECT_EQ(names.size(), count);
}

TEST(Sql, StatementsOfDifferentTextHaveDifferentNames) {
  const std::string name = statement_name("INSERT INTO a");
  EXPECT_EQ(name.size(), 24u);
  EXPECT_EQ(name, statement_name("INSERT INTO a"));
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) {
    names.insert(statement_name("INSERT INTO t" + std::to_string(i)));
  }
  EXPECT_EQ(names.size(), 1000u);
  // A column that got another type needs another statement.
  std::vector<PostgresColumn> columns = two_columns();
  const std::string before = statement_name(insert_sql("\"t\"", columns));
  EXPECT_TRUE(set_builtin_type(20, &columns[0]));
  EXPECT_NE(statement_name(insert_sql("\"t\"", columns)), before);
}

TEST(Sql, GrantsCanBePasted) {
  EXPECT_EQ(grants_sql(settings_for("", "t"), "app", false),
            "GRANT USAGE ON SCHEMA \"public\" TO \"app\"; GRANT INSERT ON "
            "\"public\".\"t\" TO \"app\"; GRANT USAGE ON SEQUENCE "
            "\"public\".\"t_id_seq\" TO \"app\";");
  EXPECT_EQ(grants_sql(settings_for("s", "t"), "a\"b", true),
            "GRANT USAGE, CREATE ON SCHEMA \"s\" TO \"a\"\"b\";");
}

TEST(Sql, NamesOfTheServerDoNotChangeTheLineTheyAreIn) {
  EXPECT_EQ(shown_name("app"), "app");
  EXPECT_EQ(shown_name("\xC3\xA4\"pp"), "\xC3\xA4\"pp");
  EXPECT_EQ(shown_name("a\nb"),
            "a\xEF\xBF\xBD"
            "b");
  // U+202E turns around what follows.
  EXPECT_EQ(shown_name("a\xE2\x80\xAE"
                       "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(shown_name("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(shown_name(std::string(3000000, 'x')), std::string(63, 'x'));
  EXPECT_EQ(
      grants_sql(settings_for("s", "t"), std::string(100, 'x') + "\n", true),
      "GRANT USAGE, CREATE ON SCHEMA \"s\" TO \"" + std::string(63, 'x') +
          "\";");
}

}  // namespace
}  // namespace stogger
