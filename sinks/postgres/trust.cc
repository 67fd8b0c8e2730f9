#include "sinks/postgres/trust.h"

#include <array>

#include "base/quote.h"
#include "sinks/postgres/reply.h"
#include "sinks/postgres/sql.h"

namespace stogger {

// rulers    who may do anything in this database. 6171 is pg_database_owner,
//           whose one member is just that.
// mine      the role and those that it is a member of. A membership that
//           somebody else granted says nothing: before PostgreSQL 15, anybody
//           may make others members of himself. Not pg_has_role(): a superuser
//           is a member of every role there is.
// logs      the table.
// reached   if its owner is trusted: the objects that it leads to, by what the
//           server knows of dependencies, from what refers to what, and from
//           tables, types and constraints to their parts. Functions are not
//           looked into: their author is trusted.
// owned     their owners. Sequences have no code; an index is its table's, an
//           array its element's, a composite type is in pg_class, too.
// theirs    the table, if its owner is not trusted.
// trees     its expressions, as the server keeps them.
// tokens    the nodes, functions, operators and types in them, and the types of
//           its columns. Of an operator, the server looks up the function
//           again, so :opfuncid says nothing.
// parts     what is not plain. OIDs below 16384 are of objects that came with
//           the server; 12 is the language of its functions in C (those in SQL
//           depend on the search_path, up to PostgreSQL 13). Only superusers
//           make base types, operator classes and access methods; an
//           enumeration has no code. Numbers below 16 are no types:
//           :nulltesttype 1.
//
// Scalar subqueries stand where joins could, so that no plan reads a whole
// catalogue.
std::string_view trust_sql() {
  return R"(
WITH RECURSIVE rulers(role) AS (
  SELECT r.oid FROM pg_catalog.pg_roles r
   WHERE r.rolsuper OR r.oid OPERATOR(pg_catalog.=) 6171::pg_catalog.oid
  UNION ALL
  SELECT d.datdba FROM pg_catalog.pg_database d
   WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()),
mine(role) AS (
  SELECT r.oid FROM pg_catalog.pg_roles r
   WHERE r.rolname OPERATOR(pg_catalog.=) current_user
  UNION
  SELECT m.roleid FROM mine
    JOIN pg_catalog.pg_auth_members m ON m.member OPERATOR(pg_catalog.=) mine.role
    JOIN rulers r ON r.role OPERATOR(pg_catalog.=) m.grantor),
trusted(roles) AS (
  SELECT ARRAY(
    SELECT r.role FROM rulers r
    UNION ALL SELECT m.role FROM mine m
    UNION ALL SELECT n.nspowner FROM pg_catalog.pg_namespace n
     WHERE n.nspname OPERATOR(pg_catalog.=) $2::pg_catalog.name
       AND $3::pg_catalog.name IS NOT NULL)),
logs(class, id, owner, is_ours, kind, is_part, has_policies) AS (
  SELECT c.tableoid, c.oid, c.relowner,
         c.relowner OPERATOR(pg_catalog.=) ANY (t.roles),
         c.relkind, c.relispartition, c.relrowsecurity
    FROM pg_catalog.pg_class c CROSS JOIN trusted t
   WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid),
reached(class, object) AS (
  SELECT l.class, l.id FROM logs l WHERE l.is_ours
  UNION
  SELECT next.class, next.object FROM reached r CROSS JOIN LATERAL (
    SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
     WHERE d.classid OPERATOR(pg_catalog.=) r.class
       AND d.objid OPERATOR(pg_catalog.=) r.object
       AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_proc'::pg_catalog.regclass
       AND d.refclassid OPERATOR(pg_catalog.<>) ALL (ARRAY[
             'pg_catalog.pg_namespace','pg_catalog.pg_extension'
             ]::pg_catalog.regclass[])
    UNION ALL
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
     WHERE d.refclassid OPERATOR(pg_catalog.=) r.class
       AND d.refobjid OPERATOR(pg_catalog.=) r.object
       AND d.refclassid OPERATOR(pg_catalog.=) ANY (ARRAY[
             'pg_catalog.pg_class','pg_catalog.pg_type',
             'pg_catalog.pg_constraint']::pg_catalog.regclass[])
       AND d.deptype OPERATOR(pg_catalog.<>) 'n') AS next(class, object)),
owned(class, object, owner) AS (
  SELECT r.class, r.object,
         CASE WHEN r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
           THEN (SELECT o.relowner FROM pg_catalog.pg_class o
                  WHERE o.oid OPERATOR(pg_catalog.=) r.object
                    AND o.relkind OPERATOR(pg_catalog.<>) ALL (
                          ARRAY['i','I','S']::pg_catalog."char"[]))
           WHEN r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
           THEN (SELECT o.proowner FROM pg_catalog.pg_proc o
                  WHERE o.oid OPERATOR(pg_catalog.=) r.object)
           WHEN r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
           THEN (SELECT o.typowner FROM pg_catalog.pg_type o
                  WHERE o.oid OPERATOR(pg_catalog.=) r.object
                    AND (o.typtype OPERATOR(pg_catalog.=) ANY (
                           ARRAY['d','e','r']::pg_catalog."char"[])
                         OR o.typtype OPERATOR(pg_catalog.=) 'b'
                            AND o.typelem OPERATOR(pg_catalog.=) 0::pg_catalog.oid))
           WHEN r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass
           THEN (SELECT o.oprowner FROM pg_catalog.pg_operator o
                  WHERE o.oid OPERATOR(pg_catalog.=) r.object)
           WHEN r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_opclass'::pg_catalog.regclass
           THEN (SELECT o.opcowner FROM pg_catalog.pg_opclass o
                  WHERE o.oid OPERATOR(pg_catalog.=) r.object)
           WHEN r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_foreign_server'::pg_catalog.regclass
           THEN (SELECT o.srvowner FROM pg_catalog.pg_foreign_server o
                  WHERE o.oid OPERATOR(pg_catalog.=) r.object)
         END
    FROM reached r),
theirs(id, owner, kind, is_part, has_policies, roles) AS (
  SELECT l.id, l.owner, l.kind, l.is_part, l.has_policies, t.roles
    FROM logs l CROSS JOIN trusted t WHERE NOT l.is_ours),
trees(what, name, tree) AS (
  SELECT 'the default of the column', a.attname, d.adbin::pg_catalog.text
    FROM theirs l
    JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) l.id
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) l.id
     AND a.attnum OPERATOR(pg_catalog.=) d.adnum
  UNION ALL
  SELECT 'the check', c.conname, c.conbin::pg_catalog.text
    FROM theirs l
    JOIN pg_catalog.pg_constraint c ON c.conrelid OPERATOR(pg_catalog.=) l.id
  UNION ALL
  SELECT 'the index', c.relname, pg_catalog.concat(i.indexprs, i.indpred)
    FROM theirs l
    JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) l.id
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid),
tokens(what, name, node, function, operator, type) AS (
  SELECT t.what, t.name, m.match[1], m.match[2]::pg_catalog.oid,
         m.match[3]::pg_catalog.oid, m.match[4]::pg_catalog.oid
    FROM trees t CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree,
      '[{]([A-Z_]+)|:funcid ([0-9]+)|:opno ([0-9]+)|[tT]ype(?:[iI]d)? ([0-9]+)',
      'g') AS m(match)
  UNION ALL
  SELECT 'the type of the column', a.attname, NULL, NULL, NULL, a.atttypid
    FROM theirs l
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) l.id
     AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped),
