#include "sinks/postgres/trust.h"

#include "sinks/postgres/reply.h"
#include "sinks/postgres/sql.h"

namespace stogger {

// mine      the role and those that it is a member of. Not pg_has_role(): a
//           superuser is a member of every role there is.
// reached   the objects of the catalogue that an INSERT takes in, from the
//           table on. `any`: rows may be inserted, updated and deleted there,
//           for a rule or a policy leads there.
// trees     expressions and rules, as the server keeps them, and their owners.
//           Triggers are not of the table's owner alone, but of all who were
//           granted TRIGGER: a WHEN is nobody's, so that it is always looked
//           at.
std::string_view trust_sql() {
  return R"(
WITH RECURSIVE mine(role) AS (
  SELECT r.oid FROM pg_catalog.pg_roles r
   WHERE r.rolname OPERATOR(pg_catalog.=) current_user
  UNION
  SELECT m.roleid FROM pg_catalog.pg_auth_members m
    JOIN mine ON m.member OPERATOR(pg_catalog.=) mine.role),
trusted(role) AS (
  SELECT mine.role FROM mine
  UNION SELECT n.nspowner FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
   WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
  UNION SELECT d.datdba FROM pg_catalog.pg_database d
   WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  UNION SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolsuper),
reached(class, object, "any") AS (
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid,
         $1::pg_catalog.oid, false
  UNION
  SELECT next.class, next.object, r."any" OR next."any"
    FROM reached r
   CROSS JOIN LATERAL (SELECT
           r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass,
           r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass,
           r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
             OR r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_policy'::pg_catalog.regclass,
           r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass)
         AS of(relation, type, query, function)
   CROSS JOIN LATERAL (
    SELECT d.tableoid, d.oid, false FROM pg_catalog.pg_attrdef d
     WHERE of.relation AND d.adrelid OPERATOR(pg_catalog.=) r.object
    UNION ALL
    SELECT c.tableoid, c.oid, false FROM pg_catalog.pg_constraint c
     WHERE of.relation AND c.conrelid OPERATOR(pg_catalog.=) r.object
        OR of.type AND c.contypid OPERATOR(pg_catalog.=) r.object
    UNION ALL
    SELECT t.tableoid, t.oid, false FROM pg_catalog.pg_trigger t
     WHERE of.relation AND t.tgrelid OPERATOR(pg_catalog.=) r.object
       AND (t.tgenabled OPERATOR(pg_catalog.=) 'O' OR t.tgenabled OPERATOR(pg_catalog.=) 'A')
       AND (r."any" OR (t.tgtype OPERATOR(pg_catalog.&) 4::pg_catalog.int2)
                         OPERATOR(pg_catalog.<>) 0)
    UNION ALL
    SELECT w.tableoid, w.oid, false FROM pg_catalog.pg_rewrite w
     WHERE of.relation AND w.ev_class OPERATOR(pg_catalog.=) r.object
       AND (w.ev_enabled OPERATOR(pg_catalog.=) 'O' OR w.ev_enabled OPERATOR(pg_catalog.=) 'A')
       AND (r."any" OR w.ev_type OPERATOR(pg_catalog.=) '1'
                    OR w.ev_type OPERATOR(pg_catalog.=) '3')
    UNION ALL
    SELECT p.tableoid, p.oid, false FROM pg_catalog.pg_policy p
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.polrelid
     WHERE of.relation AND c.oid OPERATOR(pg_catalog.=) r.object AND c.relrowsecurity
    UNION ALL
    SELECT r.class, i.indexrelid, false FROM pg_catalog.pg_index i
     WHERE of.relation AND i.indrelid OPERATOR(pg_catalog.=) r.object
    UNION ALL
    SELECT r.class, h.inhrelid, false FROM pg_catalog.pg_inherits h
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) h.inhparent
       AND c.relkind OPERATOR(pg_catalog.=) 'p'
     WHERE of.relation AND c.oid OPERATOR(pg_catalog.=) r.object
    UNION ALL
    SELECT d.refclassid, d.refobjid, false
      FROM pg_catalog.pg_class c
     CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(c.oid) AS a(relation)
      JOIN pg_catalog.pg_depend d
        ON d.classid OPERATOR(pg_catalog.=) r.class
       AND d.objid OPERATOR(pg_catalog.=) a.relation
       AND (d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            OR d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass)
     WHERE of.relation AND c.oid OPERATOR(pg_catalog.=) r.object AND c.relispartition
    UNION ALL
    SELECT d.refclassid, d.refobjid,
           d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
      FROM pg_catalog.pg_depend d
     WHERE NOT of.function
       AND d.classid OPERATOR(pg_catalog.=) r.class
       AND d.objid OPERATOR(pg_catalog.=) r.object
       AND (d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            OR d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass
            OR d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
            OR d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
               AND (of.query OR of.type AND EXISTS (
                 SELECT FROM pg_catalog.pg_class c
                  WHERE c.oid OPERATOR(pg_catalog.=) d.refobjid
                    AND c.relkind OPERATOR(pg_catalog.=) 'c')))
    ) AS next(class, object, "any")),
objects(class, object) AS (SELECT r.class, r.object FROM reached r GROUP BY 1, 2),
trees(owner, tree) AS (
  SELECT c.relowner, d.adbin::pg_catalog.text FROM objects o
    JOIN pg_catalog.pg_attrdef d ON d.tableoid OPERATOR(pg_catalog.=) o.class
     AND d.oid OPERATOR(pg_catalog.=) o.object
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.adrelid
  UNION ALL
  SELECT coalesce(c.relowner, t.typowner), n.conbin::pg_catalog.text FROM objects o
    JOIN pg_catalog.pg_constraint n ON n.tableoid OPERATOR(pg_catalog.=) o.class
     AND n.oid OPERATOR(pg_catalog.=) o.object
    LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) n.conrelid
    LEFT JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) n.contypid
  UNION ALL
  SELECT c.relowner, pg_catalog.concat(i.indexprs, i.indpred) FROM objects o
    JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) o.object
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indrelid
   WHERE o.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
  UNION ALL
  SELECT c.relowner, p.partexprs::pg_catalog.text FROM objects o
    JOIN pg_catalog.pg_partitioned_table p
      ON p.partrelid OPERATOR(pg_catalog.=) o.object
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.partrelid
   WHERE o.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
  UNION ALL
  SELECT c.relowner, pg_catalog.concat(w.ev_qual, w.ev_action) FROM objects o
    JOIN pg_catalog.pg_rewrite w ON w.tableoid OPERATOR(pg_catalog.=) o.class
     AND w.oid OPERATOR(pg_catalog.=) o.object
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.ev_class
  UNION ALL
  SELECT c.relowner, pg_catalog.concat(p.polqual, p.polwithcheck) FROM objects o
    JOIN pg_catalog.pg_policy p ON p.tableoid OPERATOR(pg_catalog.=) o.class
     AND p.oid OPERATOR(pg_catalog.=) o.object
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.polrelid
  UNION ALL
  SELECT t.typowner, t.typdefaultbin::pg_catalog.text FROM objects o
    JOIN pg_catalog.pg_type t ON t.tableoid OPERATOR(pg_catalog.=) o.class
     AND t.oid OPERATOR(pg_catalog.=) o.object
  UNION ALL
  SELECT NULL, t.tgqual::pg_catalog.text FROM objects o
    JOIN pg_catalog.pg_trigger t ON t.tableoid OPERATOR(pg_catalog.=) o.class
     AND t.oid OPERATOR(pg_catalog.=) o.object),
