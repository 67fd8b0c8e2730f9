#include "sinks/postgres/column.h"

#include <iterator>
#include <string_view>
#include <utility>

namespace stogger {
namespace {

// pg_type.dat of PostgreSQL. These OIDs never change.
constexpr struct {
  std::uint32_t type_id;
  std::uint32_t array_type_id;
  PostgresType type;
  std::string_view name;
} kBuiltinTypes[] = {
    {16, 1000, PostgresType::boolean, "bool"},
    {21, 1005, PostgresType::int2, "int2"},
    {23, 1007, PostgresType::int4, "int4"},
    {20, 1016, PostgresType::int8, "int8"},
    {700, 1021, PostgresType::float4, "float4"},
    {701, 1022, PostgresType::float8, "float8"},
    {1700, 1231, PostgresType::numeric, "numeric"},
    {25, 1009, PostgresType::text, "text"},
    {1043, 1015, PostgresType::text, "varchar"},
    {1042, 1014, PostgresType::text, "bpchar"},
    {19, 1003, PostgresType::text, "name"},
    {2950, 2951, PostgresType::uuid, "uuid"},
    {1184, 1185, PostgresType::timestamptz, "timestamptz"},
    {1114, 1115, PostgresType::timestamp, "timestamp"},
    {1082, 1182, PostgresType::date, "date"},
    {114, 199, PostgresType::json, "json"},
    {3802, 3807, PostgresType::jsonb, "jsonb"},
};
constexpr std::uint32_t kNameType = 19;

PostgresColumn standard_column(std::string_view name, std::uint32_t type_id,
                               bool required) {
  PostgresColumn column;
  column.name = name;
  column.required = required;
  static_cast<void>(set_builtin_type(type_id, &column));
  return column;
}

}  // namespace

bool set_builtin_type(std::uint32_t type_id, PostgresColumn* column) {
  for (const auto& builtin : kBuiltinTypes) {
    if (builtin.type_id != type_id) continue;
    column->type = builtin.type;
    column->type_id = type_id;
    column->array_type_id = builtin.array_type_id;
    column->type_name = "\"pg_catalog\".\"" + std::string(builtin.name) + "\"";
    column->most_bytes = type_id == kNameType ? kLongestIdentifier : 0;
    return true;
  }
  return false;
}

Kind kind_of(const PostgresColumn& column) noexcept {
  switch (column.type) {
    case PostgresType::boolean:
      return Kind::boolean;
    case PostgresType::int2:
    case PostgresType::int4:
    case PostgresType::int8:
      return Kind::integer;
    case PostgresType::float4:
    case PostgresType::float8:
      return Kind::real;
    case PostgresType::timestamptz:
    case PostgresType::timestamp:
    case PostgresType::date:
      return Kind::time;
    case PostgresType::numeric:
    case PostgresType::text:
    case PostgresType::uuid:
    case PostgresType::json:
    case PostgresType::jsonb:
      break;
  }
  return Kind::null;
}

bool takes_the_rest(const PostgresColumn& column) noexcept {
  if (column.name != "data") return false;
  switch (column.type) {
    case PostgresType::json:
    case PostgresType::jsonb:
      return true;
    case PostgresType::text:
      return !column.is_enum && column.most_characters == 0 &&
             column.most_bytes == 0;
    default:
      return false;
  }
}

std::vector<PostgresColumn> standard_columns() {
  constexpr std::uint32_t kTimestamptz = 1184;
  constexpr std::uint32_t kText = 25;
  constexpr std::uint32_t kJsonb = 3802;
  return {standard_column("timestamp", kTimestamptz, true),
          standard_column("level", kText, true),
          standard_column("event", kText, true),
          standard_column("func", kText, false),
          standard_column("scope", kText, false),
          standard_column("data", kJsonb, false)};
}

}  // namespace stogger
