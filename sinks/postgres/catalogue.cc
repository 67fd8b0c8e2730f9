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
