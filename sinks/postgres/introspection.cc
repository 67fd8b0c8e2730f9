#include "sinks/postgres/introspection.h"

#include <charconv>
#include <cstddef>
#include <cstdint>

#include "base/quote.h"

namespace stogger {
namespace {

// The columns of the query, in order.
enum Cell : std::size_t {
  kName,
  kRequired,  // t or f: takes no null
  kFilled,    // t or f: has a default
  kTypeId,    // of the base type
  kArrayTypeId,
  kTypeName,  // qualified, in quotes
  kModifier,  // of the base type; -1 if none
  kLabels,    // of an enum, each as "size:label"; null for other types
  kCellCount,
};
static_assert(kCellCount == kIntrospectionCells);

// Each round of the recursion takes one domain away. What takes no null at any
// depth takes none at all. Of a view, INSTEAD OF triggers and rules take any
// column; without them, those of its table that it shows as they are.
constexpr std::string_view kQuery = R"(
WITH RECURSIVE found(position, name, required, filled, type, modifier) AS (
  SELECT a.attnum, a.attname, a.attnotnull,
         a.atthasdef OR c.relkind OPERATOR(pg_catalog.=) 'v', a.atttypid,
         a.atttypmod
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
   WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
     AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
     AND a.attgenerated OPERATOR(pg_catalog.=) ''
     AND a.attidentity OPERATOR(pg_catalog.=) ''
     AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT')
     AND (c.relkind OPERATOR(pg_catalog.<>) 'v'
          OR pg_catalog.pg_column_is_updatable(c.oid, a.attnum, false)
          OR EXISTS (SELECT FROM pg_catalog.pg_trigger t
                      WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid)
          OR EXISTS (SELECT FROM pg_catalog.pg_rewrite w
                      WHERE w.ev_class OPERATOR(pg_catalog.=) c.oid
                        AND w.ev_type OPERATOR(pg_catalog.=) '3'))
  UNION ALL
  SELECT f.position, f.name, f.required OR t.typnotnull,
         f.filled OR t.typdefaultbin IS NOT NULL, t.typbasetype,
         CASE WHEN t.typtypmod OPERATOR(pg_catalog.>=) 0 THEN t.typtypmod
              ELSE f.modifier END
    FROM found f
    JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) f.type
   WHERE t.typtype OPERATOR(pg_catalog.=) 'd')
SELECT f.name, f.required, f.filled, t.oid, t.typarray,
       pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.',
                         pg_catalog.quote_ident(t.typname)),
       f.modifier,
       (SELECT pg_catalog.string_agg(
                 pg_catalog.concat(
                   pg_catalog.octet_length(
                     pg_catalog.convert_to(e.enumlabel, 'UTF8')),
                   ':', e.enumlabel),
                 '' ORDER BY e.enumsortorder)
          FROM pg_catalog.pg_enum e
         WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid)
  FROM found f
  JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) f.type
  JOIN pg_catalog.pg_namespace n
    ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
 WHERE t.typtype OPERATOR(pg_catalog.<>) 'd'
 ORDER BY f.name OPERATOR(pg_catalog.=) 'data', f.position)";

template <class Number>
Number read_number(const char* text) noexcept {
  Number number = 0;
  const std::string_view digits = text == nullptr ? "" : text;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::vector<std::string> read_labels(std::string_view text) {
  std::vector<std::string> labels;
  while (!text.empty()) {
    std::size_t size = 0;
    const char* const end =
        std::from_chars(text.data(), text.data() + text.size(), size).ptr;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with(':')) break;
    text.remove_prefix(1);
    labels.emplace_back(text.substr(0, size));
    text.remove_prefix(labels.back().size());
  }
  return labels;
}

// As numeric_typmod_precision() and numeric_typmod_scale() in numeric.c read a
// modifier.
NumericLimits limits_of(std::int32_t modifier) noexcept {
  return {modifier >> 16 & 0xFFFF, ((modifier & 0x7FF) ^ 1024) - 1024};
}

// False if values of the type cannot be written.
bool read_type(const std::vector<const char*>& row, PostgresColumn* column) {
  const auto type_id = read_number<std::uint32_t>(row[kTypeId]);
  if (row[kLabels] != nullptr) {
    column->type = PostgresType::text;
    column->type_id = type_id;
    column->array_type_id = read_number<std::uint32_t>(row[kArrayTypeId]);
    column->type_name = row[kTypeName];
    column->is_enum = true;
    column->labels = read_labels(row[kLabels]);
    return true;
  }
  if (!set_builtin_type(type_id, column)) return false;
  // For text types, the modifier is the length and the size of its header. What
  // other types have as theirs is larger by that, too.
  constexpr std::int32_t kHeaderSize = 4;
  const auto modifier = read_number<std::int32_t>(row[kModifier]);
  if (column->type == PostgresType::text && modifier > kHeaderSize) {
    column->most_characters = static_cast<std::size_t>(modifier - kHeaderSize);
  }
  if (column->type == PostgresType::numeric && modifier > kHeaderSize) {
    column->numeric = limits_of(modifier - kHeaderSize);
  }
  return true;
}

}  // namespace

std::string_view introspection_sql() { return kQuery; }

bool read_column(const std::vector<const char*>& row, PostgresColumn* column,
                 std::string* problem) {
  *column = PostgresColumn();
  problem->clear();
  if (row.size() < kCellCount || row[kName] == nullptr ||
      row[kRequired] == nullptr || row[kFilled] == nullptr ||
      row[kTypeName] == nullptr) {
    *problem = "the server described a column in a way that is not known";
    return false;
  }
  column->name = row[kName];
  column->has_default = row[kFilled][0] == 't';
  column->required = row[kRequired][0] == 't' && !column->has_default;
  if (column->name == "id" && column->has_default) return false;
  if (!read_type(row, column)) {
    if (column->required) {
      *problem = "the column " + quoted(column->name) +
                 " takes no null and has no default, and values of its type, " +
                 row[kTypeName] +
                 ", cannot be written: give it a default, or allow null";
    }
    return false;
  }
  return true;
}

}  // namespace stogger
