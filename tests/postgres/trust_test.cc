// Which tables are written to, and which could run somebody else's code as the
// role that logs.
#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/postgres/fixture.h"

// Without the end of the list of columns.
#define LOGS                                                               \
  "CREATE TABLE stogger_logs (id BIGSERIAL, timestamp TIMESTAMPTZ NOT "    \
  "NULL, level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, scope TEXT," \
  " data JSONB NOT NULL DEFAULT '{}'"

namespace stogger {
namespace {

struct Step {
  const char* role;
  std::string sql;
};

struct Case {
  const char* name;
  std::vector<Step> steps;
  const char* said = "";        // what the message names
  const char* blamed = "evil";  // whom
  bool springs = true;          // a trap that can be seen to work
};

class Trusting : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    server().execute(
        "CREATE ROLE app LOGIN; CREATE ROLE evil LOGIN; CREATE ROLE owner "
        "LOGIN;"
        "GRANT CREATE ON SCHEMA public TO evil");
    as("evil",
       "CREATE FUNCTION public.trap() RETURNS int LANGUAGE plpgsql AS $$BEGIN "
       "RAISE LOG 'SPRUNG as %', current_user; RETURN 1; END$$;"
       "CREATE FUNCTION public.trap_trigger() RETURNS trigger LANGUAGE plpgsql "
       "AS $$BEGIN RAISE LOG 'SPRUNG as %', current_user; RETURN NEW; END$$;"
       "CREATE FUNCTION public.trap_check(text) RETURNS bool LANGUAGE plpgsql "
       "IMMUTABLE AS $$BEGIN RAISE LOG 'SPRUNG as %', current_user; RETURN "
       "true; END$$");
    // As tablefunc, refint and other extensions have them, which belong to a
    // superuser whoever installs them.
    server().execute(
        "CREATE FUNCTION public.run(text) RETURNS int LANGUAGE plpgsql AS "
        "$$DECLARE n int; BEGIN EXECUTE $1 INTO n; RETURN n; END$$;"
        "CREATE FUNCTION public.run_trigger() RETURNS trigger LANGUAGE plpgsql "
        "AS $$BEGIN EXECUTE TG_ARGV[0]; RETURN NEW; END$$;"
        "CREATE FUNCTION public.fine() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RETURN NEW; END$$");
  }
  std::string dsn_of(const std::string& role) {
    return "host=127.0.0.1 port=" + std::to_string(server().port()) +
           " user=" + role + " dbname=postgres";
  }
  void as(const std::string& role, const std::string& sql) {
    PostgresClient(dsn_of(role)).execute(sql);
  }
  // In a schema of that name.
  void make(const std::string& schema, const std::vector<Step>& steps) {
    server().execute("CREATE SCHEMA " + schema + "; GRANT ALL ON SCHEMA " +
                     schema + " TO evil, owner, app");
    for (const Step& step : steps) {
      as(step.role, "SET search_path = " + schema + "; " + step.sql);
    }
    server().execute("GRANT ALL ON ALL TABLES IN SCHEMA " + schema +
                     " TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA " + schema +
                     " TO app");
  }
  std::vector<Field> options_for(const std::string& schema) {
    dsn_ = dsn_of("app");
    schema_ = schema;
    std::vector<Field> options = {
        {"dsn", dsn_}, {"start_wait_ms", 20000}, {"deadline_ms", 5000}};
    if (!schema.empty()) options.push_back({"schema", schema_});
    return options;
  }
  // What is said of it, and what was written.
  std::string refusal(const std::string& schema, std::uint64_t* written) {
    LoggedSystem logged;
    const Status status = logged.add(options_for(schema));
    logged.log(3);
    *written = logged.stats().written;
    return status.ok() ? "" : std::string(status.message());
  }
  void expect_use(const std::string& schema) {
    std::uint64_t written = 0;
    EXPECT_EQ(refusal(schema, &written), "");
    EXPECT_EQ(written, 3u);
  }
  void expect_refusal(const std::string& schema, std::string_view said,
                      std::string_view blamed = "evil") {
    std::uint64_t written = 0;
    const std::string message = refusal(schema, &written);
    EXPECT_EQ(written, 0u);
    for (const std::string& part :
         {std::string(said), "\"" + std::string(blamed) + "\"",
          std::string("\"stogger_logs\""), std::string("trust_table")}) {
      EXPECT_NE(message.find(part), std::string::npos)
          << part << " in: " << message;
    }
  }
  bool sprung() const {
    return server_log().find("SPRUNG as app") != std::string::npos;
  }
  void expect_traps(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
      SCOPED_TRACE(one.name);
      const std::string schema = std::string("s_") + one.name;
      make(schema, one.steps);
      forget_log();
      expect_refusal(schema, one.said, one.blamed);
      EXPECT_FALSE(sprung());
      // With trust_table it is written to, which shows that the trap is one.
      std::vector<Field> options = options_for(schema);
      options.push_back({"trust_table", true});
      LoggedSystem logged;
      EXPECT_OK(logged.add(options));
      logged.log(1);
      EXPECT_EQ(sprung(), one.springs);
    }
  }

 private:
  std::string server_log() const { return logger_->log().substr(skipped_); }
  void forget_log() {
    logger_ = &server();
    skipped_ = logger_->log().size();
  }

  const PostgresServer* logger_ = nullptr;
  std::size_t skipped_ = 0;
  // Fields refer to them.
  std::string dsn_;
  std::string schema_;
};