runs(owner, function) AS (
  SELECT p.proowner, p.proname FROM objects o
    JOIN pg_catalog.pg_proc p ON p.tableoid OPERATOR(pg_catalog.=) o.class
     AND p.oid OPERATOR(pg_catalog.=) o.object
  UNION ALL
  SELECT t.owner, p.proname FROM trees t
   CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree, ':funcid ([0-9]+)', 'g') AS m(id)
    JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) m.id[1]::pg_catalog.oid
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
     AND n.nspname OPERATOR(pg_catalog.=) 'pg_catalog'
   WHERE p.provolatile OPERATOR(pg_catalog.<>) 'i'
     AND p.proname OPERATOR(pg_catalog.<>) ALL (ARRAY['nextval','now',
       'transaction_timestamp','statement_timestamp','clock_timestamp',
       'timeofday','timezone','date_trunc','date_part','to_char','age',
       'timestamp','timestamptz','date','time','timetz','gen_random_uuid',
       'random','concat','concat_ws','format','txid_current',
       'pg_current_xact_id','pg_backend_pid','inet_client_addr',
       'inet_client_port','inet_server_addr','inet_server_port',
       'current_setting','current_database','current_schema','version',
       'to_jsonb','to_json','jsonb_build_object','json_build_object',
       'row_to_json','array_to_string','array_to_json','pg_get_userbyid'
       ]::pg_catalog.name[])),
