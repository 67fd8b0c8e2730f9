// Another role of the database, who makes what the sink's statements might run.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stogger/sample.h"
#include "tests/postgres/fixture.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

constexpr char kColumns[] =
    "(id BIGSERIAL PRIMARY KEY, timestamp TIMESTAMPTZ NOT NULL, level TEXT NOT "
    "NULL, event TEXT NOT NULL, func TEXT, scope TEXT, data JSONB NOT NULL "
    "DEFAULT '{}', at timestamptz DEFAULT now(), mood text DEFAULT 'x' || 'y')";

// For a machine that has other things to do. The dsn has to live on.
std::vector<Field> patient(const std::string& dsn) {
  return {{"dsn", dsn}, {"start_wait_ms", 20000}, {"deadline_ms", 5000}};
}

class HostileRole : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    server().execute(
        "CREATE ROLE app LOGIN; CREATE ROLE evil LOGIN; GRANT CREATE ON SCHEMA "
        "public TO app, evil");
  }
  std::string dsn_of(const std::string& role) {
    return "host=127.0.0.1 port=" + std::to_string(server().port()) +
           " user=" + role + " dbname=postgres";
  }
  void as_evil(const std::string& sql) {
    PostgresClient(dsn_of("evil")).execute(sql);
  }
  // What a trap does when it runs: it says so in the server's log, whatever
  // becomes of the transaction.
  void make_trap_functions() {
    as_evil(
        "CREATE FUNCTION public.trap() RETURNS int LANGUAGE plpgsql AS $$BEGIN "
        "RAISE LOG 'SPRUNG as %', current_user; RETURN 1; END$$;"
        "CREATE FUNCTION public.trap_trigger() RETURNS trigger LANGUAGE "
        "plpgsql "
        "AS $$BEGIN RAISE LOG 'SPRUNG as %', current_user; RETURN NEW; END$$;"
        "CREATE FUNCTION public.trap_check(pg_catalog.text) RETURNS bool "
        "LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE LOG 'SPRUNG as %', "
        "current_user; RETURN true; END$$;");
  }
  bool sprung() {
    const std::string log = server().log();
    return log.find("SPRUNG as app") != std::string::npos ||
           log.find("SPRUNG as postgres") != std::string::npos;
  }
  // All ways to write, and the check.
  void use_all_ways(const std::string& dsn) {
    for (const bool use_copy : {true, false}) {
      const SinkPtr sink = make_postgres({{"dsn", dsn},
                                          {"use_copy", use_copy},
                                          {"start_wait_ms", 20000},
                                          {"deadline_ms", 5000}});
      ASSERT_OK(sink->open());
      std::vector<TableRow> rows;
      for (int i = 0; i < 3; ++i) rows.push_back({.event = "e"});
      EXPECT_OK(write_to(*sink, table_rows({rows[0]})));
      EXPECT_OK(write_to(*sink, table_rows(rows)));
      EXPECT_OK(sink->close());
    }
    SinkPtr samples;
    ASSERT_OK(make_sample_sink(
        "postgres",
        {{"dsn", dsn}, {"create_table", true}, {"table", "samples"}},
        &samples));
    const Field fields[] = {{"flow", 1.5}, {"n", 1}, {"text", "x"}};
    const std::vector<Sample> taken = {{.device = "d", .fields = fields},
                                       {.device = "e", .fields = fields}};
    EXPECT_OK(pipe(taken, *samples));
    EXPECT_OK(samples->close());
  }
};

// Types, operators and functions in a schema of the search_path, which fit
// what is written in a statement at least as well as the server's own.
class Traps : public HostileRole,
              public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    HostileRole::SetUp();
    if (IsSkipped()) return;
    server().execute(std::string("ALTER ROLE app SET search_path = ") +
                     GetParam());
    server().execute(std::string("ALTER ROLE postgres SET search_path = ") +
                     GetParam());
    as_evil(kMakeTraps);
  }

  // For each name of a function that statements use, or used to: one with the
  // same arguments, and ones with arguments that fit better than the server's.
  static constexpr char kMakeTraps[] = R"(