constexpr char kDomain[] =
    "CREATE DOMAIN d AS text CHECK (public.trap_check(VALUE));";

TEST_F(Trusting, ATableOfAnotherRoleIsRefusedUnlessItIsPlain) {
  const std::string d = kDomain;
  expect_traps({
      {"operator_of_the_servers_function",
       {{"evil",
         "CREATE OPERATOR @@@ (LEFTARG = tsquery, RIGHTARG = text, FUNCTION = "
         "pg_catalog.ts_rewrite);" LOGS
         ", x tsquery DEFAULT 'a'::tsquery OPERATOR(@@@) 'SELECT "
         "''a''::tsquery, (''b'' || public.trap())::tsquery')"}},
       "the default of the column \"x\""},
      {"composite_type",
       {{"evil", d + "CREATE TYPE comp AS (a d);" LOGS
                     ", x comp DEFAULT concat('(', 'x', ')')::comp)"}},
       "the default of the column \"x\""},
      {"composite_type_without_a_column",
       {{"evil", d + "CREATE TYPE comp AS (a d);" LOGS
                     ", x text DEFAULT concat('(', 'x', ')')::comp::text)"}},
       "the default of the column \"x\""},
      {"row_type",
       {{"evil",
         d + "CREATE TABLE o (a d);" LOGS ", x o DEFAULT lower('(x)')::o)"}},
       "the default of the column \"x\""},
      {"range",
       {{"evil", d + "CREATE TYPE r AS RANGE (SUBTYPE = d);" LOGS
                     ", x r DEFAULT lower('[x,y]')::r)"}},
       "the default of the column \"x\""},
      {"array_of_a_domain",
       {{"evil", d + LOGS ", x d[] DEFAULT lower('{x}')::d[])"}},
       "the default of the column \"x\""},
      {"field",
       {{"evil", d + "CREATE TYPE comp AS (a d);" LOGS
                     ", x text DEFAULT (jsonb_populate_record(NULL::comp, "
                     "'{\"a\": \"x\"}')).a)"}},
       "the default of the column \"x\""},
      {"cast_to_json",
       {{"evil",
         "CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f(mood) RETURNS json "
         "LANGUAGE plpgsql AS $$BEGIN PERFORM public.trap(); RETURN '1'; "
         "END$$; CREATE CAST (mood AS json) WITH FUNCTION f(mood);" LOGS
         ", x json DEFAULT to_json('a'::mood))"}},
       "the default of the column \"x\""},
      {"domain_of_a_partition_key",
       {{"evil",
         d + "CREATE TABLE parent (id BIGSERIAL, timestamp TIMESTAMPTZ "
             "NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
             "TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}') "
             "PARTITION BY LIST ((event::d)); CREATE TABLE other "
             "PARTITION OF parent FOR VALUES IN ('never'); CREATE TABLE "
             "stogger_logs PARTITION OF parent DEFAULT"}},
       "it is a partition"},
      {"rule_with_a_superusers_function",
       {{"evil",
         LOGS "); CREATE RULE r AS ON INSERT TO stogger_logs DO ALSO SELECT "
              "public.run('SELECT public.trap()')"}},
       "the rule \"r\""},
      {"default_with_a_superusers_function",
       {{"evil", LOGS ", x int DEFAULT public.run('SELECT public.trap()'))"}},
       "the default of the column \"x\""},
      {"check_with_a_superusers_function",
       {{"evil", LOGS
         ", CONSTRAINT c CHECK (public.run('SELECT public.trap()') = 1))"}},
       "the check \"c\""},
      {"check_with_a_function_of_the_server",
       {{"evil", LOGS
         ", CONSTRAINT c CHECK (query_to_xml('SELECT public.trap()', true, "
         "true, '') IS NOT NULL))"}},
       "the check \"c\""},
      {"policy_with_a_function_of_the_server",
       {{"evil", LOGS
         "); ALTER TABLE stogger_logs ENABLE ROW LEVEL SECURITY; CREATE POLICY "
         "p ON stogger_logs WITH CHECK (query_to_xml('SELECT public.trap()', "
         "true, true, '') IS NOT NULL)"}},
       "row-level security"},
      {"trigger_with_an_argument",
       {{"evil",
         LOGS "); CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW "
              "EXECUTE FUNCTION public.run_trigger('SELECT public.trap()')"}},
       "the trigger \"t\""},
      {"index_expression",
       {{"evil",
         LOGS "); CREATE INDEX i ON stogger_logs (public.trap_check(event))"}},
       "the index \"i\""},
      {"index_predicate",
       {{"evil", LOGS "); CREATE INDEX i ON stogger_logs (event) WHERE "
                      "public.trap_check(event)"}},
       "the index \"i\""},
      {"generated",
       {{"evil", LOGS
         ", x bool GENERATED ALWAYS AS (public.trap_check(event)) STORED)"}},
       "the default of the column \"x\""},
      {"typed_table",
       {{"evil",
         d + "CREATE TYPE log AS (id int8, timestamp timestamptz, level text, "
             "event text, func text, scope text, data jsonb, x d); CREATE "
             "TABLE stogger_logs OF log (x DEFAULT 'x')"}},
       "the default of the column \"x\""},
      {"view",
       {{"evil",
         "CREATE TABLE base (id BIGSERIAL, timestamp TIMESTAMPTZ, level "
         "TEXT, event TEXT, func TEXT, scope TEXT, data JSONB); CREATE "
         "VIEW stogger_logs AS SELECT * FROM base"}},
       "no ordinary table",
       "evil",
       false},
      {"view_with_a_check",
       {{"evil",
         "CREATE OPERATOR @@@ (LEFTARG = tsquery, RIGHTARG = text, FUNCTION = "
         "pg_catalog.ts_rewrite); CREATE TABLE base (id BIGSERIAL, timestamp "
         "TIMESTAMPTZ, level TEXT, event TEXT, func TEXT, scope TEXT, data "
         "JSONB); CREATE VIEW stogger_logs AS SELECT * FROM base WHERE "
         "'a'::tsquery OPERATOR(@@@) 'SELECT ''a''::tsquery, (''b'' || "
         "public.trap())::tsquery' IS NOT NULL WITH CHECK OPTION"}},
       "no ordinary table"},
      {"foreign_key",
       {{"evil", "CREATE TABLE other (n text PRIMARY KEY);" LOGS
                 ", x text CONSTRAINT f REFERENCES other)"}},
       "the constraint \"f\"",
       "evil",
       false},
      {"domain_without_a_default",
       {{"evil", d + LOGS ", x d)"}},
       "the type of the column \"x\""},
  });
}

