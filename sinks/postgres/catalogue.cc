#include "sinks/postgres/catalogue.h"

namespace stogger {

std::string_view find_table_sql() {
  return R"(
SELECT f.schema, f.id, f.kind, current_user,
       pg_catalog.current_setting('transaction_read_only'),
       (SELECT s.setting FROM pg_catalog.pg_settings s
         WHERE s.name OPERATOR(pg_catalog.=) 'lock_timeout')
  FROM (SELECT 1) AS one LEFT JOIN (
    SELECT n.nspname, c.oid, c.relkind
      FROM pg_catalog.unnest(
             CASE WHEN $1::pg_catalog.name IS NULL
                  THEN pg_catalog.current_schemas(false)
                  ELSE ARRAY[$1::pg_catalog.name] END)
           WITH ORDINALITY AS s(name, position)
      JOIN pg_catalog.pg_namespace n
        ON n.nspname OPERATOR(pg_catalog.=) s.name
       AND n.oid OPERATOR(pg_catalog.<>) pg_catalog.pg_my_temp_schema()
      LEFT JOIN pg_catalog.pg_class c
        ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
       AND c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name
     ORDER BY c.oid IS NULL, s.position LIMIT 1) AS f(schema, id, kind)
    ON true)";
}

std::string_view rights_sql() {
  return R"(
SELECT pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'),
       pg_catalog.has_any_column_privilege(c.oid, 'INSERT'),
       (SELECT coalesce(pg_catalog.bool_and(
                 pg_catalog.has_sequence_privilege(s.oid, 'USAGE')), true)
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class s
            ON s.oid OPERATOR(pg_catalog.=) d.objid
           AND s.relkind OPERATOR(pg_catalog.=) 'S'
         WHERE d.classid OPERATOR(pg_catalog.=) c.tableoid
           AND d.refclassid OPERATOR(pg_catalog.=) c.tableoid
           AND d.refobjid OPERATOR(pg_catalog.=) c.oid
           AND d.deptype OPERATOR(pg_catalog.=) 'a'),
       (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 2
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped
           AND (a.attname OPERATOR(pg_catalog.=) 'timestamp'
                OR a.attname OPERATOR(pg_catalog.=) 'event'))
  FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid)";
}

// Each bit stands for a command; that of INSERT is 1 << CMD_INSERT.
std::string_view insertable_view_sql() {
  return R"(
SELECT (pg_catalog.pg_relation_is_updatable(
          $1::pg_catalog.oid::pg_catalog.regclass, true)
        OPERATOR(pg_catalog.&) 8) OPERATOR(pg_catalog.<>) 0)";
}

std::string_view find_ledger_sql() {
  return R"(
SELECT c.oid,
       c.relkind OPERATOR(pg_catalog.=) 'r'
       AND c.relpersistence OPERATOR(pg_catalog.=) 'p'
       AND NOT c.relispartition AND NOT c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                        WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w
                        WHERE w.ev_class OPERATOR(pg_catalog.=) c.oid)
       AND EXISTS (
         SELECT FROM pg_catalog.pg_index i
           JOIN pg_catalog.pg_attribute a
             ON a.attrelid OPERATOR(pg_catalog.=) c.oid
            AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
          WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisunique
            AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
            AND i.indnatts OPERATOR(pg_catalog.=) 1::pg_catalog.int2
            AND a.attname OPERATOR(pg_catalog.=) 'queue')
       AND coalesce((
         SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 3
            AND pg_catalog.bool_and(
                  a.attgenerated OPERATOR(pg_catalog.=) ''
                  AND a.attidentity OPERATOR(pg_catalog.=) ''
                  AND a.attnotnull
                  AND coalesce(a.atttypid OPERATOR(pg_catalog.=)
                    CASE WHEN a.attname OPERATOR(pg_catalog.=) 'queue'
                         THEN 2950
                         WHEN a.attname OPERATOR(pg_catalog.=) 'position'
                         THEN 20
                         WHEN a.attname OPERATOR(pg_catalog.=) 'updated_at'
                         THEN 1184 END::pg_catalog.oid, false))
           FROM pg_catalog.pg_attribute a
          WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
            AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
            AND NOT a.attisdropped), false),
       coalesce(c.relowner OPERATOR(pg_catalog.=) (
         SELECT l.relowner FROM pg_catalog.pg_class l
          WHERE l.oid OPERATOR(pg_catalog.=) $3::pg_catalog.oid), false),
       pg_catalog.has_table_privilege(c.oid, 'SELECT')
       AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
       AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n
    ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
   AND n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name
 WHERE c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name)";
}

std::string_view creation_right_sql() {
  return "SELECT pg_catalog.has_schema_privilege($1::pg_catalog.name"
         "::pg_catalog.text,'CREATE')";
}

std::string_view role_sql() {
  return R"(
SELECT r.rolsuper, r.rolcreaterole,
       r.oid OPERATOR(pg_catalog.=)
         (SELECT d.datdba FROM pg_catalog.pg_database d
           WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  FROM pg_catalog.pg_roles r
 WHERE r.rolname OPERATOR(pg_catalog.=) current_user)";
}

}  // namespace stogger