SET search_path = pg_catalog;
CREATE FUNCTION public.note(text) RETURNS void LANGUAGE plpgsql AS $f$BEGIN
  RAISE LOG 'SPRUNG as % by %', current_user, $1; END$f$;
CREATE FUNCTION public.sees(text) RETURNS bool LANGUAGE plpgsql AS $f$BEGIN
  PERFORM public.note('a type'); RETURN true; END$f$;
DO $d$
DECLARE
  p record; l text; r text; o text; n int := 0;
  names text[] := ARRAY['to_regclass','set_config','current_setting','unnest',
    'bool_and','has_sequence_privilege','has_column_privilege',
    'has_any_column_privilege','has_schema_privilege','pg_get_expr',
    'quote_ident','string_agg','octet_length','convert_to','concat','count',
    'current_schemas','pg_my_temp_schema','pg_advisory_xact_lock','now',
    'current_database','pg_get_userbyid','regexp_matches',
    'pg_partition_ancestors','pg_column_is_updatable','coalesce','array_agg'];
  types text[] := ARRAY['oid','regclass','regtype','regproc','name','text',
    '"char"','int2','int4','int8','bool','varchar','timestamptz','jsonb'];
BEGIN
  FOR p IN SELECT f.proname, pg_get_function_identity_arguments(f.oid) AS args,
                  pg_get_function_result(f.oid) AS result
             FROM pg_proc f
            WHERE f.pronamespace = 'pg_catalog'::regnamespace
              AND f.proname = ANY (names) LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql '
        'AS $f$BEGIN PERFORM public.note(%L); RETURN NULL; END$f$',
        p.proname, p.args, p.result, p.proname);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  FOREACH o IN ARRAY names LOOP
    FOREACH l IN ARRAY types LOOP
      BEGIN
        EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS text LANGUAGE '
          'plpgsql AS $f$BEGIN PERFORM public.note(%L); RETURN NULL; END$f$',
          o, l, o);
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
      BEGIN
        EXECUTE format('CREATE FUNCTION public.%I(%s, text) RETURNS text LANGUAGE '
          'plpgsql AS $f$BEGIN PERFORM public.note(%L); RETURN NULL; END$f$',
          o, l, o);
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP;
  END LOOP;
  FOREACH l IN ARRAY types LOOP
    FOREACH r IN ARRAY types LOOP
      n := n + 1;
      EXECUTE format('CREATE FUNCTION public.op_%s(%s, %s) RETURNS bool LANGUAGE '
        'plpgsql AS $f$BEGIN PERFORM public.note(''an operator''); RETURN true; '
        'END$f$', n, l, r);
      FOREACH o IN ARRAY ARRAY['=','<>','<','>','<=','>=','||','&','~~','~','+']
      LOOP
        EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, '
          'FUNCTION = public.op_%s)', o, l, r, n);
      END LOOP;
    END LOOP;
  END LOOP;
  FOREACH l IN ARRAY ARRAY['text','int8','int4','name','oid','regclass','bool',
                           'timestamptz','jsonb','float8','bigserial'] LOOP
    EXECUTE format('CREATE DOMAIN public.%I AS pg_catalog.%s CHECK '
      '(public.sees(''x''))', l, CASE l WHEN 'bigserial' THEN 'int8' ELSE l END);
  END LOOP;
END$d$;
)";
};

TEST_P(Traps, AreNotSprungWhereTheTableIsThere) {
  server().execute(
      "CREATE SCHEMA safe; SET search_path = pg_catalog; CREATE "
      "TABLE public.stogger_logs " +
      std::string(kColumns) +
      "; GRANT INSERT ON public.stogger_logs TO app; GRANT USAGE "
      "ON SEQUENCE public.stogger_logs_id_seq TO app");
  use_all_ways(dsn_of("app"));
  EXPECT_FALSE(sprung()) << server().log().substr(server().log().find("SPRUNG"),
                                                  300);
  EXPECT_EQ(server().number("SELECT pg_catalog.count(*) FROM "
                            "public.stogger_logs"),
            8);
}

