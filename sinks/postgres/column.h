// PostgresColumn: a column of an existing table that rows can be written to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sinks/postgres/numeric.h"
#include "stogger/value.h"

namespace stogger {

// In bytes, unless the server was built for longer ones. It cuts what is
// longer.
inline constexpr std::size_t kLongestIdentifier = 63;

// The types that values are written as, in PostgreSQL's binary form. Columns of
// any other type are left alone.
enum class PostgresType : unsigned char {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  text,  // text, varchar, char(n), name, enum labels: UTF-8
  uuid,
  timestamptz,
  timestamp,
  date,
  json,
  jsonb,
};

struct PostgresColumn {
  std::string name;
  PostgresType type = PostgresType::text;
  std::uint32_t type_id = 0;        // the OID of a parameter of this column
  std::uint32_t array_type_id = 0;  // of an array of it; 0 if there is none
  std::string type_name;            // schema-qualified and quoted, for casts
  std::size_t most_characters = 0;  // of varchar(n) and char(n); 0: no limit
  std::size_t most_bytes = 0;       // of name; 0: no limit
  NumericLimits numeric;
  std::vector<std::string> labels;  // of an enum
  bool is_enum = false;
  bool required = false;  // NOT NULL, and without a default
  // The server puts something in where a statement leaves the column out: its
  // default, or that of the table behind a view. So nulls are left out.
  bool has_default = false;
};

// The type that goes by this OID everywhere, if it is one of PostgresType.
// Fills in all that follows from it.
bool set_builtin_type(std::uint32_t type_id, PostgresColumn* column);

// The kind of values that go to the column. Kind::null if values of several
// kinds do, and append_postgres_value() judges.
Kind kind_of(const PostgresColumn& column) noexcept;

// True for the column `data` if it can hold a JSON object, so that it takes all
// that has no other place.
bool takes_the_rest(const PostgresColumn& column) noexcept;

// Those of the table that create_table_sql() makes, without `id`: timestamp,
// level, event, func, scope, data.
std::vector<PostgresColumn> standard_columns();

}  // namespace stogger