parts(what, name) AS (
  SELECT CASE WHEN l.is_part THEN 'it is a partition'
              WHEN l.has_policies THEN 'it has row-level security'
              ELSE 'it is no ordinary table' END, ''::pg_catalog.name
    FROM theirs l
   WHERE l.is_part OR l.has_policies OR l.kind OPERATOR(pg_catalog.<>) 'r'
  UNION ALL
  SELECT 'the constraint', c.conname FROM theirs l
    JOIN pg_catalog.pg_constraint c ON c.conrelid OPERATOR(pg_catalog.=) l.id
     AND c.contype OPERATOR(pg_catalog.<>) ALL (
           ARRAY['c','n','p','u']::pg_catalog."char"[])
  UNION ALL
  SELECT 'the trigger', t.tgname FROM theirs l
    JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) l.id
     AND (NOT t.tgisinternal OR (t.tgtype OPERATOR(pg_catalog.&) 4::pg_catalog.int2)
                                OPERATOR(pg_catalog.<>) 0)
  UNION ALL
  SELECT 'the rule', w.rulename FROM theirs l
    JOIN pg_catalog.pg_rewrite w ON w.ev_class OPERATOR(pg_catalog.=) l.id
  UNION ALL
  SELECT 'the index', c.relname FROM theirs l
    JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) l.id
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
   WHERE EXISTS (
     SELECT FROM pg_catalog.pg_opclass o
      WHERE o.oid OPERATOR(pg_catalog.=) ANY (i.indclass::pg_catalog.oid[])
        AND o.opcowner OPERATOR(pg_catalog.<>) ALL (l.roles))
  UNION ALL
  SELECT k.what, k.name FROM tokens k
   WHERE k.node OPERATOR(pg_catalog.<>) ALL (ARRAY['CONST','VAR','FUNCEXPR',
           'OPEXPR','DISTINCTEXPR','SCALARARRAYOPEXPR','BOOLEXPR','NULLTEST',
           'BOOLEANTEST','RELABELTYPE','COERCEVIAIO','ARRAYCOERCEEXPR',
           'CASETESTEXPR','ARRAYEXPR','ARRAY','SQLVALUEFUNCTION'])
      OR k.function IS NOT NULL AND (
        SELECT p.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
           AND p.prolang OPERATOR(pg_catalog.=) 12::pg_catalog.oid
           AND p.proname OPERATOR(pg_catalog.=) ANY (ARRAY['nextval','now',
                 'transaction_timestamp','statement_timestamp',
                 'clock_timestamp','timezone','date_trunc','date_part',
                 'extract','gen_random_uuid','uuidv4','uuidv7','random',
                 'txid_current','pg_current_xact_id','pg_backend_pid',
                 'current_database','inet_client_addr','text','varchar',
                 'bpchar','name','bool','int2','int4','int8','float4','float8',
                 'numeric','date','time','timetz','timestamp','timestamptz',
                 'interval','lower','upper','btrim','length','char_length',
                 'octet_length','json_typeof','jsonb_typeof'
                 ]::pg_catalog.name[])
          FROM pg_catalog.pg_proc p
         WHERE p.oid OPERATOR(pg_catalog.=) k.function) IS NOT TRUE
      OR k.operator IS NOT NULL AND (
        SELECT o.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
           AND p.prolang OPERATOR(pg_catalog.=) 12::pg_catalog.oid
          FROM pg_catalog.pg_operator o
          JOIN pg_catalog.pg_proc p
            ON p.oid OPERATOR(pg_catalog.=) o.oprcode::pg_catalog.oid
         WHERE o.oid OPERATOR(pg_catalog.=) k.operator) IS NOT TRUE
      OR k.type OPERATOR(pg_catalog.>=) 16::pg_catalog.oid AND (
        SELECT t.typtype OPERATOR(pg_catalog.=) 'e'
            OR t.typtype OPERATOR(pg_catalog.=) 'b'
               AND e.typtype OPERATOR(pg_catalog.=) 'e'
            OR t.typtype OPERATOR(pg_catalog.=) ANY (
                 ARRAY['b','r','m']::pg_catalog."char"[])
               AND t.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
          FROM pg_catalog.pg_type t
          LEFT JOIN pg_catalog.pg_type e
            ON e.oid OPERATOR(pg_catalog.=) t.typelem
         WHERE t.oid OPERATOR(pg_catalog.=) k.type) IS NOT TRUE),