TEST_P(Traps, AreNotSprungWhereItIsCreated) {
  use_all_ways(dsn_of("app"));
  EXPECT_FALSE(sprung()) << server().log().substr(server().log().find("SPRUNG"),
                                                  300);
  EXPECT_EQ(server().number("SELECT pg_catalog.count(*) FROM "
                            "public.stogger_logs"),
            8);
}

TEST_P(Traps, AreNotSprungByASuperuserEither) {
  use_all_ways(dsn_of("postgres"));
  EXPECT_FALSE(sprung()) << server().log().substr(server().log().find("SPRUNG"),
                                                  300);
}

TEST_P(Traps, AreNotSprungThroughAPooler) {
  SKIP_IF(PgBouncer::why_not());
  PgBouncer pooler(server());
  use_all_ways(pooler.dsn());
  EXPECT_FALSE(sprung()) << server().log().substr(server().log().find("SPRUNG"),
                                                  300);
}

INSTANTIATE_TEST_SUITE_P(SearchPath, Traps,
                         ::testing::Values("\"$user\", public",
                                           "public, pg_catalog"),
                         [](const auto& way) {
                           return way.index == 0 ? "AsUsual" : "Reversed";
                         });

// ---- Tables

// `made`: as evil, after the traps, without semicolon.
struct TrapTable {
  const char* name;
  const char* made;
};

void PrintTo(const TrapTable& table, std::ostream* out) { *out << table.name; }

class TrapTables : public HostileRole,
                   public ::testing::WithParamInterface<TrapTable> {
 protected:
  void SetUp() override {
    HostileRole::SetUp();
    if (IsSkipped()) return;
    make_trap_functions();
    std::string sql = GetParam().made;
    const std::string token = "COLUMNS";
    if (const auto at = sql.find(token); at != sql.npos) {
      sql.replace(at, token.size(),
                  "(id BIGSERIAL, timestamp TIMESTAMPTZ NOT NULL, level TEXT "
                  "NOT NULL, event TEXT NOT NULL, func TEXT, scope TEXT, data "
                  "JSONB NOT NULL DEFAULT '{}'");
    }
    as_evil(sql);
    as_evil(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL "
        "SEQUENCES IN SCHEMA public TO app");
  }
};

TEST_P(TrapTables, AreRefusedByNameAndNotRun) {
  for (const char* role : {"app", "postgres"}) {
    LoggedSystem logged;
    const std::string dsn = dsn_of(role);
    const Status status = logged.add(patient(dsn));
    EXPECT_FALSE(status.ok());
    logged.log(3);
    EXPECT_EQ(logged.stats().written, 0u);
    const std::string said(status.message());
    EXPECT_NE(said.find("\"evil\""), std::string::npos) << said;
    EXPECT_NE(said.find("stogger_logs"), std::string::npos) << said;
    EXPECT_NE(said.find("trust_table"), std::string::npos) << said;
  }
  EXPECT_FALSE(sprung());
}

TEST_P(TrapTables, AreWrittenToIfThatIsWanted) {
  const std::string dsn = dsn_of("app");
  std::vector<Field> options = patient(dsn);
  options.push_back({"trust_table", true});
  EXPECT_OK(add(options));
  log(3);
  EXPECT_EQ(stats().written, 3u) << reports();
}