TEST_F(Trusting, WhatATrustedTableLeadsToHasToBeTrusted) {
  const std::string d = kDomain;
  server().execute("GRANT pg_monitor TO evil");
  expect_traps({
      {"domain",
       {{"evil", d}, {"app", LOGS ", x d DEFAULT 'x')"}},
       "type \"s_domain.d\""},
      {"composite_type",
       {{"evil", d},
        {"app", "CREATE TYPE comp AS (a d);" LOGS
                ", x comp DEFAULT concat('(', 'x', ')')::comp)"}},
       "type \"s_composite_type.d\""},
      {"range",
       {{"evil", d},
        {"app", "CREATE TYPE r AS RANGE (SUBTYPE = d);" LOGS
                ", x r DEFAULT lower('[x,y]')::r)"}},
       "type \"s_range.d\""},
      {"operator",
       {{"evil",
         "CREATE OPERATOR @@@ (LEFTARG = tsquery, RIGHTARG = text, FUNCTION = "
         "pg_catalog.ts_rewrite)"},
        {"app", LOGS ", x tsquery DEFAULT 'a'::tsquery OPERATOR(@@@) 'SELECT "
                     "''a''::tsquery, (''b'' || public.trap())::tsquery')"}},
       "operator \"s_operator.@@@"},
      {"partition_key",
       {{"evil", d},
        {"owner",
         "CREATE TABLE parent (id BIGSERIAL, timestamp TIMESTAMPTZ "
         "NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL, func "
         "TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}') "
         "PARTITION BY LIST ((event::d)); CREATE TABLE other "
         "PARTITION OF parent FOR VALUES IN ('never'); CREATE TABLE "
         "stogger_logs PARTITION OF parent DEFAULT"},
        {"postgres",
         "ALTER TABLE parent OWNER TO app; ALTER TABLE other OWNER "
         "TO app; ALTER TABLE stogger_logs OWNER TO app"}},
       "type \"s_partition_key.d\""},
      {"partition",
       {{"postgres",
         LOGS ") PARTITION BY LIST (level); CREATE TABLE part PARTITION OF "
              "stogger_logs DEFAULT; ALTER TABLE part OWNER TO evil"},
        {"evil",
         "CREATE TRIGGER t BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION "
         "public.run_trigger('SELECT public.trap()')"}},
       "\"s_partition.part\"",
       "evil"},
      {"parent",
       {{"evil",
         "CREATE TABLE parent (id BIGSERIAL, timestamp TIMESTAMPTZ NOT NULL, "
         "level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, scope TEXT, "
         "data JSONB NOT NULL DEFAULT '{}') PARTITION BY LIST (level); CREATE "
         "TABLE stogger_logs PARTITION OF parent DEFAULT; CREATE TRIGGER t "
         "BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION "
         "public.run_trigger('SELECT public.trap()')"},
        {"postgres", "ALTER TABLE stogger_logs OWNER TO app"}},
       "\"s_parent.parent\""},
      {"table_of_a_view",
       {{"evil",
         "CREATE TABLE base (id BIGSERIAL, timestamp TIMESTAMPTZ, level "
         "TEXT, event TEXT, func TEXT, scope TEXT, data JSONB, x int "
         "DEFAULT public.run('SELECT public.trap()')); GRANT ALL ON "
         "base TO app; GRANT ALL ON base_id_seq TO app"},
        {"app",
         "CREATE VIEW stogger_logs AS SELECT timestamp, level, event, "
         "func, scope, data FROM base"}},
       "\"s_table_of_a_view.base\""},
      {"table_of_a_rule",
       {{"evil",
         "CREATE TABLE other (n int DEFAULT public.run('SELECT "
         "public.trap()')); GRANT ALL ON other TO app"},
        {"app", LOGS
         "); CREATE RULE r AS ON INSERT TO stogger_logs DO ALSO INSERT INTO "
         "other DEFAULT VALUES"}},
       "\"s_table_of_a_rule.other\""},
      {"function",
       {{"app",
         LOGS "); CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW "
              "EXECUTE FUNCTION public.trap_trigger()"}},
       "function \"public.trap_trigger()\""},
      {"predefined_role",
       {{"postgres", "GRANT ALL ON SCHEMA s_predefined_role TO pg_monitor"},
        {"evil",
         "SET ROLE pg_monitor; CREATE FUNCTION f() RETURNS trigger LANGUAGE "
         "plpgsql AS $$BEGIN PERFORM public.trap(); RETURN NEW; END$$"},
        {"app",
         LOGS "); CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW "
              "EXECUTE FUNCTION f()"}},
       "function \"s_predefined_role.f()\"",
       "pg_monitor"},
      {"right_to_make_triggers_with_arguments",
       {{"app", LOGS "); GRANT TRIGGER ON stogger_logs TO evil"},
        {"evil",
         "CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW EXECUTE "
         "FUNCTION public.run_trigger('SELECT public.trap()')"}},
       "trigger \"t on s_right_to_make_triggers_with_arguments.stogger_logs\""},
      {"right_to_make_triggers_with_conditions",
       {{"app", LOGS "); GRANT TRIGGER ON stogger_logs TO PUBLIC"},
        {"evil",
         "CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW WHEN "
         "(query_to_xml('SELECT public.trap()', true, true, '') IS NOT NULL) "
         "EXECUTE FUNCTION public.fine()"}},
       "trigger \"t on s_right_to_make_triggers_with_conditions.stogger_logs\"",
       "PUBLIC"},
      {"foreign_key",
       {{"evil",
         "CREATE TABLE other (n text PRIMARY KEY); GRANT ALL ON other "
         "TO app"},
        {"app", LOGS ", x text CONSTRAINT f REFERENCES other)"}},
       "table \"s_foreign_key.other\"",
       "evil",
       false},
  });
}