found(hold, role, class, object, what, name) AS (
  SELECT 2, n.nspowner, NULL::pg_catalog.oid, NULL::pg_catalog.oid,
         'schema', n.nspname
    FROM pg_catalog.pg_namespace n CROSS JOIN trusted t
   WHERE n.nspname OPERATOR(pg_catalog.=) $2::pg_catalog.name
     AND n.nspowner OPERATOR(pg_catalog.<>) ALL (t.roles)
  UNION ALL
  SELECT 3, l.owner, NULL, NULL, p.what, p.name FROM parts p CROSS JOIN theirs l
  UNION ALL
  SELECT 4, o.owner, o.class, o.object, NULL, NULL
    FROM owned o CROSS JOIN trusted t
   WHERE o.owner OPERATOR(pg_catalog.<>) ALL (t.roles)
  UNION ALL
  SELECT 5, a.grantee, r.class, r.object, NULL, NULL
    FROM reached r
    JOIN pg_catalog.pg_trigger g ON g.tableoid OPERATOR(pg_catalog.=) r.class
     AND g.oid OPERATOR(pg_catalog.=) r.object
     AND (g.tgqual IS NOT NULL OR g.tgnargs OPERATOR(pg_catalog.>) 0::pg_catalog.int2)
     AND NOT g.tgisinternal
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) g.tgrelid
   CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a CROSS JOIN trusted t
   WHERE a.privilege_type OPERATOR(pg_catalog.=) 'TRIGGER'
     AND a.grantee OPERATOR(pg_catalog.<>) ALL (t.roles)
  UNION ALL
  SELECT 1, l.owner, NULL, NULL, '', '' FROM theirs l)