INSTANTIATE_TEST_SUITE_P(
    Of, TrapTables,
    ::testing::Values(
        TrapTable{"Trigger",
                  "CREATE TABLE public.stogger_logs COLUMNS); CREATE TRIGGER t "
                  "BEFORE INSERT ON public.stogger_logs FOR EACH ROW EXECUTE "
                  "FUNCTION public.trap_trigger()"},
        TrapTable{"StatementTrigger",
                  "CREATE TABLE public.stogger_logs COLUMNS); CREATE TRIGGER t "
                  "AFTER INSERT ON public.stogger_logs EXECUTE FUNCTION "
                  "public.trap_trigger()"},
        TrapTable{"When",
                  "CREATE TABLE public.stogger_logs COLUMNS, v tsvector); "
                  "CREATE TRIGGER t BEFORE INSERT ON public.stogger_logs FOR "
                  "EACH ROW WHEN (public.trap() = 1) EXECUTE FUNCTION "
                  "tsvector_update_trigger(v, 'pg_catalog.english', event)"},
        TrapTable{"Default",
                  "CREATE TABLE public.stogger_logs COLUMNS, d int DEFAULT "
                  "public.trap())"},
        TrapTable{"DefaultOfTheServer",
                  "CREATE TABLE public.stogger_logs COLUMNS, d text DEFAULT "
                  "query_to_xml('SELECT public.trap()', true, true, "
                  "'')::text)"},
        TrapTable{"Generated",
                  "CREATE TABLE public.stogger_logs COLUMNS, g bool GENERATED "
                  "ALWAYS AS (public.trap_check(event)) STORED)"},
        TrapTable{"Check",
                  "CREATE TABLE public.stogger_logs COLUMNS, CHECK "
                  "(public.trap_check(event)))"},
        TrapTable{"Domain",
                  "CREATE DOMAIN public.d AS text CHECK "
                  "(public.trap_check(VALUE)); CREATE DOMAIN public.e AS "
                  "public.d; CREATE TABLE public.stogger_logs COLUMNS, d "
                  "public.e DEFAULT 'x')"},
        TrapTable{"Index",
                  "CREATE TABLE public.stogger_logs COLUMNS); CREATE INDEX ON "
                  "public.stogger_logs (public.trap_check(event))"},
        TrapTable{"IndexPredicate",
                  "CREATE TABLE public.stogger_logs COLUMNS); CREATE INDEX ON "
                  "public.stogger_logs (event) WHERE "
                  "public.trap_check(event)"},
        TrapTable{
            "Operator",
            "CREATE FUNCTION public.f(text, int) RETURNS bool LANGUAGE "
            "plpgsql IMMUTABLE AS $$BEGIN RAISE LOG 'SPRUNG as %', "
            "current_user; RETURN true; END$$; CREATE OPERATOR public.@@@ "
            "(LEFTARG = text, RIGHTARG = int, FUNCTION = public.f); "
            "CREATE TABLE public.stogger_logs COLUMNS, CHECK (event "
            "OPERATOR(public.@@@) 1))"},
        TrapTable{"Rule",
                  "CREATE TABLE public.stogger_logs COLUMNS); CREATE TABLE "
                  "public.other (n int); CREATE RULE r AS ON INSERT TO "
                  "public.stogger_logs DO ALSO INSERT INTO public.other VALUES "
                  "(public.trap())"},
        TrapTable{"TableOfARule",
                  "CREATE TABLE public.stogger_logs COLUMNS); CREATE TABLE "
                  "public.other (n int); CREATE TRIGGER t BEFORE INSERT ON "
                  "public.other FOR EACH ROW EXECUTE FUNCTION "
                  "public.trap_trigger(); CREATE RULE r AS ON INSERT TO "
                  "public.stogger_logs DO ALSO INSERT INTO public.other VALUES "
                  "(1)"},
        TrapTable{
            "Policy",
            "CREATE TABLE public.stogger_logs COLUMNS); ALTER TABLE "
            "public.stogger_logs ENABLE ROW LEVEL SECURITY; CREATE POLICY "
            "p ON public.stogger_logs WITH CHECK "
            "(public.trap_check(event))"},
        TrapTable{"Partition",
                  "CREATE TABLE public.stogger_logs COLUMNS) PARTITION BY LIST "
                  "(level); CREATE TABLE public.part PARTITION OF "
                  "public.stogger_logs DEFAULT; CREATE TRIGGER t BEFORE INSERT "
                  "ON public.part FOR EACH ROW EXECUTE FUNCTION "
                  "public.trap_trigger()"},
        TrapTable{"PartitionKey",
                  "CREATE TABLE public.stogger_logs COLUMNS) PARTITION BY LIST "
                  "(public.trap_check(event)); CREATE TABLE public.part "
                  "PARTITION OF public.stogger_logs DEFAULT"},
        TrapTable{"TableOfAView",
                  "CREATE TABLE public.base COLUMNS); CREATE TRIGGER t BEFORE "
                  "INSERT ON public.base FOR EACH ROW EXECUTE FUNCTION "
                  "public.trap_trigger(); CREATE VIEW public.stogger_logs AS "
                  "SELECT * FROM public.base"}),
    [](const auto& way) { return std::string(way.param.name); });

