// EventEncoder: a RowEncoder of log events, with its schema.
#pragma once

#include <utility>
#include <vector>

#include "row/schema.h"
#include "sinks/postgres/policy.h"
#include "sinks/postgres/row_encoder.h"

namespace stogger {

struct SchemaOfEncoder {
  Schema schema;
};

class EventEncoder : public SchemaOfEncoder, public RowEncoder {
 public:
  explicit EventEncoder(std::vector<PostgresColumn> columns)
      : RowEncoder(std::move(columns), kPostgresEvents, schema) {}
};

}  // namespace stogger