TEST_F(Trusting, APlainTableIsUsedWhoeverOwnsIt) {
  make("plain",
       {{"evil", "CREATE TYPE mood AS ENUM ('a', 'b');" LOGS
                 ", PRIMARY KEY (id), UNIQUE (id, event) DEFERRABLE, "
                 "a serial, b int GENERATED ALWAYS AS IDENTITY, "
                 "c timestamptz DEFAULT now(), "
                 "d timestamp DEFAULT (now() AT TIME ZONE 'utc'), "
                 "e date DEFAULT current_date, f text DEFAULT current_user, "
                 "g uuid DEFAULT gen_random_uuid(), "
                 "h varchar(9) DEFAULT 'x' CHECK (h IN ('x', 'y')), "
                 "i mood DEFAULT 'a' CHECK (i IN ('a', 'b')), "
                 "j text[] DEFAULT ARRAY['a', 'b'], k mood[], "
                 "l text DEFAULT 'x' || 'y', m numeric(9,2) DEFAULT 1.5, "
                 "n date GENERATED ALWAYS AS ((d)::date) STORED, "
                 "o text DEFAULT now()::text, p tstzrange, q inet, "
                 "CHECK (length(event) < 1000 AND data IS NOT NULL), "
                 "CHECK (timestamp > '2000-01-01' OR level = 'x'), "
                 "CHECK (jsonb_typeof(data) = 'object'));"
                 "CREATE INDEX ON stogger_logs (timestamp DESC);"
                 "CREATE INDEX ON stogger_logs USING gin (data);"
                 "CREATE INDEX ON stogger_logs (lower(event)) WHERE level = "
                 "'error'"}});
  // That a constraint is deferrable takes a trigger of the server.
  expect_refusal("plain", "the trigger \"Unique_ConstraintTrigger_");
  as("evil",
     "ALTER TABLE plain.stogger_logs DROP CONSTRAINT "
     "stogger_logs_id_event_key");
  expect_use("plain");
  // Which run nothing when a row is inserted into it.
  as("evil",
     "SET search_path = plain; CREATE TABLE child () INHERITS (stogger_logs); "
     "CREATE TRIGGER t BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION "
     "public.trap_trigger(); CREATE TABLE note (log bigint REFERENCES "
     "stogger_logs); CREATE VIEW v AS SELECT * FROM stogger_logs; CREATE "
     "STATISTICS st ON level, event FROM stogger_logs");
  expect_use("plain");
}