SELECT f.hold,
       CASE WHEN f.role OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC'
            ELSE pg_catalog.pg_get_userbyid(f.role)::pg_catalog.text END,
       coalesce(f.what, i.type, ''),
       coalesce(f.name::pg_catalog.text, i.identity, '')
  FROM (SELECT w.hold, w.role, w.class, w.object, w.what, w.name FROM found w
         ORDER BY w.hold OPERATOR(pg_catalog.=) 1, w.hold, w.class, w.object LIMIT 1) AS f
  LEFT JOIN LATERAL pg_catalog.pg_identify_object(f.class, f.object, 0) AS i
    ON true)";
}

std::string Trust::text(const std::string& table) const {
  switch (hold) {
    case Hold::none:
      return {};
    case Hold::owner:
      return "the table " + table + " belongs to the role " + role +
             ", which could add a trigger at any time: it would run with the "
             "rights of this one";
    case Hold::schema:
      return "the schema of the table " + table +
             " was found through the search_path and belongs to the role " +
             role + ", which is not trusted and may put any table there";
    case Hold::part:
      return "the table " + table + " belongs to the role " + role +
             ", which is not trusted, and is not plain (" + what +
             "): code of that role could run with the rights of this one";
    case Hold::object:
      return "the table " + table + " leads to the " + what + " of the role " +
             role +
             ", which is not trusted: code of that role could run with the "
             "rights of this one";
    case Hold::trigger:
      return "the table " + table + " has the " + what +
             ", with a condition or arguments, which the role " + role +
             " may have made: it is not trusted, and has the right TRIGGER";
  }
  return {};
}

Status look_at_trust(Connection& connection, const char* id, const char* schema,
                     const char* named, Deadline deadline, Trust* trust) {
  *trust = Trust();
  const char* const parameters[] = {id, schema, named};
  ResultPtr result;
  const Answer answer = connection.run(
      std::string(trust_sql()),
      {std::size(parameters), parameters, nullptr, nullptr, nullptr}, deadline,
      &result);
  if (!answer.ok()) {
    return Status(Code::unavailable,
                  "cannot check whose code the table runs: " + answer.message +
                      " (" + answer.sqlstate + ")");
  }
  if (PQntuples(result.get()) == 0) return {};
  std::array<std::string_view, 4> cells;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Status status = cell(result.get(), 0, static_cast<int>(i), &cells[i]);
    if (!status.ok()) return status;
  }
  const int hold = cells[0].size() == 1 ? cells[0][0] - '0' : 0;
  if (hold < 1 || hold > 5) return unknown_answer();
  trust->hold = static_cast<Hold>(hold);
  trust->role = quoted(shown_name(cells[1]));
  trust->what = shown_name(cells[2]);
  if (!cells[3].empty()) trust->what += " " + quoted(cells[3]);
  return {};
}

}  // namespace stogger