found(owner, function) AS (
  SELECT s.owner, s.function FROM runs s
  UNION ALL
  SELECT c.relowner, '' FROM pg_catalog.pg_class c
   WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid)
SELECT coalesce(pg_catalog.pg_get_userbyid(f.owner), ''), f.function
  FROM found f
 WHERE NOT EXISTS (SELECT FROM trusted t
                    WHERE t.role OPERATOR(pg_catalog.=) f.owner)
 ORDER BY f.function OPERATOR(pg_catalog.=) '', f.function LIMIT 1)";
}

// The OIDs are those of nextval() and now(), which are the same everywhere.
std::string_view plain_sql() {
  return R"(
SELECT c.relkind OPERATOR(pg_catalog.=) 'r'
   AND NOT (c.relispartition OR c.relhastriggers OR c.relhasrules OR c.relrowsecurity)
   AND c.relchecks OPERATOR(pg_catalog.=) 0
   AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
       JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
      WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped
        AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog')
   AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_index i
      WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid
        AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
   AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_attrdef d
      WHERE d.adrelid OPERATOR(pg_catalog.=) c.oid
        AND (pg_catalog.textregexeq(d.adbin::pg_catalog.text,
                                    ':funcid (?!(1574|1299) )')
             OR EXISTS (
               SELECT FROM pg_catalog.pg_depend p
                WHERE p.classid OPERATOR(pg_catalog.=) d.tableoid
                  AND p.objid OPERATOR(pg_catalog.=) d.oid
                  AND p.refclassid OPERATOR(pg_catalog.<>) c.tableoid)))
  FROM pg_catalog.pg_class c
 WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid)";
}

Status look_at_plainness(Connection& connection, const std::string& id,
                         Deadline deadline, bool* plain) {
  const char* const parameter = id.c_str();
  ResultPtr result;
  const Answer answer = connection.run(
      std::string(plain_sql()), {1, &parameter, nullptr, nullptr, nullptr},
      deadline, &result);
  if (!answer.ok()) {
    return Status(Code::unavailable,
                  "cannot look at whose functions the table runs: " +
                      answer.message + " (" + answer.sqlstate + ")");
  }
  std::string_view text;
  Status status = cell(result.get(), 0, 0, &text);
  *plain = text == "t";
  return status;
}

Status look_at_trust(Connection& connection, const std::string& id,
                     Deadline deadline, Trust* trust) {
  *trust = Trust();
  // The time-outs of rows are too short for it on a server that is busy, and
  // compiling it takes longer than running it.
  Answer answer = connection.run_all(
      "BEGIN READ ONLY;SET LOCAL statement_timeout='10s';SET LOCAL jit=off",
      deadline);
  const char* const parameter = id.c_str();
  ResultPtr result;
  if (answer.ok()) {
    answer = connection.run(std::string(trust_sql()),
                            {1, &parameter, nullptr, nullptr, nullptr},
                            deadline, &result);
    static_cast<void>(connection.run_all("ROLLBACK", deadline));
  }
  if (!answer.ok()) {
    return Status(Code::unavailable,
                  "cannot look at whose functions the table runs: " +
                      answer.message + " (" + answer.sqlstate + ")");
  }
  if (PQntuples(result.get()) == 0) return {};
  std::string_view role;
  std::string_view function;
  Status status = cell(result.get(), 0, 0, &role);
  if (status.ok()) status = cell(result.get(), 0, 1, &function);
  if (!status.ok()) return status;
  trust->role = role.empty() ? "?" : shown_name(role);
  trust->function = shown_name(function);
  return {};
}

}  // namespace stogger