TEST_F(Trusting, ATrustedTableMayDoWhatItLikes) {
  make(
      "everything",
      {{"owner",
        "CREATE DOMAIN short AS text CHECK (length(VALUE) < 100); CREATE "
        "TABLE seen (n int); CREATE TABLE tenant (name text PRIMARY KEY);"
        "INSERT INTO tenant VALUES ('x'); CREATE FUNCTION f() RETURNS trigger "
        "LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; CREATE FUNCTION "
        "g(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT "
        "upper($1)';" LOGS
        ", x short DEFAULT 'x', y text GENERATED ALWAYS AS (g(event)) STORED, "
        "z text DEFAULT 'x' REFERENCES tenant, xml xml DEFAULT "
        "query_to_xml('SELECT 1', true, true, ''), CHECK (g(event) <> 'X'));"
        "CREATE TRIGGER f BEFORE INSERT ON stogger_logs FOR EACH ROW WHEN "
        "(g(NEW.event) <> 'Y') EXECUTE FUNCTION f('argument');"
        "CREATE TRIGGER u AFTER UPDATE ON stogger_logs FOR EACH ROW EXECUTE "
        "FUNCTION f(); CREATE INDEX ON stogger_logs (g(event));"
        "CREATE RULE r AS ON INSERT TO stogger_logs DO ALSO INSERT INTO seen "
        "VALUES (1); ALTER TABLE stogger_logs ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON stogger_logs WITH CHECK (g(event) <> 'Z')"},
       {"postgres",
        "ALTER SCHEMA everything OWNER TO owner; GRANT ALL ON ALL TABLES IN "
        "SCHEMA "
        "everything TO evil; REVOKE TRIGGER ON ALL TABLES IN SCHEMA everything "
        "FROM evil"},
       // What others hang on it runs with their rights, or not on INSERT.
       {"evil",
        "CREATE VIEW v AS SELECT * FROM stogger_logs; CREATE TABLE note (name "
        "text REFERENCES tenant)"}});
  expect_use("everything");
}

