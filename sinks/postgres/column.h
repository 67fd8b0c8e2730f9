// PostgresColumn: a column of an existing table that rows can be written to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stogger/value.h"

namespace stogger {

// The types that values are written as, in PostgreSQL's binary form. Columns of
// any other type are left alone.
enum class PostgresType : unsigned char {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
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
  std::uint32_t type_id = 0;     // the OID of a parameter of this column
  std::uint32_t array_type_id = 0;  // of an array of it; 0 if there is none
  std::string type_name;         // schema-qualified and quoted, for casts
  std::size_t most_characters = 0;  // of varchar(n) and char(n); 0: no limit
  bool is_enum = false;    // a label that the type lacks is refused by the server
  bool required = false;   // NOT NULL, and without a default
};

// The kind of values that go to a column of the type: what Sink::columns() says
// of it. Kind::null for text, which takes any kind.
Kind kind_of(PostgresType type) noexcept;

// The columns of the seed's table in their order, without `id`: timestamp,
// level, event, func, scope, data. For tests and the benchmark.
}  // namespace stogger
