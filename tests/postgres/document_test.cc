// docs/postgres.md: its SQL runs, and tells the truth about the table. The same
// for the roles of docs/security.md.
#include <fstream>
#include <sstream>

#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

std::vector<std::string> sql_of(const std::string& document) {
  std::ifstream file(STOGGER_SOURCE_DIR "/docs/" + document);
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (!inside && line == "```sql") {
      inside = true;
      blocks.emplace_back();
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

std::vector<SqlRow> description_of(const PostgresServer& server,
                                   const std::string& table) {
  std::vector<SqlRow> rows = server.query(
      "SELECT column_name, data_type, is_nullable, column_default FROM "
      "information_schema.columns WHERE table_name = '" +
      table + "' ORDER BY ordinal_position");
  for (SqlRow& index :
       server.query("SELECT indexdef FROM pg_indexes WHERE tablename = '" +
                    table + "' ORDER BY indexname")) {
    rows.push_back(std::move(index));
  }
  return rows;
}

class Document : public PostgresTest {};

TEST_F(Document, TheTableIsTheOneThatTheSinkMakes) {
  ASSERT_OK(add());
  const std::vector<SqlRow> made = description_of(server(), "stogger_logs");
  ASSERT_EQ(made.size(), 7u + 5u);
  server().execute("DROP TABLE stogger_logs");
  server().execute(sql_of("postgres.md").front());
  EXPECT_EQ(description_of(server(), "stogger_logs"), made);
}

// Two rows of a queue, and the second one again.
void write_to_queue(std::vector<Field> options) {
  const SinkPtr sink = make_postgres(std::move(options));
  ASSERT_OK(sink->open());
  ASSERT_OK(write_to(*sink, table_rows({{}, {}}).from(1, {1, 2})));
  ASSERT_OK(write_to(*sink, table_rows({{}}).from(1, {2})));
}

TEST_F(Document, TheLedgerIsTheOneThatTheSinkMakes) {
  const std::string dsn = server().dsn();
  write_to_queue({{"dsn", dsn}});
  const std::string ledger = "stogger_logs_ledger";
  const std::vector<SqlRow> made = description_of(server(), ledger);
  ASSERT_EQ(made.size(), 3u + 1u);
  server().execute("DROP TABLE stogger_logs_ledger; CREATE ROLE shop");
  for (const std::string& block : sql_of("postgres.md")) {
    if (block.starts_with("CREATE TABLE " + ledger)) server().execute(block);
  }
  EXPECT_EQ(description_of(server(), ledger), made);
}

TEST_F(Document, AllOfItsSqlRuns) {
  const std::vector<std::string> blocks = sql_of("postgres.md");
  ASSERT_GE(blocks.size(), 5u);
  for (const std::string& block : blocks) {
    SCOPED_TRACE(block);
    EXPECT_NO_THROW(server().execute(block));
  }
}

TEST_F(Document, ItsRoleMayWrite) {
  const std::vector<std::string> blocks = sql_of("postgres.md");
  server().execute(blocks.at(0));
  server().execute(blocks.at(1));
  ASSERT_OK(add({{"dsn", server().socket_dsn("user=shop")}}));
  system().logger().info("e");
  EXPECT_EQ(stats().written, 1u) << reports();
}

TEST_F(Document, TheRoleOfTheSecurityPageMayInsertAndNothingElse) {
  const std::vector<std::string> blocks = sql_of("security.md");
  ASSERT_EQ(blocks.size(), 1u);
  server().execute(blocks[0]);
  const std::string dsn = server().socket_dsn("user=shop");
  ASSERT_OK(add(
      {{"dsn", dsn}, {"table", "logs.stogger_logs"}, {"create_table", false}}));
  system().logger().info("e");
  EXPECT_EQ(stats().written, 1u) << reports();

  write_to_queue(
      {{"dsn", dsn}, {"table", "logs.stogger_logs"}, {"create_table", false}});
  EXPECT_EQ(server().number("SELECT count(*) FROM logs.stogger_logs"), 3);

  PostgresClient shop(dsn);
  for (const char* sql :
       {"SELECT event FROM logs.stogger_logs",
        "UPDATE logs.stogger_logs SET event = 'x'",
        "DELETE FROM logs.stogger_logs", "TRUNCATE logs.stogger_logs",
        "ALTER TABLE logs.stogger_logs ADD x int", "CREATE TABLE logs.x ()",
        "CREATE TABLE public.x ()", "CREATE SCHEMA x",
        "SELECT setval('logs.stogger_logs_id_seq', 1)",
        "SET ROLE stogger_owner", "SET ROLE postgres"}) {
    EXPECT_ANY_THROW(shop.execute(sql)) << sql;
  }
  EXPECT_EQ(shop.one("SHOW search_path"), "\"\"");

  server().execute("CREATE ROLE ann LOGIN; GRANT log_reader TO ann");
  PostgresClient ann(server().socket_dsn("user=ann"));
  EXPECT_EQ(ann.number("SELECT count(*) FROM logs.stogger_logs"), 3);
  EXPECT_ANY_THROW(ann.execute("DELETE FROM logs.stogger_logs"));
}

}  // namespace
}  // namespace stogger