TEST_F(Trusting, TablesAndViewsOfTrustedRolesAreUsed) {
  make("parts", {{"app", LOGS
                  ", PRIMARY KEY (id, timestamp)) PARTITION BY RANGE "
                  "(timestamp); CREATE TABLE part PARTITION OF stogger_logs "
                  "DEFAULT; CREATE INDEX ON stogger_logs (timestamp DESC);"
                  "CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW "
                  "EXECUTE FUNCTION public.fine()"}});
  expect_use("parts");
  make("part", {{"app",
                 "CREATE TABLE parent (id BIGSERIAL, timestamp TIMESTAMPTZ NOT "
                 "NULL, level TEXT NOT NULL, event TEXT NOT NULL, func TEXT, "
                 "scope TEXT, data JSONB NOT NULL DEFAULT '{}') PARTITION BY "
                 "LIST (lower(level)); CREATE TABLE stogger_logs PARTITION OF "
                 "parent DEFAULT"}});
  expect_use("part");
  make("view", {{"app",
                 "CREATE TABLE base (id BIGSERIAL, timestamp TIMESTAMPTZ, "
                 "level TEXT, event TEXT, func TEXT, scope TEXT, data JSONB);"
                 "CREATE VIEW stogger_logs AS SELECT timestamp, level, event, "
                 "func, scope, data FROM base"}});
  expect_use("view");
  // Nobody else can have made a trigger without arguments that does harm.
  make("shared",
       {{"app", LOGS "); GRANT ALL ON stogger_logs TO evil; CREATE TRIGGER t "
                     "BEFORE INSERT ON stogger_logs FOR EACH ROW EXECUTE "
                     "FUNCTION public.fine()"}});
  expect_use("shared");
}