class TrustedTables : public HostileRole {};

TEST_F(TrustedTables, APlainTableIsUsedWhoeverOwnsIt) {
  as_evil(std::string("CREATE TABLE public.stogger_logs ") + kColumns +
          "; CREATE INDEX ON public.stogger_logs (lower(event)); GRANT ALL ON "
          "public.stogger_logs TO app; GRANT ALL ON SEQUENCE "
          "public.stogger_logs_id_seq TO app");
  const std::string dsn = dsn_of("app");
  EXPECT_OK(add(patient(dsn)));
  log(3);
  EXPECT_EQ(stats().written, 3u) << reports();
}

TEST_F(TrustedTables, FunctionsOfRolesThatAreTrustedRun) {
  const std::string table =
      std::string("CREATE TABLE public.stogger_logs ") + kColumns +
      "; GRANT ALL ON public.stogger_logs TO app; GRANT ALL ON SEQUENCE "
      "public.stogger_logs_id_seq TO app; CREATE FUNCTION public.f() RETURNS "
      "trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; CREATE TRIGGER f "
      "BEFORE INSERT ON public.stogger_logs FOR EACH ROW EXECUTE FUNCTION "
      "public.f()";
  const std::string dsn = dsn_of("app");
  const auto expect_use = [&](bool use, bool named = true) {
    LoggedSystem logged;
    std::vector<Field> options = patient(dsn);
    if (named) options.push_back({"schema", "public"});
    EXPECT_EQ(logged.add(options).ok(), use) << reports();
  };
  as_evil(table);
  expect_use(false);
  server().execute("GRANT evil TO app");
  expect_use(true);
  server().execute("REVOKE evil FROM app; ALTER SCHEMA public OWNER TO evil");
  expect_use(true);
  expect_use(false, false);
  server().execute("ALTER SCHEMA public OWNER TO pg_database_owner");
  expect_use(false);
  // The table is still another role's, who may have it do anything.
  server().execute("ALTER FUNCTION public.f() OWNER TO postgres");
  expect_use(false);
  server().execute("ALTER TABLE public.stogger_logs OWNER TO app");
  expect_use(true);
  expect_use(true, false);
  server().execute("ALTER FUNCTION public.f() OWNER TO app");
  expect_use(true);
  server().execute("ALTER FUNCTION public.f() OWNER TO evil");
  expect_use(false);
}

TEST_F(TrustedTables, ATrapThatIsSetLaterIsFoundByTheNextConnection) {
  as_evil(std::string("CREATE TABLE public.stogger_logs ") + kColumns +
          "; GRANT ALL ON public.stogger_logs TO app; GRANT ALL ON SEQUENCE "
          "public.stogger_logs_id_seq TO app");
  const std::string dsn = dsn_of("app");
  ASSERT_OK(add(patient(dsn)));
  log(1);
  make_trap_functions();
  as_evil(
      "CREATE TRIGGER t BEFORE INSERT ON public.stogger_logs FOR EACH ROW "
      "EXECUTE FUNCTION public.trap_trigger()");
  server().execute(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
      "usename = 'app'");
  log(3);
  EXPECT_EQ(stats().written, 1u);
  EXPECT_FALSE(sprung());
}

}  // namespace
}  // namespace stogger