TEST_F(Trusting, ASchemaOfTheSearchPathIsTrustedOnlyForItsOwner) {
  server().execute("GRANT CREATE ON DATABASE postgres TO evil");
  as("evil",
     "CREATE SCHEMA app; GRANT ALL ON SCHEMA app TO app; SET search_path = "
     "app;" LOGS
     "); GRANT ALL ON stogger_logs TO app; GRANT ALL ON stogger_logs_id_seq TO "
     "app; CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH ROW EXECUTE "
     "FUNCTION public.trap_trigger()");
  expect_refusal("", "search_path");
  as("evil", "DROP TRIGGER t ON app.stogger_logs");
  expect_refusal("", "search_path");
  // Neither is the table created there.
  as("evil", "DROP TABLE app.stogger_logs");
  expect_refusal("", "search_path");
  EXPECT_EQ(server().number("SELECT count(*) FROM pg_class WHERE relname = "
                            "'stogger_logs'"),
            0);
  // Its name in the configuration is what makes its owner a trusted one.
  expect_use("app");
  for (const char* owner : {"app", "postgres", "pg_database_owner"}) {
    server().execute("ALTER SCHEMA app OWNER TO " + std::string(owner) +
                     "; GRANT USAGE ON SCHEMA app TO app");
    expect_use("");
  }
}

TEST_F(Trusting, AMembershipCountsIfSomebodyTrustedGrantedIt) {
  server().execute(
      "CREATE ROLE team; CREATE ROLE inner_team; CREATE ROLE boss LOGIN; GRANT "
      "team TO evil, boss WITH ADMIN OPTION; GRANT inner_team TO evil WITH "
      "ADMIN OPTION");
  make("of_team",
       {{"postgres", "GRANT ALL ON SCHEMA of_team TO team, inner_team"},
        {"evil",
         "SET ROLE team; CREATE FUNCTION f() RETURNS trigger LANGUAGE "
         "plpgsql AS $$BEGIN RETURN NEW; END$$;" LOGS
         "); CREATE TRIGGER t BEFORE INSERT ON stogger_logs FOR EACH "
         "ROW EXECUTE FUNCTION f()"}});
  expect_refusal("of_team", "the trigger \"t\"", "team");
  as("evil", "GRANT team TO app");
  expect_refusal("of_team", "the trigger \"t\"", "team");
  server().execute("REVOKE team FROM app; GRANT team TO app");
  expect_use("of_team");
  // Each step of the way has to be such a grant.
  as("evil", "GRANT inner_team TO team");
  server().execute("ALTER FUNCTION of_team.f() OWNER TO inner_team");
  expect_refusal("of_team", "function \"of_team.f()\"", "inner_team");
  server().execute("REVOKE inner_team FROM team; GRANT inner_team TO team");
  expect_use("of_team");
  server().execute("REVOKE team FROM app");
  as("boss", "GRANT team TO app");
  expect_refusal("of_team", "the trigger \"t\"", "team");
  server().execute("ALTER DATABASE postgres OWNER TO boss");
  expect_use("of_team");
}

}  // namespace
}  // namespace stogger
